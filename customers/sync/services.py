"""Brings many customers into step at once: reads, locks, decides, writes, in one transaction; again if others were quicker."""

from __future__ import annotations

import random
import time
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

import structlog
from django.db import DatabaseError, DataError, IntegrityError, OperationalError, connection, transaction
from django.utils.translation import gettext as _
from psycopg import errors

from customers.models import CustomerChange
from customers.sync.collector import uncollected
from customers.sync.deciding import decide
from customers.sync.leaving import NotGivenAway
from customers.sync.loading import catalog, countries_of, load
from customers.sync.models import SyncRun
from customers.sync.records import Address, Catalog, Fault, Record, read_record, wants_country
from customers.sync.state import FAILED, RESULTS, Contended, Outcome, State
from customers.sync.writing import declare, merge, write
from customers.tiers.selectors import policy_in_force, spec_of
from customers.tiers.services import assign
from customers.tiers.signals import Move, tier_changed

log = structlog.get_logger()
_TRIES = 8
# After so many attempts a batch waits until no other one is at work: then nobody can overtake it.
_TRIES_TOGETHER = 2
_DOOR = 7_261_001


@dataclass(frozen=True, slots=True)
class Options:
    """How a batch is to be handled."""

    dry_run: bool = False
    atomic: bool = False
    """All, or none if one fails."""
    strict: bool = False
    """A further value that nobody declared is a fault."""

    def as_json(self) -> dict[str, bool]:
        return {"dry_run": self.dry_run, "atomic": self.atomic, "strict": self.strict}


@dataclass(frozen=True, slots=True)
class Report:
    """What became of a batch."""

    outcomes: list[Outcome]
    declared: dict[str, str] = field(default_factory=dict)
    """Further values that were declared on the way, with their kind."""
    written: bool = True

    @property
    def counts(self) -> dict[str, int]:
        found = Counter(outcome.result for outcome in self.outcomes)
        return {result: found[result] for result in RESULTS}


class _Undone(Exception):
    """Carries the report out of a transaction that is rolled back."""

    def __init__(self, report: Report) -> None:
        super().__init__()
        self.report = report


def sync_customers(
    *, raw: Sequence[Any], options: Options, by: str, now: datetime, via: str = CustomerChange.Via.SYNC
) -> Report:
    """Brings the customers of these records into step. Each record fails or succeeds for itself unless `atomic`.

    Safe to be done again, and by several at once: customers are locked in the order of their ids, new ones are added
    in the order of their numbers, addresses in their own, and whoever is overtaken all the same starts anew; the third
    time alone.
    """
    kept: frozenset[Address] = frozenset()
    for attempt in range(1, _TRIES + 1):
        try:
            with uncollected():
                return _once(raw, options, by=by, now=now, via=via, is_alone=attempt > _TRIES_TOGETHER, kept=kept)
        except _Undone as undone:
            return undone.report
        except NotGivenAway as problem:
            # What one fails by may make another fail: the third time nobody relies on anybody.
            kept |= problem.addresses if attempt <= _TRIES_TOGETHER else problem.others
            continue
        except (Contended, IntegrityError, OperationalError, DataError) as problem:
            if _is_of_the_data(problem):
                return _around_the_bad_one(raw, options, problem, by=by, now=now, via=via)
            if not _is_contention(problem) or attempt == _TRIES:
                raise
            log.info(
                "a sync starts anew, somebody wrote the same customers", attempt=attempt, cause=repr(problem)[:200]
            )
        time.sleep(random.uniform(0.01, 0.05) * attempt)  # noqa: S311  to part two who collided
    raise AssertionError("the last attempt returns or raises")


def _once(
    raw: Sequence[Any],
    options: Options,
    *,
    by: str,
    now: datetime,
    via: str,
    is_alone: bool,
    kept: frozenset[Address],
) -> Report:
    with transaction.atomic():
        if not options.dry_run:
            enter(is_alone=is_alone)
        known: Catalog = catalog(declares=not options.strict, now=now)
        records = read_records(raw, known)
        if known.declared and not options.dry_run:
            declare(known.declared, now)
        state = load(records, known.tiers, now=now, lock=not options.dry_run)
        order: tuple[str, ...] = spec_of(policy_in_force()).order
        state.crm_decides = order[0] == "crm"
        outcomes = decide(records, state, kept=kept)
        report = Report(outcomes, known.declared, written=not options.dry_run)
        if options.dry_run or (options.atomic and any(outcome.result == FAILED for outcome in outcomes)):
            raise _Undone(Report(outcomes, known.declared, written=False))
        changed = write(state, by=by, via=via, now=now)
        if order == ("crm",):
            # Nobody else has a word, save of whoever was given a tier by hand: that may have run out.
            changed = [one.id for one in state.touched() if one.id and one.manual_tier_id]
        merge(state, by=by, now=now)
        _tell_moves(state, now)
        assign(customer_ids=changed, now=now)
    return report


def enter(*, is_alone: bool = False) -> None:
    """Many at once, or one alone; until the transaction ends. Whoever locks a customer before a sync comes in first."""
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT pg_advisory_xact_lock{'' if is_alone else '_shared'}(%s)", [_DOOR])


def read_records(raw: Sequence[Any], known: Catalog) -> list[Record]:
    """One query more where a telephone number is written as at home and only its customer's country is known."""
    at_home = [one.get("external_id") for one in raw if wants_country(one)]
    countries = countries_of([str(number) for number in at_home if isinstance(number, (str, int))])
    return [read_record(index, one, known, countries) for index, one in enumerate(raw)]


def _tell_moves(state: State, now: datetime) -> None:
    """Whom the CRM's word moved; whoever else decides tells of their own moves."""
    keys = {pk: key for key, pk in state.tiers.items()}
    moves = [
        Move(
            customer_id=known.id,
            external_id=known.external_id,
            before=keys.get(known.old_values["tier_id"], ""),
            after=keys.get(known.values["tier_id"], ""),
            by=known.values["tier_by"],
        )
        for known in state.touched()
        if known.id and known.old_values and known.old_values.get("tier_id", ...) not in {..., known.values["tier_id"]}
    ]
    if moves:
        tier_changed.send(sender=SyncRun, moves=moves, now=now)


def _is_contention(problem: Exception) -> bool:
    cause = problem.__cause__
    return isinstance(problem, Contended) or isinstance(
        cause,
        (errors.UniqueViolation, errors.DeadlockDetected, errors.SerializationFailure, errors.ForeignKeyViolation),
    )


def _is_of_the_data(problem: Exception) -> bool:
    return isinstance(problem, DatabaseError) and isinstance(
        problem.__cause__, (errors.DataError, errors.CheckViolation, errors.NotNullViolation)
    )


def _around_the_bad_one(
    raw: Sequence[Any], options: Options, problem: Exception, *, by: str, now: datetime, via: str
) -> Report:
    """The database refuses a value that our own checks let pass: the half with it is halved until it is found."""
    if len(raw) == 1:
        log.error("the database refuses a record that was thought good", cause=repr(problem)[:300])
        number = raw[0].get("external_id") if isinstance(raw[0], dict) else None
        fault = Fault("", "refused", _("The database cannot keep this record."))
        return Report([Outcome(0, str(number or ""), FAILED, [fault])])
    middle = len(raw) // 2
    if options.atomic:
        raise problem
    halves = [
        sync_customers(raw=part, options=options, by=by, now=now, via=via) for part in (raw[:middle], raw[middle:])
    ]
    for outcome in halves[1].outcomes:
        outcome.index += middle
    return Report(
        [*halves[0].outcomes, *halves[1].outcomes],
        halves[0].declared | halves[1].declared,
        written=halves[0].written,
    )
