"""Tables as CSV and XLSX, written piece by piece: a million rows take no more memory than ten."""

from __future__ import annotations

import csv
import io
import re
import zipfile
from collections.abc import Iterable, Iterator, Sequence
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any, Final
from xml.sax.saxutils import escape

Cell = str | int | float | Decimal | bool | date | datetime | None

# What a sheet of XLSX holds, the line of names included.
_ROWS_OF_A_SHEET: Final = 1_048_576
_BLOCK: Final = 500
_DANGEROUS: Final = ("=", "+", "-", "@", "\t", "\r", "\n", "＝", "＋", "－", "＠")  # the wide ones count too
# A telephone number is a plus and digits, which no spreadsheet calculates with.
_NUMBER: Final = re.compile(r"\+[0-9]+")
CSV: Final = "text/csv; charset=utf-8"
XLSX: Final = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
KINDS: Final = {"csv": CSV, "xlsx": XLSX}


def harmless(text: str) -> str:
    """A text that a spreadsheet does not take for a formula: an apostrophe before it, which importing takes off again."""
    bare = text.removeprefix("'")
    return f"'{text}" if bare.startswith(_DANGEROUS) and not _NUMBER.fullmatch(text) else text


def without_guard(text: str) -> str:
    """What `harmless` was made from."""
    return text[1:] if text.startswith("'") and text[1:].startswith((*_DANGEROUS, "'")) else text


def plain(cell: Cell) -> str:
    """A cell as text; formulas are harmless, numbers stay numbers."""
    match cell:
        case None:
            return ""
        case bool():
            return "yes" if cell else "no"
        case str():
            return harmless(cell)
        case datetime():
            return cell.astimezone(UTC).isoformat().replace("+00:00", "Z")
        case date():
            return cell.isoformat()
        case _:
            return str(cell)


def as_csv(names: Sequence[str], rows: Iterable[Sequence[Cell]]) -> Iterator[bytes]:
    """UTF-8 with its mark, because Excel takes it for something else without."""
    buffer = io.StringIO()
    writer = csv.writer(buffer)
    yield "\ufeff".encode()
    writer.writerow(plain(name) for name in names)
    for number, row in enumerate(rows, start=1):
        writer.writerow([plain(cell) for cell in row])
        if number % _BLOCK == 0:
            yield _taken(buffer)
    yield _taken(buffer)


def _taken(buffer: io.StringIO) -> bytes:
    text = buffer.getvalue().encode()
    buffer.seek(0)
    buffer.truncate()
    return text


class _Pipe(io.RawIOBase):
    """What zipfile writes into, and we take out; nothing can be gone back to."""

    def __init__(self) -> None:
        super().__init__()
        self.pieces: list[bytes] = []

    def writable(self) -> bool:
        return True

    def write(self, data: Any) -> int:
        self.pieces.append(bytes(data))
        return len(data)

    def take(self) -> bytes:
        found = b"".join(self.pieces)
        self.pieces.clear()
        return found


_SHEET: Final = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
_OFFICE: Final = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
_RELATIONS: Final = "http://schemas.openxmlformats.org/package/2006/relationships"
_HEAD: Final = '<?xml version="1.0" encoding="UTF-8" standalone="yes"?>\n'
_BEGIN: Final = f'{_HEAD}<worksheet xmlns="{_SHEET}"><sheetData>'
_END: Final = "</sheetData></worksheet>"


def as_xlsx(names: Sequence[str], rows: Iterable[Sequence[Cell]]) -> Iterator[bytes]:
    """Texts are texts there, so nothing of them is ever calculated. As many sheets as it takes."""
    pipe = _Pipe()
    sheets = 0
    with zipfile.ZipFile(pipe, "w", zipfile.ZIP_DEFLATED, compresslevel=3) as archive:
        iterator = iter(rows)
        is_over = False
        while not is_over:
            sheets += 1
            is_over = True
            with archive.open(f"xl/worksheets/sheet{sheets}.xml", "w", force_zip64=True) as sheet:
                sheet.write((_BEGIN + _line(names)).encode())
                block: list[str] = []
                for number, row in enumerate(iterator, start=2):
                    block.append(_line(row))
                    if len(block) == _BLOCK:
                        sheet.write("".join(block).encode())
                        block.clear()
                        yield pipe.take()
                    if number == _ROWS_OF_A_SHEET:
                        is_over = False
                        break
                sheet.write(("".join(block) + _END).encode())
        for name, text in _frame(sheets).items():
            archive.writestr(name, text)
    yield pipe.take()


def _line(row: Sequence[Cell]) -> str:
    return f"<row>{''.join(map(_cell, row))}</row>"


def _cell(cell: Cell) -> str:
    match cell:
        case None | "":
            return "<c/>"
        case bool():
            return f'<c t="b"><v>{int(cell)}</v></c>'
        case int() | float() | Decimal():
            return f"<c><v>{cell}</v></c>"
        case str():
            # Control characters have no place in XML.
            text = "".join(one for one in cell if one >= " " or one in "\t\n\r")
            return f'<c t="inlineStr"><is><t xml:space="preserve">{escape(text[:32_767])}</t></is></c>'
        case _:
            return f'<c t="inlineStr"><is><t>{plain(cell)}</t></is></c>'


def _frame(sheets: int) -> dict[str, str]:
    """Everything of the file but its sheets."""
    numbers = range(1, sheets + 1)
    kind = "application/vnd.openxmlformats-officedocument.spreadsheetml"
    return {
        "[Content_Types].xml": f'{_HEAD}<Types xmlns="http://schemas.openxmlformats.org/package/2006/content-types">'
        '<Default Extension="rels" ContentType="application/vnd.openxmlformats-package.relationships+xml"/>'
        '<Default Extension="xml" ContentType="application/xml"/>'
        f'<Override PartName="/xl/workbook.xml" ContentType="{kind}.sheet.main+xml"/>'
        + "".join(
            f'<Override PartName="/xl/worksheets/sheet{n}.xml" ContentType="{kind}.worksheet+xml"/>' for n in numbers
        )
        + "</Types>",
        "_rels/.rels": f'{_HEAD}<Relationships xmlns="{_RELATIONS}">'
        f'<Relationship Id="rId1" Type="{_OFFICE}/officeDocument" Target="xl/workbook.xml"/></Relationships>',
        "xl/workbook.xml": f'{_HEAD}<workbook xmlns="{_SHEET}" xmlns:r="{_OFFICE}"><sheets>'
        + "".join(f'<sheet name="Pareto {n}" sheetId="{n}" r:id="rId{n}"/>' for n in numbers)
        + "</sheets></workbook>",
        "xl/_rels/workbook.xml.rels": f'{_HEAD}<Relationships xmlns="{_RELATIONS}">'
        + "".join(
            f'<Relationship Id="rId{n}" Type="{_OFFICE}/worksheet" Target="worksheets/sheet{n}.xml"/>' for n in numbers
        )
        + "</Relationships>",
    }


def written(kind: str, names: Sequence[str], rows: Iterable[Sequence[Cell]]) -> Iterator[bytes]:
    """`kind` is csv or xlsx."""
    return as_xlsx(names, rows) if kind == "xlsx" else as_csv(names, rows)
