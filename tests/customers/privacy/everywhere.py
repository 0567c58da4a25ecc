"""Everything that is stored, as text: each column of each table, and each key of Valkey."""

from __future__ import annotations

import contextlib
import json
import re
import zlib
from collections.abc import Iterator
from typing import Any

import redis
from django.db import connection


def everything(redis_url: str) -> dict[str, str]:
    """Table, or key, to all that it holds; bytes are unpacked, and read as texts."""
    found = {table: "\n".join(map(_said, _cells(table))) for table in _tables()}
    with redis.Redis.from_url(redis_url) as valkey:
        for name in valkey.scan_iter(count=1000):
            found[f"valkey {name.decode()}"] = _said(_value(valkey, name))
    return found


def places_of(word: str, stored: dict[str, str]) -> list[str]:
    return sorted(place for place, text in stored.items() if word.lower() in text.lower())


def _tables() -> list[str]:
    with connection.cursor() as cursor:
        cursor.execute("SELECT tablename FROM pg_tables WHERE schemaname = 'public'")
        return [row[0] for row in cursor.fetchall()]


def _cells(table: str) -> Iterator[Any]:
    with connection.cursor() as cursor:
        cursor.execute(f'SELECT * FROM "{table}"')
        for row in cursor.fetchall():
            yield from row


def _value(valkey: Any, name: bytes) -> Any:
    kind = valkey.type(name)
    if kind == b"string":
        return valkey.get(name)
    if kind == b"list":
        return valkey.lrange(name, 0, -1)
    if kind == b"hash":
        return valkey.hgetall(name)
    if kind == b"set":
        return list(valkey.smembers(name))
    return str(valkey.zrange(name, 0, -1)) if kind == b"zset" else repr(kind)


def _said(value: Any) -> str:
    match value:
        case bytes() | memoryview():
            raw = bytes(value)
            with contextlib.suppress(zlib.error):
                raw += zlib.decompress(raw)
            text = raw.decode(errors="replace")
            return text + _unescaped(text)
        case str():
            return value + _unescaped(value)
        case list() | tuple():
            return "\n".join(map(_said, value))
        case dict():
            return "\n".join(_said(part) for pair in value.items() for part in pair)
        case _:
            return str(value)


def _unescaped(text: str) -> str:
    if "\\u" not in text:
        return ""
    try:
        return json.dumps(json.loads(text), ensure_ascii=False)
    except ValueError:
        return re.sub(r"\\u([0-9a-fA-F]{4})", lambda found: chr(int(found[1], 16)), text)
