"""Who wants to hear of what, and every telling of it."""

from django.conf import settings
from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _
from encrypted_fields.fields import EncryptedTextField

from outgoing.addresses import validate_address


class Kind(models.TextChoices):
    CONTACT_STARTED = "contact.started", _("a contact arrived")
    CONTACT_ROUTED = "contact.routed", _("a contact went to a queue")
    CONTACT_ANSWERED = "contact.answered", _("a contact was spoken to")
    CONTACT_ENDED = "contact.ended", _("a contact ended")
    TIER_CHANGED = "customer.tier_changed", _("a customer changed the tier")


class Subscription(models.Model):
    """An address that is told of some kinds of events. Triggers in the database (migration 0001) write what is due."""

    name = models.CharField(_("name"), max_length=100, unique=True, help_text=_("Who listens there."))
    url = models.CharField(
        _("address"),
        max_length=500,
        validators=[validate_address],
        help_text=_(
            "Where we post to, such as https://crm.example.com/hooks/pareto. It answers with 2xx within 10 seconds."
        ),
    )
    kinds = ArrayField(models.CharField(max_length=40, choices=Kind), verbose_name=_("told of"))
    personal = models.BooleanField(
        _("with telephone numbers"), default=False, help_text=_("Otherwise they are masked, as in logs.")
    )
    secret = EncryptedTextField(_("secret"), editable=False)
    is_active = models.BooleanField(_("active"), default=True, help_text=_("What happens meanwhile is not told later."))
    failing_since = models.DateTimeField(_("failing since"), null=True, blank=True, editable=False)
    disabled_why = models.CharField(_("switched off because"), max_length=300, blank=True, editable=False)
    created_at = models.DateTimeField(_("made"), editable=False)
    created_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        models.SET_NULL,
        null=True,
        blank=True,
        related_name="+",
        editable=False,
        verbose_name=_("made by"),
    )

    class Meta:
        verbose_name = _("webhook subscription")
        verbose_name_plural = _("webhook subscriptions")
        ordering = ["name"]

    def __str__(self) -> str:
        return self.name


class Delivery(models.Model):
    """One event for one subscription: written with what happened, sent after it is committed."""

    class State(models.TextChoices):
        DUE = "due", _("to be sent")
        SENT = "sent", _("heard")
        FAILED = "failed", _("given up")

    subscription = models.ForeignKey(
        Subscription, models.CASCADE, related_name="deliveries", verbose_name=_("subscription")
    )
    event_id = models.UUIDField(_("event"))
    kind = models.CharField(_("what"), max_length=40, choices=Kind)
    # What the trigger saw; the body is made of it once, and stays the same however often it is sent.
    facts = models.JSONField()
    body = models.TextField(_("body"), blank=True)
    # Tiers change by the hundred thousand at once; what is told of a contact does not wait behind them.
    is_bulk = models.BooleanField(default=False, editable=False)
    state = models.CharField(_("state"), max_length=6, choices=State, default=State.DUE)
    attempts = models.PositiveSmallIntegerField(_("attempts"), default=0)
    due_at = models.DateTimeField(_("next attempt"))
    status = models.PositiveSmallIntegerField(_("answer"), null=True, blank=True)
    response = models.TextField(_("what they answered"), blank=True)
    error = models.CharField(_("what went wrong"), max_length=300, blank=True)
    took_ms = models.FloatField(_("took (ms)"), null=True, blank=True)
    created_at = models.DateTimeField(_("happened"))
    sent_at = models.DateTimeField(_("last attempt"), null=True, blank=True)

    class Meta:
        verbose_name = _("webhook delivery")
        verbose_name_plural = _("webhook deliveries")
        default_permissions = ("view", "change")
        ordering = ["-id"]
        constraints = [
            models.UniqueConstraint(fields=["subscription", "event_id"], name="delivery_once_a_subscription"),
        ]
        indexes = [
            models.Index(
                fields=["subscription", "is_bulk", "due_at", "id"], name="delivery_due", condition=Q(state="due")
            ),
            models.Index(fields=["created_at"], name="delivery_by_age"),
        ]

    def __str__(self) -> str:
        return f"{self.kind} {self.event_id}"
