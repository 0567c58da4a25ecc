"""Which changes are written into the log of changes, and what of them stays out."""

from typing import Any

# Whoever reads the log sees that a secret changed, never the secret.
_SECRET: dict[str, Any] = {"mask_fields": ["secret"], "mask_callable": "channels.admin.log.masked"}

AUDITLOG_INCLUDE_TRACKING_MODELS: list[dict[str, Any]] = [
    {
        "model": "access.ApiKey",
        "exclude_fields": ["last_used_at", "last_used_from", "user", "created_at", "created_by"],
        "mask_fields": ["digest"],
        "mask_callable": "channels.admin.log.masked",
    },
    {
        "model": "outgoing.Subscription",
        "exclude_fields": ["failing_since", "created_at", "created_by"],
        **_SECRET,
    },
    {"model": "queues.Queue"},
    {"model": "queues.SipAddress"},
    {"model": "queues.OpeningHours"},
    {"model": "queues.OpeningPeriod"},
    {"model": "queues.SpecialDay"},
    {"model": "customers.Tier"},
    {"model": "customers.Customer", "exclude_fields": ["synced_at", "change", "created_at", "updated_at"]},
    {"model": "customers.Attribute", "exclude_fields": ["created_at"]},
    {"model": "customers.Consent"},
    {"model": "customers.Identity"},
    {"model": "privacy.Retention", "exclude_fields": ["changed_at"]},
    {"model": "tiers.Policy", "exclude_fields": ["levels", "levels_at"]},
    {"model": "tiers.Rate", "exclude_fields": ["updated_at"]},
    {"model": "enrichment.DataSource", "exclude_fields": ["updated_at"], **_SECRET},
    # Drafts, publishing and rolling back are logged by the services, in a line each.
    {"model": "routing.Flow", "exclude_fields": ["draft", "draft_revision", "live", "updated_at"]},
    {"model": "channels.Account", **_SECRET, "mask_fields": ["secret", "verify_token", "access_token"]},
    {"model": "channels.Number", "mask_fields": ["access_token"], "mask_callable": "channels.admin.log.masked"},
    {"model": "channels.NumberOrder", "exclude_fields": ["attempts", "busy_until", "retry_at", "updated_at"]},
    {"model": "channels.OptOut"},
    {"model": "channels.Template", "exclude_fields": ["fetched_at"]},
    {
        "model": "auth.User",
        "exclude_fields": ["last_login"],
        "mask_fields": ["password"],
        "mask_callable": "channels.admin.log.masked",
        "m2m_fields": ["groups", "user_permissions"],
    },
    {"model": "auth.Group", "m2m_fields": ["permissions"]},
]
