"""Receipts of what was erased, without personal data, and how long each kind of data is kept."""

from django.db import models
from django.utils.translation import gettext_lazy as _


class Receipt(models.Model):
    """Somebody was erased. Who it was can be proven with the customer number, and not be read."""

    at = models.DateTimeField(_("when"))
    by = models.CharField(_("by"), max_length=150)
    proof = models.CharField(
        _("proof"), max_length=64, help_text=_("The customer number, sealed with the key of this house.")
    )
    erased = models.JSONField(_("what was erased"))

    class Meta:
        verbose_name = _("erasure")
        verbose_name_plural = _("erasures")
        ordering = ["-id"]
        default_permissions = ("view",)
        permissions = [
            ("erase_customer", "Can export and erase a customer everywhere"),
            ("export_customers", "Can export lists of customers as files"),
        ]

    def __str__(self) -> str:
        return f"{self.pk} · {self.at:%Y-%m-%d %H:%M}"


class LastRun(models.Model):
    """When old rows of a kind were last looked for, and how many went."""

    kind = models.CharField(max_length=30, unique=True)
    at = models.DateTimeField()
    rows = models.PositiveBigIntegerField()

    class Meta:
        default_permissions = ()

    def __str__(self) -> str:
        return self.kind


class Retention(models.Model):
    """How long one kind of data is kept."""

    kind = models.CharField(_("kind of data"), max_length=30, unique=True)
    days = models.PositiveIntegerField(_("kept for (days)"), null=True, blank=True, help_text=_("Empty: for good."))
    by = models.CharField(_("by"), max_length=150, blank=True)
    changed_at = models.DateTimeField(_("changed"))

    class Meta:
        verbose_name = _("retention")
        verbose_name_plural = _("retentions")
        default_permissions = ("view", "change")

    def __str__(self) -> str:
        return self.kind
