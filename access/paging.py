"""Pages by cursor: the thousandth page costs what the first does, and nothing is shown twice while rows come and go."""

from __future__ import annotations

import base64
import binascii
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from typing import Any

from django.core.exceptions import ValidationError
from django.db.models import F, Q, QuerySet
from django.utils.translation import gettext as _
from rest_framework.pagination import BasePagination
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.utils.urls import replace_query_param

from access.openapi import TEXT
from access.problems import Problem, QueryInvalid

LIMIT, MOST = 100, 1000


@dataclass(frozen=True, slots=True)
class Cursor:
    """After (or before) which row the page begins: the values it is ordered by, the last one unique."""

    order: str
    values: tuple[Any, ...]
    backwards: bool = False

    def text(self) -> str:
        data = json.dumps([self.order, [_plain(value) for value in self.values], int(self.backwards)])
        return base64.urlsafe_b64encode(data.encode()).decode().rstrip("=")


def read_cursor(text: str) -> Cursor:
    """Raises NoSuchPage for what is no cursor of ours."""
    try:
        data = json.loads(base64.urlsafe_b64decode(text.encode("ascii") + b"=" * (-len(text) % 4)))
    except (ValueError, UnicodeError, binascii.Error, RecursionError):
        raise NoSuchPage from None
    match data:
        case [str(order), [value, last], 0 | 1 as backwards] if _is_plain(value) and _is_plain(last):
            return Cursor(order, (value, last), backwards=bool(backwards))
    raise NoSuchPage


def _is_plain(value: Any) -> bool:
    return value is None or (isinstance(value, str) and "\0" not in value) or isinstance(value, int | float)


class NoSuchPage(Problem):
    """The cursor is none of ours, or belongs to another order."""

    def __init__(self) -> None:
        said = _("There is no such page. Take the cursor from `next` or `previous`, and keep the rest of the address.")
        super().__init__(404, "no-such-page", said)


class CursorPages(BasePagination):
    """`?limit=` and `?cursor=`; the order is that of `?order=`, see `access.queries.Order`."""

    def paginate_queryset(self, queryset: Any, request: Request, view: Any = None) -> list[Any]:
        self.request = request
        orders: Mapping[str, str] = view.orders
        self.order = request.query_params.get("order") or view.default_order
        text = request.query_params.get("cursor")
        cursor = read_cursor(text) if text else None
        if cursor and cursor.order != self.order:
            raise NoSuchPage
        self.limit = limit_of(request)
        field, self.unique = orders[self.order.removeprefix("-")], view.unique_order
        self.field = field
        descending = self.order.startswith("-")
        backwards = bool(cursor and cursor.backwards)
        try:
            page = self._read(queryset, cursor, descending=descending)
        except (ValidationError, ValueError, TypeError, OverflowError):
            if cursor is None:
                raise
            raise NoSuchPage from None
        has_more = len(page) > self.limit
        page = page[: self.limit]
        if backwards:
            page.reverse()
        self.has_next = has_more if not backwards else True
        self.has_previous = has_more if backwards else cursor is not None
        self.page = page
        return page

    def _read(self, rows: QuerySet[Any], cursor: Cursor | None, *, descending: bool) -> list[Any]:
        """One row more than the page has. Empty values come last, whichever way the rest is ordered."""
        backwards = bool(cursor and cursor.backwards)
        reverse = descending != backwards
        beyond = Q(**{f"{self.unique}__{'lt' if reverse else 'gt'}": cursor.values[1]}) if cursor else Q()
        last = _ordered(self.unique, reverse=reverse)
        if self.field == self.unique:
            return list(rows.filter(beyond).order_by(last)[: self.limit + 1])
        if not self._is_nullable(rows):
            found = self._from(rows, cursor, beyond, reverse=reverse).order_by(
                _ordered(self.field, reverse=reverse), last
            )
            return list(found[: self.limit + 1])
        # Those with a value and those without are asked for one after the other: each is a stretch of an index.
        empty = rows.filter(**{f"{self.field}__isnull": True})
        valued = rows.filter(**{f"{self.field}__isnull": False})
        parts = {
            "empty": lambda at: (empty.filter(beyond) if at else empty).order_by(last),
            "valued": lambda at: (self._from(valued, cursor, beyond, reverse=reverse) if at else valued).order_by(
                # As the indexes have it, largest first and empty ones last, from one end or the other.
                F(self.field).desc(nulls_last=True) if reverse else F(self.field).asc(nulls_first=True),
                last,
            ),
        }
        names = ["empty", "valued"] if backwards else ["valued", "empty"]
        at = names.index("empty" if cursor.values[0] is None else "valued") if cursor else 0
        page: list[Any] = []
        for place, name in enumerate(names[at:]):
            if len(page) <= self.limit:
                page += parts[name](cursor is not None and place == 0)[: self.limit + 1 - len(page)]
        return page

    def _from(self, rows: QuerySet[Any], cursor: Cursor | None, beyond: Q, *, reverse: bool) -> QuerySet[Any]:
        """Behind the row that the page before ended with. The first condition alone is what an index answers."""
        if cursor is None:
            return rows
        compare = "lt" if reverse else "gt"
        value = cursor.values[0]
        return rows.filter(
            Q(**{f"{self.field}__{compare}e": value}) & (Q(**{f"{self.field}__{compare}": value}) | beyond)
        )

    def _is_nullable(self, rows: QuerySet[Any]) -> bool:
        model, nullable = rows.model, False
        for name in self.field.split("__"):
            field = model._meta.get_field(name)  # noqa: SLF001  Django's public way to it
            nullable = nullable or field.null
            model = field.related_model
        return nullable

    def get_paginated_response(self, data: Sequence[Any]) -> Response:
        return Response({"next": self._link(last=True), "previous": self._link(last=False), "results": data})

    def _link(self, *, last: bool) -> str | None:
        if not (self.has_next if last else self.has_previous) or not self.page:
            return None
        row = self.page[-1 if last else 0]
        cursor = Cursor(self.order, (_value(row, self.field), _value(row, self.unique)), backwards=not last)
        return str(replace_query_param(self.request.build_absolute_uri(), "cursor", cursor.text()))

    def get_paginated_response_schema(self, schema: dict[str, Any]) -> dict[str, Any]:
        link = {"type": ["string", "null"], "format": "uri"}
        return {
            "type": "object",
            "required": ["next", "previous", "results"],
            "properties": {
                "next": {**link, "description": "The next page; null on the last one."},
                "previous": {**link, "description": "The page before; null on the first one."},
                "results": schema,
            },
        }

    def get_schema_operation_parameters(self, view: Any) -> list[dict[str, Any]]:  # noqa: ARG002
        return [
            {
                "name": "cursor",
                "in": "query",
                "required": False,
                "description": "Where the page begins: take the whole address from `next` or `previous`.",
                "schema": {"type": "string", "pattern": TEXT},
            },
            {
                "name": "limit",
                "in": "query",
                "required": False,
                "description": f"How many at most: 1 to {MOST}.",
                "schema": {"type": "integer", "minimum": 1, "maximum": MOST, "default": LIMIT},
            },
        ]


def _ordered(name: str, *, reverse: bool) -> Any:
    return F(name).desc() if reverse else F(name).asc()


def limit_of(request: Request) -> int:
    """How many a page shall have at most. Raises QueryInvalid."""
    text = request.query_params.get("limit")
    if text is None:
        return LIMIT
    if not (text.isascii() and text.isdigit() and 1 <= int(text[:9]) <= MOST and len(text) < 9):
        raise QueryInvalid("limit", _("A number from 1 to %(most)d.") % {"most": MOST})
    return int(text)


def _value(row: Any, path: str) -> Any:
    for name in path.split("__"):
        row = getattr(row, name, None)
    return row


def _plain(value: Any) -> Any:
    match value:
        case datetime() | date():
            return value.isoformat()
        case Decimal():
            return str(value)
        case _:
            return value
