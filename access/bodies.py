"""Reading what a program sends: JSON, gzip if it likes, and nothing that the database could not keep."""

from __future__ import annotations

import json
import re
import zlib
from collections.abc import Mapping
from decimal import Decimal, InvalidOperation
from typing import IO, Any

from django.conf import settings
from django.utils.translation import gettext as _
from rest_framework.exceptions import ParseError, UnsupportedMediaType
from rest_framework.parsers import BaseParser

from access.problems import too_large

_GZIP = 16 + zlib.MAX_WBITS
# Only with one of these can a text hold what PostgreSQL refuses: NUL, and halves of surrogate pairs.
_SUSPECT = re.compile(rb"\\u(?:0000|[dD][89a-fA-F])")
_SURROGATE = re.compile("[\ud800-\udfff]")
_TEXT_OR_CONSTANT = re.compile(r'"(?:[^"\\]|\\.)*"|(-?Infinity|NaN)')
_DEEPEST = 60


class StrictJSONParser(BaseParser):
    """JSON in UTF-8. A number with a point is a Decimal; NaN, NUL and a name that comes twice are refused."""

    media_type = "application/json"

    def parse(
        self,
        stream: IO[bytes],
        media_type: str | None = None,  # noqa: ARG002  the framework names it
        parser_context: Mapping[str, Any] | None = None,
    ) -> Any:
        request = (parser_context or {})["request"]
        raw = read_body(stream, request.headers.get("Content-Encoding", ""), limit=settings.DATA_UPLOAD_MAX_MEMORY_SIZE)
        return read_json(raw)


def read_body(stream: IO[bytes], encoding: str, *, limit: int) -> bytes:
    """The whole body, unpacked; at most `limit` bytes of it are ever held. Raises Problem and ParseError."""
    encoding = encoding.strip().lower()
    if encoding not in {"", "identity", "gzip"}:
        raise UnsupportedMediaType(
            encoding, _("A body may be packed with gzip, not with “%(encoding)s”.") % {"encoding": encoding}
        )
    raw = stream.read(limit + 1)
    if len(raw) > limit:
        raise too_large()
    if encoding != "gzip":
        return raw
    unpacker = zlib.decompressobj(_GZIP)
    try:
        text = unpacker.decompress(raw, limit + 1)
    except zlib.error:
        raise ParseError(_("The body says that it is gzip, but it is not.")) from None
    if len(text) > limit:
        raise too_large()
    if not unpacker.eof:
        raise ParseError(_("The gzip of the body ends too soon."))
    return text


def read_json(raw: bytes) -> Any:
    """What the bytes say. Raises ParseError with the place where it goes wrong."""
    try:
        data = json.loads(
            raw.decode(), parse_float=_decimal, parse_constant=_no_constant, object_pairs_hook=_without_doubles
        )
    except UnicodeDecodeError:
        raise ParseError(_("The body is not UTF-8.")) from None
    except json.JSONDecodeError as error:
        raise ParseError(
            _("The body is not JSON: %(problem)s in line %(line)d, column %(column)d.")
            % {"problem": error.msg, "line": error.lineno, "column": error.colno}
        ) from None
    except RecursionError:
        raise ParseError(_("The body is nested too deeply.")) from None
    except _NoNumber:
        raise ParseError(_where_no_number(raw.decode())) from None
    except ValueError as error:
        raise ParseError(str(error)) from None
    _check_depth(data, 0)
    if _SUSPECT.search(raw) or b"\0" in raw:
        check_text(data)
    return data


def _decimal(text: str) -> Decimal:
    try:
        number = Decimal(text)
    except InvalidOperation:
        raise ValueError(_("A number is too long.")) from None
    if len(text) > 400 or abs(number.adjusted()) > 400:
        raise ValueError(_("A number is too long."))
    return number


class _NoNumber(ValueError):
    """What Python and JavaScript write as a number, and JSON does not know."""


def _no_constant(text: str) -> Any:
    raise _NoNumber(text)


def _where_no_number(text: str) -> str:
    """The reader does not say where it was; the first one outside of texts is looked for."""
    found = next(one for one in _TEXT_OR_CONSTANT.finditer(text) if one[1])
    line, column = text.count("\n", 0, found.start()) + 1, found.start() - text.rfind("\n", 0, found.start())
    said = {"text": found[1], "line": line, "column": column}
    return _("%(text)s is no number in JSON: line %(line)d, column %(column)d.") % said


def _without_doubles(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) != len(pairs):
        names = [name for name, _value in pairs]
        twice = next(name for name in names if names.count(name) > 1)
        raise ValueError(_("“%(name)s” is there twice in one object.") % {"name": twice})
    return found


def _check_depth(data: Any, depth: int) -> None:
    if depth > _DEEPEST:
        raise ParseError(_("The body is nested too deeply."))
    if isinstance(data, dict):
        data = data.values()
    elif not isinstance(data, list):
        return
    for one in data:
        if isinstance(one, dict | list):
            _check_depth(one, depth + 1)


def check_text(data: Any) -> None:
    """Raises ParseError if a text holds NUL or half a character."""
    if isinstance(data, str):
        if "\0" in data or _SURROGATE.search(data):
            raise ParseError(_("A text holds a character that cannot be kept: NUL, or half of one."))
    elif isinstance(data, dict):
        for name, value in data.items():
            check_text(name)
            check_text(value)
    elif isinstance(data, list):
        for value in data:
            check_text(value)
