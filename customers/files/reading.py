"""Opens files as people have them: CSV however it is separated and encoded, and XLSX; row by row."""

from __future__ import annotations

import csv
import io
import re
import zipfile
from collections.abc import Generator
from datetime import date, datetime
from typing import IO, Any, Final

import openpyxl
from django.utils.translation import gettext as _

_LOOKED_AT: Final = 64 * 1024
_COLUMNS: Final = 200
_DELIMITERS: Final = ";,\t|"
_UNCALCULATED: Final = re.compile(rb"(</f>|<f[^>]*/>)(<v ?/>|<v></v>)?</c>")
_UNPACKED: Final = 2 * 1024**3  # what a file of XLSX may hold unpacked, against bombs


class Unreadable(ValueError):
    """A sentence that says why."""


def kind_of(begin: bytes) -> str:
    return "xlsx" if begin.startswith(b"PK\x03\x04") else "csv"


def refuse_bytes(file: IO[bytes], encoding: str) -> None:
    """Raises Unreadable for what is no text at all: pictures, archives, programs."""
    file.seek(0)
    begin = file.read(_LOOKED_AT)
    if encoding != "utf-16" and b"\0" in begin:
        raise Unreadable(_("This is no table. Save it as CSV or XLSX, and upload that."))


def encoding_of(file: IO[bytes]) -> str:
    """UTF-8 if all of it is; otherwise what Windows writes in Western Europe."""
    file.seek(0)
    begin = file.read(4)
    if begin.startswith(b"\xef\xbb\xbf"):
        return "utf-8-sig"
    if begin.startswith((b"\xff\xfe", b"\xfe\xff")):
        return "utf-16"
    file.seek(0)
    decoder = io.TextIOWrapper(file, "utf-8", newline="")
    try:
        while decoder.read(1 << 20):
            pass
    except UnicodeDecodeError:
        return "cp1252"
    finally:
        decoder.detach()
    return "utf-8"


def delimiter_of(file: IO[bytes], encoding: str) -> str:
    """The one that parts the first line most often, outside quotes."""
    file.seek(0)
    text = file.read(_LOOKED_AT).decode(encoding, "replace")
    line = ""
    for piece in text.splitlines():
        line += piece + "\n"
        if line.count('"') % 2 == 0 and line.strip():
            break
    bare = "".join(line.split('"')[::2])
    found = max(_DELIMITERS, key=bare.count)
    return found if bare.count(found) else ","


def rows_of(file: IO[bytes], kind: str, encoding: str, delimiter: str) -> Generator[list[Any], None, None]:
    """Every row, the line of names first; empty ones too, so that row numbers are those of the file. Raises Unreadable."""
    file.seek(0)
    if kind == "xlsx":
        yield from _of_xlsx(file)
        return
    text = io.TextIOWrapper(file, encoding, errors="replace", newline="")
    try:
        lines = (line.replace("\0", "\ufffd") for line in text)
        for row in csv.reader(lines, delimiter=delimiter):
            yield row[:_COLUMNS]
    except csv.Error as error:
        raise Unreadable(_("The file is no table: %(cause)s.") % {"cause": error}) from None
    finally:
        text.detach()


def _of_xlsx(file: IO[bytes]) -> Generator[list[Any], None, None]:
    try:
        with zipfile.ZipFile(file) as archive:
            if sum(one.file_size for one in archive.infolist()) > _UNPACKED:
                raise Unreadable(_("The file is too large once it is unpacked. Save it as CSV, or in parts."))
            _refuse_uncalculated(archive)
        book = openpyxl.load_workbook(file, read_only=True, data_only=True)
        sheet = book.worksheets[0]
        sheet.reset_dimensions()
        for row in sheet.iter_rows(max_col=_COLUMNS, values_only=True):
            yield [_cell(value) for value in row]
    except (zipfile.BadZipFile, KeyError, IndexError, ValueError, OSError) as error:
        if isinstance(error, Unreadable):
            raise
        raise Unreadable(_("The file is no table of XLSX. Open and save it once more.")) from None


def _refuse_uncalculated(archive: zipfile.ZipFile) -> None:
    """A program wrote formulas without what comes of them: each would be an empty cell."""
    for name in archive.namelist():
        if not name.startswith("xl/worksheets/sheet"):
            continue
        with archive.open(name) as sheet:
            tail = b""
            while piece := sheet.read(_LOOKED_AT * 16):
                if _UNCALCULATED.search(tail + piece):
                    raise Unreadable(
                        _(
                            "There are formulas in the file that were never calculated. Open it in your spreadsheet program, save it, and upload it again."
                        )
                    )
                tail = piece[-100:]


def _cell(value: Any) -> Any:
    """Plain JSON. Whole numbers lose the point that spreadsheets give them."""
    if isinstance(value, float) and value.is_integer() and abs(value) < 10**15:
        return int(value)
    if isinstance(value, datetime):
        is_day = (value.hour, value.minute, value.second) == (0, 0, 0)
        return value.date().isoformat() if is_day else value.isoformat()
    if isinstance(value, date):
        return value.isoformat()
    return value if isinstance(value, (str, int, float, bool)) or value is None else str(value)


def trimmed(row: list[Any]) -> list[Any]:
    """Without the empty cells at its end."""
    end = len(row)
    while end and row[end - 1] in (None, ""):
        end -= 1
    return row[:end]
