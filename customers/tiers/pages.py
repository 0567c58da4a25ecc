"""The pages of the policy: what is in force, its editor, and what a new one would change before it is."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping
from functools import partial, wraps
from typing import Any
from urllib.parse import urlencode

from django.contrib import messages
from django.contrib.admin import ModelAdmin
from django.core.exceptions import PermissionDenied
from django.http import (
    Http404,
    HttpRequest,
    HttpResponse,
    HttpResponseRedirect,
    JsonResponse,
    StreamingHttpResponse,
)
from django.http.response import HttpResponseBase
from django.shortcuts import get_object_or_404
from django.template.response import TemplateResponse
from django.urls import URLPattern, path, reverse
from django.utils.timezone import now
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from customers.files.sheets import KINDS, written
from customers.models import Customer, Tier
from customers.privacy.sight import may_export
from customers.tiers.drawing import short
from customers.tiers.fields import METRICS, OPERATORS, catalog
from customers.tiers.models import Policy, Preview, Rate, Run, State
from customers.tiers.movers import EXAMPLES, movers
from customers.tiers.previewing import carry_on_preview
from customers.tiers.selectors import ground, in_sentences, policy_in_force, spec_of
from customers.tiers.services import PolicyChanged, ask_preview, put_in_force, start_run
from customers.tiers.shares import read_levels
from customers.tiers.spec import Spec, SpecIsWrong, read_spec

# So many are counted at once; more are counted by a worker, and the page shows how far it is.
_COUNTED_AT_ONCE = 20_000
_VERSIONS = 20


def guard(tiers: ModelAdmin[Tier], function: Callable[..., HttpResponseBase], *, changes: bool) -> Any:
    """A view of the admin, for those who may change tiers, or see them."""

    @wraps(function)
    def guarded(request: HttpRequest, **kwargs: Any) -> HttpResponseBase:
        allowed = tiers.has_change_permission if changes else tiers.has_view_permission
        if not allowed(request):
            raise PermissionDenied
        return function(tiers, request, **kwargs)

    return tiers.admin_site.admin_view(guarded)


def urls(tiers: ModelAdmin[Tier]) -> list[URLPattern]:
    """The addresses below those of the tiers."""
    view = partial(guard, tiers)
    return [
        path("policy/", view(show, changes=False), name="customers_tier_policy"),
        path("policy/edit/", view(edit, changes=True), name="customers_tier_policy_edit"),
        path("policy/run/", view(recompute, changes=True), name="customers_tier_policy_run"),
        path("policy/state/", view(run_state, changes=False), name="customers_tier_policy_state"),
        path("policy/versions/<int:number>/", view(go_back, changes=True), name="customers_tier_policy_back"),
        path("policy/previews/<int:pk>/", view(preview, changes=True), name="customers_tier_policy_preview"),
        path(
            "policy/previews/<int:pk>/moves.<str:kind>", view(moves, changes=True), name="customers_tier_policy_moves"
        ),
        path("policy/previews/<int:pk>/state/", view(state, changes=True), name="customers_tier_policy_preview_state"),
    ]


def show(site: ModelAdmin[Tier], request: HttpRequest, **_kwargs: Any) -> HttpResponse:
    """What is in force, since when, and the versions before it."""
    tiers = list(Tier.objects.all())
    policy = policy_in_force()
    spec = spec_of(policy)
    names = {tier.key: tier.name for tier in tiers}
    fields = catalog()
    versions = list(Policy.objects.all()[:_VERSIONS])
    context = {
        **base(site, request, _("Who is in which tier")),
        "policy": policy,
        "sentences": in_sentences(spec, fields=fields, tiers=names),
        "levels": _levels_rows(policy.levels if policy else {}, spec, names),
        "currency": spec.currency,
        "run": Run.objects.order_by("-id").first(),
        "versions": [
            {"policy": one, "sentences": in_sentences(Spec.model_validate(one.spec), fields=fields, tiers=names)[1:]}
            for one in versions
        ],
        "has_tiers": bool(tiers),
        "may_change": site.has_change_permission(request),
    }
    return TemplateResponse(request, "admin/tiers/policy.html", context)


def edit(site: ModelAdmin[Tier], request: HttpRequest, **_kwargs: Any) -> HttpResponse:
    """The editor; what it sends is looked at, and leads to the preview."""
    fields, tiers = catalog(), list(Tier.objects.all())
    faults: list[str] = []
    draft = _draft(request)
    raw: Any = draft.spec if draft else spec_of(policy_in_force()).as_json()
    note = draft.note if draft else ""
    if request.method == "POST":
        note = request.POST.get("note", "")
        try:
            raw = json.loads(request.POST.get("spec", ""))
            spec = read_spec(raw, fields=fields, tiers={tier.key for tier in tiers})
        except SpecIsWrong as wrong:
            faults = wrong.faults
        except (ValueError, RecursionError):
            faults, raw = [_("The form came without its content. Load the page again.")], Spec().as_json()
        else:
            return to_preview(request, spec, note)
    context = {
        **base(site, request, _("Change who is in which tier")),
        "faults": faults,
        "note": note,
        "editor": {
            "spec": raw,
            "fields": [field.as_json() for field in fields.values()],
            "operators": {op: {"label": str(words), "wants": wants} for op, (words, wants) in OPERATORS.items()},
            "tiers": [{"key": tier.key, "name": tier.name} for tier in tiers],
            "metrics": {name: str(label) for name, label in METRICS.items()},
            "words": _words(),
        },
        "rates": [(rate.currency, short(rate.worth)) for rate in Rate.objects.all()],
    }
    return TemplateResponse(request, "admin/tiers/edit.html", context, status=400 if faults else 200)


def _draft(request: HttpRequest) -> Preview | None:
    """What was looked at before, to be changed further."""
    asked = request.GET.get("preview", "")
    return Preview.objects.filter(pk=int(asked)).first() if re.fullmatch(r"[0-9]{1,18}", asked) else None


def preview(site: ModelAdmin[Tier], request: HttpRequest, *, pk: int, **_kwargs: Any) -> HttpResponse:
    """What would change; and, once confirmed, it does."""
    found = get_object_or_404(Preview, pk=pk)
    spec = Spec.model_validate(found.spec)
    if request.method == "POST":
        return _confirm(request, found, spec)
    tiers = list(Tier.objects.all())
    names = {tier.key: tier.name for tier in tiers}
    context = {
        **base(site, request, _("What would change")),
        "preview": found,
        "draft": str(found.pk),
        "sentences": in_sentences(spec, fields=catalog(), tiers=names),
        **(_counted(found, tiers, *_pair(request)) if found.state == State.DONE else {}),
        "currency": spec.currency,
        "metric": METRICS.get(spec.metric, spec.metric),
        "is_outdated": found.based_on != (getattr(policy_in_force(), "number", 0)),
        "levels": _levels_rows(found.levels, spec, names),
        "unknown_currencies": _without_rate(spec),
        "may_export": may_export(request.user),
    }
    return TemplateResponse(request, "admin/tiers/preview.html", context)


def moves(_site: ModelAdmin[Tier], request: HttpRequest, *, pk: int, kind: str, **_kwargs: Any) -> HttpResponseBase:
    """Everybody who would move, or of one tier to another, as a file. They are looked at anew."""
    if not may_export(request.user):
        raise PermissionDenied
    found = get_object_or_404(Preview, pk=pk)
    if kind not in KINDS or found.state != State.DONE:
        raise Http404
    spec = Spec.model_validate(found.spec)
    before, after = _pair(request)
    names = [
        _("Customer number"),
        _("Name"),
        _("From"),
        _("To"),
        str(METRICS.get(spec.metric, spec.metric)),
        _("Because of"),
    ]
    rows = movers(
        spec,
        ground(currency=spec.currency, now=now()),
        read_levels(found.levels),
        upto=found.upto,
        before=before,
        after=after,
    )
    said = {key: str(label) for key, label in Customer.TierBy.choices}
    cells = ([*row[:4], row[4] if row[4] is None else round(row[4], 2), said.get(row[5], row[5])] for row in rows)
    answer = StreamingHttpResponse(written(kind, names, cells), content_type=KINDS[kind])
    answer["Content-Disposition"] = f'attachment; filename="moves-{pk}.{kind}"'
    return answer


def _pair(request: HttpRequest) -> tuple[str | None, str | None]:
    """From which tier to which, by key; empty is none, nothing said is any."""
    return request.GET.get("from"), request.GET.get("to")


def state(_site: ModelAdmin[Tier], _request: HttpRequest, *, pk: int, **_kwargs: Any) -> HttpResponse:
    """How far the counting is."""
    return _state_of(get_object_or_404(Preview, pk=pk))


def run_state(_site: ModelAdmin[Tier], _request: HttpRequest, **_kwargs: Any) -> HttpResponse:
    """How far the newest recomputation is."""
    run = Run.objects.order_by("-id").first()
    if run is None:
        raise Http404
    return _state_of(run)


def recompute(_site: ModelAdmin[Tier], request: HttpRequest, **_kwargs: Any) -> HttpResponse:
    """Everybody looked at again, now."""
    if request.method == "POST":
        start_run(policy=policy_in_force(), by=request.user.get_username(), now=now())
    return HttpResponseRedirect(reverse("admin:customers_tier_policy"))


def go_back(_site: ModelAdmin[Tier], request: HttpRequest, *, number: int, **_kwargs: Any) -> HttpResponse:
    """An older version, looked at before it is in force again."""
    policy = get_object_or_404(Policy, number=number)
    if request.method != "POST":
        return HttpResponseRedirect(reverse("admin:customers_tier_policy"))
    return to_preview(request, Spec.model_validate(policy.spec), _("Back to version %(number)d") % {"number": number})


def to_preview(request: HttpRequest, spec: Spec, note: str) -> HttpResponse:
    made = ask_preview(spec=spec, by=request.user.get_username(), note=note, now=now())
    if made.total <= _COUNTED_AT_ONCE:
        while carry_on_preview(preview_id=made.pk, now=now()):
            pass
    return HttpResponseRedirect(reverse("admin:customers_tier_policy_preview", kwargs={"pk": made.pk}))


def _confirm(request: HttpRequest, found: Preview, spec: Spec) -> HttpResponse:
    here = reverse("admin:customers_tier_policy_preview", kwargs={"pk": found.pk})
    if found.state != State.DONE:
        messages.error(request, _("The counting is not finished yet."))
        return HttpResponseRedirect(here)
    try:
        policy = put_in_force(
            spec=spec,
            levels=read_levels(found.levels),
            by=request.user.get_username(),
            note=found.note,
            now=now(),
            based_on=found.based_on,
        )
    except PolicyChanged:
        messages.error(request, _("Somebody put another version in force meanwhile. Look at what would change now."))
        return HttpResponseRedirect(here)
    messages.success(
        request, _("Version %(number)d is in force. Customers move into their tiers now.") % {"number": policy.number}
    )
    return HttpResponseRedirect(reverse("admin:customers_tier_policy"))


def _counted(found: Preview, tiers: list[Tier], from_: str | None, to: str | None) -> dict[str, Any]:
    """The matrix as a table: a line for each tier before, a column for each tier after; and the first who move."""
    rank = {tier.key: tier.rank for tier in tiers} | {"": 1_000_000}
    names = {tier.key: tier.name for tier in tiers} | {"": _("no tier")}
    counts = {(before, after): count for before, after, count, _revenue in found.matrix}
    used = {one for pair in counts for one in pair}
    keys = [tier.key for tier in tiers] + ([""] if "" in used else [])
    keys += sorted(used - {*keys})
    up = sum(count for (before, after), count in counts.items() if rank.get(after, 0) < rank.get(before, 0))
    rows = [
        {
            "name": names.get(before, before),
            "cells": [
                {
                    "to": names.get(after, after),
                    "count": counts.get((before, after), 0),
                    "stays": before == after,
                    "query": urlencode({"from": before, "to": after}),
                    "is_shown": (before, after) == (from_, to),
                }
                for after in keys
            ],
            "before": sum(counts.get((before, after), 0) for after in keys),
            "after": sum(counts.get((other, before), 0) for other in keys),
        }
        for before in keys
    ]
    is_one = from_ is not None and to is not None
    chosen = [one for one in found.examples if not is_one or (one[1], one[2]) == (from_, to)][:EXAMPLES]
    people = Customer.objects.only("name", "external_id").in_bulk([one[0] for one in chosen])
    said = dict(Customer.TierBy.choices)
    return {
        "columns": [names.get(key, key) for key in keys],
        "rows": rows,
        "up": up,
        "down": found.moved - up,
        "stay": found.looked_at - found.moved,
        "headline": ngettext(
            "%(moved)s of %(total)s customers would move.", "%(moved)s of %(total)s customers would move.", found.moved
        )
        % {"moved": f"{found.moved:,}", "total": f"{found.looked_at:,}"},
        "examples": [
            {
                "customer": people[pk],
                "from": names.get(before, before),
                "to": names.get(after, after),
                "is_up": rank.get(after, 0) < rank.get(before, 0),
                "amount": amount,
                "by": said.get(by, by),
            }
            for pk, before, after, amount, by in chosen
            if pk in people
        ],
        "shown_from": names.get(from_ or "", from_) if is_one else "",
        "shown_to": names.get(to or "", to) if is_one else "",
        "movers": counts.get((from_ or "", to or ""), 0) if is_one else found.moved,
        "query": f"?{urlencode({'from': from_, 'to': to})}" if is_one else "",
    }


def _levels_rows(raw: Any, spec: Spec, names: Mapping[str, str]) -> list[dict[str, Any]]:
    """Each cut, and from which amount on it takes customers."""
    if not spec.uses_shares:
        return []
    enter = read_levels(raw).enter
    return [
        {"tier": names.get(cut.tier, cut.tier), "percent": short(cut.percent), "amount": amount}
        for cut, amount in zip(spec.cuts, enter, strict=False)
    ]


def _without_rate(spec: Spec) -> list[str]:
    """Currencies of customers that do not count. By a walk over the distinct ones."""
    known = {spec.currency, *Rate.objects.values_list("currency", flat=True)}
    used = Customer.objects.exclude(currency__in=known).values_list("currency", flat=True)
    return sorted(set(used.distinct()[:10])) if spec.uses_shares or "rule" in spec.order else []


def _state_of(work: Preview | Run) -> JsonResponse:
    return JsonResponse(
        {
            "state": work.state,
            "percent": work.percent,
            "looked_at": work.looked_at,
            "total": work.total,
            "moved": work.moved,
        }
    )


def base(site: ModelAdmin[Tier], request: HttpRequest, title: str) -> dict[str, Any]:
    return {**site.admin_site.each_context(request), "content_title": title, "title": title}


def _words() -> dict[str, str]:
    """What the editor's script says."""
    return {
        "rule": _("Rules"),
        "share": _("Share of the revenue"),
        "crm": _("The CRM"),
        "rule_help": _("The first rule that is true of a customer gives the tier."),
        "share_help": _("Those who bring most of the revenue, up to each cut."),
        "crm_help": _("The tier that the CRM sent, if it sent one."),
        "up": _("Earlier"),
        "down": _("Later"),
        "remove": _("Remove"),
        "cut": _("cut"),
        "add_row": _("Add a condition"),
        "tier": _("Tier"),
        "choose": _("Choose …"),
        "all": _("if all of these are true"),
        "any": _("if any of these is true"),
        "field": _("Field"),
        "comparison": _("Comparison"),
        "value": _("Value"),
        "and": _("and"),
        "texts": _("several, with commas between"),
        "days": _("days"),
        "percent": _("up to this share of the revenue, in percent"),
        "nobody": _("nobody: whoever comes next decides"),
        "rule_n": _("Rule"),
        "decides": _("decides"),
    }
