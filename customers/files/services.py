"""Takes a file, looks through it without writing, and brings it in once somebody said so."""

from __future__ import annotations

import tempfile
from collections import Counter
from collections.abc import Generator, Iterable, Sequence
from contextlib import closing
from datetime import datetime
from functools import partial
from itertools import islice
from typing import IO, Any, Final

from django.core.files.uploadedfile import UploadedFile
from django.db import transaction
from django.utils.translation import gettext as _

from customers.files.columns import NOTHING, TIER_THAT_COUNTS, Reader, guesses, in_words, targets, twice
from customers.files.models import Fault, Import, Piece, Remembered
from customers.files.reading import Unreadable, delimiter_of, encoding_of, kind_of, refuse_bytes, rows_of, trimmed
from customers.history import differences, snapshot
from customers.models import Attribute, Customer, CustomerChange, Tier
from customers.nudges import nudge
from customers.sync.loading import catalog
from customers.sync.records import Fault as RecordFault
from customers.sync.services import Options, read_records, sync_customers
from customers.sync.state import Outcome

BATCH: Final = 2_000
_SAMPLE: Final = 5
_SHOWN: Final = 50
_FAULTS: Final = 20_000
_TOLD: Final = 20  # repeats
_REMEMBERED: Final = 500_000  # customers whose row is kept in mind while a file is looked through
_SHEETS: Final = (".xlsx", ".xlsm", ".xls", ".ods", ".numbers")
_PIECE: Final = 1024 * 1024
MOST_BYTES: Final = 300 * 1024 * 1024


def take_file(*, upload: UploadedFile[Any], by: str, now: datetime) -> Import:
    """Keeps the file, and guesses what its columns are. Raises Unreadable."""
    if (upload.size or 0) > MOST_BYTES:
        raise Unreadable(_("The file is larger than %(size)d MB. Bring it in in parts.") % {"size": MOST_BYTES >> 20})
    file: IO[bytes] = upload.file  # type: ignore[assignment]  # a real file, in memory or on disk
    file.seek(0)
    kind = kind_of(file.read(8))
    encoding = encoding_of(file) if kind == "csv" else ""
    if kind == "csv":
        refuse_bytes(file, encoding)
    delimiter = delimiter_of(file, encoding) if kind == "csv" else ""
    head = [trimmed(row) for row in islice(rows_of(file, kind, encoding, delimiter), _SAMPLE + 1)]
    if not head or not head[0]:
        raise Unreadable(_("The first row has no names of columns."))
    if not any(any(cell not in (None, "") for cell in row) for row in head[1:]):
        if kind == "csv" and (upload.name or "").lower().endswith(_SHEETS):
            raise Unreadable(
                _("By its name this is a spreadsheet, but it is none. Open it there, and save it once more.")
            )
        raise Unreadable(
            _("There is only one row. The first one has the names of the columns, a customer a row comes below.")
        )
    columns = [str(one or "").strip()[:200] for one in head[0]]
    known = targets()
    remembered = dict(
        Remembered.objects.filter(header__in=[one.lower() for one in columns]).values_list("header", "target")
    )
    with transaction.atomic():
        made = Import.objects.create(
            name=(upload.name or "")[-200:],
            kind=kind,
            encoding=encoding,
            delimiter=delimiter,
            columns=columns,
            sample=head[1:],
            mapping=guesses(columns, known, remembered),
            by=by[:150],
            created_at=now,
            beat_at=now,
        )
        file.seek(0)
        for number, body in enumerate(iter(lambda: file.read(_PIECE), b"")):
            Piece.objects.create(file=made, number=number, body=body)
    return made


class NobodyIsNamed(ValueError):
    """No column says which customer a row is about."""


class ColumnsAreTheSame(ValueError):
    """Several columns are to be one field; `columns` are those that are too many."""

    def __init__(self, columns: list[str]) -> None:
        super().__init__(", ".join(columns))
        self.columns = columns


def choose_columns(*, file: Import, mapping: Sequence[str], now: datetime) -> None:
    """Has a worker look through the file. Raises NobodyIsNamed, ColumnsAreTheSame."""
    if not any(one == "external_id" or one.startswith("identity.") for one in mapping):
        raise NobodyIsNamed
    if again := twice(file.columns, mapping):
        raise ColumnsAreTheSame(again)
    with transaction.atomic():
        file.faults.all().delete()
        Import.objects.filter(pk=file.pk).update(
            mapping=list(mapping),
            state=Import.State.CHECKING,
            rows=0,
            looked_at=0,
            counts={},
            changes=[],
            repeats={},
            error="",
            beat_at=now,
        )
        transaction.on_commit(partial(nudge, "files.tasks.look_through", file.pk))


def confirm(*, file: Import, now: datetime) -> bool:
    """Has a worker write it, and remembers what the columns were; False if it is not the time for that."""
    with transaction.atomic():
        is_ready = Import.objects.filter(pk=file.pk, state=Import.State.CHECKED).update(
            state=Import.State.RUNNING, beat_at=now, written=0, results={}
        )
        if is_ready:
            for column, target in zip(file.columns, file.mapping, strict=True):
                if column and target != NOTHING:
                    Remembered.objects.update_or_create(header=column.lower(), defaults={"target": target})
            transaction.on_commit(partial(nudge, "files.tasks.bring_in", file.pk))
    return bool(is_ready)


def cancel(*, file: Import, now: datetime) -> None:
    """No further row is written; those that are stay."""
    over = [Import.State.DONE, Import.State.CANCELED, Import.State.UNDONE]
    Import.objects.filter(pk=file.pk).exclude(state__in=over).update(state=Import.State.CANCELED, beat_at=now)
    Piece.objects.filter(file=file).delete()


def remove(*, file: Import) -> bool:
    """Forgets a file with what is wrong in it; its customers stay. False while a worker is at it."""
    busy = [Import.State.CHECKING, Import.State.RUNNING, Import.State.UNDOING]
    return bool(Import.objects.filter(pk=file.pk).exclude(state__in=busy).delete()[0])


def look_through(*, file_id: int, now: Any) -> None:
    """Every row as it would be, written nowhere. `now` is the clock."""
    file = Import.objects.get(pk=file_id)
    if file.state != Import.State.CHECKING:
        return
    counts: Counter[str] = Counter()
    changes: list[dict[str, Any]] = []
    faults = rows = 0
    repeats = _Repeats()
    try:
        for batch in _batches(file, 0):
            raw = [record for _row, record in batch]
            report = sync_customers(raw=raw, options=Options(dry_run=True), by=file.by, now=now())
            counts.update({name: count for name, count in report.counts.items() if count})
            wrong = [one for one in report.outcomes if one.faults][: _FAULTS - faults]
            _keep_faults(file, batch, wrong)
            faults += len(wrong)
            repeats.add((batch[one.index][0], one.external_id) for one in report.outcomes if not one.faults)
            if len(changes) < _SHOWN:
                changes += _changes(batch, report.outcomes, _SHOWN - len(changes))
            rows = batch[-1][0] - 1
            still = Import.objects.filter(pk=file_id, state=Import.State.CHECKING)
            if not still.update(looked_at=rows, counts=dict(counts), beat_at=now()):
                return
    except Unreadable as problem:
        Import.objects.filter(pk=file_id).update(state=Import.State.FAILED, error=str(problem)[:300])
        return
    Import.objects.filter(pk=file_id, state=Import.State.CHECKING).update(
        state=Import.State.CHECKED,
        rows=rows,
        looked_at=rows,
        counts=dict(counts),
        changes=changes,
        repeats=repeats.as_json(),
        beat_at=now(),
    )


class _Repeats:
    """Which rows name a customer whom an earlier row names. Of a very large file's end only what the beginning names."""

    def __init__(self) -> None:
        self._rows: dict[int, int] = {}
        self._count = 0
        self._first: list[tuple[int, int]] = []

    def add(self, named: Iterable[tuple[int, str]]) -> None:
        """Pairs of a row and whom it names."""
        for row, external_id in named:
            key = hash(external_id)
            before = self._rows.get(key)
            if before is not None:
                self._count += 1
                if len(self._first) < _TOLD:
                    self._first.append((row, before))
            if before is not None or len(self._rows) < _REMEMBERED:
                self._rows[key] = row

    def as_json(self) -> dict[str, Any]:
        return {"count": self._count, "first": self._first} if self._count else {}


def bring_in(*, file_id: int, now: Any) -> None:
    """Writes batch after batch, each in a transaction of its own, from where it was left. `now` is the clock."""
    file = Import.objects.get(pk=file_id)
    if file.state != Import.State.RUNNING:
        return
    results, moments = Counter(file.results), list(file.moments)
    for batch in _batches(file, file.written):
        # Before it is written: whoever takes the import back has to find what a worker that died had written, too.
        moments.append((at := now()).isoformat())
        Import.objects.filter(pk=file_id).update(moments=moments, left=len(moments))
        report = sync_customers(
            raw=[record for _row, record in batch],
            options=Options(),
            by=file.by,
            now=at,
            via=CustomerChange.Via.IMPORT,
        )
        results.update({name: count for name, count in report.counts.items() if count})
        _keep_faults(file, batch, [one for one in report.outcomes if one.faults])
        # A batch that is written twice, because we died here, finds nothing left to change.
        # Counted also where somebody canceled meanwhile: these rows are there.
        this = Import.objects.filter(pk=file_id)
        this.update(written=batch[-1][0] - 1, results=dict(results), beat_at=now())
        if not this.filter(state=Import.State.RUNNING).exists():
            return
    with transaction.atomic():
        Import.objects.filter(pk=file_id, state=Import.State.RUNNING).update(state=Import.State.DONE, beat_at=now())
        Piece.objects.filter(file_id=file_id).delete()


def _batches(file: Import, done: int) -> Generator[list[tuple[int, dict[str, Any]]], None, None]:
    """Records with the number of their row in the file (the names are row 1), after the first `done` rows."""
    tiers: dict[str, str] = {}
    for key, name in Tier.objects.values_list("key", "name"):
        tiers |= {name.lower(): key}
    tiers |= {key.lower(): key for key in Tier.objects.values_list("key", flat=True)}
    kinds = dict(Attribute.objects.values_list("name", "kind"))
    reader = Reader(file.columns, file.mapping, kinds, tiers)
    with tempfile.TemporaryFile() as copy:
        for body in file.pieces.order_by("number").values_list("body", flat=True).iterator(chunk_size=4):
            copy.write(body)
        # Closed before the copy is, also by whoever stops in the middle.
        with closing(rows_of(copy, file.kind, file.encoding, file.delimiter)) as rows:
            batch = []
            for number, row in enumerate(rows, start=1):
                if number <= done + 1 or not trimmed(row):
                    continue
                batch.append((number, reader.record(row)))
                if len(batch) == BATCH:
                    yield batch
                    batch = []
            if batch:
                yield batch


def _keep_faults(file: Import, batch: list[tuple[int, dict[str, Any]]], wrong: list[Outcome]) -> None:
    known = labels() if wrong else {}
    Fault.objects.bulk_create(
        [
            Fault(
                file=file,
                row=batch[one.index][0],
                external_id=one.external_id or str(batch[one.index][1].get("external_id", ""))[:100],
                reason=" ".join(_said(file, fault, known, batch[one.index][1]) for fault in one.faults),
            )
            for one in wrong
        ],
        ignore_conflicts=True,
    )


def _said(file: Import, fault: RecordFault, known: dict[str, str], record: dict[str, Any]) -> str:
    """In the words of the file: whoever reads it sends no records."""
    detail = fault.detail
    if fault.code == "required" and fault.field == "external_id":
        return _("The row has no customer number, and no address to find the customer by.")
    if fault.code == "identity_taken":
        ours = _("Merge the two, or take the address away there first.")
        detail = detail.replace(_("Merge the two, or send take_identities."), ours)
    field = _address_of(fault.field, record)
    return f"{in_words(field, file.columns, file.mapping, known)}: {detail}" if field else detail


def _address_of(field: str, record: dict[str, Any]) -> str:
    """identities.1.value as identity.email, if that is what it is: a column, where the sync has a list."""
    head, _dot, rest = field.partition(".")
    place = rest.partition(".")[0]
    if head != "identities" or not place.isdigit():
        return field
    return f"identity.{record['identities'][int(place)]['kind']}"


def labels() -> dict[str, str]:
    """What a column may be to what people call it. One query."""
    return {target.name: target.label for target in targets()}


def _changes(batch: list[tuple[int, dict[str, Any]]], outcomes: list[Outcome], most: int) -> list[dict[str, Any]]:
    """The first that are added or changed, with what changes. Few queries."""
    chosen = [one for one in outcomes if one.result in {"created", "updated"}][:most]
    rows = Customer.objects.select_related("tier", "crm_tier").prefetch_related("identities")
    people = {row.external_id: row for row in rows.filter(external_id__in=[one.external_id for one in chosen])}
    records = {one.index: one for one in read_records([record for _row, record in batch], catalog(declares=True))}
    found = []
    for one in chosen:
        record, known = records[one.index], people.get(one.external_id)
        after: dict[str, Any] = {name: value for name, value in record.fields.items() if value not in (None, "")}
        if record.names_tier:
            after["crm_tier"] = record.tier
        before = snapshot(known) if known else {}
        plain: dict[str, Any] = {
            name: value if isinstance(value, (str, int)) else str(value) for name, value in after.items()
        }
        for name in ("last_order_at", "customer_since"):
            if name in after:
                plain[name] = after[name].isoformat()
        plain["attributes"] = {**(before.get("attributes") or {}), **record.attributes}
        pairs = {name: [old, new] for name, (old, new) in differences(before, plain).items()}
        own = {f"{i.kind}:{i.value}" for i in known.identities.all()} if known else set()
        if come := sorted({":".join(address) for address in record.identities} - own):
            pairs["identities"] = [None, ", ".join(come)]
        found.append({"row": batch[one.index][0], "number": one.external_id, "result": one.result, "pairs": pairs})
    return found


def every_change(*, file: Import, now: Any) -> Generator[tuple[int, str, str, str, Any, Any], None, None]:
    """The row, whom it names, `created` or `updated`, and a field with what it was and would be: all that the file would
    change as customers are now. `now` is the clock.
    """
    known = labels()
    for batch in _batches(file, 0):
        raw = [record for _row, record in batch]
        report = sync_customers(raw=raw, options=Options(dry_run=True), by=file.by, now=now())
        for one in _changes(batch, report.outcomes, len(batch)):
            for name, (before, after) in one["pairs"].items():
                field = in_words(name, file.columns, file.mapping, known)
                yield one["row"], one["number"], one["result"], field, before, after


def unmapped(file: Import) -> list[str]:
    """Columns that are not taken, but for the one that nobody would miss."""
    pairs = zip(file.columns, file.mapping, strict=False)
    return [column for column, target in pairs if target == NOTHING and column != TIER_THAT_COUNTS]
