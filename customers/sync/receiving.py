"""Takes a stream of records in: unpacked, cut into lines and put aside piece by piece, so that memory stays flat."""

from __future__ import annotations

import hashlib
import json
import zlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from django.utils.translation import gettext as _

from customers.sync.models import SyncChunk, SyncRun

CHUNK_LINES = 2_000
_CHUNK_BYTES = 2 * 1024 * 1024
_LINE_BYTES = 256 * 1024
_READ_BYTES = 64 * 1024
_UNPACKED_AT_ONCE = 1024 * 1024
_SIGN_OF_LIFE = timedelta(seconds=5)
_GZIP = 16 + zlib.MAX_WBITS

Clock = Callable[[], datetime]


class StreamRefused(Exception):
    """A stream that cannot be read on, and why."""

    def __init__(self, kind: str, detail: str) -> None:
        super().__init__(detail)
        self.kind, self.detail = kind, detail


@dataclass(slots=True)
class Digest:
    """What makes two streams the same, whatever they were packed with; and their first `mark` bytes."""

    mark: int = 0
    at_mark: str = ""
    _length: int = 0
    _sum: hashlib._Hash = field(default_factory=hashlib.sha256)

    def add(self, part: bytes) -> None:
        to_mark = self.mark - self._length
        if 0 < to_mark <= len(part):
            beginning = self._sum.copy()
            beginning.update(part[:to_mark])
            self.at_mark = beginning.hexdigest()
        self._length += len(part)
        self._sum.update(part)

    def text(self) -> str:
        return self._sum.hexdigest()


def parts(read: Callable[[int], bytes], *, is_gzip: bool, most_bytes: int) -> Iterator[bytes]:
    """The unpacked stream in pieces of a megabyte at most. Raises StreamRefused."""
    total = 0
    for part in _unpacked(read) if is_gzip else iter(lambda: read(_READ_BYTES), b""):
        total += len(part)
        if total > most_bytes:
            raise StreamRefused("too-large", _("The stream is larger than one may be. Send it in parts."))
        yield part


def whole(read: Callable[[int], bytes], length: int) -> Callable[[int], bytes]:
    """`read`, of a body of `length` bytes. Raises StreamRefused where it ends before: whoever sent it is gone."""
    left = length

    def _read(most: int) -> bytes:
        nonlocal left
        part = read(most)
        left -= len(part)
        if not part and left > 0:
            raise StreamRefused("broken-off", _("The stream ends before all of it has come. Send it again."))
        return part

    return _read


def _unpacked(read: Callable[[int], bytes]) -> Iterator[bytes]:
    unpacker, waiting, is_begun = zlib.decompressobj(_GZIP), b"", False
    while True:
        waiting = waiting or read(_READ_BYTES)
        if not waiting:
            break
        if unpacker.eof:
            unpacker, is_begun = zlib.decompressobj(_GZIP), False  # gzip files may follow each other
        is_begun = True
        try:
            part = unpacker.decompress(waiting, _UNPACKED_AT_ONCE)
        except zlib.error:
            raise StreamRefused("unreadable", _("The stream says that it is gzip, but it is not.")) from None
        waiting = unpacker.unused_data if unpacker.eof else unpacker.unconsumed_tail
        if part:
            yield part
    if is_begun and not unpacker.eof:
        raise StreamRefused("broken-off", _("The gzip of the stream ends too soon."))


def receive(run: SyncRun, pieces: Iterator[bytes], clock: Clock, digest: Digest) -> None:
    """Puts the lines aside. Raises StreamRefused; whatever ends it early leaves the run as it is."""
    rest, first_line, told_at = bytearray(), 1, clock()
    for piece in pieces:
        digest.add(piece)
        run.received_bytes += len(piece)
        rest += piece
        while (cut := _cut(rest)) is not None:
            first_line += _put_aside(run, bytes(rest[:cut]), first_line)
            del rest[:cut]
            told_at = _tell(run, clock())
        if len(rest) > _LINE_BYTES and rest.rfind(b"\n") < len(rest) - _LINE_BYTES:
            said = _("Line %(line)d, or one soon after it, is longer than %(count)d bytes.")
            raise StreamRefused("too-large", said % {"line": first_line, "count": _LINE_BYTES})
        if clock() - told_at > _SIGN_OF_LIFE:
            told_at = _tell(run, clock())
    if rest.strip():
        last = rest.rpartition(b"\n")[2]
        if last.strip() and not run.is_end_proved and not _is_record(last):
            raise StreamRefused("broken-off", _("The stream ends in the middle of a record. Send it again."))
        _put_aside(run, bytes(rest), first_line)
    run.digest = digest.text()
    _tell(run, clock())


def _cut(rest: bytearray) -> int | None:
    """Where the next chunk ends; None if it is not whole yet."""
    if len(rest) < _CHUNK_BYTES and rest.count(b"\n") < CHUNK_LINES:
        return None
    end = 0
    for _number in range(CHUNK_LINES):
        found = rest.find(b"\n", end)
        if found < 0 or found >= _CHUNK_BYTES + _LINE_BYTES:
            break
        end = found + 1
    return end or None


def _is_record(line: bytes | bytearray) -> bool:
    try:
        json.loads(line)
    except (ValueError, RecursionError):
        return False
    return True


def _put_aside(run: SyncRun, body: bytes, first_line: int) -> int:
    """Gives the number of lines."""
    lines = body.split(b"\n")
    count = len(lines) if lines[-1].strip() else len(lines) - 1
    run.received += sum(1 for line in lines if line.strip())
    SyncChunk.objects.create(run=run, first_line=first_line, lines=count, body=zlib.compress(body, 1))
    return count


def _tell(run: SyncRun, now: datetime) -> datetime:
    """A sign of life, and how far it is. Raises StreamRefused if the run was ended meanwhile."""
    rows = SyncRun.objects.filter(pk=run.pk, state=SyncRun.State.RECEIVING)
    if not rows.update(received=run.received, received_bytes=run.received_bytes, digest=run.digest, touched_at=now):
        raise StreamRefused("canceled", _("The sync was canceled, or thought to have broken off."))
    return now
