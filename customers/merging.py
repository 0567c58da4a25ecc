"""Several records of one person made one by hand: the other one is looked for, and whoever merges says which one stays."""

from __future__ import annotations

from django.contrib import messages
from django.contrib.admin import ModelAdmin
from django.core.exceptions import PermissionDenied
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404
from django.template.response import TemplateResponse
from django.utils.timezone import now
from django.utils.translation import gettext as _

from customers.models import Customer
from customers.selectors import ids_found
from customers.services import merge_customers

_AT_ONCE = 10
_FOUND = 20


def merge(site: ModelAdmin[Customer], request: HttpRequest, chosen: QuerySet[Customer]) -> TemplateResponse | None:
    """Asks which of them stays, and then makes them one."""
    rows = list(chosen.order_by("id")[: _AT_ONCE + 1])
    if not 2 <= len(rows) <= _AT_ONCE:
        site.message_user(request, _("Choose two customers that are the same, or a few."), messages.ERROR)
        return None
    keep = next((row for row in rows if str(row.pk) == request.POST.get("keep")), None)
    if keep is None:
        return _which_stays(site, request, rows)
    others = [row.pk for row in rows if row.pk != keep.pk]
    kept = merge_customers(keep_id=keep.pk, other_ids=others, by=request.user.get_username(), now=now())
    site.message_user(request, _("All of them are %(customer)s now.") % {"customer": kept}, messages.SUCCESS)
    return None


def look_for_the_other(site: ModelAdmin[Customer], request: HttpRequest, pk: int) -> HttpResponse:
    """From one customer to the other: `q` is looked for, `with` was found."""
    if not (site.has_change_permission(request) and site.has_delete_permission(request)):
        raise PermissionDenied
    people = Customer.objects.select_related("tier").prefetch_related("identities")
    customer = get_object_or_404(people, pk=pk)
    if (other := request.GET.get("with", "")).isdecimal() and len(other) < 19 and int(other) != pk:
        return _which_stays(site, request, [customer, get_object_or_404(people, pk=int(other))])
    text = request.GET.get("q", "").strip()
    found = [one for one in ids_found(text, most=_FOUND + 1) if one != pk] if text else []
    context = {
        **site.admin_site.each_context(request),
        "opts": site.opts,
        "title": _("Who else is %(customer)s?") % {"customer": customer},
        "customer": customer,
        "q": text,
        "found": people.filter(pk__in=found[:_FOUND]).order_by("name", "id"),
        "has_more": len(found) > _FOUND,
    }
    return TemplateResponse(request, "admin/customers/customer/merge_with.html", context)


def _which_stays(site: ModelAdmin[Customer], request: HttpRequest, rows: list[Customer]) -> TemplateResponse:
    context = {
        **site.admin_site.each_context(request),
        "opts": site.opts,
        "title": _("Merge into one customer"),
        "rows": rows,
    }
    return TemplateResponse(request, "admin/customers/customer/merge.html", context)
