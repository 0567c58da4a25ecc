"""Queues with their SIP addresses, and opening hours."""

import zoneinfo

from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from queues.sip import validate_sip_uri


def validate_time_zone(name: str) -> None:
    """Raises ValidationError unless `name` is an IANA time zone such as Europe/Berlin."""
    from django.core.exceptions import ValidationError  # noqa: PLC0415

    if name not in zoneinfo.available_timezones():
        raise ValidationError(_("“%(name)s” is no time zone. Example: Europe/Berlin."), params={"name": name})


class OpeningHours(models.Model):
    """When somebody is there: weekly periods in a time zone, and days that differ."""

    key = models.SlugField(_("key"), unique=True, help_text=_("Flows refer to the hours by this. It never changes."))
    name = models.CharField(_("name"), max_length=100, unique=True)
    time_zone = models.CharField(
        _("time zone"),
        max_length=64,
        default="Europe/Berlin",
        validators=[validate_time_zone],
        help_text=_("The clock on the wall of the team, such as Europe/Berlin. Summer time is taken care of."),
    )

    class Meta:
        verbose_name = _("opening hours")
        verbose_name_plural = _("opening hours")
        ordering = ["name"]

    def __str__(self) -> str:
        return self.name


class OpeningPeriod(models.Model):
    """One stretch of a weekday. Several a day make split shifts; an end before the start runs past midnight."""

    class Weekday(models.IntegerChoices):
        MONDAY = 0, _("Monday")
        TUESDAY = 1, _("Tuesday")
        WEDNESDAY = 2, _("Wednesday")
        THURSDAY = 3, _("Thursday")
        FRIDAY = 4, _("Friday")
        SATURDAY = 5, _("Saturday")
        SUNDAY = 6, _("Sunday")

    hours = models.ForeignKey(OpeningHours, models.CASCADE, related_name="periods", verbose_name=_("opening hours"))
    weekday = models.PositiveSmallIntegerField(_("weekday"), choices=Weekday.choices)
    opens_at = models.TimeField(_("opens"))
    closes_at = models.TimeField(
        _("closes"), help_text=_("The same time as the opening means 24 hours; an earlier time is on the next day.")
    )

    class Meta:
        verbose_name = _("opening period")
        verbose_name_plural = _("opening periods")
        ordering = ["weekday", "opens_at"]
        constraints = [
            models.UniqueConstraint(fields=["hours", "weekday", "opens_at"], name="opening_period_once"),
            models.CheckConstraint(condition=Q(weekday__lte=6), name="opening_period_weekday_of_a_week"),
        ]

    def __str__(self) -> str:
        return f"{self.get_weekday_display()} {self.opens_at:%H:%M}–{self.closes_at:%H:%M}"


class SpecialDay(models.Model):
    """A date that differs: closed (a holiday), or open at other times."""

    hours = models.ForeignKey(
        OpeningHours, models.CASCADE, related_name="special_days", verbose_name=_("opening hours")
    )
    date = models.DateField(_("date"))
    name = models.CharField(_("name"), max_length=100, blank=True, help_text=_("Such as Christmas Day."))
    opens_at = models.TimeField(_("opens"), null=True, blank=True, help_text=_("Empty: closed all day."))
    closes_at = models.TimeField(_("closes"), null=True, blank=True)

    class Meta:
        verbose_name = _("special day")
        verbose_name_plural = _("special days")
        ordering = ["date", "opens_at"]
        constraints = [
            models.UniqueConstraint(
                fields=["hours", "date", "opens_at"], name="special_day_once", nulls_distinct=False
            ),
            models.CheckConstraint(
                condition=Q(opens_at__isnull=True, closes_at__isnull=True)
                | Q(opens_at__isnull=False, closes_at__isnull=False),
                name="special_day_has_both_times_or_none",
                violation_error_message=_("Give both times, or none for a day that is closed."),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.date} {self.name}".strip()


class Queue(models.Model):
    """Where contacts wait for a team. Calls are put through to its SIP addresses, in their order."""

    key = models.SlugField(_("key"), unique=True, help_text=_("Flows refer to the queue by this. It never changes."))
    name = models.CharField(_("name"), max_length=100, unique=True)
    description = models.TextField(_("description"), blank=True, help_text=_("Who works here, and for whom."))
    head_start_s = models.PositiveIntegerField(
        _("head start (seconds)"),
        default=0,
        validators=[MaxValueValidator(86_400)],
        help_text=_(
            "Contacts of this queue count as if they had come that much earlier. 300 jumps five minutes ahead."
        ),
    )
    answer_within_s = models.PositiveIntegerField(
        _("answer within (seconds)"),
        default=20,
        validators=[MinValueValidator(1), MaxValueValidator(86_400)],
        help_text=_("The response target of this queue: shorter for the customers who are worth more."),
    )
    service_level_percent = models.PositiveSmallIntegerField(
        _("service level (%)"),
        default=80,
        validators=[MinValueValidator(1), MaxValueValidator(100)],
        help_text=_("The share of contacts that should be answered within the target."),
    )
    hours = models.ForeignKey(
        OpeningHours,
        models.PROTECT,
        null=True,
        blank=True,
        related_name="queues",
        verbose_name=_("opening hours"),
        help_text=_("When the team is there. Empty: always."),
    )
    overflow = models.ForeignKey(
        "self",
        models.SET_NULL,
        null=True,
        blank=True,
        related_name="overflow_of",
        verbose_name=_("overflow"),
        help_text=_("The queue to try when no SIP address of this one answers."),
    )
    is_active = models.BooleanField(_("active"), default=True)

    class Meta:
        verbose_name = _("queue")
        verbose_name_plural = _("queues")
        ordering = ["name"]
        constraints = [
            models.CheckConstraint(
                condition=Q(overflow__isnull=True) | ~Q(overflow=F("id")),
                name="queue_overflows_elsewhere",
                violation_error_message=_("A queue cannot overflow into itself."),
            ),
            models.CheckConstraint(condition=Q(service_level_percent__range=(1, 100)), name="queue_level_is_a_share"),
        ]

    def __str__(self) -> str:
        return self.name


class SipAddress(models.Model):
    """One SIP address of a queue; the next in order is tried when it is busy, fails or nobody answers."""

    queue = models.ForeignKey(Queue, models.CASCADE, related_name="sip_addresses", verbose_name=_("queue"))
    position = models.PositiveSmallIntegerField(_("order"), default=1, help_text=_("Lowest first."))
    uri = models.CharField(
        _("SIP address"),
        max_length=200,
        validators=[validate_sip_uri],
        help_text=_(
            "Such as sip:vip@pbx.example.com, or with a port and transport: sip:vip@10.0.0.5:5060;transport=tcp."
        ),
    )
    ring_s = models.PositiveSmallIntegerField(
        _("ring for (seconds)"),
        default=30,
        validators=[MinValueValidator(5), MaxValueValidator(600)],
        help_text=_("How long it rings before the next address is tried."),
    )

    class Meta:
        verbose_name = _("SIP address")
        verbose_name_plural = _("SIP addresses")
        ordering = ["queue", "position", "id"]
        constraints = [
            models.UniqueConstraint(fields=["queue", "uri"], name="sip_address_once_a_queue"),
            models.CheckConstraint(condition=Q(uri__startswith="sip:") | Q(uri__startswith="sips:"), name="sip_scheme"),
        ]

    def __str__(self) -> str:
        return self.uri


class Revision(models.Model):
    """One row that grows whenever a queue, a SIP address or opening hours change.

    Triggers in the database keep it, whoever writes. Web processes compare it with the copy of
    the queues that they hold, so that a call costs no query for configuration.
    """

    number = models.BigIntegerField()

    class Meta:
        constraints = [models.CheckConstraint(condition=Q(id=1), name="revision_is_one_row")]

    def __str__(self) -> str:
        return str(self.number)
