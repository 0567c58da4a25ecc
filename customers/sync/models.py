"""Streams of records that a worker brings in: how far each is, what is still to be done, and what was wrong with which line."""

import uuid

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _


class SyncRun(models.Model):
    """One stream, from its first byte to its report."""

    class State(models.TextChoices):
        RECEIVING = "receiving", _("being received")
        INCOMPLETE = "incomplete", _("broken off while being sent")
        WAITING = "waiting", _("waiting for the worker")
        RUNNING = "running", _("running")
        DONE = "done", _("done")
        FAILED = "failed", _("stopped by a fault of ours")
        CANCELED = "canceled", _("canceled")

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    state = models.CharField(_("state"), max_length=10, choices=State.choices, default=State.RECEIVING)
    by = models.CharField(_("by"), max_length=150)
    options = models.JSONField(_("options"), default=dict)
    # So that a stream that is sent again for want of an answer is handled once.
    idempotency_key = models.CharField(max_length=255, blank=True, default="")
    digest = models.CharField(max_length=64, blank=True, default="")
    # A stream in chunks that is not packed says nowhere that it is whole: one that begins the same may take its place.
    is_end_proved = models.BooleanField(default=True)
    received_bytes = models.BigIntegerField(_("bytes received"), default=0)
    received = models.PositiveIntegerField(_("records received"), default=0)
    done = models.PositiveIntegerField(_("records done"), default=0)
    counts = models.JSONField(_("results"), default=dict)
    declared = models.JSONField(_("fields declared on the way"), default=dict)
    error = models.TextField(_("what stopped it"), blank=True)
    started_at = models.DateTimeField(_("sent"))
    finished_at = models.DateTimeField(_("finished"), null=True, blank=True)
    # A worker that is killed leaves this behind; whoever sweeps sees it grow old.
    touched_at = models.DateTimeField(_("last step"))

    class Meta:
        verbose_name = _("sync")
        verbose_name_plural = _("syncs")
        default_permissions = ("view", "change")
        ordering = ["-started_at"]
        constraints = [
            models.UniqueConstraint(
                fields=["by", "idempotency_key"],
                condition=~Q(idempotency_key="") & ~Q(state="incomplete"),
                name="sync_run_once_for_each_key",
            ),
        ]
        indexes = [
            models.Index(
                fields=["touched_at"],
                name="sync_run_active",
                condition=Q(state__in=["receiving", "waiting", "running"]),
            ),
            models.Index(fields=["-started_at"], name="sync_run_started"),
        ]

    def __str__(self) -> str:
        return f"{self.started_at:%Y-%m-%d %H:%M} {self.by}"

    @property
    def is_over(self) -> bool:
        return self.state in {self.State.DONE, self.State.FAILED, self.State.CANCELED, self.State.INCOMPLETE}


class SyncChunk(models.Model):
    """Some lines of a stream that are still to be done; it goes with the transaction that did them."""

    run = models.ForeignKey(SyncRun, models.CASCADE, related_name="chunks")
    first_line = models.PositiveIntegerField()
    lines = models.PositiveIntegerField()
    body = models.BinaryField()
    """Lines, compressed with zlib."""

    class Meta:
        default_permissions = ()
        constraints = [models.UniqueConstraint(fields=["run", "first_line"], name="sync_chunk_once")]

    def __str__(self) -> str:
        return f"{self.run_id}: {self.first_line}"


class SyncFault(models.Model):
    """A record of a stream that failed, and why."""

    run = models.ForeignKey(SyncRun, models.CASCADE, related_name="faults", verbose_name=_("sync"))
    line = models.PositiveIntegerField(_("line"))
    external_id = models.CharField(_("customer number"), max_length=100, blank=True)
    errors = models.JSONField(_("what is wrong"))

    class Meta:
        verbose_name = _("failed record")
        verbose_name_plural = _("failed records")
        default_permissions = ("view",)
        constraints = [models.UniqueConstraint(fields=["run", "line"], name="sync_fault_once")]

    def __str__(self) -> str:
        return f"{self.line}: {self.external_id}"
