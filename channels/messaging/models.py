"""Conversations, the events that providers told us of, the messages of both sides, and who wants none."""

from __future__ import annotations

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from customers.privacy.sight import shown

# As people call them.
CHANNELS = {"sms": "SMS", "whatsapp": "WhatsApp", "messenger": "Messenger", "instagram": "Instagram"}


def address_shown(address: str) -> str:
    """“WhatsApp +49…” for `whatsapp:+49…`."""
    channel, _colon, rest = address.rpartition(":")
    return f"{CHANNELS.get(channel, channel)} {rest}".strip()


class Conversation(models.Model):
    """All that one person and one number of ours ever wrote to each other on one channel."""

    number = models.ForeignKey(
        "channels.Number", models.PROTECT, related_name="conversations", verbose_name=_("number")
    )
    channel = models.CharField(_("channel"), max_length=12)
    # As the provider names them, behind the channel's name: whatsapp:+4915100000001. SMS: the number alone.
    peer = models.CharField(_("from"), max_length=160)
    # What else the provider calls them, and all it calls them once they hide their number: whatsapp:DE.1234.
    alias = models.CharField(max_length=160, blank=True, default="")
    name = models.CharField(_("name"), max_length=200, blank=True)
    customer = models.ForeignKey(
        "customers.Customer",
        models.SET_NULL,
        null=True,
        blank=True,
        related_name="conversations",
        verbose_name=_("customer"),
    )
    # The latest contact of the conversation; a new message goes on with it while it is open.
    contact = models.ForeignKey(
        "routing.Contact", models.SET_NULL, null=True, blank=True, related_name="+", verbose_name=_("contact")
    )
    # Who of us answers it, as long as its contact is open: the others see that.
    taken_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        models.SET_NULL,
        null=True,
        blank=True,
        related_name="+",
        db_index=False,
        verbose_name=_("taken by"),
    )
    created_at = models.DateTimeField(_("started"), auto_now_add=True)
    last_inbound_at = models.DateTimeField(_("last message from them"), null=True, blank=True)
    last_message_at = models.DateTimeField(_("last message"), null=True, blank=True)
    # When the flow wants to go on even if nobody writes: a reply that does not come, an answer of an API.
    wake_at = models.DateTimeField(null=True, blank=True)
    # Who handles its events and who sends its messages at this moment (leases.py).
    handling_by = models.CharField(max_length=32, blank=True, default="")
    handling_until = models.DateTimeField(null=True, blank=True)
    sending_by = models.CharField(max_length=32, blank=True, default="")
    sending_until = models.DateTimeField(null=True, blank=True)

    class Meta:
        verbose_name = _("conversation")
        verbose_name_plural = _("conversations")
        ordering = ["-last_message_at", "-id"]
        permissions = [("answer_conversation", _("Can answer conversations"))]
        constraints = [models.UniqueConstraint(fields=["number", "peer"], name="conversation_once_a_number")]
        indexes = [
            models.Index(fields=["-last_message_at", "-id"], name="conversation_newest_first"),
            models.Index(fields=["wake_at"], condition=Q(wake_at__isnull=False), name="conversation_to_wake"),
            models.Index(fields=["number", "alias"], condition=~Q(alias=""), name="conversation_by_alias"),
        ]

    def __str__(self) -> str:
        return self.name or self.address

    @property
    def address(self) -> str:
        """For people: “WhatsApp +49…”, and of SMS the number alone."""
        return shown(address_shown(self.peer))


class InboundEvent(models.Model):
    """Something a provider told us, once: the provider's own id of it is unique within the account."""

    account = models.ForeignKey("channels.Account", models.CASCADE, related_name="+")
    external_id = models.CharField(_("provider's id"), max_length=255)
    # None: a receipt, which changes a message that is there, and is handled beside all conversations.
    conversation = models.ForeignKey(Conversation, models.CASCADE, null=True, related_name="events")
    number = models.ForeignKey("channels.Number", models.CASCADE, related_name="+")
    kind = models.CharField(_("kind"), max_length=16)
    payload = models.JSONField(_("content"))
    occurred_at = models.DateTimeField(_("happened"))
    received_at = models.DateTimeField(_("received"))
    handled_at = models.DateTimeField(_("handled"), null=True, blank=True)
    attempts = models.PositiveSmallIntegerField(default=0)
    retry_at = models.DateTimeField(null=True, blank=True)
    problem = models.CharField(_("problem"), max_length=300, blank=True)

    class Meta:
        verbose_name = _("event")
        verbose_name_plural = _("events")
        ordering = ["id"]
        constraints = [models.UniqueConstraint(fields=["account", "external_id"], name="inbound_event_once_an_account")]
        indexes = [
            models.Index(
                fields=["conversation", "occurred_at", "id"],
                condition=Q(handled_at__isnull=True),
                name="inbound_event_to_handle",
            ),
            models.Index(fields=["received_at"], name="inbound_event_by_age"),
        ]

    def __str__(self) -> str:
        return self.external_id


class Message(models.Model):
    """One message of either side. Those of ours that are `queued` or `sending` are the outbox."""

    class Direction(models.TextChoices):
        IN = "in", _("from them")
        OUT = "out", _("from us")

    class State(models.TextChoices):
        RECEIVED = "received", _("received")
        QUEUED = "queued", _("waiting to be sent")
        SENDING = "sending", _("being sent")
        SENT = "sent", _("sent")
        DELIVERED = "delivered", _("delivered")
        READ = "read", _("read")
        FAILED = "failed", _("failed")
        BLOCKED = "blocked", _("not sent: they said STOP")

    conversation = models.ForeignKey(
        Conversation, models.CASCADE, related_name="messages", verbose_name=_("conversation")
    )
    contact = models.ForeignKey(
        "routing.Contact", models.SET_NULL, null=True, blank=True, related_name="+", verbose_name=_("contact")
    )
    direction = models.CharField(max_length=3, choices=Direction.choices)
    kind = models.CharField(_("kind"), max_length=16, default="text")
    text = models.TextField(_("text"), blank=True)
    # Addresses or the provider's ids of what came or goes with it: [{"url": …, "id": …, "type": …, "name": …}]
    media = models.JSONField(_("media"), default=list, blank=True)
    choices = models.JSONField(default=list, blank=True)
    # What else the provider says of it, or, going out, which approved template stands in for the text.
    details = models.JSONField(default=dict, blank=True)
    external_id = models.CharField(_("provider's id"), max_length=255, blank=True)
    state = models.CharField(_("state"), max_length=10, choices=State.choices)
    error = models.CharField(_("error"), max_length=300, blank=True)
    segments = models.PositiveSmallIntegerField(_("segments"), default=1)
    by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.SET_NULL, null=True, blank=True, related_name="+", verbose_name=_("by")
    )
    occurred_at = models.DateTimeField(_("at"))
    attempts = models.PositiveSmallIntegerField(default=0)
    retry_at = models.DateTimeField(null=True, blank=True)
    # Its place in the number's rate (pace.py), while it waits for it.
    slot_at = models.DateTimeField(null=True, blank=True)
    sent_at = models.DateTimeField(null=True, blank=True)
    deleted_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        verbose_name = _("message")
        verbose_name_plural = _("messages")
        ordering = ["occurred_at", "id"]
        indexes = [
            models.Index(fields=["conversation", "occurred_at", "id"], name="message_thread"),
            models.Index(
                fields=["conversation", "id"], condition=Q(state__in=["queued", "sending"]), name="message_outbox"
            ),
            models.Index(fields=["external_id"], condition=~Q(external_id=""), name="message_by_external_id"),
        ]

    def __str__(self) -> str:
        return self.text[:50] or self.kind


class OptOut(models.Model):
    """Someone who said STOP. Until they come back nothing is sent to them, whatever a flow or an agent wants."""

    # As identities of customers have them: ("phone", "+4915100000001").
    kind = models.CharField(_("kind"), max_length=12)
    value = models.CharField(_("address"), max_length=160)
    word = models.CharField(_("what they wrote"), max_length=100, blank=True)
    channel = models.CharField(_("where"), max_length=12, blank=True)
    since = models.DateTimeField(_("since"))
    # The row stays when they come back: that they once said STOP, and when, must be shown to whoever asks.
    ended_at = models.DateTimeField(_("came back"), null=True, blank=True)
    ended_word = models.CharField(_("by writing"), max_length=100, blank=True)

    class Meta:
        verbose_name = _("opt-out")
        verbose_name_plural = _("opt-outs")
        ordering = ["-since", "-id"]
        constraints = [
            models.UniqueConstraint(
                fields=["kind", "value"], condition=Q(ended_at__isnull=True), name="opt_out_once_an_identity"
            )
        ]

    def __str__(self) -> str:
        return shown(self.value)


class Template(models.Model):
    """A text that the channel approved: what may be sent when the window for free text is closed."""

    class State(models.TextChoices):
        APPROVED = "approved", _("approved")
        WAITING = "waiting", _("not approved yet")
        REFUSED = "refused", _("refused or paused")
        GONE = "gone", _("not there any more")
        ELSEWHERE = "elsewhere", _("needs more than text")

    account = models.ForeignKey(
        "channels.Account",
        models.CASCADE,
        related_name="templates",
        verbose_name=_("account"),
        help_text=_("Approved there, and sent from its numbers only."),
    )
    channel = models.CharField(_("channel"), max_length=12, default="whatsapp", editable=False)
    name = models.CharField(_("name"), max_length=200, help_text=_("As the provider calls it, such as order_update."))
    external_id = models.CharField(
        _("id"),
        max_length=200,
        help_text=_("What it is sent by: at Twilio its id, which begins with HX; at Meta its name again."),
    )
    language = models.CharField(
        _("language"), max_length=15, help_text=_("In which it was approved, such as en, en_US or de.")
    )
    text = models.TextField(
        _("text"),
        max_length=2_000,
        help_text=_("As it was approved. What is filled in stands in double braces: {{1}}, {{2}} or {{name}}."),
    )
    state = models.CharField(_("state"), max_length=10, choices=State.choices, default=State.APPROVED)
    # None: somebody typed it.
    fetched_at = models.DateTimeField(_("fetched"), null=True, blank=True, editable=False)

    class Meta:
        verbose_name = _("message template")
        verbose_name_plural = _("message templates")
        ordering = ["language", "name", "id"]
        constraints = [
            models.UniqueConstraint(
                fields=["account", "external_id", "language"],
                name="template_once_an_account_and_language",
                violation_error_message=_("The account has this template in this language already."),
            )
        ]

    def __str__(self) -> str:
        return f"{self.name} ({self.language})"


class EmulatedSend(models.Model):
    """What an emulated provider was asked to send, and what it answered. Only tests and the demo write here."""

    provider = models.CharField(max_length=20)
    account = models.CharField(max_length=64)
    sender = models.CharField(max_length=160)
    recipient = models.CharField(max_length=160)
    body = models.JSONField()
    external_id = models.CharField(max_length=255, blank=True)
    answered = models.CharField(max_length=40)
    at = models.DateTimeField()

    class Meta:
        ordering = ["id"]
        indexes = [models.Index(fields=["recipient", "id"], name="emulated_send_by_recipient")]

    def __str__(self) -> str:
        return self.external_id
