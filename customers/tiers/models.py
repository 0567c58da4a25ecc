"""Policies of tiers as versions, what one would change, who is being looked at, and the curve of the revenue."""

from decimal import Decimal

from django.core.validators import MinValueValidator
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from customers.currencies import validate_currency


class Policy(models.Model):
    """Who decides about tiers. Once in force it stays as it is; a change is a new version."""

    number = models.PositiveIntegerField(_("version"), unique=True)
    is_active = models.BooleanField(_("in force"), default=True)
    spec = models.JSONField(_("what it says"))
    levels = models.JSONField(_("amounts of the cuts"), default=dict)
    """`enter` and `stay`, as customers.tiers.compiling.Levels; computed anew on schedule."""
    levels_at = models.DateTimeField(_("amounts as of"), null=True, blank=True)
    by = models.CharField(_("by"), max_length=150, blank=True)
    note = models.CharField(_("note"), max_length=200, blank=True)
    created_at = models.DateTimeField(_("in force since"))

    class Meta:
        verbose_name = _("policy of tiers")
        verbose_name_plural = _("policies of tiers")
        ordering = ["-number"]
        default_permissions = ()
        constraints = [
            models.UniqueConstraint(fields=["is_active"], name="one_policy_in_force", condition=Q(is_active=True))
        ]

    def __str__(self) -> str:
        return str(_("Version %(number)d") % {"number": self.number})


class Rate(models.Model):
    """What one unit of a currency is worth in the currency that policies count in."""

    currency = models.CharField(
        _("currency"), max_length=3, unique=True, validators=[validate_currency], help_text=_("Such as USD.")
    )
    worth = models.DecimalField(
        _("worth"),
        max_digits=16,
        decimal_places=8,
        validators=[MinValueValidator(Decimal("0.00000001"))],
        help_text=_("How much of the policy's currency one of it is: 0.92 if 1 USD is 0.92 EUR."),
    )
    updated_at = models.DateTimeField(_("changed"), auto_now=True)

    class Meta:
        verbose_name = _("exchange rate")
        verbose_name_plural = _("exchange rates")
        ordering = ["currency"]
        constraints = [models.CheckConstraint(condition=Q(worth__gt=0), name="rate_is_positive")]

    def __str__(self) -> str:
        return self.currency


class State(models.TextChoices):
    """Of work that a worker does in chunks."""

    WAITING = "waiting", _("waiting for a worker")
    RUNNING = "running", _("running")
    DONE = "done", _("done")
    FAILED = "failed", _("failed")
    STOPPED = "stopped", _("stopped")


class Work(models.Model):
    """Customers looked at one after the other, from `cursor` on; whoever finds it left behind goes on from there."""

    state = models.CharField(_("state"), max_length=8, choices=State.choices, default=State.WAITING)
    cursor = models.BigIntegerField(default=0)
    upto = models.BigIntegerField(default=0)
    total = models.PositiveBigIntegerField(_("customers"), default=0)
    looked_at = models.PositiveBigIntegerField(_("looked at"), default=0)
    moved = models.PositiveBigIntegerField(_("moved"), default=0)
    by = models.CharField(_("by"), max_length=150, blank=True)
    created_at = models.DateTimeField(_("asked for"))
    beat_at = models.DateTimeField(_("last sign of life"))
    error = models.CharField(max_length=300, blank=True)

    class Meta:
        abstract = True

    @property
    def percent(self) -> int:
        return 100 if self.state == State.DONE else min(99, 100 * self.looked_at // max(1, self.total))


class Run(Work):
    """The policy in force, applied to everybody."""

    policy = models.ForeignKey(Policy, models.CASCADE, related_name="runs")
    is_sharp = models.BooleanField(default=False)
    """Without the margin: the first run of a new policy."""

    class Meta:
        verbose_name = _("recomputation")
        verbose_name_plural = _("recomputations")
        default_permissions = ()
        constraints = [
            models.UniqueConstraint(
                models.Value(1), name="one_recomputation_at_a_time", condition=Q(state__in=["waiting", "running"])
            )
        ]


class Preview(Work):
    """What a policy would change, before it is put in force."""

    spec = models.JSONField()
    based_on = models.PositiveIntegerField(default=0)
    """The number of the version in force when it was asked for; 0: none."""
    levels = models.JSONField(default=dict)
    matrix = models.JSONField(default=list)
    """[tier before, tier after, how many, their revenue], tiers by key, empty for none."""
    examples = models.JSONField(default=list)
    """The first by value of each pair of tiers: [customer id, from, to, amount or null, who decides]."""
    note = models.CharField(max_length=200, blank=True)

    class Meta:
        verbose_name = _("preview")
        verbose_name_plural = _("previews")
        default_permissions = ()


class Snapshot(models.Model):
    """The revenue over the customers as it was at a moment, small enough to be drawn at once."""

    metric = models.CharField(max_length=20)
    currency = models.CharField(max_length=3)
    at = models.DateTimeField()
    took_ms = models.PositiveIntegerField(default=0)
    customers = models.PositiveBigIntegerField(default=0)
    """Everybody, with revenue or without."""
    paying = models.PositiveBigIntegerField(default=0)
    revenue = models.DecimalField(max_digits=24, decimal_places=2, default=Decimal(0))
    """Of those with more than nothing."""
    facts = models.JSONField(default=dict)
    """Refunds, customers with nothing, currencies without a rate, tiers now."""
    points = models.JSONField(default=list)
    """[customers, revenue, amount of the last of them], rising; equal amounts stand together."""

    class Meta:
        verbose_name = _("snapshot of the revenue")
        verbose_name_plural = _("snapshots of the revenue")
        default_permissions = ()
        constraints = [models.UniqueConstraint(fields=["metric"], name="one_snapshot_of_a_metric")]
