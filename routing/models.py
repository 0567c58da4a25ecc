"""Flows and their versions, and the contacts that walked through them."""

from django.conf import settings
from django.contrib.postgres.fields import ArrayField
from django.core.serializers.json import DjangoJSONEncoder
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from customers.privacy.sight import shown

# Before the id of a contact whose customer was erased, where the provider's own id was.
ERASED = "erased-"


class Flow(models.Model):
    """A routing that managers edit as a draft and publish as numbered versions."""

    key = models.SlugField(_("key"), unique=True, help_text=_("Other flows and files refer to the flow by this."))
    name = models.CharField(_("name"), max_length=100, unique=True)
    description = models.TextField(_("description"), blank=True)
    draft = models.JSONField(_("draft"), default=dict)
    # Grows with each save of the draft: a stale tab is refused instead of overwriting.
    draft_revision = models.PositiveIntegerField(default=1, editable=False)
    live = models.ForeignKey(
        "FlowVersion", models.PROTECT, null=True, blank=True, editable=False, related_name="+", verbose_name=_("live")
    )
    updated_at = models.DateTimeField(_("updated"), auto_now=True)

    class Meta:
        verbose_name = _("flow")
        verbose_name_plural = _("flows")
        ordering = ["name"]
        permissions = [("publish_flow", _("Can publish flows")), ("test_call", _("Can place test calls"))]

    def __str__(self) -> str:
        return self.name


class FlowVersion(models.Model):
    """A published state of a flow. A trigger in the database refuses any later change to its definition."""

    flow = models.ForeignKey(Flow, models.PROTECT, related_name="versions", verbose_name=_("flow"))
    number = models.PositiveIntegerField(_("version"))
    definition = models.JSONField(_("definition"))
    # The versions of the sub-flows it was published with: {key: FlowVersion id}.
    subflows = models.JSONField(default=dict)
    note = models.CharField(_("what changed"), max_length=500, blank=True)
    published_at = models.DateTimeField(_("published"))
    published_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.SET_NULL, null=True, related_name="+", verbose_name=_("published by")
    )

    class Meta:
        verbose_name = _("flow version")
        verbose_name_plural = _("flow versions")
        ordering = ["flow", "-number"]
        constraints = [models.UniqueConstraint(fields=["flow", "number"], name="flow_version_number_once")]

    def __str__(self) -> str:
        return f"{self.flow} {self.number}"


class FlowCase(models.Model):
    """A scenario of a flow by its name, and how it is expected to end; publishing tries them all."""

    flow = models.ForeignKey(Flow, models.CASCADE, related_name="cases", verbose_name=_("flow"))
    name = models.CharField(_("name"), max_length=100)
    # As routing.simulator reads them: whom, when, what they do, what the data sources answer; and what must come of it.
    scenario = models.JSONField(_("scenario"))
    expected = models.JSONField(_("expected"))
    position = models.PositiveIntegerField(_("position"), default=0)
    created_at = models.DateTimeField(_("created"))
    created_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.SET_NULL, null=True, related_name="+", verbose_name=_("created by")
    )
    updated_at = models.DateTimeField(_("updated"))
    updated_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.SET_NULL, null=True, related_name="+", verbose_name=_("updated by")
    )

    class Meta:
        verbose_name = _("test case")
        verbose_name_plural = _("test cases")
        ordering = ["flow", "position", "id"]
        # Part of its flow: whoever may change that may change these.
        default_permissions = ()
        constraints = [
            models.UniqueConstraint(
                fields=["flow", "name"],
                name="flow_case_name_once",
                violation_error_message=_("The flow has a test case of this name already."),
            ),
            models.CheckConstraint(condition=~Q(name=""), name="flow_case_has_name"),
        ]

    def __str__(self) -> str:
        return self.name


class Contact(models.Model):
    """One call or conversation: who, where from, where to, what became of it, and why."""

    class Channel(models.TextChoices):
        VOICE = "voice", _("call")
        SMS = "sms", _("SMS")
        WHATSAPP = "whatsapp", _("WhatsApp")
        MESSENGER = "messenger", _("Messenger")
        INSTAGRAM = "instagram", _("Instagram")

    class State(models.TextChoices):
        IN_FLOW = "in_flow", _("in the flow")
        HANDED_OVER = "handed_over", _("put through")
        ENDED = "ended", _("ended")

    class Outcome(models.TextChoices):
        NONE = "", "–"
        CONNECTED = "connected", _("spoken to")
        TRANSFERRED = "transferred", _("put through")
        UNANSWERED = "unanswered", _("nobody answered")
        VOICEMAIL = "voicemail", _("left a message")
        COMPLETED = "completed", _("ended by the flow")
        ABANDONED = "abandoned", _("hung up")
        LOST = "lost", _("lost")

    # Short and speakable; agents see it in the SIP header and may be told it on the phone.
    reference = models.CharField(_("reference"), max_length=16, unique=True)
    # Opaque: which account it came from, and the carrier's own id there.
    origin = models.CharField(max_length=80)
    external_id = models.CharField(_("carrier's id"), max_length=128)
    channel = models.CharField(_("channel"), max_length=12, choices=Channel.choices)
    sender = models.CharField(_("from"), max_length=80)
    recipient = models.CharField(_("to"), max_length=80)
    customer = models.ForeignKey(
        "customers.Customer",
        models.SET_NULL,
        null=True,
        blank=True,
        related_name="contacts",
        verbose_name=_("customer"),
    )
    tier = models.ForeignKey(
        "customers.Tier", models.SET_NULL, null=True, blank=True, related_name="+", verbose_name=_("tier")
    )
    version = models.ForeignKey(
        FlowVersion, models.PROTECT, null=True, blank=True, related_name="contacts", verbose_name=_("flow version")
    )
    state = models.CharField(_("state"), max_length=12, choices=State.choices, default=State.IN_FLOW)
    outcome = models.CharField(_("outcome"), max_length=12, choices=Outcome.choices, default="", blank=True)
    queue = models.ForeignKey(
        "queues.Queue", models.SET_NULL, null=True, blank=True, related_name="contacts", verbose_name=_("queue")
    )
    fell_back = models.BooleanField(
        _("fell back"), default=False, help_text=_("The number's fallback queue stepped in.")
    )
    why = models.TextField(_("why"), blank=True)
    # The engine's state, plain JSON; and the number of the next turn that is expected.
    run = models.JSONField(default=dict, encoder=DjangoJSONEncoder)
    next_turn = models.PositiveIntegerField(default=0)
    started_at = models.DateTimeField(_("started"))
    last_event_at = models.DateTimeField(_("last event"))
    ended_at = models.DateTimeField(_("ended"), null=True, blank=True)

    class Meta:
        verbose_name = _("contact")
        verbose_name_plural = _("contacts")
        ordering = ["-started_at", "-id"]
        constraints = [
            models.UniqueConstraint(fields=["origin", "external_id"], name="contact_once_an_origin"),
            models.CheckConstraint(
                condition=Q(state="ended", ended_at__isnull=False) | (~Q(state="ended") & Q(ended_at__isnull=True)),
                name="contact_ended_has_time",
            ),
        ]
        indexes = [
            models.Index(fields=["-started_at", "-id"], name="contact_newest_first"),
            models.Index(fields=["sender", "-started_at"], name="contact_by_sender"),
            models.Index(fields=["last_event_at"], condition=~Q(state="ended"), name="contact_open"),
        ]

    def __str__(self) -> str:
        return self.reference

    @property
    def was_erased(self) -> bool:
        """With its customer (routing/privacy.py): what is left is for statistics."""
        return self.external_id.startswith(ERASED)

    @property
    def why_shown(self) -> str:
        return gettext("The reason was erased with the customer.") if self.was_erased else self.why

    @property
    def sender_shown(self) -> str:
        """Without the channel's name before it, which people are told in words."""
        return shown(self.sender.removeprefix(f"{self.channel}:"))

    @property
    def recipient_shown(self) -> str:
        return self.recipient.removeprefix(f"{self.channel}:")


class Turn(models.Model):
    """One event of a contact and what was answered; a repeated event gets the same answer from here."""

    contact = models.ForeignKey(Contact, models.CASCADE, related_name="turns", verbose_name=_("contact"))
    number = models.PositiveIntegerField(_("turn"))
    event = models.JSONField(_("event"))
    effects = models.JSONField(_("answer"))
    trace = models.JSONField(_("trace"))
    at = models.DateTimeField(_("at"))
    took_ms = models.FloatField(_("took (ms)"))

    class Meta:
        verbose_name = _("turn")
        verbose_name_plural = _("turns")
        ordering = ["contact", "number"]
        constraints = [models.UniqueConstraint(fields=["contact", "number"], name="turn_once_a_contact")]

    def __str__(self) -> str:
        return f"{self.contact_id}/{self.number}"


class TrafficEdge(models.Model):
    """A way out of a step of one version, or a way to come to a stop there, that some contact took."""

    class Kind(models.TextChoices):
        EXIT = "exit", _("left by")
        HUNG_UP = "hung_up", _("hung up here")
        STRANDED = "stranded", _("could not go on here")

    version = models.ForeignKey(FlowVersion, models.CASCADE, related_name="+", verbose_name=_("flow version"))
    step = models.CharField(max_length=200)
    kind = models.CharField(max_length=12, choices=Kind.choices)
    exit = models.CharField(max_length=200, blank=True)
    # Where the exit led in this version, a step's id: another version may lead elsewhere by the same exit.
    target = models.CharField(max_length=200, blank=True)
    # As they were called then: the step may be gone by now.
    title = models.CharField(max_length=200, blank=True)
    label = models.CharField(max_length=200, blank=True)
    target_title = models.CharField(max_length=200, blank=True)
    starts = models.BooleanField(default=False)

    class Meta:
        default_permissions = ()
        constraints = [
            models.UniqueConstraint(fields=["version", "step", "kind", "exit"], name="traffic_edge_once"),
        ]

    def __str__(self) -> str:
        return f"{self.version_id}/{self.step}:{self.exit or self.kind}"


class TrafficPlace(models.Model):
    """What a trace says (the contact's version, the path of the step, the exit), and which edges that is.

    One, but whoever comes to a stop in a sub-flow does so in the step of the flow around it, too.
    """

    version = models.ForeignKey(FlowVersion, models.CASCADE, related_name="+", verbose_name=_("flow version"))
    # A step of a sub-flow has the ids of the steps around it before its own, behind strokes.
    path = models.CharField(max_length=600)
    kind = models.CharField(max_length=12)
    exit = models.CharField(max_length=200, blank=True)
    edge = models.ForeignKey(TrafficEdge, models.CASCADE, related_name="+")

    class Meta:
        default_permissions = ()
        constraints = [
            models.UniqueConstraint(fields=["version", "path", "kind", "exit", "edge"], name="traffic_place_once"),
        ]

    def __str__(self) -> str:
        return f"{self.version_id}/{self.path}:{self.exit or self.kind}"


class TrafficWalk(models.Model):
    """The edges that one contact took, each once, for as long as the canvas shows them."""

    # No foreign key: deleting contacts stays as fast as it was, and whoever lists them joins them.
    contact_id = models.BigIntegerField(primary_key=True)
    started_at = models.DateTimeField()
    edges = ArrayField(models.BigIntegerField())

    class Meta:
        default_permissions = ()
        indexes = [models.Index(fields=["-started_at", "-contact_id"], name="traffic_walk_newest_first")]

    def __str__(self) -> str:
        return str(self.contact_id)


class TrafficHour(models.Model):
    """How many contacts that arrived in an hour took an edge, then or later."""

    edge = models.ForeignKey(TrafficEdge, models.CASCADE, related_name="+", db_index=False)
    hour = models.DateTimeField()
    contacts = models.PositiveIntegerField()

    class Meta:
        default_permissions = ()
        constraints = [models.UniqueConstraint(fields=["edge", "hour"], name="traffic_hour_once")]

    def __str__(self) -> str:
        return f"{self.edge_id} {self.hour}: {self.contacts}"


class TrafficMark(models.Model):
    """One row: how far the turns are counted. Whoever counts holds it locked."""

    # Every turn up to this one is counted.
    turn_id = models.BigIntegerField(default=0)
    counted_at = models.DateTimeField()
    # Contacts that arrived before are still to be counted, hour by hour backwards; empty: none.
    filled_from = models.DateTimeField(null=True)
    is_complete = models.BooleanField(default=False)

    class Meta:
        default_permissions = ()
        constraints = [models.CheckConstraint(condition=Q(pk=1), name="traffic_mark_one_row")]

    def __str__(self) -> str:
        return str(self.turn_id)
