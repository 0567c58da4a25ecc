"""The demo world: one company, ready to be called. Made where missing; what somebody changed stays."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator
from datetime import date, datetime, time, timedelta
from functools import partial
from pathlib import Path
from typing import Any, TypeVar

import structlog
from django.db import IntegrityError, models, transaction

from customers.enrichment.models import DataSource
from customers.models import Attribute, Customer, Identity, Tier
from customers.tiers.snapshots import take_snapshots
from demo.accounts import make_accounts, make_templates
from demo.people import FIELDS, MANAGERS, SYNCED, Person
from queues.models import OpeningHours, OpeningPeriod, Queue, SipAddress, SpecialDay
from routing.models import Flow
from routing.services import import_flow

log = structlog.get_logger(__name__)

FLOWS = Path(__file__).parent / "flows"
# Goes up whenever something is added below: who has an older world gets just that, and what they deleted stays away.
EDITION = 3

_ModelT = TypeVar("_ModelT", bound=models.Model)
_LOYALTY_URL = "http://127.0.0.1:{port}/demo/crm/customers?phone={{{{ phone | url_encode }}}}"
_OWN_URL = re.compile(r"(http://127\.0\.0\.1:)\d+(/demo/crm/customers\b.*)")


@transaction.atomic
def build(now: datetime) -> list[str]:
    """Makes what is missing; what it made, in words. Runs as often as one likes."""
    made: list[str] = []
    _make_tiers(made)
    _make_hours(made, now)
    standard = _make_queue(
        made, key="standard", name="Standard", answer_within_s=60, description="Everybody, for everybody."
    )
    _make_queue(
        made,
        key="vip",
        name="VIP",
        head_start_s=300,
        answer_within_s=10,
        service_level_percent=90,
        overflow=standard,
        description="The most experienced colleagues, for gold and platinum customers.",
    )
    _make_source(made)
    for name, label, kind, help_text in FIELDS:
        make(made, Attribute, {"name": name}, label=label, kind=kind, help_text=help_text)
    others_made = len(made)
    for person in SYNCED:
        _make_customer(made, person, now)
    if len(made) > others_made:
        # Counted each night; nobody should have to wait for the first one.
        take_snapshots(now=now)
    flows = {path.stem: _make_flow(made, path, now) for path in sorted(FLOWS.glob("*.json"))}
    if standard:
        make_accounts(partial(make, made), flows=flows, fallback=standard)
        make_templates(partial(make, made))
    return made


def add_since(edition: int) -> list[str]:
    """What came to the demo world after that edition, into a house that has it; what it made, in words."""
    made: list[str] = []
    with transaction.atomic():
        standard = Queue.objects.filter(key="standard").first()
        if edition < 2 and standard:
            flows = {
                flow.key: flow for flow in Flow.objects.filter(key__in=[path.stem for path in FLOWS.glob("*.json")])
            }
            make_accounts(partial(make, made), flows=flows, fallback=standard, only_new=True)
        if edition < 3:
            make_templates(partial(make, made))
    return made


def make(made: list[str], model: type[_ModelT], lookup: dict[str, Any], **values: Any) -> _ModelT | None:
    """The row, made if missing; None if something that somebody made meanwhile stands in its place."""
    try:
        with transaction.atomic():
            row, new = model._default_manager.get_or_create(**lookup, defaults=values)  # noqa: SLF001  any model's
    except IntegrityError as error:
        log.warning("a part of the demo world has no place", model=model.__name__, lookup=str(lookup), cause=str(error))
        return None
    if new:
        made.append(f"{model._meta.verbose_name} “{row}”")  # noqa: SLF001  the documented name of the options
    return row


def _make_tiers(made: list[str]) -> None:
    for rank, (key, head_start_s, answer_within_s, color) in enumerate(
        (
            ("platinum", 300, 10, "#7c3aed"),
            ("gold", 180, 20, "#d97706"),
            ("silver", 60, 40, "#64748b"),
            ("standard", 0, 60, "#0f766e"),
        ),
        start=1,
    ):
        make(
            made,
            Tier,
            {"key": key},
            name=key.capitalize(),
            rank=rank,
            head_start_s=head_start_s,
            answer_within_s=answer_within_s,
            color=color,
        )


def _make_queue(made: list[str], *, key: str, **values: Any) -> Queue | None:
    before = len(made)
    queue = make(made, Queue, {"key": key}, **values)
    if queue and len(made) > before:
        SipAddress.objects.create(queue=queue, uri=f"sip:{key}@pbx.example.com", ring_s=30)
    return queue


def _make_hours(made: list[str], now: datetime) -> None:
    before = len(made)
    hours = make(made, OpeningHours, {"key": "support"}, name="Support hours", time_zone="Europe/Berlin")
    if hours is None or len(made) == before:
        return
    OpeningPeriod.objects.bulk_create(
        OpeningPeriod(hours=hours, weekday=weekday, opens_at=time(8), closes_at=time(18)) for weekday in range(5)
    )
    SpecialDay.objects.bulk_create(
        SpecialDay(hours=hours, date=day, name=name)
        for year in (now.year, now.year + 1)
        for day, name in holidays(year)
        if now.date() <= day <= now.date() + timedelta(days=366)
    )


def holidays(year: int) -> Iterator[tuple[date, str]]:
    """The days on which all of Germany is closed."""
    easter = _easter(year)
    yield date(year, 1, 1), "New Year's Day"
    yield easter - timedelta(days=2), "Good Friday"
    yield easter + timedelta(days=1), "Easter Monday"
    yield date(year, 5, 1), "Labour Day"
    yield easter + timedelta(days=39), "Ascension Day"
    yield easter + timedelta(days=50), "Whit Monday"
    yield date(year, 10, 3), "German Unity Day"
    yield date(year, 12, 25), "Christmas Day"
    yield date(year, 12, 26), "Boxing Day"


def _easter(year: int) -> date:
    """Easter Sunday by the rule of Gauss with Lichtenberg's correction, for 1900 to 2099."""
    moon = (19 * (year % 19) + 24) % 30
    moon -= moon == 29 or (moon == 28 and year % 19 > 10)
    weekday = (2 * (year % 4) + 4 * (year % 7) + 6 * moon + 5) % 7
    return date(year, 3, 22) + timedelta(days=moon + weekday)


def own_port() -> int:
    """Where this installation serves, as its start said."""
    return int(os.environ.get("PORT") or 8000)


def _make_source(made: list[str]) -> None:
    """The times are chosen so that each caller of the demo ends where the contract says.

    One who is answered after four seconds is still waited for, one whose answer never comes is given up before the
    flow's own patience ends. Three callers fail by design: hence a breaker that bears many of them in a row, so
    that they do not spoil the others' answers. The last known value cannot hide their failures, since no question
    about them ever succeeds.
    """
    port = own_port()
    make(
        made,
        DataSource,
        {"key": "loyalty"},
        name="Loyalty API",
        url=_LOYALTY_URL.format(port=port),
        headers={"Accept": "application/json"},
        connect_timeout_s=1.0,
        total_timeout_s=6.5,
        retries=1,
        cache_s=30,
        breaker_failures=100,
        breaker_rest_s=5,
        not_found_statuses=[404],
        not_found_path="customer",
        mapping=[
            {"name": "loyalty_status", "path": "customer.loyalty_status", "type": "text"},
            {"name": "name", "path": "customer.name", "type": "text"},
            {"name": "lifetime_value", "path": "customer.lifetime_value", "type": "number"},
            {"name": "orders", "path": "customer.orders", "type": "number"},
            {"name": "plan", "path": "customer.plan", "type": "text"},
            {"name": "category", "path": "customer.category", "type": "text"},
            {"name": "account_manager", "path": "customer.account_manager.name", "type": "text"},
        ],
    )
    move_to_port(port)


def move_to_port(port: int) -> None:
    """`make run` on another port than last time: the API moved with it. An address that somebody wrote stays."""
    source = DataSource.objects.filter(key="loyalty").first()
    if source and (own := _OWN_URL.fullmatch(source.url)) and source.url != (url := f"{own[1]}{port}{own[2]}"):
        source.url = url
        source.save()


def _make_customer(made: list[str], person: Person, now: datetime) -> None:
    before = len(made)
    tier = Tier.objects.filter(key=person.synced).first()
    customer = make(
        made,
        Customer,
        {"external_id": person.id},
        name=person.name,
        language=person.language,
        country="DE",
        time_zone="Europe/Berlin",
        account_manager=person.account_manager,
        tier=tier,
        crm_tier=tier,
        tier_by=Customer.TierBy.CRM if tier else Customer.TierBy.NOBODY,
        tier_since=now if tier else None,
        lifetime_value=person.lifetime_value,
        revenue_12m=person.revenue_12m,
        orders=person.orders,
        attributes={
            "loyalty_status": person.synced,
            "plan": person.plan,
            "category": person.category,
            **({"account_manager_phone": MANAGERS[person.account_manager]} if person.account_manager else {}),
        },
        synced_at=now,
    )
    if customer is None or len(made) == before:
        return
    make([], Identity, {"kind": Identity.Kind.PHONE, "value": person.phone}, customer=customer)
    for kind in (Identity.Kind.MESSENGER, Identity.Kind.INSTAGRAM):
        make([], Identity, {"kind": kind, "value": person.phone.removeprefix("+")}, customer=customer)
    if person.email:
        make([], Identity, {"kind": Identity.Kind.EMAIL, "value": person.email}, customer=customer)


def _make_flow(made: list[str], path: Path, now: datetime) -> Flow | None:
    found = Flow.objects.filter(key=path.stem).first()
    if found:
        return found
    report = import_flow(text=path.read_text(encoding="utf-8"), publish=True, by=None, now=now)
    if report.flow_id is None:
        log.warning("a flow of the demo world has no place", flow=path.stem, cause="; ".join(map(str, report.faults)))
        return None
    made.append(f"flow “{report.name}”")
    return Flow.objects.get(pk=report.flow_id)
