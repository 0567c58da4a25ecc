"""The Pareto page: who brings the revenue, where tiers cut it, and what other cuts would do."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from decimal import Decimal, InvalidOperation
from functools import partial
from typing import Any, Final

from django.contrib import messages
from django.contrib.admin import ModelAdmin
from django.db import connection, transaction
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect, QueryDict, StreamingHttpResponse
from django.http.response import HttpResponseBase
from django.template.response import TemplateResponse
from django.urls import URLPattern, path, reverse
from django.utils.timezone import now
from django.utils.translation import gettext as _

from customers.files.sheets import KINDS, Cell, written
from customers.models import Tier
from customers.nudges import nudge
from customers.privacy.sight import may_export
from customers.tiers import drawing
from customers.tiers.compiling import Sql, amount, join
from customers.tiers.fields import METRICS, catalog
from customers.tiers.models import Snapshot
from customers.tiers.pages import base, guard, to_preview
from customers.tiers.selectors import ground, policy_in_force, spec_of
from customers.tiers.shares import levels_of
from customers.tiers.snapshots import BEHIND, customers_since, take_snapshots
from customers.tiers.spec import Cut, Spec, SpecIsWrong, read_spec

_COUNTED_AT_ONCE: Final = 20_000
_PAGE: Final = 5_000
_USUAL: Final = (50, 80, 95, 99)


def urls(tiers: ModelAdmin[Tier]) -> list[URLPattern]:
    return [
        path("pareto/", guard(tiers, show, changes=False), name="customers_tier_pareto"),
        path("pareto/refresh/", guard(tiers, refresh, changes=False), name="customers_tier_pareto_refresh"),
        path("pareto/use/", guard(tiers, use, changes=True), name="customers_tier_pareto_use"),
        path("pareto/table/", guard(tiers, table, changes=False), name="customers_tier_pareto_table"),
        path("pareto/customers/", guard(tiers, people, changes=False), name="customers_tier_pareto_customers"),
    ]


def show(site: ModelAdmin[Tier], request: HttpRequest, **_kwargs: Any) -> HttpResponse:
    """The curve with its handles, and every number of it in tables. All of it from the snapshot."""
    metric = _metric(request.GET)
    snapshot = Snapshot.objects.filter(metric=metric).first()
    tiers = list(Tier.objects.all())
    spec = spec_of(policy_in_force())
    cuts = _cuts(request.GET, tiers) or _cuts_in_force(spec, metric, tiers)
    waiting = request.GET.get("waiting", "")
    context = {
        **base(site, request, _("Pareto: who brings the revenue")),
        "metric": metric,
        "metrics": METRICS.items(),
        "metric_name": METRICS[metric],
        "snapshot": snapshot,
        "is_waiting": bool(waiting) and waiting == (snapshot.at.isoformat() if snapshot else "-"),
        "has_tiers": bool(tiers),
        "uses_shares": spec.uses_shares and spec.metric == metric,
        "may_change": site.has_change_permission(request),
        "may_export": may_export(request.user),
    }
    if snapshot:
        later = customers_since(snapshot)
        context |= {"later": later, "is_far_behind": later >= BEHIND}
    if snapshot and snapshot.points:
        rows = _rows(snapshot, cuts, tiers, spec.rest)
        context |= {
            "rows": rows,
            "now_rows": _now_rows(snapshot, tiers),
            "picture": _picture(snapshot, rows),
            "data": {
                "points": [[reach, float(upto), float(value)] for reach, upto, value in snapshot.points],
                "customers": snapshot.customers,
                "revenue": float(snapshot.revenue),
                "box": [drawing.WIDTH, drawing.HEIGHT, drawing.LEFT, drawing.RIGHT, drawing.TOP, drawing.BOTTOM],
                "words": {
                    "value": _("{percent} % of the revenue: {customers} customers, {share} % of all"),
                    "nobody": _("nobody"),
                },
            },
            "headline": _headline(snapshot),
            "is_about": drawing.is_thinned(snapshot.points),
        }
    return TemplateResponse(request, "admin/tiers/pareto.html", context)


def refresh(_site: ModelAdmin[Tier], request: HttpRequest, **_kwargs: Any) -> HttpResponse:
    """A new snapshot: at once for few, by a worker for many."""
    metric = _metric(request.POST)
    address = f"{reverse('admin:customers_tier_pareto')}?metric={metric}"
    if request.method == "POST":
        last = Snapshot.objects.filter(metric=metric).values_list("at", flat=True).first()
        if _about_how_many() <= _COUNTED_AT_ONCE:
            take_snapshots(now=now())
        else:
            transaction.on_commit(partial(nudge, "tiers.tasks.snapshot"))
            query = QueryDict(mutable=True)
            query["waiting"] = last.isoformat() if last else "-"
            address += f"&{query.urlencode()}"
    return HttpResponseRedirect(address)


def use(_site: ModelAdmin[Tier], request: HttpRequest, **_kwargs: Any) -> HttpResponse:
    """These cuts, with the rest of the policy as it is; first to the preview."""
    home = f"{reverse('admin:customers_tier_pareto')}?metric={_metric(request.POST)}"
    if request.method != "POST":
        return HttpResponseRedirect(home)
    tiers = list(Tier.objects.all())
    spec = spec_of(policy_in_force())
    order = list(spec.order)
    if "share" not in order:
        order.insert(order.index("crm") if "crm" in order else len(order), "share")
    # In the order of the tiers: a lower tier that is cut before a higher one would get the better customers.
    wanted_cuts = _cuts(request.POST, tiers, in_order=False)
    cuts = [cut.model_dump(mode="json") for cut in wanted_cuts]
    used = {cut["tier"] for cut in cuts}
    lowest = next((tier.key for tier in reversed(tiers) if tier.key not in used), "")
    raw = spec.as_json() | {
        "order": order,
        "cuts": cuts,
        "metric": _metric(request.POST),
        "rest": spec.rest if spec.rest and spec.rest not in used else lowest,
    }
    try:
        wanted = read_spec(raw, fields=catalog(), tiers={tier.key for tier in tiers})
    except SpecIsWrong as wrong:
        for fault in wrong.faults:
            messages.error(request, fault)
        kept = "".join(f"&cut-{cut.tier}={cut.percent}" for cut in wanted_cuts)
        return HttpResponseRedirect(home + kept)
    return to_preview(request, wanted, _("Cuts from the Pareto page"))


def table(_site: ModelAdmin[Tier], request: HttpRequest, **_kwargs: Any) -> HttpResponseBase:
    """The numbers of the page as a file."""
    metric, kind = _metric(request.GET), _kind(request.GET)
    tiers = list(Tier.objects.all())
    spec = spec_of(policy_in_force())
    snapshot = Snapshot.objects.filter(metric=metric).first()
    names = [
        _("Tier"),
        _("Up to % of the revenue"),
        _("Customers"),
        _("% of customers"),
        _("Revenue"),
        _("% of revenue"),
        _("From amount"),
        _("Currency"),
    ]
    rows: list[list[Cell]] = []
    if snapshot and snapshot.points:
        cuts = _cuts(request.GET, tiers) or _cuts_in_force(spec, metric, tiers)
        rows = [
            [
                row["name"],
                row["percent"],
                row["customers"],
                row["customer_share"],
                row["revenue"],
                row["revenue_share"],
                row["amount"],
                snapshot.currency,
            ]
            for row in _rows(snapshot, cuts, tiers, spec.rest)
        ]
    return _file(written(kind, names, rows), kind, f"pareto-{metric}")


def people(_site: ModelAdmin[Tier], request: HttpRequest, **_kwargs: Any) -> HttpResponseBase:
    """Every customer with the tier they have and the one that these cuts would give; as a stream."""
    if not may_export(request.user):
        messages.error(request, _("Customers as a file are for those who may export them."))
        return HttpResponseRedirect(reverse("admin:customers_tier_pareto"))
    metric, kind = _metric(request.GET), _kind(request.GET)
    tiers = list(Tier.objects.all())
    spec = spec_of(policy_in_force())
    cuts = _cuts(request.GET, tiers) or _cuts_in_force(spec, metric, tiers)
    wanted = Spec(order=("share",), metric=metric, currency=spec.currency, cuts=tuple(cuts))
    amount_name = _("%(metric)s in %(currency)s") % {"metric": METRICS[metric], "currency": spec.currency}
    names = [_("Customer number"), _("Name"), amount_name, _("Tier now"), _("Tier at these cuts")]
    return _file(written(kind, names, _people(wanted, tiers, spec.rest, now())), kind, f"customers-{metric}")


def _people(spec: Spec, tiers: list[Tier], rest: str, at: datetime) -> Iterator[list[Cell]]:
    """In pages by id, so that neither memory nor a transaction grows with them."""
    facts = ground(currency=spec.currency, now=at)
    levels = levels_of(spec, facts)
    value = amount(spec.metric, facts)
    names = {tier.key: tier.name for tier in tiers}
    cases = [
        Sql(f"WHEN {value.text} >= %s::numeric THEN %s::text", (*value.params, enter, names[cut.tier]))
        for cut, enter in zip(spec.cuts, levels.enter, strict=True)
        if enter is not None
    ]
    otherwise = Sql("%s::text", (names.get(rest, ""),))
    case = join(cases, " ")
    tier = Sql(f"CASE {case.text} ELSE {otherwise.text} END", case.params + otherwise.params) if cases else otherwise
    last = 0
    while True:
        with connection.cursor() as cursor:
            cursor.execute(
                f"""SELECT c.id, c.external_id, c.name, round({value.text}, 2), t.name, {tier.text}
                    FROM customers_customer c LEFT JOIN customers_tier t ON t.id = c.tier_id
                    WHERE c.id > %s::bigint ORDER BY c.id LIMIT {_PAGE}""",  # noqa: S608  our own parts
                (*value.params, *tier.params, last),
            )
            rows = cursor.fetchall()
        if not rows:
            return
        last = rows[-1][0]
        yield from (list(row[1:]) for row in rows)


def _metric(data: QueryDict) -> str:
    metric = data.get("metric") or spec_of(policy_in_force()).metric
    return metric if metric in METRICS else next(iter(METRICS))


def _kind(data: QueryDict) -> str:
    kind = data.get("format") or "csv"
    return kind if kind in KINDS else "csv"


def _file(pieces: Iterator[bytes], kind: str, name: str) -> StreamingHttpResponse:
    answer = StreamingHttpResponse(pieces, content_type=KINDS[kind])
    answer["Content-Disposition"] = f'attachment; filename="{name}-{now():%Y-%m-%d}.{kind}"'
    return answer


def _cuts(data: QueryDict, tiers: list[Tier], *, in_order: bool = True) -> list[Cut]:
    """Those in the address or form: `cut-gold=80`. What is no number is left out. Else as the tiers stand."""
    found = []
    for tier in tiers:
        try:
            percent = Decimal(data.get(f"cut-{tier.key}", "").replace(",", "."))
        except InvalidOperation:
            continue
        if percent.is_finite() and 0 <= percent <= 100:
            found.append(Cut(tier=tier.key, percent=round(percent, 2)))
    return sorted(found, key=lambda cut: cut.percent) if in_order else found


def _cuts_in_force(spec: Spec, metric: str, tiers: list[Tier]) -> list[Cut]:
    known = {tier.key for tier in tiers}
    if spec.uses_shares and spec.metric == metric:
        return [cut for cut in spec.cuts if cut.tier in known]
    # The last tier is for those who are left over.
    upper = tiers[: max(1, min(len(tiers) - 1, len(_USUAL)))] if tiers else []
    return [Cut(tier=tier.key, percent=Decimal(percent)) for tier, percent in zip(upper, _USUAL, strict=False)]


def _rows(snapshot: Snapshot, cuts: list[Cut], tiers: list[Tier], rest: str) -> list[dict[str, Any]]:
    """A line for each cut, and one for everybody past the last."""
    by_key = {tier.key: tier for tier in tiers}
    rows = []
    customers, revenue = 0, Decimal(0)
    for number, cut in enumerate(cuts):
        place = drawing.place_of(cut.percent, snapshot.points)
        rows.append(
            _row(snapshot, by_key[cut.tier].name, place.customers - customers, place.revenue - revenue)
            | {
                "key": cut.tier,
                "color": by_key[cut.tier].color,
                "percent": drawing.short(cut.percent),
                "amount": place.amount,
                "dash": drawing.DASHES[number % len(drawing.DASHES)],
                "x": drawing.x_of(place.customers / snapshot.customers if snapshot.customers else 0),
                "y": drawing.y_of(float(place.revenue / snapshot.revenue) if snapshot.revenue else 0),
            }
        )
        customers, revenue = place.customers, place.revenue
    name = by_key[rest].name if rest in by_key and rest not in {cut.tier for cut in cuts} else _("Everybody else")
    left = _row(snapshot, name, snapshot.customers - customers, snapshot.revenue - revenue)
    return [*rows, left | {"key": "", "color": "", "percent": None, "amount": None, "dash": ""}]


def _row(snapshot: Snapshot, name: str, customers: int, revenue: Decimal) -> dict[str, Any]:
    return {
        "name": name,
        "customers": customers,
        "customer_share": _percent(customers, snapshot.customers),
        "revenue": round(revenue, 2),
        "revenue_share": _percent(revenue, snapshot.revenue),
    }


def _now_rows(snapshot: Snapshot, tiers: list[Tier]) -> list[dict[str, Any]]:
    """The tiers as they are, at the moment of the snapshot."""
    found = {tier_id: (count, Decimal(revenue)) for tier_id, count, revenue in snapshot.facts.get("tiers", [])}
    rows = [_row(snapshot, tier.name, *found.get(tier.pk, (0, Decimal(0)))) | {"color": tier.color} for tier in tiers]
    if None in found:
        rows.append(_row(snapshot, _("no tier"), *found[None]) | {"color": ""})
    return rows


def _picture(snapshot: Snapshot, rows: list[dict[str, Any]]) -> dict[str, Any]:
    shares = [0, 0.25, 0.5, 0.75, 1]
    return {
        "width": drawing.WIDTH,
        "height": drawing.HEIGHT,
        "left": drawing.LEFT,
        "right": drawing.WIDTH - drawing.RIGHT,
        "top": drawing.TOP,
        "bottom": drawing.HEIGHT - drawing.BOTTOM,
        "path": drawing.curve(snapshot.points, snapshot.customers),
        "across": [(drawing.x_of(share), f"{share:.0%}".replace("%", " %")) for share in shares],
        "up": [(drawing.y_of(share), f"{share:.0%}".replace("%", " %")) for share in shares],
        "cuts": [row for row in rows if row["key"]],
    }


def _headline(snapshot: Snapshot) -> str:
    """What most people want of this page, in one sentence."""
    place = drawing.place_of(Decimal(80), snapshot.points)
    return _("%(share)s %% of the customers bring %(revenue)s %% of the %(metric)s.") % {
        "share": _percent(place.customers, snapshot.customers),
        "revenue": _percent(place.revenue, snapshot.revenue),
        "metric": METRICS.get(snapshot.metric, snapshot.metric),
    }


def _percent(part: Decimal | int, whole: Decimal | int) -> Decimal:
    return round(Decimal(part) * 100 / Decimal(whole), 1) if whole else Decimal(0)


def _about_how_many() -> int:
    """As the planner has it: counting a million takes longer than the page."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT reltuples::bigint FROM pg_class WHERE oid = 'customers_customer'::regclass")
        return int(cursor.fetchone()[0])
