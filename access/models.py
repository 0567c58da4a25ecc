"""Keys of programs, and the answers kept for requests that may be sent again."""

from django.conf import settings
from django.contrib.postgres.fields import ArrayField
from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from access.networks import validate_network
from access.scopes import scope_choices


class ApiKey(models.Model):
    """What a program shows to be let in. Only the SHA-256 of the key is kept: it is shown once, when it is made."""

    name = models.CharField(
        _("name"), max_length=100, unique=True, help_text=_("Whose key it is, such as “CRM sync”. The log shows it.")
    )
    # The part of the key that may be seen: it finds the row, and people recognize the key by it.
    prefix = models.CharField(_("begins with"), max_length=16, unique=True, editable=False)
    digest = models.CharField(max_length=64, editable=False)
    scopes = ArrayField(
        models.CharField(max_length=40, choices=scope_choices),
        verbose_name=_("may"),
        default=list,
        blank=True,
        help_text=_("As little as it needs. A request that needs more is refused, and told what is missing."),
    )
    networks = ArrayField(
        models.CharField(max_length=50, validators=[validate_network]),
        verbose_name=_("allowed networks"),
        default=list,
        blank=True,
        help_text=_("Only from these addresses, such as 203.0.113.7 or 10.0.0.0/8. Empty: from anywhere."),
    )
    requests_per_minute = models.PositiveIntegerField(
        _("requests a minute"),
        default=600,
        validators=[MinValueValidator(1), MaxValueValidator(1_000_000)],
        help_text=_("More than that are told to come back later."),
    )
    expires_at = models.DateTimeField(_("expires"), null=True, blank=True, help_text=_("Empty: never."))
    revoked_at = models.DateTimeField(_("revoked"), null=True, blank=True, editable=False)
    last_used_at = models.DateTimeField(_("last used"), null=True, blank=True, editable=False)
    last_used_from = models.GenericIPAddressField(_("last used from"), null=True, blank=True, editable=False)
    # Who the key is in the log, in versions and in drafts: a user who cannot sign in.
    user = models.OneToOneField(
        settings.AUTH_USER_MODEL, models.PROTECT, related_name="api_key", editable=False, verbose_name=_("acts as")
    )
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
        verbose_name = _("API key")
        verbose_name_plural = _("API keys")
        ordering = ["name"]
        constraints = [
            models.CheckConstraint(condition=Q(requests_per_minute__gte=1), name="api_key_may_ask_at_all"),
        ]

    def __str__(self) -> str:
        return self.name


class KeptAnswer(models.Model):
    """The answer to a request with an Idempotency-Key, so that the same request sent again gets the same answer."""

    key = models.ForeignKey(ApiKey, models.CASCADE, related_name="+")
    name = models.CharField(max_length=255)
    # SHA-256 of method, address and body: another request under the same name is a mistake.
    request = models.CharField(max_length=64)
    status = models.PositiveSmallIntegerField()
    content_type = models.CharField(max_length=100)
    headers = models.JSONField(default=dict)
    body = models.BinaryField()
    created_at = models.DateTimeField()

    class Meta:
        default_permissions = ()
        constraints = [models.UniqueConstraint(fields=["key", "name"], name="kept_answer_once_a_name")]
        indexes = [models.Index(fields=["created_at"], name="kept_answer_by_age")]

    def __str__(self) -> str:
        return f"{self.key_id}/{self.name}"
