"""What a try is made of: who contacts us, when, what they do, and what the data sources answer. Plain JSON."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from datetime import datetime
from typing import Annotated, Any, Literal, TypeAlias

from pydantic import (
    AfterValidator,
    AwareDatetime,
    BaseModel,
    ConfigDict,
    Field,
    JsonValue,
    StringConstraints,
    ValidationError,
)

from routing.engine import limits
from routing.engine.complaints import complaints
from routing.engine.faults import Fault
from routing.engine.hours import zone_of

SCENARIO_BYTES = 200_000
INPUTS = 200
# A simulated hour is the longest that anything takes: runs are stopped after four.
LONGEST_S = 3_600.0

Text = Annotated[str, StringConstraints(max_length=limits.VALUE_CHARS)]
ShortText = Annotated[str, StringConstraints(max_length=200)]
Seconds = Annotated[float, Field(ge=0, le=LONGEST_S, allow_inf_nan=False)]
Values: TypeAlias = dict[ShortText, JsonValue]

_CONFIG = ConfigDict(frozen=True, extra="forbid")


class ScenarioInvalid(Exception):
    """What was given is no scenario; `faults` has every reason and where it is."""

    def __init__(self, faults: list[Fault]) -> None:
        super().__init__("\n".join(map(str, faults)))
        self.faults = tuple(faults)


def _known_zone(name: str) -> str:
    if zone_of(name) is None:
        raise ValueError(f"There is no time zone “{name}”.")
    return name


def _in_our_days(at: datetime) -> datetime:
    # A calendar ends somewhere, and time zones are only known for so long.
    if not 1970 <= at.year <= 2200:
        raise ValueError("An instant between 1970 and 2200, please.")
    return at


class Caller(BaseModel):
    """Who calls or writes."""

    model_config = _CONFIG

    number: Annotated[str, StringConstraints(min_length=1, max_length=80, strip_whitespace=True)] = "+4915100000000"
    kind: Literal["stranger", "made_up", "real"] = "stranger"
    """`made_up`: with these `values`; `real`: the customer of this id, as they are known now."""
    values: Annotated[Values, Field(max_length=100)] = {}
    customer_id: int | None = Field(default=None, ge=1, le=2**63 - 1)


class _Input(BaseModel):
    model_config = _CONFIG

    after_s: Seconds | None = None
    """Simulated seconds since the contact was last told something; None: what it usually takes."""


class Keys(_Input):
    """Keys pressed."""

    do: Literal["keys"]
    keys: Annotated[str, StringConstraints(pattern=r"^[0-9*#]{1,32}$")]


class Words(_Input):
    """Words spoken, or written."""

    do: Literal["words"]
    words: Annotated[str, StringConstraints(min_length=1, max_length=1_000)]
    payload: ShortText = ""
    """What was behind the button, where one was pressed in place of writing."""


class Silence(_Input):
    """Nothing pressed or said."""

    do: Literal["silence"]


class Transferred(_Input):
    """How dialling one address ended."""

    do: Literal["transfer"]
    result: Literal["answered", "busy", "no_answer", "failed", "hung_up"]
    sip_code: int | None = Field(default=None, ge=100, le=699)
    seconds: int = Field(default=60, ge=0, le=int(LONGEST_S))
    """Of the conversation."""


class Recorded(_Input):
    """A message left."""

    do: Literal["recording"]
    seconds: int = Field(default=12, ge=1, le=int(LONGEST_S))


class HangUp(_Input):
    """The caller hangs up."""

    do: Literal["hang_up"]


Input: TypeAlias = Annotated[Keys | Words | Silence | Transferred | Recorded | HangUp, Field(discriminator="do")]


class FetchAnswer(BaseModel):
    """What a data source answers."""

    model_config = _CONFIG

    answer: Literal["typed", "not_found", "fails", "recorded", "real"] = "typed"
    values: Annotated[Values, Field(max_length=limits.LIST_ITEMS)] = {}
    after_s: Seconds = 0.2
    """Simulated seconds until it answers, for whatever is not recorded or real."""
    error: ShortText = ""
    """Why it fails, in a sentence."""
    last_known: Annotated[Values, Field(max_length=limits.LIST_ITEMS)] | None = None
    """What it answered before: steps in when it fails, or answers too late. None: it never did."""


class Reply(BaseModel):
    """What a data source answered when it was really asked, or what was recorded; kept, so that a try is repeatable."""

    model_config = _CONFIG

    source: ShortText
    inputs: Annotated[dict[ShortText, Text], Field(max_length=50)]
    status: Literal["found", "not_found", "failed"]
    values: Values = {}
    rung: Literal["fresh", "cached", "last_known", "none"] = "fresh"
    ms: Annotated[float, Field(ge=0, le=LONGEST_S * 1000, allow_inf_nan=False)] = 0.0
    error: ShortText = ""


class Scenario(BaseModel):
    """One contact from beginning to end, as far as somebody made it up. The same scenario always takes the same way."""

    model_config = _CONFIG

    trigger: Literal["call", "message"] = "call"
    channel: Literal["voice", "sms", "whatsapp", "messenger", "instagram"] = "voice"
    caller: Caller = Caller()
    called: Annotated[str, StringConstraints(max_length=80, strip_whitespace=True)] = ""
    """The number or address of ours."""
    fallback_queue: Annotated[str, StringConstraints(max_length=50)] = ""
    """Key of the queue that takes whom the flow strands, as the number says. Empty: that of the number called."""
    language: Annotated[str, StringConstraints(pattern=r"^([A-Za-z]{2,3}(-[A-Za-z0-9]{2,8})*)?$", max_length=20)] = ""
    """Of the caller's country, as carriers guess it; empty: unknown."""
    details: Annotated[dict[ShortText, ShortText], Field(max_length=50)] = {}
    """Further facts of the carrier, read as contact.<name>."""
    at: Annotated[AwareDatetime, AfterValidator(_in_our_days)]
    time_zone: Annotated[str, AfterValidator(_known_zone)] = "UTC"
    """Whose clock people read; `at` is the instant itself."""
    inputs: Annotated[tuple[Input, ...], Field(max_length=INPUTS)] = ()
    fetches: Annotated[dict[ShortText, FetchAnswer], Field(max_length=500)] = {}
    """By the path of the step (`crm`, `sub/crm`), or `source:<key>` for every step that asks it."""
    splits: Annotated[dict[ShortText, ShortText], Field(max_length=50)] = {}
    """The exit of a percentage split, by the path of its step. Others are drawn."""
    replies: Annotated[tuple[Reply, ...], Field(max_length=200)] = ()

    def answer_of(self, path: str, source: str) -> FetchAnswer | None:
        """What is said of this fetch: by its own name, else by that of its data source."""
        return self.fetches.get(path) or self.fetches.get(f"source:{source}")

    def as_json(self) -> dict[str, Any]:
        """Without what nobody said; the caller's number and the time zone are always there."""
        found = self.model_dump(mode="json", exclude_defaults=True)
        return found | {
            "at": self.at.isoformat(),
            "time_zone": self.time_zone,
            "caller": {"number": self.caller.number, **found.get("caller", {})},
        }


def read_scenario(data: object) -> Scenario:
    """The scenario in parsed JSON. Raises ScenarioInvalid with every fault."""
    if not isinstance(data, Mapping):
        raise ScenarioInvalid([Fault("A scenario is an object with “at”, the instant of the contact.")])
    try:
        size = len(json.dumps(data))
    except (TypeError, ValueError, RecursionError):
        raise ScenarioInvalid([Fault("This is no JSON.")]) from None
    if size > SCENARIO_BYTES:
        raise ScenarioInvalid([Fault(f"{size} bytes; a scenario has at most {SCENARIO_BYTES}.")])
    try:
        return Scenario.model_validate(data)
    except ValidationError as error:
        raise ScenarioInvalid(list(_faults(error))) from None


def _faults(error: ValidationError) -> Iterator[Fault]:
    for path, message in complaints(error):
        # pydantic puts the name of the kind of input between its number and its field.
        where = (*path[:2], *path[3:]) if path[:1] == ("inputs",) and len(path) > 2 else path
        yield Fault(message, where)
