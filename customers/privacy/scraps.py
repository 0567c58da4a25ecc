"""What speaks of one customer among many others: answers kept for programs, syncs, files, and other customers' histories."""

from __future__ import annotations

import json
import tempfile
import zlib
from collections.abc import Iterator
from contextlib import closing
from datetime import datetime
from typing import Any, Final

from django.contrib.admin.models import LogEntry
from django.db.models import QuerySet
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from access.models import KeptAnswer
from customers.files.models import Fault, Import, Piece
from customers.files.reading import Unreadable, rows_of
from customers.models import CustomerChange
from customers.privacy.registry import Keeper, Subject, register
from customers.privacy.scrubbing import DASH, Scrubber
from customers.sync.models import SyncChunk, SyncFault, SyncRun

_FAULT_OF_SYNC: Final = ("external_id", "errors")
_RUN: Final = ("error", "by", "options", "declared")
_FILE: Final = ("name", "columns", "sample", "changes", "error")
_FAULT_OF_FILE: Final = ("external_id", "reason")
_LOG: Final = ("object_repr", "change_message")


def register_all() -> None:
    register(Keeper("answers_to_programs", gettext_lazy("answers kept for programs"), export_answers, erase_answers))
    register(Keeper("syncs", gettext_lazy("syncs"), export_syncs, erase_syncs))
    register(Keeper("files", gettext_lazy("files"), export_files, erase_files))
    register(
        Keeper("mentions", gettext_lazy("histories of other customers and of pages"), export_mentions, erase_mentions)
    )


def _answers(scrubber: Scrubber) -> Iterator[tuple[KeptAnswer, str]]:
    """Two days' worth at most."""
    for answer in KeptAnswer.objects.order_by("pk").iterator(chunk_size=20):
        text = bytes(answer.body).decode(errors="replace")
        if scrubber.mentions(text) or scrubber.mentions(answer.headers) or scrubber.mentions(answer.name):
            yield answer, text


def export_answers(subject: Subject) -> Iterator[dict[str, Any]]:
    """An answer may be about ten thousand others: only what says the customer is handed out."""
    scrubber = Scrubber(subject)
    for answer, text in _answers(scrubber):
        yield {"at": answer.created_at, "status": answer.status, "told": list(_told(scrubber, _read(text)))}


def _told(scrubber: Scrubber, value: Any) -> Iterator[Any]:
    """The smallest objects that name the customer."""
    inner = value.values() if isinstance(value, dict) else value if isinstance(value, list) else ()
    parts = [part for one in inner if isinstance(one, dict | list) for part in _told(scrubber, one)]
    if parts:
        yield from parts
    elif scrubber.mentions(value):
        yield value


def erase_answers(subject: Subject, _now: datetime) -> dict[str, int]:
    """The answer stays, without them: the same request sent again must not be done again."""
    scrubber, count = Scrubber(subject), 0
    for answer, text in _answers(scrubber):
        read = _read(text)
        clean = scrubber.text(text) if isinstance(read, str) else json.dumps(scrubber.json(read), ensure_ascii=False)
        KeptAnswer.objects.filter(pk=answer.pk).update(
            body=clean.encode(), headers=scrubber.json(answer.headers), name=scrubber.text(answer.name)
        )
        count += 1
    return {"answers kept for programs": count}


def _read(text: str) -> Any:
    try:
        return json.loads(text)
    except ValueError:
        return text


def export_syncs(subject: Subject) -> Iterator[dict[str, Any]]:
    scrubber = Scrubber(subject)
    yield from scrubber.told(SyncRun.objects.all(), _RUN)
    yield from scrubber.told(SyncFault.objects.all(), _FAULT_OF_SYNC)
    for chunk in SyncChunk.objects.order_by("pk").iterator(chunk_size=5):
        for number, line in enumerate(_lines(chunk), chunk.first_line):
            if _names(scrubber, line):
                yield {"sync": str(chunk.run_id), "line": number, "record": _read(line.decode(errors="replace"))}


def erase_syncs(subject: Subject, _now: datetime) -> dict[str, int]:
    """Lines that still wait to be done lose them as well; the other lines keep their numbers."""
    scrubber, lines_gone = Scrubber(subject), 0
    faults = SyncFault.objects.all()
    count = scrubber.scrub(faults, _FAULT_OF_SYNC) + scrubber.scrub(SyncRun.objects.all(), _RUN)
    for chunk in SyncChunk.objects.select_for_update().order_by("pk").iterator(chunk_size=5):
        lines = _lines(chunk)
        kept = [b"" if _names(scrubber, line) else line for line in lines]
        if gone := sum(1 for old, new in zip(lines, kept, strict=True) if old != new):
            SyncChunk.objects.filter(pk=chunk.pk).update(body=zlib.compress(b"\n".join(kept), 1))
            run = SyncRun.objects.select_for_update().get(pk=chunk.run_id)
            SyncRun.objects.filter(pk=run.pk).update(received=max(0, run.received - gone))
            lines_gone += gone
    return {"faults of syncs": count, "lines of syncs": lines_gone}


def _lines(chunk: SyncChunk) -> list[bytes]:
    return zlib.decompress(bytes(chunk.body)).split(b"\n")


def _names(scrubber: Scrubber, line: bytes) -> bool:
    # Read, since JSON may write each letter as an escape.
    return bool(line.strip()) and scrubber.mentions(_read(line.decode(errors="replace")))


def _held(scrubber: Scrubber) -> Iterator[tuple[Import, list[list[str]]]]:
    """Files whose bytes are still here and name the customer, with those rows."""
    for file in Import.objects.filter(pieces__isnull=False).distinct().order_by("pk"):
        found = []
        with tempfile.TemporaryFile() as copy:
            for body in file.pieces.order_by("number").values_list("body", flat=True).iterator(chunk_size=4):
                copy.write(body)
            try:
                with closing(rows_of(copy, file.kind, file.encoding, file.delimiter)) as rows:
                    for row in rows:
                        cells = ["" if cell is None else str(cell).strip() for cell in row]
                        if scrubber.subject.external_id in cells or scrubber.mentions("\n".join(cells)):
                            found.append(cells)
            except Unreadable:
                found.append(["…"])  # nobody can say whom it names
        if found:
            yield file, found


def export_files(subject: Subject) -> Iterator[dict[str, Any]]:
    scrubber = Scrubber(subject)
    for file, rows in _held(scrubber):
        yield {"file": file.name, "uploaded_at": file.created_at, "columns": file.columns, "rows": rows}
    yield from scrubber.told(Import.objects.all(), _FILE)
    yield from scrubber.told(Fault.objects.all(), _FAULT_OF_FILE)


def erase_files(subject: Subject, now: datetime) -> dict[str, int]:
    """A file that names them is taken away, whatever else it holds; what of it was brought in stays."""
    scrubber = Scrubber(subject)
    gone = [file.pk for file, _rows in _held(scrubber)]
    Piece.objects.filter(file__in=gone).delete()
    files: QuerySet[Import] = Import.objects.filter(pk__in=gone)
    said = _("A customer in it was erased. Bring the file in again without them.")
    files.exclude(state=Import.State.DONE).update(state=Import.State.CANCELED, error=said, beat_at=now)
    for file in scrubber.rows(Import.objects.all(), _FILE):
        # What stands beside their number is about them, in whatever words: a name of before, say.
        sample = [[DASH] * len(row) if _is_about(scrubber, row) else row for row in file.sample]
        changes = [_emptied(one) if one["number"] == subject.external_id else one for one in file.changes]
        Import.objects.filter(pk=file.pk).update(sample=sample, changes=changes)
    faults = scrubber.scrub(Fault.objects.all(), _FAULT_OF_FILE) + scrubber.scrub(Import.objects.all(), _FILE)
    return {"files": len(gone), "faults of files": faults}


def _is_about(scrubber: Scrubber, row: list[Any]) -> bool:
    return scrubber.subject.external_id in map(str, row) or scrubber.mentions(row)


def _emptied(change: dict[str, Any]) -> dict[str, Any]:
    return change | {"number": DASH, "pairs": {}}


def _others(subject: Subject) -> QuerySet[CustomerChange]:
    return CustomerChange.objects.exclude(customer_id=subject.customer_id)


def export_mentions(subject: Subject) -> Iterator[dict[str, Any]]:
    scrubber = Scrubber(subject)
    yield from scrubber.told(_others(subject), ("changes", "by"))
    yield from scrubber.told(LogEntry.objects.all(), _LOG)


def erase_mentions(subject: Subject, _now: datetime) -> dict[str, int]:
    """An address that was somebody else's before, a merge; and the admin's own log of pages."""
    scrubber = Scrubber(subject)
    return {
        "other histories": scrubber.scrub(_others(subject), ("changes", "by")),
        "log of pages": scrubber.scrub(LogEntry.objects.all(), _LOG),
    }
