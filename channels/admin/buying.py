"""Buying numbers, taking over those that the account has, setting their webhooks, and giving them back."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any
from urllib.parse import urlencode

from django import forms
from django.conf import settings
from django.contrib import messages
from django.contrib.admin import AdminSite
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.template.response import TemplateResponse
from django.urls import URLPattern, path, reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext
from django.views.decorators.http import require_GET, require_POST
from unfold.widgets import UnfoldAdminSelectWidget, UnfoldAdminTextInputWidget, UnfoldBooleanSwitchWidget

from channels.countries import COUNTRIES
from channels.models import Account, Number, NumberOrder
from channels.numbers import services
from channels.numbers.selectors import calls_under_way, latest_orders, numbers_elsewhere, search_numbers, shops
from channels.numbers.services import OrderNotPossible
from channels.numbers.shop import Query, ShopFault
from channels.numbers.shops import sells_numbers, webhooks_of
from queues.models import Queue
from routing.models import Flow

_E164 = re.compile(r"\+[1-9]\d{4,14}")
_PATTERN = re.compile(r"[\d*]{0,12}")
_KINDS = {
    "local": gettext_lazy("Local"),
    "mobile": gettext_lazy("Mobile"),
    "toll_free": gettext_lazy("Toll-free"),
}
_ORDERS = 8


class SearchForm(forms.Form):
    """Which numbers somebody wants to see."""

    account = forms.ModelChoiceField(
        Account.objects.none(), label=gettext_lazy("Account"), empty_label=None, widget=UnfoldAdminSelectWidget
    )
    country = forms.ChoiceField(label=gettext_lazy("Country"), choices=COUNTRIES, widget=UnfoldAdminSelectWidget)
    kind = forms.ChoiceField(label=gettext_lazy("Kind"), choices=list(_KINDS.items()), widget=UnfoldAdminSelectWidget)
    area = forms.CharField(
        label=gettext_lazy("Area code"),
        required=False,
        max_length=6,
        widget=UnfoldAdminTextInputWidget(attrs={"inputmode": "numeric", "autocomplete": "off"}),
        help_text=gettext_lazy("Such as 30 for Berlin, or 415."),
    )
    contains = forms.CharField(
        label=gettext_lazy("Contains"),
        required=False,
        max_length=12,
        widget=UnfoldAdminTextInputWidget(attrs={"inputmode": "numeric", "autocomplete": "off"}),
        help_text=gettext_lazy("Digits that are easy to remember."),
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        choice = self.fields["account"]
        assert isinstance(choice, forms.ModelChoiceField)
        choice.queryset = Account.objects.filter(pk__in=[account.pk for account in shops()]).order_by("carrier", "name")

    def clean_area(self) -> str:
        return _digits(self.cleaned_data["area"]).lstrip("0")

    def clean_contains(self) -> str:
        return _digits(self.cleaned_data["contains"])

    @property
    def query(self) -> Query:
        asked = self.cleaned_data
        return Query(asked["country"], asked["kind"], asked["area"], asked["contains"])


def _digits(text: str) -> str:
    digits = re.sub(r"[\s()./+-]", "", text)
    if not _PATTERN.fullmatch(digits):
        raise forms.ValidationError(_("Digits only."))
    return digits


class PlaceForm(forms.Form):
    """What a number that comes to us starts, and where its contacts go when all else fails."""

    name = forms.CharField(
        label=gettext_lazy("Name"),
        required=False,
        max_length=100,
        widget=UnfoldAdminTextInputWidget,
        help_text=gettext_lazy("What callers use it for."),
    )
    flow = forms.ModelChoiceField(
        Flow.objects.none(),
        label=gettext_lazy("Flow"),
        required=False,
        empty_label=gettext_lazy("None: straight to the fallback queue"),
        widget=UnfoldAdminSelectWidget,
        help_text=gettext_lazy("Calls start its live version."),
    )
    fallback_queue = forms.ModelChoiceField(
        Queue.objects.none(),
        label=gettext_lazy("Fallback queue"),
        widget=UnfoldAdminSelectWidget,
        help_text=gettext_lazy("Whoever cannot be routed, for whatever reason, is put through here."),
        error_messages={"required": gettext_lazy("Choose a queue, so that nobody is lost.")},
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for name, rows in (
            ("flow", Flow.objects.select_related("live").defer("draft", "live__definition").order_by("name")),
            ("fallback_queue", Queue.objects.filter(is_active=True).order_by("name")),
        ):
            choice = self.fields[name]
            assert isinstance(choice, forms.ModelChoiceField)
            choice.queryset = rows


class TakeOverForm(PlaceForm):
    """The same for several numbers at once."""

    connect = forms.BooleanField(
        label=gettext_lazy("Set their webhooks"),
        required=False,
        widget=UnfoldBooleanSwitchWidget,
        help_text=gettext_lazy("From then on their calls come here. Whatever answers them today is replaced."),
    )
    field_order = ("flow", "fallback_queue", "connect")

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        del self.fields["name"]


def buying_urls(site: AdminSite) -> list[URLPattern]:
    """For `get_urls` of the numbers' admin; they stand before its own."""

    def guarded(view: Callable[..., HttpResponse]) -> Callable[..., HttpResponse]:
        def check(request: HttpRequest, **kwargs: Any) -> HttpResponse:
            if not request.user.has_perm("channels.buy_number"):
                raise PermissionDenied
            return view(request, site=site, **kwargs)

        return site.admin_view(check)

    start = "channels_number_"
    return [
        path("buy/", guarded(_search), name=f"{start}buy"),
        path("buy/confirm/", guarded(_confirm), name=f"{start}buy_confirm"),
        path("orders/<int:order_id>/", guarded(_order), name=f"{start}order"),
        path("orders/<int:order_id>/again/", guarded(_again), name=f"{start}order_again"),
        path("orders/<int:order_id>/give-up/", guarded(_give_up), name=f"{start}order_give_up"),
        path("take-over/", guarded(_take_over), name=f"{start}take_over"),
        path("<int:number_id>/release/", guarded(_release), name=f"{start}release"),
        path("<int:number_id>/connect/", guarded(_connect), name=f"{start}connect"),
    ]


def _page(request: HttpRequest, site: AdminSite, template: str, title: str, **more: Any) -> HttpResponse:
    context = {**site.each_context(request), "title": title, **more}
    return TemplateResponse(request, f"admin/channels/number/{template}.html", context)


@require_GET
def _search(request: HttpRequest, *, site: AdminSite) -> HttpResponse:
    accounts = shops()
    asked = bool({"country", "kind"} & request.GET.keys())
    country = settings.DEFAULT_COUNTRY if settings.DEFAULT_COUNTRY in dict(COUNTRIES) else COUNTRIES[0][0]
    first = {"account": request.GET.get("account") or (accounts[0].pk if accounts else None), "country": country}
    form = SearchForm(request.GET if asked else None, initial=first)
    offers, problem, account = None, "", None
    if asked and form.is_valid():
        account = form.cleaned_data["account"]
        try:
            found = search_numbers(account, form.query)
        except ShopFault as fault:
            problem = str(fault)
        else:
            link = reverse("admin:channels_number_buy_confirm")
            offers = [
                (offer, f"{link}?{urlencode({'account': account.pk, 'number': offer.address, 'price': offer.price})}")
                for offer in found
            ]
    return _page(
        request,
        site,
        "buy",
        _("Buy a number"),
        form=form,
        accounts=accounts,
        offers=offers,
        problem=problem,
        is_emulated=account is not None and account.sends_to == Account.Sending.EMULATOR,
        orders=latest_orders(_ORDERS),
    )


def _confirm(request: HttpRequest, *, site: AdminSite) -> HttpResponse:
    asked = request.POST if request.method == "POST" else request.GET
    address, price = asked.get("number", ""), asked.get("price", "")[:40]
    account = next((one for one in shops() if str(one.pk) == asked.get("account")), None)
    if account is None or not _E164.fullmatch(address):
        messages.error(request, _("Choose a number first."))
        return redirect("admin:channels_number_buy")
    form = PlaceForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        place = form.cleaned_data
        try:
            order = services.order_number(
                account=account,
                address=address,
                flow=place["flow"],
                fallback_queue=place["fallback_queue"],
                name=place["name"],
                price=price,
                by=_user(request),
                now=timezone.now(),
            )
        except OrderNotPossible as problem:
            form.add_error(None, str(problem))
        else:
            return redirect("admin:channels_number_order", order_id=order.pk)
    return _page(
        request,
        site,
        "buy_confirm",
        _("Buy %(number)s?") % {"number": address},
        form=form,
        account=account,
        number=address,
        price=price,
        is_emulated=account.sends_to == Account.Sending.EMULATOR,
        flows=Flow.objects.exists(),
        queues=Queue.objects.filter(is_active=True).exists(),
    )


@require_GET
def _order(request: HttpRequest, *, site: AdminSite, order_id: int) -> HttpResponse:
    order = get_object_or_404(NumberOrder.objects.select_related("account", "number", "flow__live"), pk=order_id)
    part = {
        "order": order,
        "may_test_call": request.user.has_perm("routing.test_call"),
        "is_live": bool(order.flow and order.flow.live_id),
    }
    if "part" in request.GET:
        return render(request, "admin/channels/number/order_state.html", part)
    title = {
        NumberOrder.Action.BUY: _("Buying %(number)s"),
        NumberOrder.Action.CONNECT: _("Setting the webhooks of %(number)s"),
        NumberOrder.Action.RELEASE: _("Releasing %(number)s"),
    }[NumberOrder.Action(order.action)]
    return _page(request, site, "order", title % {"number": order.address}, **part)


@require_POST
def _again(request: HttpRequest, *, order_id: int, **_kwargs: Any) -> HttpResponse:
    order = get_object_or_404(NumberOrder, pk=order_id)
    try:
        services.try_again(order=order, now=timezone.now())
    except OrderNotPossible as problem:
        messages.error(request, str(problem))
    return redirect("admin:channels_number_order", order_id=order.pk)


@require_POST
def _give_up(request: HttpRequest, *, order_id: int, **_kwargs: Any) -> HttpResponse:
    order = get_object_or_404(NumberOrder, pk=order_id)
    if not services.give_up(order=order, now=timezone.now()):
        messages.error(request, _("This order does not wait any more."))
    return redirect("admin:channels_number_order", order_id=order.pk)


def _take_over(request: HttpRequest, *, site: AdminSite) -> HttpResponse:
    accounts = shops()
    asked = request.POST if request.method == "POST" else request.GET
    account = next((one for one in accounts if str(one.pk) == asked.get("account")), None)
    if account is None and len(accounts) == 1:
        account = accounts[0]
    found, problem, voice = [], "", ""
    if account is not None:
        try:
            voice = webhooks_of(account).voice
            found = list(numbers_elsewhere(account))
        except ShopFault as fault:
            problem = str(fault)
    form = TakeOverForm(request.POST or None)
    if request.method == "POST" and account is not None and not problem and form.is_valid():
        wanted = set(request.POST.getlist("number"))
        chosen = [one for one in found if one.address in wanted]
        if chosen:
            return _taken(request, account, chosen, form.cleaned_data)
        form.add_error(None, _("Choose at least one number."))
    return _page(
        request,
        site,
        "take_over",
        _("Take numbers over"),
        accounts=accounts,
        account=account,
        found=[(one, bool(one.voice_url), one.voice_url == voice) for one in found],
        chosen=set(request.POST.getlist("number")),
        problem=problem,
        form=form,
    )


def _taken(request: HttpRequest, account: Account, chosen: list[Any], place: dict[str, Any]) -> HttpResponse:
    now = timezone.now()
    made = services.take_over(
        account=account,
        numbers=chosen,
        flow=place["flow"],
        fallback_queue=place["fallback_queue"],
        by=_user(request),
        now=now,
    )
    if place["connect"]:
        for number in made:
            try:
                services.connect_number(number=number, by=_user(request), now=now)
            except OrderNotPossible as problem:
                messages.error(request, str(problem))
    told = ngettext("%(count)s number taken over.", "%(count)s numbers taken over.", len(made)) % {"count": len(made)}
    if place["connect"]:
        told = f"{told} {_('Their webhooks are being set.')}"
    messages.success(request, told)
    return redirect("admin:channels_number_changelist")


def _release(request: HttpRequest, *, site: AdminSite, number_id: int) -> HttpResponse:
    number = _at_a_carrier(number_id)
    problem = ""
    if request.method == "POST":
        typed = re.sub(r"[\s()./-]", "", request.POST.get("typed", ""))
        if typed != number.address:
            problem = _("That is not the number. Type %(number)s.") % {"number": number.address}
        else:
            try:
                order = services.release_number(number=number, by=_user(request), now=timezone.now())
            except OrderNotPossible as refusal:
                problem = str(refusal)
            else:
                return redirect("admin:channels_number_order", order_id=order.pk)
    return _page(
        request,
        site,
        "release",
        _("Release %(number)s?") % {"number": number.address},
        number=number,
        problem=problem,
        calls=calls_under_way(number),
        is_emulated=number.account.sends_to == Account.Sending.EMULATOR,
    )


@require_POST
def _connect(request: HttpRequest, *, number_id: int, **_kwargs: Any) -> HttpResponse:
    number = _at_a_carrier(number_id)
    try:
        order = services.connect_number(number=number, by=_user(request), now=timezone.now())
    except OrderNotPossible as problem:
        messages.error(request, str(problem))
        return redirect("admin:channels_number_change", number.pk)
    return redirect("admin:channels_number_order", order_id=order.pk)


def _at_a_carrier(number_id: int) -> Number:
    number = get_object_or_404(Number.objects.select_related("account"), pk=number_id)
    if not (_E164.fullmatch(number.address) and sells_numbers(number.account)):
        raise PermissionDenied
    return number


def _user(request: HttpRequest) -> Any:
    return request.user
