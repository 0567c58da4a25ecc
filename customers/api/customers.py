"""Customers and their addresses, one by one. Many at once: the sync."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar

from django.conf import settings
from django.db import transaction
from django.db.models import Prefetch, Q, QuerySet
from django.http import Http404
from django.utils.translation import gettext as _
from django_filters import rest_framework as filters
from drf_spectacular.utils import OpenApiParameter, OpenApiResponse, extend_schema, extend_schema_view
from rest_framework import status
from rest_framework.exceptions import ErrorDetail, ValidationError
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.reverse import reverse

from access.keeping import Kept
from access.matching import ETAG, IF_MATCH, check_match, etag
from access.problems import Problem
from access.resources import Resource
from access.serializers import Strict
from customers.api import records
from customers.api.bodies import NEW_IDENTITY, CustomerBody, CustomerWrite, IdentityBody, NewCustomer, check_address
from customers.identities import spellings
from customers.models import Consent, Customer, Identity, Tier
from customers.sync.services import enter

_BY_NUMBER = "ext:"
_ID = OpenApiParameter(
    "id",
    {"type": "string", "pattern": r"^([0-9]{1,18}|ext:[^/\u0000]{1,100})$"},
    OpenApiParameter.PATH,
    description="Our id, or `ext:` and the customer number in the CRM: `ext:C-1001`. "
    "What an address cannot hold is escaped: `ext:DE%2F1001`.",
)
_GONE = {204: OpenApiResponse(description="It is gone.")}


class IdentityFilter(filters.CharFilter):  # type: ignore[misc]
    """By a whole address. A + that was sent as it is arrives as a blank."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, strip=False, **kwargs)

    def filter(self, qs: QuerySet[Any], value: str) -> QuerySet[Any]:
        if not value:
            return qs
        return (
            qs.filter(pk__in=_owners(value, self.field_name)) if self.field_name == "pk" else qs.filter(_address(value))
        )


def _address(text: str) -> Q:
    # A plus that nobody escaped arrives as a blank. With the kind the index is used.
    typed = f"+{text.strip()}" if text.startswith(" ") and text.strip()[:1].isdigit() else text
    return Q(kind__in=Identity.Kind.values, value__in=spellings(typed, settings.DEFAULT_COUNTRY))


def _owners(text: str, _field: str = "") -> list[int]:
    return list(Identity.objects.filter(_address(text)).values_list("customer_id", flat=True))


class TierFilter(filters.CharFilter):  # type: ignore[misc]
    """By the key of a tier that there is: a typo would find nobody, and look like an answer."""

    def filter(self, qs: QuerySet[Any], value: str) -> QuerySet[Any]:
        keys = list(Tier.objects.order_by("rank").values_list("key", flat=True)) if value else []
        if value and value not in keys:
            said = _("There is no tier “%(key)s”. There is: %(keys)s.")
            detail = said % {"key": value, "keys": ", ".join(keys)}
            # The query is as the schema says; what it names is not there.
            raise Problem(404, "unknown-tier", detail, errors=[{"pointer": "?tier", "detail": detail}])
        return super().filter(qs, value)  # type: ignore[no-any-return]


class CustomerFilters(filters.FilterSet):  # type: ignore[misc]
    external_id = filters.CharFilter(help_text="The customer number in the CRM.")
    identity = IdentityFilter(
        field_name="pk",
        help_text="A whole address, as people write it: +4915100000001, 0151 00000001, ada@example.com.",
    )
    tier = TierFilter(field_name="tier__key", help_text="Key of the tier.")
    has_tier = filters.BooleanFilter(field_name="tier", lookup_expr="isnull", exclude=True)
    tier_by = filters.ChoiceFilter(choices=[choice for choice in Customer.TierBy.choices if choice[0]])
    language = filters.CharFilter()
    country = filters.CharFilter()
    subscription_plan = filters.CharFilter()
    account_manager = filters.CharFilter()
    lifetime_value_from = filters.NumberFilter(field_name="lifetime_value", lookup_expr="gte")
    lifetime_value_to = filters.NumberFilter(field_name="lifetime_value", lookup_expr="lte")
    revenue_12m_from = filters.NumberFilter(field_name="revenue_12m", lookup_expr="gte")
    revenue_12m_to = filters.NumberFilter(field_name="revenue_12m", lookup_expr="lte")
    orders_from = filters.NumberFilter(field_name="orders", lookup_expr="gte")
    orders_to = filters.NumberFilter(field_name="orders", lookup_expr="lte")
    last_order_from = filters.IsoDateTimeFilter(field_name="last_order_at", lookup_expr="gte")
    last_order_before = filters.IsoDateTimeFilter(field_name="last_order_at", lookup_expr="lt")

    class Meta:
        model = Customer
        fields: ClassVar[Any] = []


@extend_schema_view(
    list=extend_schema(summary="List customers"),
    retrieve=extend_schema(summary="One customer", parameters=[_ID, ETAG]),
    create=extend_schema(
        summary="Add one customer", request=NewCustomer, responses={201: CustomerBody}, parameters=[ETAG]
    ),
    partial_update=extend_schema(
        summary="Change one customer",
        description=f"Only what is named changes. {IF_MATCH}",
        request=CustomerWrite,
        responses={200: CustomerBody},
        parameters=[_ID, ETAG],
    ),
    destroy=extend_schema(summary="Delete one customer", description=IF_MATCH, parameters=[_ID], responses=_GONE),
)
class Customers(Kept):
    tag = "customers"
    serializer_class = CustomerBody
    filterset_class = CustomerFilters
    lookup_field = "id"
    # A number in a CRM may hold a slash; nothing lies below a customer's address.
    lookup_value_regex = rf"[0-9]{{1,18}}|{_BY_NUMBER}.+"
    scopes: ClassVar[Any] = Kept.scopes_of("customers")
    problems: ClassVar[Any] = {"list": ("404",), "partial_update": ("412",), "destroy": ("412",)}
    orders: ClassVar[Any] = {
        "id": "id",
        "external_id": "external_id",
        "lifetime_value": "lifetime_value",
        "revenue_12m": "revenue_12m",
        "orders": "orders",
        "last_order_at": "last_order_at",
    }
    search_help = "A part of the name, the beginning of the customer number, or a whole address."

    def get_queryset(self) -> QuerySet[Customer]:
        rows = Customer.objects.select_related("tier", "crm_tier")
        wanted = self.asked_fields() if self.action in self.with_fields else None
        if wanted is None or "identities" in wanted:
            rows = rows.prefetch_related(Prefetch("identities", Identity.objects.order_by("kind", "value")))
        if wanted is None or "consents" in wanted:
            rows = rows.prefetch_related(Prefetch("consents", Consent.objects.order_by("purpose")))
        return rows

    def get_object(self) -> Customer:
        return self._found(self.get_queryset())

    def search(self, customers: QuerySet[Customer], text: str) -> QuerySet[Customer]:
        return customers.filter(Q(name__icontains=text) | Q(external_id__startswith=text) | Q(pk__in=_owners(text)))

    def create(self, request: Request) -> Response:
        data = _read(NewCustomer, request)
        records.keep(_record(data), key=self.key, must_be_new=True)
        customer = self.get_queryset().get(external_id=data["external_id"].strip())
        headers = {"Location": reverse("customer-detail", args=[customer.pk], request=request)}
        return _answer(customer, CustomerBody(customer).data, status=status.HTTP_201_CREATED, headers=headers)

    def retrieve(self, request: Request, **_kwargs: Any) -> Response:  # noqa: ARG002
        customer = self.get_object()
        return _answer(customer, self.get_serializer(customer).data)

    def partial_update(self, request: Request, **_kwargs: Any) -> Response:
        data = _read(CustomerWrite, request)
        with transaction.atomic():
            number = self._number_to_change(request)
            records.keep(_record({**data, "external_id": number}), key=self.key)
        customer = self.get_queryset().get(external_id=number)
        return _answer(customer, CustomerBody(customer).data)

    def destroy(self, request: Request, **_kwargs: Any) -> Response:
        with transaction.atomic():
            records.keep({"external_id": self._number_to_change(request), "deleted": True}, key=self.key)
        return Response(status=status.HTTP_204_NO_CONTENT)

    def _number_to_change(self, request: Request) -> str:
        """Locked where it matters which version it is. Raises Problem if it is not the one that was read."""
        rows = Customer.objects.only("external_id", "change")
        if "If-Match" not in request.headers:
            return self._found(rows).external_id
        enter()
        customer = self._found(rows.select_for_update(no_key=True))
        check_match(request, customer.change)
        return customer.external_id

    def _found(self, rows: QuerySet[Customer]) -> Customer:
        text: str = self.kwargs["id"]
        if "\0" in text:
            raise Http404
        by_number = text.startswith(_BY_NUMBER)
        wanted = Q(external_id=text.removeprefix(_BY_NUMBER)) if by_number else Q(pk=int(text))
        found = rows.filter(wanted).first()
        if found is None:
            raise Http404
        return found


def _answer(customer: Customer, body: Any, *, status: int = 200, headers: Mapping[str, str] | None = None) -> Response:
    return Response(body, status=status, headers={**(headers or {}), "ETag": etag(customer.change)})


def _numbers(text: str) -> list[str]:
    """A customer number, also as addresses have it: `ext:C-1001`."""
    return [text, *([text.removeprefix(_BY_NUMBER)] if text.startswith(_BY_NUMBER) else [])]


def _read(body: type[Strict], request: Request) -> dict[str, Any]:
    serializer = body(data=request.data)
    serializer.is_valid(raise_exception=True)
    data: dict[str, Any] = serializer.validated_data
    return data


def _record(data: Mapping[str, Any]) -> dict[str, Any]:
    """As it would come in a sync: JSON, where amounts are texts."""
    record = {name: _plain(name, value) for name, value in data.items()}
    if "identities" in record:
        record["identities_replace"] = True
    return record


def _plain(name: str, value: Any) -> Any:
    if value is None or name in {"attributes", "identities", "orders"}:
        return value
    return value.isoformat() if hasattr(value, "isoformat") else str(value)


class IdentityFilters(filters.FilterSet):  # type: ignore[misc]
    customer = filters.CharFilter(
        field_name="customer__external_id", method="of_customer", help_text="The customer number in the CRM."
    )
    kind = filters.ChoiceFilter(choices=Identity.Kind.choices)
    value = IdentityFilter(field_name="value", help_text="The whole address.")

    class Meta:
        model = Identity
        fields: ClassVar[Any] = []

    def of_customer(self, rows: QuerySet[Identity], _name: str, value: str) -> QuerySet[Identity]:
        return rows.filter(customer__external_id__in=_numbers(value))


@extend_schema_view(
    list=extend_schema(summary="List addresses of customers"),
    retrieve=extend_schema(summary="One address"),
    destroy=extend_schema(summary="Take one address away", responses=_GONE),
)
class Identities(Resource):
    tag = "identities"
    serializer_class = IdentityBody
    filterset_class = IdentityFilters
    lookup_field = "id"
    lookup_value_regex = "[0-9]{1,18}"
    scopes: ClassVar[Any] = {**Kept.scopes_of("customers")}

    def get_queryset(self) -> QuerySet[Identity]:
        return Identity.objects.select_related("customer").only("kind", "value", "customer__external_id")

    @extend_schema(
        summary="Add an address to a customer",
        request={"application/json": NEW_IDENTITY},
        responses={201: IdentityBody},
    )
    def create(self, request: Request) -> Response:
        data = request.data
        if not isinstance(data, dict) or set(data) != {"customer", "kind", "value"}:
            raise ValidationError({"non_field_errors": [_("An object with customer, kind and value is expected.")]})
        check_address(data["kind"], data["value"])
        number = data["customer"]
        if not isinstance(number, str) or len(number) > 100:
            raise ValidationError({"customer": [_("The customer number, as text.")]})
        known = Customer.objects.filter(external_id__in=_numbers(number)).values_list("external_id", flat=True).first()
        if known is None:
            raise ValidationError({"customer": [ErrorDetail(_("There is no such customer."), "unknown")]})
        number = known
        address = {"kind": data["kind"], "value": data["value"]}
        with transaction.atomic():
            records.keep({"external_id": number, "identities": [address]}, key=self.key)
            made = self.get_queryset().get(kind=data["kind"], value__iexact=data["value"])
        where = reverse("identity-detail", args=[made.pk], request=request)
        return Response(IdentityBody(made).data, status=status.HTTP_201_CREATED, headers={"Location": where})

    def destroy(self, request: Request, **_kwargs: Any) -> Response:  # noqa: ARG002
        row = self.get_object()
        address = {"kind": row.kind, "value": row.value}
        records.keep({"external_id": row.customer.external_id, "remove_identities": [address]}, key=self.key)
        return Response(status=status.HTTP_204_NO_CONTENT)
