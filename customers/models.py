"""Customers, the addresses they are known by, and the tiers that say what they are worth."""

from django.core.validators import MaxValueValidator, RegexValidator
from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from customers.currencies import validate_currency
from customers.privacy.sight import shown


class Tier(models.Model):
    """A class of customers, and how much sooner than others they are served."""

    key = models.SlugField(_("key"), unique=True, help_text=_("The CRM and flows refer to the tier by this."))
    name = models.CharField(_("name"), max_length=100, unique=True)
    rank = models.PositiveSmallIntegerField(_("rank"), unique=True, help_text=_("1 is the most valuable."))
    head_start_s = models.PositiveIntegerField(
        _("head start (seconds)"),
        default=0,
        validators=[MaxValueValidator(86_400)],
        help_text=_(
            "How far ahead of the line this tier jumps. Nobody is overtaken by someone who came later than that."
        ),
    )
    answer_within_s = models.PositiveIntegerField(_("answer within (seconds)"), null=True, blank=True)
    color = models.CharField(
        _("colour"),
        max_length=7,
        default="#64748b",
        validators=[RegexValidator(r"^#[0-9a-fA-F]{6}$", _("A colour such as #64748b."))],
    )

    class Meta:
        verbose_name = _("tier")
        verbose_name_plural = _("tiers")
        ordering = ["rank"]
        constraints = [models.CheckConstraint(condition=Q(rank__gte=1), name="tier_rank_from_one")]

    def __str__(self) -> str:
        return self.name


class Attribute(models.Model):
    """A further value that the company keeps of its customers: declared, so that lists, rules and flows know it."""

    class Kind(models.TextChoices):
        TEXT = "text", _("text")
        NUMBER = "number", _("number")
        BOOLEAN = "boolean", _("yes or no")
        DATE = "date", _("date")
        DATETIME = "datetime", _("date and time")
        LIST = "list", _("list of texts")
        OBJECT = "object", _("anything (JSON)")

    name = models.CharField(
        _("name"),
        max_length=60,
        unique=True,
        validators=[RegexValidator(r"^[a-z][a-z0-9_]*$", _("Small letters, digits and _, such as loyalty_status."))],
        help_text=_("The CRM and flows refer to it by this: loyalty_status is customer.loyalty_status in a flow."),
    )
    label = models.CharField(_("label"), max_length=100, help_text=_("What people read."))
    kind = models.CharField(_("kind"), max_length=10, choices=Kind.choices, default=Kind.TEXT)
    help_text = models.CharField(_("what it means"), max_length=300, blank=True)
    created_at = models.DateTimeField(_("created"), auto_now_add=True)

    class Meta:
        verbose_name = _("customer field")
        verbose_name_plural = _("customer fields")
        ordering = ["label"]
        constraints = [
            models.CheckConstraint(condition=Q(name__regex=r"^[a-z][a-z0-9_]*$"), name="attribute_name_is_simple"),
        ]

    def __str__(self) -> str:
        return self.label or self.name


class Customer(models.Model):
    """Someone whose contacts are worth telling apart; kept in step by the CRM."""

    class TierBy(models.TextChoices):
        NOBODY = "", _("nobody")
        CRM = "crm", _("the CRM")
        RULE = "rule", _("a rule")
        SHARE = "share", _("their share of the revenue")
        HAND = "hand", _("a person")

    external_id = models.CharField(_("customer number"), max_length=100, unique=True, help_text=_("The CRM's own."))
    name = models.CharField(_("name"), max_length=200, blank=True)
    language = models.CharField(_("language"), max_length=10, blank=True, help_text=_("Such as de or en-GB."))
    country = models.CharField(
        _("country"),
        max_length=2,
        blank=True,
        validators=[RegexValidator(r"^[A-Z]{2}$", _("Two letters, such as DE."))],
        help_text=_("Two letters, such as DE. Telephone numbers written without a country are read as of this one."),
    )
    time_zone = models.CharField(_("time zone"), max_length=64, blank=True, help_text=_("Such as Europe/Berlin."))
    account_manager = models.CharField(_("account manager"), max_length=200, blank=True)

    # What counts. `tier` is the outcome of the ladder: by hand until it expires, then as the policy of tiers has it.
    tier = models.ForeignKey(
        Tier, models.SET_NULL, null=True, blank=True, related_name="customers", verbose_name=_("tier")
    )
    tier_by = models.CharField(_("tier decided by"), max_length=5, choices=TierBy.choices, blank=True, default="")
    tier_since = models.DateTimeField(_("in this tier since"), null=True, blank=True)
    crm_tier = models.ForeignKey(
        Tier, models.SET_NULL, null=True, blank=True, related_name="+", verbose_name=_("tier in the CRM")
    )
    manual_tier = models.ForeignKey(
        Tier,
        models.SET_NULL,
        null=True,
        blank=True,
        related_name="+",
        verbose_name=_("tier by hand"),
        help_text=_("Beats the CRM, rules and shares."),
    )
    manual_tier_until = models.DateTimeField(
        _("until"), null=True, blank=True, help_text=_("Empty: until somebody takes it back.")
    )

    lifetime_value = models.DecimalField(_("lifetime value"), max_digits=14, decimal_places=2, null=True, blank=True)
    revenue_12m = models.DecimalField(
        _("revenue of the last 12 months"), max_digits=14, decimal_places=2, null=True, blank=True
    )
    orders = models.PositiveIntegerField(_("orders"), null=True, blank=True)
    last_order_at = models.DateTimeField(_("last order"), null=True, blank=True)
    subscription_plan = models.CharField(_("subscription plan"), max_length=100, blank=True)
    customer_since = models.DateField(_("customer since"), null=True, blank=True)
    currency = models.CharField(
        _("currency"), max_length=3, default="EUR", validators=[validate_currency], help_text=_("Such as EUR.")
    )
    attributes = models.JSONField(
        _("further values"),
        default=dict,
        blank=True,
        help_text=_(
            'Whatever else the CRM knows, as JSON: {"loyalty_status": "gold"}. Flows read it as customer.loyalty_status.'
        ),
    )
    notes = models.TextField(_("notes"), blank=True, help_text=_("For colleagues; no flow reads them."))

    # Whoever syncs says how new a record is by a number or a time of its own; an older one changes nothing.
    source_version = models.BigIntegerField(_("version in the CRM"), null=True, blank=True)
    source_at = models.DateTimeField(_("changed in the CRM"), null=True, blank=True)
    synced_at = models.DateTimeField(_("synced"), null=True, blank=True)
    # The transaction that wrote last, set by a trigger: "everything since" is asked by it, and misses nothing that was
    # still under way when somebody asked before (a time would).
    change = models.BigIntegerField(editable=False, default=0)
    created_at = models.DateTimeField(_("created"), auto_now_add=True)
    updated_at = models.DateTimeField(_("updated"), auto_now=True)

    class Meta:
        verbose_name = _("customer")
        verbose_name_plural = _("customers")
        ordering = ["-id"]
        constraints = [
            models.CheckConstraint(condition=~Q(external_id=""), name="customer_has_external_id"),
            models.CheckConstraint(condition=Q(currency__regex=r"^[A-Z]{3}$"), name="customer_currency_is_a_code"),
            models.CheckConstraint(
                condition=Q(manual_tier_until__isnull=True) | Q(manual_tier__isnull=False),
                name="customer_manual_tier_expires_only_if_given",
                violation_error_message=_("Choose the tier that holds until then."),
            ),
        ]
        indexes = [
            models.Index(fields=["change", "id"], name="customer_change"),
            # Who brings most, in lists: from both ends, and page by page.
            *[
                models.Index(F(name).desc(nulls_last=True), F("id").desc(), name=f"customer_by_{name}")
                for name in ("lifetime_value", "revenue_12m", "orders", "last_order_at")
            ],
            models.Index(
                fields=["manual_tier_until"], name="customer_manual_until", condition=Q(manual_tier_until__isnull=False)
            ),
        ]

    def __str__(self) -> str:
        return self.name or self.external_id


class Identity(models.Model):
    """An address that a customer contacts us from."""

    class Kind(models.TextChoices):
        PHONE = "phone", _("telephone")
        WHATSAPP = "whatsapp", _("WhatsApp")
        MESSENGER = "messenger", _("Messenger")
        INSTAGRAM = "instagram", _("Instagram")
        EMAIL = "email", _("e-mail")

    customer = models.ForeignKey(Customer, models.CASCADE, related_name="identities", verbose_name=_("customer"))
    kind = models.CharField(_("kind"), max_length=12, choices=Kind.choices, default=Kind.PHONE)
    value = models.CharField(_("value"), max_length=254, help_text=_("Telephone numbers with country: +4915100000001."))

    class Meta:
        verbose_name = _("identity")
        verbose_name_plural = _("identities")
        constraints = [
            models.UniqueConstraint(
                fields=["kind", "value"],
                name="identity_belongs_to_one_customer",
                violation_error_message=_("This address already belongs to a customer."),
            ),
            models.CheckConstraint(
                condition=~Q(kind="phone") | Q(value__regex=r"^\+[1-9][0-9]{4,14}$"),
                name="identity_phone_is_e164",
                violation_error_message=_("A telephone number with its country, such as +4915100000001."),
            ),
        ]
        # Whoever searches types the beginning of a number, or of an e-mail address.
        indexes = [models.Index(fields=["value"], name="identity_value_begins", opclasses=["varchar_pattern_ops"])]

    def __str__(self) -> str:
        return shown(self.value)


class Consent(models.Model):
    """What a customer allowed or refused, when, and where they said so."""

    class Purpose(models.TextChoices):
        MARKETING = "marketing", _("offers and news")
        RECORDING = "recording", _("recording of calls")
        PROFILING = "profiling", _("being sorted by worth")
        FOLLOW_UP = "follow_up", _("being contacted after a case")

    customer = models.ForeignKey(Customer, models.CASCADE, related_name="consents", verbose_name=_("customer"))
    purpose = models.CharField(_("purpose"), max_length=10, choices=Purpose.choices)
    granted = models.BooleanField(_("allowed"))
    at = models.DateTimeField(_("when"))
    source = models.CharField(_("where they said so"), max_length=200, blank=True)

    class Meta:
        verbose_name = _("consent")
        verbose_name_plural = _("consents")
        constraints = [
            models.UniqueConstraint(
                fields=["customer", "purpose"],
                name="consent_once_for_each_purpose",
                violation_error_message=_("This customer has an answer for this purpose already."),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.get_purpose_display()}: {'✓' if self.granted else '✗'}"


class CustomerChange(models.Model):
    """One line of a customer's history: what changed, from what to what, when, by whom and on which way."""

    class Via(models.TextChoices):
        ADMIN = "admin", _("admin")
        API = "api", _("REST API")
        SYNC = "sync", _("sync")
        IMPORT = "import", _("import")
        TIERS = "tiers", _("tiers")
        MERGE = "merge", _("merge")
        CHANNEL = "channel", _("a conversation")

    customer = models.ForeignKey(Customer, models.CASCADE, related_name="changes", verbose_name=_("customer"))
    at = models.DateTimeField(_("when"))
    by = models.CharField(_("by"), max_length=150, blank=True)
    via = models.CharField(_("by way of"), max_length=7, choices=Via.choices)
    changes = models.JSONField(_("changes"))
    """Field to [before, after]; an identity is "identities" to [[...gone], [...new]]."""

    class Meta:
        verbose_name = _("change of a customer")
        verbose_name_plural = _("changes of customers")
        ordering = ["-at", "-id"]
        default_permissions = ("view",)
        indexes = [models.Index(fields=["at"], name="customer_change_at")]

    def __str__(self) -> str:
        return f"{self.at:%Y-%m-%d %H:%M} {self.by}"


class Tombstone(models.Model):
    """A customer who is gone: written by a trigger, so that whoever asks what changed hears of it, whoever deleted."""

    NOBODY = 0
    """In the place of the id of somebody who never was here, and of whom a deletion came before anything else."""

    external_id = models.CharField(_("customer number"), max_length=100, db_index=True)
    customer_id = models.BigIntegerField()
    merged_into = models.CharField(_("merged into"), max_length=100, blank=True, default="")
    # An older record that comes late brings nobody back.
    source_version = models.BigIntegerField(null=True, blank=True)
    source_at = models.DateTimeField(null=True, blank=True)
    change = models.BigIntegerField(editable=False)
    at = models.DateTimeField(_("when"))

    class Meta:
        verbose_name = _("deleted customer")
        verbose_name_plural = _("deleted customers")
        default_permissions = ("view",)
        indexes = [
            models.Index(fields=["change", "id"], name="tombstone_change"),
            models.Index(fields=["at"], name="tombstone_at"),
        ]

    def __str__(self) -> str:
        return self.external_id
