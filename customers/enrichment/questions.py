"""What is asked of a data source and what comes back: plain values that cross rooms and processes."""

from __future__ import annotations

import hashlib
import hmac
import json
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any, Literal, TypeAlias

from django.conf import settings

JSON: TypeAlias = Any
Status: TypeAlias = Literal["found", "not_found", "failed"]
Rung: TypeAlias = Literal["fresh", "cached", "last_known", "none"]


# json.dumps makes a writer each time that it is told how to write.
_canonical = json.JSONEncoder(sort_keys=True, separators=(",", ":")).encode


@dataclass(frozen=True)
class Question:
    """One fetch for one contact."""

    source: str
    """Key of the data source."""
    inputs: dict[str, str]
    """What the placeholders of the source are filled with, such as `{"phone": "+49…"}`."""

    @cached_property
    def key(self) -> str:
        """The same for the same question in every process. Keyed with the secret key: numbers cannot be guessed from it."""
        digest = hmac.digest(
            settings.SECRET_KEY.encode(), _canonical(self.inputs).encode("utf-8", "surrogatepass"), "sha256"
        )
        return f"{self.source}:{digest[:16].hex()}"


@dataclass(frozen=True, slots=True)
class Result:
    """How a question was answered."""

    status: Status
    values: dict[str, JSON] = field(default_factory=dict)
    rung: Rung = "none"
    """`fresh`, `cached` within its life, or `last_known` because the API failed; `none` if there is no answer."""
    ms: float = 0.0
    """Of the request; 0 when none was made for this contact."""
    error: str = ""
    """Why the API failed, in one sentence for managers, also where the last known values step in. Holds no secret."""


@dataclass(frozen=True, slots=True)
class Asked:
    """What `ask` knows at once, and the keys of the questions that a worker is answering."""

    known: dict[str, Result]
    pending: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Fault:
    """One thing wrong with a data source; `field` is the model's."""

    field: str
    message: str


@dataclass(frozen=True, slots=True)
class Exchange:
    """One request as it left and the answer to it, with every secret masked."""

    method: str = ""
    url: str = ""
    headers: dict[str, str] = field(default_factory=dict)
    body: str = ""
    response_status: int | None = None
    response_headers: dict[str, str] = field(default_factory=dict)
    response_body: str = ""
    """The first 4 kB."""


@dataclass(frozen=True, slots=True)
class Leaf:
    """A value of an answer that flows could use."""

    path: str
    """As JMESPath finds it."""
    name: str
    """How it may be called in flows."""
    type: str
    sample: str


@dataclass(frozen=True, slots=True)
class Trial:
    """What a manager sees after “try it”."""

    result: Result
    exchange: Exchange = field(default_factory=Exchange)
    notes: tuple[str, ...] = ()
    """What is odd about the answer: values missing or of another kind."""
    offered: tuple[Leaf, ...] = ()
    """What else the answer holds."""


def fingerprint(*parts: object) -> str:
    """Twelve hex digits that change when any part does."""
    return hashlib.sha256(json.dumps(parts, sort_keys=True, default=str).encode()).hexdigest()[:12]
