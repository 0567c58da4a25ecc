"""Customers, the addresses they are known by, and the tiers that say what they are worth."""

from django.core.validators import MaxValueValidator, RegexValidator
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _


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


class Customer(models.Model):
    """Someone whose contacts are worth telling apart; kept in step by the CRM."""

    external_id = models.CharField(_("customer number"), max_length=100, unique=True, help_text=_("The CRM's own."))
    name = models.CharField(_("name"), max_length=200, blank=True)
    language = models.CharField(_("language"), max_length=10, blank=True, help_text=_("Such as de or en-GB."))
    time_zone = models.CharField(_("time zone"), max_length=64, blank=True)
    account_manager = models.CharField(_("account manager"), max_length=200, blank=True)
    tier = models.ForeignKey(
        Tier, models.SET_NULL, null=True, blank=True, related_name="customers", verbose_name=_("tier")
    )
    lifetime_value = models.DecimalField(_("lifetime value"), max_digits=14, decimal_places=2, null=True, blank=True)
    orders = models.PositiveIntegerField(_("orders"), null=True, blank=True)
    currency = models.CharField(
        _("currency"), max_length=3, default="EUR", validators=[RegexValidator(r"^[A-Z]{3}$", _("Such as EUR."))]
    )
    attributes = models.JSONField(
        _("further values"),
        default=dict,
        blank=True,
        help_text=_(
            'Whatever else the CRM knows, as JSON: {"loyalty_status": "gold"}. Flows read it as customer.loyalty_status.'
        ),
    )
    synced_at = models.DateTimeField(_("synced"), null=True, blank=True)
    created_at = models.DateTimeField(_("created"), auto_now_add=True)
    updated_at = models.DateTimeField(_("updated"), auto_now=True)

    class Meta:
        verbose_name = _("customer")
        verbose_name_plural = _("customers")
        ordering = ["-id"]
        constraints = [
            models.CheckConstraint(condition=~Q(external_id=""), name="customer_has_external_id"),
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

    def __str__(self) -> str:
        return self.value
