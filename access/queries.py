"""What the query of an address may hold: search, order, fields; and nothing that nobody would read."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any

from django.db.models import ForeignKey, IntegerField, Q, QuerySet
from django.utils.translation import gettext as _
from django_filters import rest_framework as filters
from rest_framework.filters import BaseFilterBackend
from rest_framework.request import Request

from access.openapi import TEXT
from access.problems import QueryInvalid

_SEARCH_CHARS = 200
_WHOLE = re.compile(r"-?[0-9]{1,40}(\.0+)?", re.ASCII)


def check_query(request: Request, known: set[str]) -> None:
    """Raises QueryInvalid for a name that nothing reads: a filter with a typo would let everything through."""
    for name, values in request.query_params.lists():
        if name not in known:
            said = _("There is no “%(name)s” here. There is: %(known)s.")
            raise QueryInvalid(name, said % {"name": name, "known": ", ".join(sorted(known)) or _("nothing")})
        if any("\0" in value for value in values):
            raise QueryInvalid(name, _("It holds a character that nothing can hold: NUL."))
        if len(values) > 1:
            raise QueryInvalid(name, _("It is there twice; only one can count."))


def fields_asked_for(request: Request, known: Sequence[str]) -> set[str] | None:
    """The names in `?fields=`; None where all are wanted. Raises QueryInvalid for one that there is not."""
    text = request.query_params.get("fields")
    if text is None:
        return None
    names = {name.strip() for name in text.split(",") if name.strip()}
    if unknown := sorted(names - set(known)):
        said = _("There is no field “%(name)s”. There is: %(known)s.")
        raise QueryInvalid("fields", said % {"name": unknown[0], "known": ", ".join(known)})
    if not names:
        raise QueryInvalid("fields", _("Name at least one field."))
    return names


class Filters(filters.DjangoFilterBackend):  # type: ignore[misc]
    """django-filter, whose complaints come as problems."""

    def filter_queryset(self, request: Request, queryset: QuerySet[Any], view: Any) -> QuerySet[Any]:
        filterset = self.get_filterset(request, queryset, view)
        if filterset is None:
            return queryset
        for name, one in filterset.filters.items():
            _check_form(name, one, queryset, request.query_params.get(name))
        if not filterset.is_valid():
            name, messages = next(iter(filterset.errors.items()))
            raise QueryInvalid(name, " ".join(map(str, messages)))
        return filterset.qs  # type: ignore[no-any-return]


def _check_form(name: str, one: Any, queryset: QuerySet[Any], text: str | None) -> None:
    """Raises QueryInvalid for what the filter would take for nothing, or for something near it."""
    if text is None or isinstance(one, filters.CharFilter):
        return
    if isinstance(one, filters.BooleanFilter):
        if text not in {"true", "false"}:
            raise QueryInvalid(name, _("true or false."))
    elif not text:
        raise QueryInvalid(name, _("It is empty."))
    elif isinstance(one, filters.ChoiceFilter) and text not in (known := [key for key, _label in one.extra["choices"]]):
        said = _("There is no such choice. There is: %(known)s.")
        raise QueryInvalid(name, said % {"known": ", ".join(map(str, known))})
    elif isinstance(one, filters.NumberFilter) and _is_whole(queryset, one.field_name) and not _WHOLE.fullmatch(text):
        raise QueryInvalid(name, _("A whole number."))


def _is_whole(queryset: QuerySet[Any], name: str) -> bool:
    field = queryset.model._meta.get_field(name.removesuffix("_id"))  # noqa: SLF001  Django's public way to it
    return isinstance(field, IntegerField | ForeignKey)


class Search(BaseFilterBackend):
    """`?search=`: the view's `search_in` says where, or its `search` does it itself."""

    def filter_queryset(self, request: Request, queryset: QuerySet[Any], view: Any) -> QuerySet[Any]:
        text = request.query_params.get("search", "").strip()
        if not text:
            return queryset
        if len(text) > _SEARCH_CHARS:
            raise QueryInvalid("search", _("At most %(count)d characters.") % {"count": _SEARCH_CHARS})
        if hasattr(view, "search"):
            return view.search(queryset, text)  # type: ignore[no-any-return]
        wanted = Q()
        for field in view.search_in:
            wanted |= Q(**{f"{field}__icontains": text})
        return queryset.filter(wanted)

    def get_schema_operation_parameters(self, view: Any) -> list[dict[str, Any]]:
        if not (getattr(view, "search_in", ()) or hasattr(view, "search")):
            return []
        return [
            {
                "name": "search",
                "in": "query",
                "required": False,
                "description": view.search_help,
                "schema": {"type": "string", "maxLength": _SEARCH_CHARS, "pattern": TEXT},
            }
        ]


class Order(BaseFilterBackend):
    """`?order=`: one of the view's `orders`, with a minus for the other way round. The pages do the ordering."""

    def filter_queryset(self, request: Request, queryset: QuerySet[Any], view: Any) -> QuerySet[Any]:
        order = request.query_params.get("order")
        if order is not None and order not in _orders(view):
            said = _("There is no such order. There is: %(known)s.")
            raise QueryInvalid("order", said % {"known": ", ".join(_orders(view))})
        return queryset

    def get_schema_operation_parameters(self, view: Any) -> list[dict[str, Any]]:
        return [
            {
                "name": "order",
                "in": "query",
                "required": False,
                "description": "What the list is ordered by; with a minus the largest or latest first. Empty values come last.",
                "schema": {"type": "string", "enum": _orders(view), "default": view.default_order},
            }
        ]


def _orders(view: Any) -> list[str]:
    return [f"{sign}{name}" for name in view.orders for sign in ("", "-")]
