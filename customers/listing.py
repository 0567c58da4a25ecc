"""The list of customers in the admin: quick with a million of them, and honest about what it did not count."""

from __future__ import annotations

from functools import cached_property
from typing import Any, Self

from django.contrib.admin.utils import label_for_field
from django.contrib.admin.views.main import ORDER_VAR, PAGE_VAR, ChangeList
from django.core.paginator import Paginator
from django.db import connection
from django.db.models import F, OrderBy
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


def indexed(name: str) -> OrderBy:
    """The order of a column as its index has it; the other way round it is the index read from its end."""
    return F(name).asc(nulls_first=True)


class QuickList(ChangeList):
    """Rows that are alike in a column come in the direction of that column: else no index would serve the order."""

    @property
    def sort_links(self) -> list[tuple[str, str, str]]:
        """Label, address and direction now of each column to sort by: a telephone shows no heads of columns."""
        found = []
        ways = self.get_ordering_field_columns()
        for number, name in enumerate(self.list_display):
            if name not in (self.sortable_by or ()):
                continue
            way = ways.get(number, "")
            query = self.get_query_string({ORDER_VAR: number if way == "desc" else -number}, [PAGE_VAR])
            found.append((str(label_for_field(str(name), self.model, self.model_admin)), query, way))
        return found

    def _get_deterministic_ordering(self, ordering: Any) -> list[Any]:
        found = list(ordering)
        last = found[0] if len(found) == 1 else None
        if isinstance(last, OrderBy):
            return [last, "-pk" if last.descending else "pk"]
        complete: list[Any] = super()._get_deterministic_ordering(found)  # type: ignore[misc]  # the stubs lack it
        return complete


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
