"""What a manager says about one of the company's APIs, so that a worker can ask it."""

from django.core.exceptions import ValidationError
from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _
from encrypted_fields.fields import EncryptedTextField

from customers.enrichment.validation import validate_source


class DataSource(models.Model):
    """One API of the company: how it is asked, and which values its answer holds."""

    class Method(models.TextChoices):
        GET = "GET"
        POST = "POST"

    class Auth(models.TextChoices):
        NONE = "none", _("none")
        BASIC = "basic", _("user and password")
        BEARER = "bearer", _("bearer token")
        HEADER = "header", _("key in a header")
        OAUTH2 = "oauth2", _("OAuth2 client credentials")

    key = models.SlugField(_("key"), unique=True, help_text=_("Flows refer to the source by this. It never changes."))
    name = models.CharField(_("name"), max_length=100, unique=True)
    method = models.CharField(_("method"), max_length=4, choices=Method.choices, default=Method.GET)
    url = models.CharField(
        _("address"),
        max_length=1000,
        help_text=_("With placeholders: https://crm.example.com/customers?phone={{ phone | url_encode }}"),
    )
    headers = models.JSONField(
        _("headers"), default=dict, blank=True, help_text=_('Such as {"Accept-Language": "en"}.')
    )
    body = models.TextField(
        _("body"), blank=True, help_text=_("For POST, with placeholders. JSON unless a header says otherwise.")
    )
    auth = models.CharField(_("sign in with"), max_length=8, choices=Auth.choices, default=Auth.NONE)
    auth_name = models.CharField(
        _("user, client id or header"), max_length=200, blank=True, help_text=_("The name that goes with the secret.")
    )
    secret = EncryptedTextField(_("password, token or secret"), blank=True, null=True)
    token_url = models.CharField(_("token address"), max_length=500, blank=True, help_text=_("For OAuth2 only."))
    scope = models.CharField(_("scope"), max_length=200, blank=True, help_text=_("For OAuth2 only."))
    connect_timeout_s = models.FloatField(
        _("connect within (seconds)"), default=1.0, validators=[MinValueValidator(0.05), MaxValueValidator(10)]
    )
    total_timeout_s = models.FloatField(
        _("answer within (seconds)"),
        default=6.0,
        validators=[MinValueValidator(0.1), MaxValueValidator(60)],
        help_text=_("All tries together. The caller hears the greeting meanwhile."),
    )
    retries = models.PositiveSmallIntegerField(
        _("retries"),
        default=1,
        validators=[MaxValueValidator(5)],
        help_text=_("After a lost connection or a 5xx answer."),
    )
    cache_s = models.PositiveIntegerField(
        _("keep answers for (seconds)"),
        default=60,
        validators=[MaxValueValidator(604_800)],
        help_text=_(
            "As long as an answer is kept, the API is not asked again for the same customer. 0: ask for each contact."
        ),
    )
    last_known_s = models.PositiveIntegerField(
        _("last known value for (seconds)"),
        default=86_400,
        validators=[MaxValueValidator(2_592_000)],
        help_text=_("While the API fails, an earlier answer of at most this age is used. 0: never."),
    )
    mapping = models.JSONField(
        _("values"),
        default=list,
        blank=True,
        help_text=_(
            'What to take from the answer: [{"name": "loyalty_status", "path": "customer.status", "type": "text"}]'
        ),
    )
    not_found_statuses = models.JSONField(
        _("“not found” statuses"), default=list, blank=True, help_text=_("HTTP statuses that mean: no such customer.")
    )
    not_found_path = models.CharField(
        _("“not found” when empty"),
        max_length=200,
        blank=True,
        help_text=_("A path in the answer; nothing there means: no such customer."),
    )
    breaker_failures = models.PositiveSmallIntegerField(
        _("rest after failures in a row"),
        default=20,
        validators=[MinValueValidator(1)],
        help_text=_("After so many failures in a row the API is left alone for a while."),
    )
    breaker_rest_s = models.PositiveSmallIntegerField(
        _("rest for (seconds)"), default=15, validators=[MinValueValidator(1), MaxValueValidator(3600)]
    )
    is_active = models.BooleanField(_("active"), default=True)
    updated_at = models.DateTimeField(_("updated"), auto_now=True)

    class Meta:
        verbose_name = _("data source")
        verbose_name_plural = _("data sources")
        ordering = ["name"]
        constraints = [
            models.CheckConstraint(condition=Q(total_timeout_s__gt=0, connect_timeout_s__gt=0), name="source_timeouts"),
            models.CheckConstraint(
                condition=~Q(auth="oauth2") | ~Q(token_url=""),
                name="source_oauth2_has_token_url",
                violation_error_message=_("OAuth2 needs the address where tokens are fetched."),
            ),
            models.CheckConstraint(
                condition=Q(connect_timeout_s__lte=F("total_timeout_s")),
                name="source_connects_before_it_answers",
                violation_error_message=_("The time to connect cannot be longer than the whole time."),
            ),
        ]

    def __str__(self) -> str:
        return self.name

    def clean(self) -> None:
        """Says everything that would fail while a caller waits."""
        faults: dict[str, list[str]] = {}
        for fault in validate_source(self):
            faults.setdefault(fault.field, []).append(fault.message)
        if faults:
            raise ValidationError(faults)
