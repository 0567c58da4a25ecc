"""Logs as JSON lines through structlog; telephone numbers, e-mails and secrets never reach them."""

import re
from typing import Any

import structlog

from customers.privacy.masking import masked

_SECRET = re.compile(r"(?i)(password|secret|token|authorization|api[_-]?key)")


def mask(_logger: object, _method: str, event: dict[str, Any]) -> dict[str, Any]:
    """structlog processor: masks numbers and e-mails in everything and drops the values of secrets."""
    for key, value in event.items():
        if key in {"timestamp", "level", "logger"}:
            continue
        if _SECRET.search(key):
            event[key] = "***"
        else:
            event[key] = _told(value)
    return event


def _told(value: Any) -> Any:
    """Whatever it is, as the log would write it."""
    match value:
        case None | bool() | int() | float():
            return value
        case str():
            return masked(value)
        case dict():
            return {str(name): "***" if _SECRET.search(str(name)) else _told(one) for name, one in value.items()}
        case list() | tuple() | set() | frozenset():
            return [_told(one) for one in value]
    return masked(str(value))


_SHARED: list[Any] = [
    structlog.contextvars.merge_contextvars,
    structlog.stdlib.add_log_level,
    structlog.stdlib.add_logger_name,
    structlog.stdlib.PositionalArgumentsFormatter(),
    structlog.processors.TimeStamper(fmt="iso", utc=True),
    structlog.processors.format_exc_info,
    mask,
]

structlog.configure(
    processors=[
        structlog.stdlib.filter_by_level,
        *_SHARED,
        structlog.stdlib.ProcessorFormatter.wrap_for_formatter,
    ],
    logger_factory=structlog.stdlib.LoggerFactory(),
    cache_logger_on_first_use=True,
)

LOGGING: dict[str, Any] = {
    "version": 1,
    "disable_existing_loggers": False,
    "formatters": {
        "json": {
            "()": structlog.stdlib.ProcessorFormatter,
            "processors": [
                structlog.stdlib.ProcessorFormatter.remove_processors_meta,
                structlog.processors.JSONRenderer(ensure_ascii=False),
            ],
            "foreign_pre_chain": _SHARED,
        }
    },
    "handlers": {"console": {"class": "logging.StreamHandler", "formatter": "json"}},
    "root": {"handlers": ["console"], "level": "INFO"},
    "loggers": {
        "django.server": {"level": "WARNING"},
        # Every 4xx of a webhook has a line of its own that says why.
        "django.request": {"level": "ERROR"},
        # Two lines a fetch would cost more than the rest of its worker.
        "celery.app.trace": {"level": "WARNING"},
        "celery.worker.strategy": {"level": "WARNING"},
        "_granian": {"level": "WARNING"},
    },
}
