"""Every setting of Pareto, fed by the environment; see docs/operations.md for the list."""

from pathlib import Path
from urllib.parse import urlsplit

import environ
from celery.schedules import crontab
from django.urls import reverse_lazy
from django.utils.translation import gettext_lazy as _
from kombu import Exchange, Queue

from access.openapi import COMPONENTS
from config.audit import AUDITLOG_INCLUDE_TRACKING_MODELS  # noqa: F401  Django and its apps read these from here
from config.logs import LOGGING  # noqa: F401
from config.unfold import UNFOLD  # noqa: F401

BASE_DIR = Path(__file__).resolve().parent.parent
# FileAwareEnv: each secret may also come from the file that <NAME>_FILE points at.
env = environ.FileAwareEnv()


def _required(name: str, why: str) -> str:
    value: str = env.str(name, default="")
    if not value:
        # Nothing can start without it, and whoever reads the log wants this sentence, not thirty lines above it.
        raise SystemExit(
            f"{name} is not set: {why}. Set {name} or {name}_FILE, or use `make run`, which sets everything."
        )
    return value


# --- the ground -----------------------------------------------------------------------------
DATA_DIR = Path(env.str("DATA_DIR", default=str(BASE_DIR / "var")))
DEBUG = env.bool("DEBUG", default=False)
DEMO = env.bool("DEMO", default=False)
SECRET_KEY = _required("SECRET_KEY", "it signs sessions and encrypts stored secrets")
SECRET_KEY_FALLBACKS = env.list("SECRET_KEY_FALLBACKS", default=[])
# The second half of the key that encrypts stored secrets; rotating SECRET_KEY alone keeps them
# readable through SECRET_KEY_FALLBACKS.
SALT_KEY = env.list("SALT_KEY", default=["pareto"])

# The address that providers call and sign. Without it the address of the request is taken.
PUBLIC_URL = env.str("PUBLIC_URL", default="").rstrip("/")
ALLOWED_HOSTS = env.list("ALLOWED_HOSTS", default=["localhost", "127.0.0.1", "[::1]"])
CSRF_FAILURE_VIEW = "access.problems.csrf_failure"
CSRF_TRUSTED_ORIGINS = [PUBLIC_URL] if PUBLIC_URL else []
if PUBLIC_URL and urlsplit(PUBLIC_URL).hostname not in ALLOWED_HOSTS:
    ALLOWED_HOSTS.append(urlsplit(PUBLIC_URL).hostname or "")

ROOT_URLCONF = "config.urls"
WSGI_APPLICATION = "config.wsgi.application"
INSTALLED_APPS = [
    "unfold",
    "unfold.contrib.filters",
    "unfold.contrib.forms",
    "unfold.contrib.inlines",
    "django.contrib.admin",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "django.contrib.staticfiles",
    "django.contrib.humanize",
    "auditlog",
    "django_celery_beat",
    "django_prometheus",
    "django_structlog",
    "encrypted_fields",
    "rest_framework",
    "drf_spectacular",
    "drf_spectacular_sidecar",
    "django_filters",
    "access",
    "outgoing",
    "channels",
    "routing",
    "queues",
    "customers",
    "customers.enrichment",
    "customers.sync",
    "customers.tiers",
    "customers.files",
    "customers.privacy",
    *(["demo"] if DEMO else []),
]
MIDDLEWARE = [
    "django.middleware.security.SecurityMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.locale.LocaleMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "customers.privacy.middleware.MaskIdentities",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "auditlog.middleware.AuditlogMiddleware",
]
# Webhooks carry no session, cookie or form of ours; config/wsgi.py leads them past everything above.
WEBHOOK_MIDDLEWARE: list[str] = []
TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [BASE_DIR / "templates"],
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
            ]
        },
    }
]

# --- database, cache, broker ----------------------------------------------------------------
DATABASES = {
    "default": env.db_url_config(_required("DATABASE_URL", "it is where contacts, flows and customers are kept"))
}
DATABASES["default"] |= {
    "ENGINE": "config.postgresql",
    "CONN_MAX_AGE": 0,
    # Nothing lives in a database session (PgBouncer, transaction mode), hence no server-side cursors.
    "DISABLE_SERVER_SIDE_CURSORS": True,
    "OPTIONS": {
        "connect_timeout": 2,
        # Values travel beside the statement, and a statement that comes again is planned once a connection: half the
        # time of a query. PgBouncer in transaction mode does this from 1.21 on; for older ones DATABASE_PREPARE=0.
        "server_side_binding": True,
        "prepare_threshold": 2 if env.bool("DATABASE_PREPARE", default=True) else None,
        "pool": {
            "min_size": env.int("DATABASE_POOL_MIN", default=1),
            "max_size": env.int("DATABASE_POOL_MAX", default=16),
            # A caller waits for nothing longer than this: then the fallback queue answers.
            "timeout": env.float("DATABASE_POOL_TIMEOUT_S", default=2.0),
        },
    },
}
# How long a webhook may wait for a database that hangs before its connection is cut and the fallback queue answers.
DATABASE_PATIENCE_S = env.float("DATABASE_PATIENCE_S", default=6.0)
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"

REDIS_URL = _required("REDIS_URL", "it is the broker of the workers and holds fetched values")
CACHES = {
    "default": {
        "BACKEND": "django.core.cache.backends.redis.RedisCache",
        "LOCATION": REDIS_URL,
        "OPTIONS": {"socket_timeout": 2.0, "socket_connect_timeout": 0.5},
    }
}
SESSION_ENGINE = "django.contrib.sessions.backends.db"

CELERY_BROKER_URL = env.str("BROKER_URL", default=REDIS_URL)
CELERY_BROKER_TRANSPORT_OPTIONS = {
    "socket_timeout": 5.0,
    "socket_connect_timeout": 0.5,
    "visibility_timeout": 3600,
}
CELERY_BROKER_CONNECTION_RETRY_ON_STARTUP = True
CELERY_BROKER_POOL_LIMIT = 64
CELERY_TASK_IGNORE_RESULT = True
CELERY_TASK_DEFAULT_QUEUE = "default"
# Fetches for callers who wait have a queue, and workers, of their own.
CELERY_TASK_QUEUES = [
    Queue("default", Exchange("default"), routing_key="default"),
    # A lost fetch is noticed by its claim (customers.enrichment.flight): nobody has to keep account of it.
    Queue("enrichment", Exchange("enrichment"), routing_key="enrichment", no_ack=True),
    # Events of conversations, and the messages that leave. What is lost here the sweep finds in the database.
    Queue("messages", Exchange("messages"), routing_key="messages", no_ack=True),
    Queue("outbox", Exchange("outbox"), routing_key="outbox", no_ack=True),
    # Webhooks to other systems: one sender at a time. What is lost here the database still has.
    Queue("outgoing", Exchange("outgoing"), routing_key="outgoing"),
    # What takes minutes and nobody on the telephone waits for.
    Queue("bulk", Exchange("bulk"), routing_key="bulk"),
]
CELERY_TASK_ROUTES = {
    "customers.enrichment.tasks.fetch": {"queue": "enrichment"},
    "outgoing.tasks.send": {"queue": "outgoing"},
    "channels.tasks.send_conversation": {"queue": "outbox"},
    # Carriers' shops may take long, and nobody writes meanwhile.
    "channels.tasks.carry_out_order": {"queue": "default"},
    "channels.tasks.sweep_orders": {"queue": "default"},
    "channels.tasks.*": {"queue": "messages"},
    "customers.sync.tasks.work": {"queue": "bulk"},
    "customers.tiers.tasks.carry_out": {"queue": "bulk"},
    "customers.files.tasks.*": {"queue": "bulk"},
    "customers.privacy.tasks.*": {"queue": "bulk"},
}
CELERY_WORKER_SEND_TASK_EVENTS = False
CELERY_IMPORTS = ["config.pulse"]
CELERY_WORKER_PREFETCH_MULTIPLIER = 4
CELERY_BEAT_SCHEDULER = "django_celery_beat.schedulers:DatabaseScheduler"
CELERY_BEAT_SCHEDULE = {
    "prune-history": {"task": "routing.tasks.prune_contacts", "schedule": crontab(hour="3", minute="20")},
    "close-lost-contacts": {"task": "routing.tasks.close_lost_contacts", "schedule": 300.0},
    # A count that was not fetched before the next one is due is not worth fetching.
    "count-traffic": {"task": "routing.tasks.count_traffic", "schedule": 30.0, "options": {"expires": 30}},
    "look-again-at-traffic": {
        "task": "routing.tasks.look_again_at_traffic",
        "schedule": crontab(hour="3", minute="40"),
    },
    # Expires: where no worker listens for a while, one sweep is as good as hundreds.
    "sweep-conversations": {"task": "channels.tasks.sweep", "schedule": 5.0, "options": {"expires": 5}},
    "sweep-orders": {"task": "channels.tasks.sweep_orders", "schedule": 5.0, "options": {"expires": 5}},
    "send-webhooks": {"task": "outgoing.tasks.send", "schedule": 2.0, "options": {"expires": 2}},
    "forget-webhooks": {"task": "outgoing.tasks.prune", "schedule": crontab(hour="4", minute="0")},
    "forget-kept-answers": {"task": "access.tasks.prune", "schedule": crontab(hour="3", minute="50")},
    "recompute-tiers": {"task": "customers.tiers.tasks.recompute", "schedule": crontab(hour="2", minute="30")},
    "sweep-files": {"task": "customers.files.tasks.sweep", "schedule": 60.0, "options": {"expires": 60}},
    "delete-what-is-old": {"task": "customers.privacy.tasks.prune", "schedule": crontab(hour="4", minute="10")},
    "sweep-tiers": {"task": "customers.tiers.tasks.sweep", "schedule": 60.0, "options": {"expires": 60}},
    # A stream whose worker was killed goes on with the next one.
    "sweep-syncs": {"task": "customers.sync.tasks.sweep", "schedule": 10.0, "options": {"expires": 10}},
    "prune-syncs": {"task": "customers.sync.tasks.prune", "schedule": crontab(hour="4", minute="5")},
    "prune-message-events": {"task": "channels.tasks.prune", "schedule": crontab(hour="3", minute="40")},
}

# --- the way of a call ----------------------------------------------------------------------
# What one webhook may spend in all, in seconds, while a fetch is not ready.
ANSWER_BUDGET_S = env.float("ANSWER_BUDGET_S", default=2.0)
# How long an answer that already has something to say waits for a fast API, to save a round trip.
GREETING_GRACE_S = env.float("GREETING_GRACE_S", default=0.15)
# How many webhooks of one web process may wait for fetches at the same time; more are told to come back.
MAX_WAITING_WEBHOOKS = env.int("MAX_WAITING_WEBHOOKS", default=48)
# How many threads of one worker may ask one API at the same time; further questions wait without a thread.
FETCHES_AT_ONCE = env.int("FETCHES_AT_ONCE", default=16)
# Internal addresses that data sources may ask: host names, addresses or networks, with or without a port.
ENRICHMENT_ALLOWED_HOSTS = env.list("ENRICHMENT_ALLOWED_HOSTS", default=[])
# Who may read /metrics: bearers of this token, or, without one, this machine only.
METRICS_TOKEN = env.str("METRICS_TOKEN", default="")
CONTACT_RETENTION_DAYS = env.int("CONTACT_RETENTION_DAYS", default=400)
DEFAULT_COUNTRY = env.str("DEFAULT_COUNTRY", default="DE")
# Vendors by dotted path of their Provider; nothing outside a provider's folder names the vendor.
PROVIDERS = ["channels.providers.twilio.provider.Twilio", "channels.providers.meta.provider.Meta"]

# --- the way of a message -------------------------------------------------------------------
# How long a message whose sending nobody is sure of is left alone before it is sent again: in this time the provider
# tells what became of it.
OUTBOX_UNSURE_S = env.float("OUTBOX_UNSURE_S", default=30.0)
# Where the providers' interfaces are played for accounts that do not send for real; empty: nowhere.
EMULATOR_URL = env.str(
    "EMULATOR_URL", default=f"http://127.0.0.1:{env.str('PORT', default='') or '8000'}/emulator" if DEMO else ""
)

# --- API ------------------------------------------------------------------------------------
REST_FRAMEWORK = {
    "DEFAULT_AUTHENTICATION_CLASSES": ["access.authentication.KeyAuthentication"],
    "DEFAULT_PERMISSION_CLASSES": [],
    "DEFAULT_RENDERER_CLASSES": ["rest_framework.renderers.JSONRenderer"],
    "DEFAULT_PARSER_CLASSES": ["access.bodies.StrictJSONParser"],
    "DEFAULT_SCHEMA_CLASS": "access.schema.Operation",
    "EXCEPTION_HANDLER": "access.problems.answer",
    "UNAUTHENTICATED_USER": None,
    "URL_FORMAT_OVERRIDE": None,
}
SPECTACULAR_SETTINGS = {
    "TITLE": "Pareto",
    "DESCRIPTION": "Customers, tiers, queues, numbers, data sources, flows and contacts. How to begin: docs/api.md.",
    "VERSION": "1",
    "OAS_VERSION": "3.1.0",
    "SCHEMA_PATH_PREFIX": "/api/v1",
    "COMPONENT_SPLIT_REQUEST": True,
    "ENUM_GENERATE_CHOICE_DESCRIPTION": False,
    "DISABLE_DOCSTRING_DESCRIPTIONS": True,
    "SERVE_INCLUDE_SCHEMA": False,
    "SWAGGER_UI_DIST": "SIDECAR",
    "SWAGGER_UI_FAVICON_HREF": "SIDECAR",
    "SWAGGER_UI_SETTINGS": {"deepLinking": True, "persistAuthorization": False, "docExpansion": "none"},
    "APPEND_COMPONENTS": COMPONENTS,
    "ENUM_NAME_OVERRIDES": {
        "ContactState": "routing.models.Contact.State",
        "EventKind": "outgoing.models.Kind",
    },
    "POSTPROCESSING_HOOKS": [
        "drf_spectacular.hooks.postprocess_schema_enums",
        "access.schema.forget_required",
        "access.schema.say_limits",
        "customers.sync.api.schemas.name_record",
    ],
}

# One request to the sync may be so large once it is unpacked, and one stream.
SYNC_MAX_BYTES = env.int("SYNC_MAX_BYTES", default=32 * 1024 * 1024)
SYNC_STREAM_MAX_BYTES = env.int("SYNC_STREAM_MAX_BYTES", default=8 * 1024 * 1024 * 1024)

# --- people ---------------------------------------------------------------------------------
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": f"django.contrib.auth.password_validation.{name}"}
    for name in ("UserAttributeSimilarityValidator", "MinimumLengthValidator", "CommonPasswordValidator")
]
LOGIN_URL = reverse_lazy("admin:login")
LOGIN_REDIRECT_URL = reverse_lazy("admin:index")
LANGUAGE_CODE = "en"
LANGUAGES = [("en", _("English")), ("de", _("German"))]
TIME_ZONE = env.str("TIME_ZONE", default="UTC")
USE_TZ = True
LOCALE_PATHS = [BASE_DIR / "locale"]

STATIC_URL = "/static/"
STATIC_ROOT = env.path("STATIC_ROOT", default=str(BASE_DIR / "staticfiles"))
STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
    "staticfiles": {"BACKEND": "whitenoise.storage.CompressedStaticFilesStorage"},
}

# --- security -------------------------------------------------------------------------------
_over_tls = PUBLIC_URL.startswith("https://")
SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = _over_tls
SESSION_COOKIE_HTTPONLY = True
SECURE_CONTENT_TYPE_NOSNIFF = True
SECURE_REFERRER_POLICY = "same-origin"
SECURE_HSTS_SECONDS = env.int("SECURE_HSTS_SECONDS", default=0)
BEHIND_PROXY = env.bool("BEHIND_PROXY", default=False)
SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https") if BEHIND_PROXY else None
# How many proxies of ours a request passes through: whose address it came from is that many places from the end of
# X-Forwarded-For, and what anybody wrote before that counts for nothing.
PROXY_HOPS = env.int("PROXY_HOPS", default=1 if BEHIND_PROXY else 0)
X_FRAME_OPTIONS = "DENY"
# A webhook is a few kB of form; nothing larger is read.
DATA_UPLOAD_MAX_MEMORY_SIZE = 12 * 1024 * 1024
SILENCED_SYSTEM_CHECKS = [
    # The proxy that ends TLS redirects; here a redirect would break webhooks and health checks behind it.
    "security.W008",
    # Whether all of the company's other hosts speak TLS is not ours to promise.
    "security.W005",
    "security.W021",
]
