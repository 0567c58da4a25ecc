"""What was asked of carriers' shops: written down before anything is asked, so that nothing is bought twice."""

from __future__ import annotations

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _


class NumberOrder(models.Model):
    """One thing that a carrier shall do with one number, and how far it is."""

    class Action(models.TextChoices):
        BUY = "buy", _("buy")
        CONNECT = "connect", _("set the webhooks")
        RELEASE = "release", _("release")

    class State(models.TextChoices):
        ASKED = "asked", _("under way")
        WAITING = "waiting", _("the carrier works on it")
        BOUGHT = "bought", _("bought, webhooks not set yet")
        DONE = "done", _("done")
        FAILED = "failed", _("failed")
        HALF = "half", _("bought, but the webhooks could not be set")

    OPEN = (State.ASKED, State.WAITING, State.BOUGHT)

    account = models.ForeignKey("channels.Account", models.CASCADE, related_name="orders", verbose_name=_("account"))
    action = models.CharField(_("what"), max_length=10, choices=Action.choices)
    address = models.CharField(_("number"), max_length=80)
    state = models.CharField(_("state"), max_length=10, choices=State.choices, default=State.ASKED)
    # In words for managers; of an open order why it was not done at once.
    problem = models.CharField(_("what went wrong"), max_length=400, blank=True)
    price = models.CharField(_("price a month"), max_length=40, blank=True)
    name = models.CharField(_("name"), max_length=100, blank=True)
    flow = models.ForeignKey(
        "routing.Flow", models.SET_NULL, null=True, blank=True, related_name="+", verbose_name=_("flow")
    )
    fallback_queue = models.ForeignKey(
        "queues.Queue", models.SET_NULL, null=True, blank=True, related_name="+", verbose_name=_("fallback queue")
    )
    number = models.ForeignKey(
        "channels.Number", models.SET_NULL, null=True, blank=True, related_name="orders", verbose_name=_("number")
    )
    external_id = models.CharField(_("carrier's id"), max_length=64, blank=True)
    ordered_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.SET_NULL, null=True, blank=True, related_name="+", verbose_name=_("ordered by")
    )
    attempts = models.PositiveSmallIntegerField(default=0)
    # Nobody else carries it on before.
    busy_until = models.DateTimeField(null=True, blank=True)
    retry_at = models.DateTimeField(null=True, blank=True)
    created_at = models.DateTimeField(_("ordered"))
    updated_at = models.DateTimeField(_("last change"))

    class Meta:
        verbose_name = _("order of a number")
        verbose_name_plural = _("orders of numbers")
        ordering = ["-created_at", "-id"]
        constraints = [
            models.UniqueConstraint(
                fields=["account", "address"],
                condition=Q(state__in=["asked", "waiting", "bought"]),
                name="number_order_one_open_an_address",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.get_action_display()} {self.address}"

    @property
    def reference(self) -> str:
        """Ours, for the carrier; the same however often it is asked."""
        return f"order-{self.pk}"

    @property
    def is_open(self) -> bool:
        return self.state in self.OPEN


class EmulatedNumber(models.Model):
    """A number that an emulated carrier has given to an account. Only tests and the demo write here."""

    account = models.CharField(max_length=64)
    address = models.CharField(max_length=80, unique=True)
    external_id = models.CharField(max_length=64, unique=True)
    name = models.CharField(max_length=100, blank=True)
    voice_url = models.CharField(max_length=500, blank=True)
    status_url = models.CharField(max_length=500, blank=True)
    message_url = models.CharField(max_length=500, blank=True)
    reference = models.CharField(max_length=100, blank=True)
    released_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering = ["id"]

    def __str__(self) -> str:
        return self.address
