"""The list of customers in the admin: quick with a million of them, and honest about what it did not count."""

from __future__ import annotations

from functools import cached_property
from typing import Any, Self

from django.core.paginator import Paginator
from django.db import connection
from django.utils.formats import number_format
from django.utils.translation import gettext as _

from customers.models import Customer

# Counting a million rows takes longer than showing a page of them, and nobody leafs through so many.
COUNTED = 10_000


class Roughly(int):
    """A number of pages' rows, that says in words how many there are."""

    words: str

    def __new__(cls, rows: int, words: str) -> Self:
        found = super().__new__(cls, rows)
        found.words = words
        return found

    def __str__(self) -> str:
        return self.words


class QuickPaginator(Paginator):  # type: ignore[type-arg]
    """Counts up to ten thousand; beyond that the database's own estimate, or "more than"."""

    @cached_property
    def count(self) -> int:
        rows: Any = self.object_list
        found: int = rows.order_by()[: COUNTED + 1].count()
        if found <= COUNTED:
            return found
        if rows.query.where:
            return Roughly(COUNTED, _("more than %(count)s") % {"count": _grouped(COUNTED)})
        return Roughly(COUNTED, _("about %(count)s") % {"count": _grouped(_rounded(max(_estimate(), COUNTED)))})


def _estimate() -> int:
    with connection.cursor() as cursor:
        cursor.execute("SELECT reltuples::bigint FROM pg_class WHERE oid = %s::regclass", [Customer._meta.db_table])  # noqa: SLF001
        row: tuple[int] = cursor.fetchone() or (0,)
    return row[0]


def _rounded(number: int) -> int:
    """Two digits that count: 1 043 211 is about a million."""
    step = int(10 ** max(0, len(str(number)) - 2))
    return (number + step // 2) // step * step


def _grouped(number: int) -> str:
    return str(number_format(number, use_l10n=True, force_grouping=True))
