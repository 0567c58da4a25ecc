"""What every address of the API does before and after its own work: who, how often, may they, in which form."""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from typing import Any, ClassVar

from django.db import transaction
from django.http import HttpResponse, HttpResponseBase
from django.utils import timezone
from django.utils.translation import gettext as _
from rest_framework.exceptions import MethodNotAllowed
from rest_framework.renderers import JSONRenderer
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView
from rest_framework.viewsets import GenericViewSet

from access import idempotency, throttles
from access.authentication import KeyAuthentication
from access.bodies import StrictJSONParser
from access.models import ApiKey
from access.paging import CursorPages
from access.problems import Problem, QueryInvalid, answer
from access.queries import Filters, Order, Search, check_query, fields_asked_for

# The scope of what every key may do.
ANY_KEY = "any"


class Guarded(APIView):
    """An address of the API. `scopes` says what a key needs: by action, or by method where there are no actions.

    An action that is not named there is refused, so that none is open by mistake.
    """

    authentication_classes = (KeyAuthentication,)
    permission_classes = ()
    parser_classes = (StrictJSONParser,)
    renderer_classes = (JSONRenderer,)
    http_method_names: Sequence[str] = ("get", "head", "post", "put", "patch", "delete")
    scopes: ClassVar[Mapping[str, str]] = {}
    # Names that the query may hold, beside those of filters, pages and fields; by action.
    query: ClassVar[Mapping[str, Sequence[str]]] = {}
    # Actions whose work is done in parts that are kept one by one: those see to repeated requests themselves.
    repeats_itself: ClassVar[frozenset[str]] = frozenset()
    allowance: throttles.Allowance | None = None

    def get_exception_handler(self) -> Any:
        return answer

    def perform_authentication(self, request: Request) -> None:
        super().perform_authentication(request)
        key = self.key
        self.allowance = throttles.take(key_id=key.pk, limit=key.requests_per_minute, now=time.time())
        if self.allowance and self.allowance.remaining < 0:
            raise Problem(
                429,
                "too-many-requests",
                _("This key may send %(limit)d requests a minute. Come back in %(seconds)d seconds.")
                % {"limit": self.allowance.limit, "seconds": self.allowance.reset_s},
                headers={"Retry-After": str(self.allowance.reset_s)},
            )

    def check_permissions(self, request: Request) -> None:
        doing = self.doing(request)
        if doing in {"", "metadata"}:  # the second is what OPTIONS would be
            raise MethodNotAllowed(request.method or "")
        needed = self.scopes.get(doing)
        if needed != ANY_KEY and needed not in self.key.scopes:
            raise Problem(
                403,
                "missing-scope",
                _("This key lacks the scope “%(scope)s”. Keys are changed in the admin.") % {"scope": needed},
                missing_scope=needed,
            )
        check_query(request, self.known_in_query(doing))

    def doing(self, request: Request) -> str:
        """The action, or the method where there are none; empty for one that is not done here."""
        if hasattr(self, "action"):
            return self.action or ""
        method = (request.method or "").lower()
        return method if hasattr(self, method) else ""

    def known_in_query(self, doing: str) -> set[str]:
        return set(self.query.get(doing, ()))

    @property
    def key(self) -> ApiKey:
        key: Any = self.request.auth
        assert isinstance(key, ApiKey)
        return key

    def may(self, scope: str) -> bool:
        return scope in self.key.scopes

    def dispatch(self, request: Any, *args: Any, **kwargs: Any) -> HttpResponseBase:
        self._is_repeatable = request.method == "POST" and idempotency.HEADER in request.headers
        return super().dispatch(request, *args, **kwargs)

    def initial(self, request: Request, *args: Any, **kwargs: Any) -> None:
        super().initial(request, *args, **kwargs)
        doing = self.doing(request)
        if self._is_repeatable and doing not in self.repeats_itself:
            self._make_repeatable(request)

    def _make_repeatable(self, request: Request) -> None:
        """Wraps the handler that is about to be called: `access.idempotency.once` says how."""
        name = idempotency.name_of(request._request)  # noqa: SLF001  Django's own request
        method = (request.method or "").lower()
        handler = getattr(self, method)
        request_id = idempotency.fingerprint(request.method or "", request.get_full_path(), request._request.body)  # noqa: SLF001

        def once(*args: Any, **kwargs: Any) -> HttpResponseBase:
            def work() -> HttpResponse:
                try:
                    with transaction.atomic():  # what fails leaves the rest of the transaction usable
                        response = handler(*args, **kwargs)
                except Exception as error:  # noqa: BLE001  answered as any other; one that undoes the work is a 500
                    response = self.handle_exception(error)
                response = super(Guarded, self).finalize_response(request, response)
                return response.render()  # type: ignore[no-any-return]

            return idempotency.once(key_id=self.key.pk, name=name, request=request_id, now=timezone.now(), work=work)

        setattr(self, method, once)

    def finalize_response(self, request: Any, response: Any, *args: Any, **kwargs: Any) -> Any:
        response = super().finalize_response(request, response, *args, **kwargs)
        for name, value in (self.allowance.headers if self.allowance else {}).items():
            response.headers[name] = value
        response.headers.setdefault("Cache-Control", "no-store")
        return response


class Resource(Guarded, GenericViewSet[Any]):
    """A list and what is in it.

    `orders` maps the names of `?order=` to fields, `unique_order` is the field that makes an order whole; `search_in`
    names the fields that `?search=` looks into.
    """

    pagination_class = CursorPages
    filter_backends = (Filters, Search, Order)
    orders: ClassVar[Mapping[str, str]] = {"id": "id"}
    default_order: ClassVar[str] = "id"
    unique_order: ClassVar[str] = "id"
    search_in: ClassVar[Sequence[str]] = ()
    search_help: ClassVar[str] = "A part of the name."
    # Actions that answer with the resource itself, so that `?fields=` makes sense.
    with_fields: ClassVar[frozenset[str]] = frozenset({"list", "retrieve"})

    def known_in_query(self, doing: str) -> set[str]:
        known = super().known_in_query(doing)
        if doing in self.with_fields:
            known.add("fields")
        if doing == "list":
            known |= {"cursor", "limit", "order"}
            if self.search_in or hasattr(self, "search"):
                known.add("search")
            filterset = getattr(self, "filterset_class", None)
            if filterset:
                known |= set(filterset.base_filters)
        return known

    def asked_fields(self) -> set[str] | None:
        """The fields of `?fields=`, for whoever reads less from the database because of them."""
        if self.doing(self.request) not in self.with_fields:
            return None
        serializer: Any = self.get_serializer_class()
        return fields_asked_for(self.request, list(serializer().fields))

    def get_serializer(self, *args: Any, **kwargs: Any) -> Any:
        serializer: Any = super().get_serializer(*args, **kwargs)
        if self.doing(self.request) in self.with_fields:
            inner = getattr(serializer, "child", serializer)
            wanted = fields_asked_for(self.request, list(inner.fields))
            if wanted is not None:
                for name in set(inner.fields) - wanted:
                    inner.fields.pop(name)
        return serializer

    def list(self, request: Request) -> Response:  # noqa: ARG002
        rows = self.paginate_queryset(self.filter_queryset(self.get_queryset()))
        return self.get_paginated_response(self.get_serializer(rows, many=True).data)

    def retrieve(self, request: Request, *_args: Any, **_kwargs: Any) -> Response:  # noqa: ARG002
        return Response(self.get_serializer(self.get_object()).data)

    def filter_queryset(self, queryset: Any) -> Any:
        # Filters are for lists: one thing is found by its address alone.
        return super().filter_queryset(queryset) if self.doing(self.request) == "list" else queryset


__all__ = ["ANY_KEY", "Guarded", "QueryInvalid", "Resource"]
