"""Logs as JSON lines through structlog; telephone numbers and secrets never reach them."""

import re
from typing import Any

import structlog

# Ids are left whole, or nobody could look them up: a uuid, what carriers call a call or a message, digits inside a word.
_NUMBER = re.compile(
    r"""(?P<id>\b(?:[A-Z]{2})?[0-9a-f]{32}\b | \b[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}\b)
      | (?:\+|(?<![A-Za-z0-9]))\d[\d ()./-]{5,}\d(?![A-Za-z0-9])""",
    re.VERBOSE,
)
_SECRET = re.compile(r"(?i)(password|secret|token|authorization|api[_-]?key)")


def mask_number(text: str) -> str:
    """`+4915100000001` becomes `+49…01`: enough to find a call, too little to dial it."""

    def cut(match: re.Match[str]) -> str:
        if match["id"]:
            return match[0]
        digits = re.sub(r"\D", "", match[0])
        return match[0] if len(digits) < 8 or len(digits) > 20 else f"{match[0][:3]}…{digits[-2:]}"

    return _NUMBER.sub(cut, text)


def mask(_logger: object, _method: str, event: dict[str, Any]) -> dict[str, Any]:
    """structlog processor: masks numbers in every text and drops the values of secrets."""
    for key, value in event.items():
        if key in {"timestamp", "level", "logger"}:
            continue
        if _SECRET.search(key):
            event[key] = "***"
        elif isinstance(value, str):
            event[key] = mask_number(value)
    return event


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
