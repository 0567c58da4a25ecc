"""Accounts at carriers, and the numbers on which contacts arrive."""

from decimal import Decimal

from django.core.validators import MinValueValidator
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _
from encrypted_fields.fields import EncryptedTextField

from channels.messaging.models import (
    Conversation,
    EmulatedSend,
    InboundEvent,
    Message,
    OptOut,
    Template,
    address_shown,
)
from channels.numbers.models import EmulatedNumber, NumberOrder
from channels.provider import provider_choices

__all__ = [
    "Account",
    "Conversation",
    "EmulatedNumber",
    "EmulatedSend",
    "InboundEvent",
    "Message",
    "Number",
    "NumberOrder",
    "OptOut",
    "Template",
]


class Account(models.Model):
    """Our account at a carrier; its secret verifies every webhook."""

    class Sending(models.TextChoices):
        EMULATOR = "emulator", _("nobody: the emulator plays the carrier")
        CARRIER = "carrier", _("the carrier")

    name = models.CharField(_("name"), max_length=100, unique=True)
    provider = models.CharField(_("provider"), max_length=20, choices=provider_choices)
    carrier = models.CharField(
        _("carrier"),
        max_length=20,
        blank=True,
        default="",
        help_text=_("Which of those that speak as the provider does. Empty: the provider itself."),
    )
    external_id = models.CharField(
        _("account id"), max_length=64, help_text=_("The carrier's own, such as the AccountSid that begins with AC.")
    )
    secret = EncryptedTextField(
        _("auth token"), help_text=_("Kept encrypted and never shown again. Webhooks are verified with it.")
    )
    verify_token = EncryptedTextField(
        _("verify token"),
        blank=True,
        null=True,
        help_text=_("Meta only: what you type in the app's webhook settings, to show that this address is yours."),
    )
    access_token = EncryptedTextField(
        _("access token"),
        blank=True,
        null=True,
        help_text=_("What the carrier's interface is asked with, where that is not the auth token."),
    )
    api_url = models.CharField(
        _("server"),
        max_length=200,
        blank=True,
        default="",
        help_text=_("For carriers where each has one of their own."),
    )
    business_id = models.CharField(
        _("business account"),
        max_length=64,
        blank=True,
        default="",
        help_text=_("Only to fetch message templates."),
    )
    sends_to = models.CharField(
        _("messages and orders go to"),
        max_length=10,
        choices=Sending.choices,
        default=Sending.EMULATOR,
        help_text=_("Nothing reaches a real telephone, and nothing is bought, before you choose the carrier."),
    )
    is_active = models.BooleanField(
        _("active"), default=True, help_text=_("Webhooks of an inactive account are refused.")
    )

    class Meta:
        verbose_name = _("account")
        verbose_name_plural = _("accounts")
        ordering = ["name"]
        constraints = [
            models.UniqueConstraint(
                fields=["provider", "external_id"],
                name="account_once_a_provider",
                violation_error_message=_("There is an account with this id already."),
            ),
            models.CheckConstraint(condition=~Q(external_id=""), name="account_has_external_id"),
        ]

    def __str__(self) -> str:
        return self.name


class Number(models.Model):
    """A number or address of ours: what contacts it starts, and where they go when all else fails."""

    class Webhooks(models.TextChoices):
        BY_HAND = "by_hand", _("set by hand at the carrier")
        SET = "set", _("set by Pareto")
        MISSING = "missing", _("not set")

    account = models.ForeignKey(Account, models.PROTECT, related_name="numbers", verbose_name=_("account"))
    address = models.CharField(
        _("number"),
        max_length=80,
        help_text=_(
            "With its country: +4930901820. A channel's address begins with its name: whatsapp:+4930901820; at Meta "
            "whatsapp:, messenger: or instagram: and the id of the number, page or account."
        ),
    )
    name = models.CharField(_("name"), max_length=100, blank=True, help_text=_("What callers use it for."))
    flow = models.ForeignKey(
        "routing.Flow",
        models.PROTECT,
        null=True,
        blank=True,
        related_name="numbers",
        verbose_name=_("flow"),
        help_text=_("Contacts start its live version. Empty: straight to the fallback queue."),
    )
    fallback_queue = models.ForeignKey(
        "queues.Queue",
        models.PROTECT,
        related_name="fallback_of",
        verbose_name=_("fallback queue"),
        help_text=_("Whoever cannot be routed, for whatever reason, is put through here."),
    )
    access_token = EncryptedTextField(
        _("access token"),
        blank=True,
        null=True,
        help_text=_("Only where a page has one of its own. Empty: that of the account."),
    )
    messages_per_s = models.DecimalField(
        _("messages a second"),
        max_digits=6,
        decimal_places=2,
        null=True,
        blank=True,
        validators=[MinValueValidator(Decimal("0.01"))],
        help_text=_(
            "The most that leave from this number in a second; the rest waits. Empty: what the provider allows."
        ),
    )
    is_active = models.BooleanField(_("active"), default=True)
    # Only of numbers that were bought or taken over here.
    external_id = models.CharField(_("carrier's id"), max_length=64, blank=True, default="", editable=False)
    webhooks = models.CharField(
        _("webhooks"), max_length=10, choices=Webhooks.choices, default=Webhooks.BY_HAND, editable=False
    )

    class Meta:
        permissions = [("buy_number", "Can buy, take over and release numbers")]
        verbose_name = _("number")
        verbose_name_plural = _("numbers")
        ordering = ["address"]
        constraints = [
            models.UniqueConstraint(
                fields=["account", "address"],
                name="number_once_an_account",
                violation_error_message=_("The account has this number already."),
            ),
            models.CheckConstraint(
                condition=Q(address__regex=r"^([a-z]+:)?\+[1-9][0-9]{4,14}$") | Q(address__regex=r"^[a-z]+:[^+].*$"),
                name="number_is_e164_or_an_address",
                violation_error_message=_("A number with its country, such as +4930901820, without spaces."),
            ),
            models.CheckConstraint(
                condition=Q(messages_per_s__isnull=True) | Q(messages_per_s__gt=0),
                name="number_sends_something",
                violation_error_message=_("More than nothing; empty for what the provider allows."),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.shown} {self.name}".strip()

    @property
    def shown(self) -> str:
        """The address as people call it: “WhatsApp +49…”."""
        return address_shown(self.address)
