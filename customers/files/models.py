"""Files that somebody brings in: what each is, how its columns are read, and what became of its rows."""

from django.db import models
from django.utils.translation import gettext_lazy as _


class Import(models.Model):
    """One file, from its upload to its report. Nothing of it is written before somebody confirmed."""

    class State(models.TextChoices):
        UPLOADED = "uploaded", _("columns not chosen yet")
        CHECKING = "checking", _("being looked through")
        CHECKED = "checked", _("waits for your word")
        RUNNING = "running", _("being written")
        DONE = "done", _("done")
        CANCELED = "canceled", _("canceled")
        FAILED = "failed", _("cannot be read")
        UNDOING = "undoing", _("being taken back")
        UNDONE = "undone", _("taken back")

    name = models.CharField(_("file"), max_length=200)
    kind = models.CharField(_("kind"), max_length=4)
    encoding = models.CharField(_("encoding"), max_length=20, blank=True)
    delimiter = models.CharField(_("separator"), max_length=1, blank=True)
    columns = models.JSONField(_("columns"), default=list)
    sample = models.JSONField(default=list)
    mapping = models.JSONField(_("what the columns are"), default=list)
    state = models.CharField(_("state"), max_length=10, choices=State.choices, default=State.UPLOADED)
    rows = models.PositiveIntegerField(_("rows"), default=0)
    """Known once it was looked through."""
    looked_at = models.PositiveIntegerField(_("rows looked at"), default=0)
    written = models.PositiveIntegerField(_("rows written"), default=0)
    counts = models.JSONField(_("what would become of them"), default=dict)
    results = models.JSONField(_("what became of them"), default=dict)
    changes = models.JSONField(_("the first changes"), default=list)
    repeats = models.JSONField(_("rows of somebody whom an earlier row names"), default=dict)
    """`count`, and the `first` of them as pairs: the row, and the row before it."""
    moments = models.JSONField(default=list)
    """When each batch was written, as the history of the customers has it."""
    left = models.PositiveIntegerField(default=0)
    """So many of them can still be taken back, the last one first."""
    undo_moments = models.JSONField(default=list)
    """When they were."""
    undone = models.JSONField(_("what became of it when it was taken back"), default=dict)
    undone_by = models.CharField(_("taken back by"), max_length=150, blank=True)
    error = models.CharField(_("what is wrong"), max_length=300, blank=True)
    by = models.CharField(_("by"), max_length=150)
    created_at = models.DateTimeField(_("uploaded"))
    beat_at = models.DateTimeField(_("last step"))

    class Meta:
        verbose_name = _("import")
        verbose_name_plural = _("imports")
        ordering = ["-id"]
        default_permissions = ("view",)

    def __str__(self) -> str:
        return self.name

    @property
    def percent(self) -> int:
        if self.state == self.State.UNDOING:
            return min(99, 100 * (len(self.moments) - self.left) // max(1, len(self.moments)))
        done = self.written if self.state == self.State.RUNNING else self.looked_at
        return min(99, 100 * done // max(1, self.rows))


class Piece(models.Model):
    """A part of a file's bytes: workers need not share a disk with the web. Gone once the file is done."""

    file = models.ForeignKey(Import, models.CASCADE, related_name="pieces")
    number = models.PositiveIntegerField()
    body = models.BinaryField()

    class Meta:
        default_permissions = ()
        constraints = [models.UniqueConstraint(fields=["file", "number"], name="piece_once")]


class Fault(models.Model):
    """A row that cannot be taken, and why."""

    file = models.ForeignKey(Import, models.CASCADE, related_name="faults")
    row = models.PositiveIntegerField(_("row"))
    external_id = models.CharField(_("customer number"), max_length=100, blank=True)
    reason = models.TextField(_("what is wrong"))

    class Meta:
        default_permissions = ()
        constraints = [models.UniqueConstraint(fields=["file", "row"], name="fault_once_a_row")]


class Remembered(models.Model):
    """What a column was chosen to be, for the next file that has it."""

    header = models.CharField(max_length=200, unique=True)
    target = models.CharField(max_length=80)

    class Meta:
        default_permissions = ()
