"""A data source as workers use it: read from the database at most once a second, compiled once until it changes."""

from __future__ import annotations

import threading
import time
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

from django.db import DatabaseError

from customers.enrichment.mapping import Row, compile_path, compile_rows
from customers.enrichment.models import DataSource
from customers.enrichment.questions import JSON, fingerprint
from customers.enrichment.templates import Body, HeaderValue, Url

_FRESH_S = 1.0


@dataclass(frozen=True)
class Source:
    """What a manager said about an API, as plain values. Its parsed parts raise ValueError when they are wrong."""

    key: str
    method: str
    url: str
    headers: dict[str, str] = field(default_factory=dict)
    body: str = ""
    auth: str = "none"
    auth_name: str = ""
    secret: str = field(default="", repr=False)
    token_url: str = ""
    scope: str = ""
    connect_timeout_s: float = 1.0
    total_timeout_s: float = 6.0
    retries: int = 1
    cache_s: int = 60
    last_known_s: int = 86_400
    mapping: list[dict[str, JSON]] = field(default_factory=list)
    not_found_statuses: list[int] = field(default_factory=list)
    not_found_path: str = ""
    breaker_failures: int = 20
    breaker_rest_s: int = 15
    is_active: bool = True

    @cached_property
    def shape(self) -> str:
        """Changes with whatever decides what an answer means: answers of another shape are not used again."""
        parts = (self.method, self.url, self.headers, self.body, self.mapping, self.last_known_s > 0)
        return fingerprint(*parts, self.not_found_statuses, self.not_found_path)

    @cached_property
    def url_template(self) -> Url:
        return Url(self.url)

    @cached_property
    def header_templates(self) -> dict[str, HeaderValue]:
        return {name: HeaderValue(value) for name, value in self.headers.items()}

    @cached_property
    def body_template(self) -> Body:
        return Body(self.body, self.content_type)

    @cached_property
    def content_type(self) -> str:
        named = (value for name, value in self.headers.items() if name.lower() == "content-type")
        return next(named, "application/json")

    @cached_property
    def rows(self) -> tuple[Row, ...]:
        return compile_rows(self.mapping)

    @cached_property
    def absent(self) -> frozenset[int]:
        """Statuses that mean: no such customer."""
        return frozenset(self.not_found_statuses or (404,))

    @cached_property
    def absent_path(self) -> Any:
        return compile_path(self.not_found_path) if self.not_found_path else None


_FIELDS = [name for name in Source.__dataclass_fields__ if name != "secret"]


def freeze(source: DataSource) -> Source:
    """The model's values."""
    values = {name: getattr(source, name) for name in _FIELDS}
    return Source(**values, secret=source.secret or "")


_cache: dict[str, tuple[float, Source | None]] = {}
_lock = threading.Lock()


def load(key: str) -> Source | None:
    """The source, at most a second old; None if there is none."""
    age_limit = time.monotonic() - _FRESH_S
    known = _cache.get(key)
    if known and known[0] > age_limit:
        return known[1]
    with _lock:
        known = _cache.get(key)
        if known and known[0] > age_limit:
            return known[1]
        try:
            row = DataSource.objects.filter(key=key).first()
        except DatabaseError:
            # Callers wait: what was true a moment ago is better than nothing.
            if known and known[1]:
                return known[1]
            raise
        source = freeze(row) if row else None
        if known and known[1] == source:
            source = known[1]  # keeps what was compiled
        if len(_cache) > 1000:
            _cache.clear()
        _cache[key] = (time.monotonic(), source)
        return source


def forget() -> None:
    """Reads every source anew; for tests."""
    _cache.clear()
