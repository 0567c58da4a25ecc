"""The test call: a manager places an emulated call over real HTTP to this very server, and reads what a caller hears."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, cast, get_args
from urllib.parse import urlsplit

from django import forms
from django.contrib.admin import AdminSite
from django.core.cache import cache
from django.core.exceptions import PermissionDenied
from django.db.models import Q
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.template.loader import render_to_string
from django.template.response import TemplateResponse
from django.urls import URLPattern, path, reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_GET, require_POST

from channels.models import Number
from channels.providers.twilio.emulator.call import Call, Carrier, Heard, LegEnd
from channels.providers.twilio.emulator.script import MESSAGE_S
from channels.providers.twilio.emulator.setup import (
    NotPossible,
    callable_numbers,
    ending_of,
    find_line,
    server_origin,
)
from channels.providers.twilio.emulator.wire import Wire
from channels.providers.twilio.inbound import read_place
from customers.models import Identity
from customers.privacy.sight import may_see

# A call that nobody carries on is forgotten.
_KEPT_S = 3600
# One step may hold a webhook of 15 s.
_STEP_S = 45
_SUGGESTED = 8


class StartForm(forms.Form):
    """Who calls whom."""

    caller = forms.CharField(
        label=gettext_lazy("Caller"), max_length=80, error_messages={"required": gettext_lazy("Say who calls.")}
    )
    number = forms.ModelChoiceField(
        Number.objects.none(),
        label=gettext_lazy("Number called"),
        to_field_name="address",
        error_messages={"required": gettext_lazy("Choose the number that is called.")},
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        choice = self.fields["number"]
        assert isinstance(choice, forms.ModelChoiceField)
        choice.queryset = Number.objects.filter(pk__in=[number.pk for number in callable_numbers()])

    def clean_caller(self) -> str:
        caller: str = self.cleaned_data["caller"].strip()
        if caller.startswith("sip:") or caller == "anonymous":
            return caller
        number = "".join(c for c in caller if c not in " ()-./ ")
        if not (number.startswith("+") and number[1:].isascii() and number[1:].isdigit() and 6 <= len(number) <= 16):
            raise forms.ValidationError(_("A number with its country, such as +4915100000002, or “anonymous”."))
        return number


def test_call_urls(site: AdminSite) -> list[URLPattern]:
    """For `get_urls` of the numbers' admin; they stand before its own."""

    def guarded(view: Callable[..., HttpResponse]) -> Callable[..., HttpResponse]:
        def check(request: HttpRequest, **kwargs: Any) -> HttpResponse:
            if not request.user.has_perm("routing.test_call"):
                raise PermissionDenied
            return view(request, site=site, **kwargs)

        return site.admin_view(check)

    return [
        path("test-call/", guarded(_page), name="channels_number_test_call"),
        path("test-call/callers/", guarded(_callers), name="channels_number_test_call_callers"),
        path("test-call/start/", guarded(_start), name="channels_number_test_call_start"),
        path("test-call/<str:call_id>/", guarded(_step), name="channels_number_test_call_step"),
    ]


@require_GET
def _page(request: HttpRequest, *, site: AdminSite) -> HttpResponse:
    numbers = callable_numbers()
    context = {
        **site.each_context(request),
        "title": _("Test call"),
        "numbers": numbers,
        "chosen": request.GET.get("number", numbers[0].address if numbers else ""),
        "caller": request.GET.get("caller", ""),
        "callers": _found_callers(request, ""),
        "may_see_customers": _may_see(request.user),
        "keypad": "123456789*0#",
    }
    return TemplateResponse(request, "admin/channels/number/test_call.html", context)


@require_GET
def _callers(request: HttpRequest, **_kwargs: Any) -> HttpResponse:
    return JsonResponse({"callers": _found_callers(request, request.GET.get("q", "").strip()[:100])})


def _may_see(user: Any) -> bool:
    """Whoever picks a caller picks a whole number."""
    return bool(user.has_perm("customers.view_customer")) and may_see(user)


def _found_callers(request: HttpRequest, words: str) -> list[dict[str, str]]:
    """Customers with a telephone, for who may see customers."""
    if not _may_see(request.user):
        return []
    phones = Identity.objects.filter(kind=Identity.Kind.PHONE).select_related("customer__tier")
    for word in words.split()[:5]:
        phones = phones.filter(
            Q(value__contains=word) | Q(customer__name__icontains=word) | Q(customer__external_id__icontains=word)
        )
    return [
        {
            "number": phone.value,
            "label": " · ".join(
                filter(None, [phone.customer.name or phone.customer.external_id, str(phone.customer.tier or "")])
            ),
        }
        for phone in phones.order_by("-customer__updated_at", "value")[:_SUGGESTED]
    ]


@require_POST
def _start(request: HttpRequest, **_kwargs: Any) -> HttpResponse:
    form = StartForm(request.POST)
    if not form.is_valid():
        return _sorry(" ".join(str(error) for errors in form.errors.values() for error in errors))
    try:
        line = find_line(form.cleaned_data["number"].address)
        origin, via = server_origin(f"{request.scheme}://{request.get_host()}")
    except NotPossible as problem:
        return _sorry(str(problem))
    wire = Wire(origin, line.secret, via, line.carrier)
    call = Carrier(wire).place(line.account_id, form.cleaned_data["caller"], line.address)
    _keep(request, call, via)
    return _answer(request, call, goes_on=True)


@require_POST
def _step(request: HttpRequest, *, call_id: str, **_kwargs: Any) -> HttpResponse:
    """What the person did, and then one step of the carrier's."""
    key = _key(request, call_id)
    # A second click while the first is under way would carry the call on twice.
    if not cache.add(f"{key}:busy", 1, _STEP_S):
        return _sorry(_("One thing at a time: the last one is still under way."), status=409)
    try:
        kept = cache.get(key)
        if kept is None:
            return _sorry(_("This call is forgotten. Place a new one."), status=404)
        call = Call.load(kept["call"])
        try:
            line = find_line(call.recipient)
        except NotPossible as problem:
            return _sorry(str(problem))
        carrier = Carrier(Wire(call.origin, line.secret, kept["via"], line.carrier))
        _do(carrier, call, request.POST.get("do", ""), request.POST.get("what", ""))
        goes_on = carrier.step(call)
        _keep(request, call, kept["via"])
        return _answer(request, call, goes_on=goes_on)
    finally:
        cache.delete(f"{key}:busy")


def _do(carrier: Carrier, call: Call, what: str, value: str) -> None:
    match what:
        case "press":
            carrier.press(call, "".join(c for c in value if c in "0123456789*#")[:32])
        case "say":
            carrier.speak(call, value[:500])
        case "wait":
            carrier.wait(call)
        case "hang_up":
            carrier.hang_up(call)
        case "hang_up_after":
            carrier.hang_up(call, after_talking=True)
        case "message":
            carrier.leave_message(call, MESSAGE_S)
        case "leg" if value in get_args(LegEnd):
            carrier.end_leg(call, cast(LegEnd, value))


def _answer(request: HttpRequest, call: Call, *, goes_on: bool) -> JsonResponse:
    ending = ending_of(call) if call.is_over else None
    verb = call.open_verb
    listens = verb.attributes.get("input", "dtmf").split() if verb and verb.name == "Gather" else []
    state = {
        "call": call,
        "goes_on": goes_on,
        "listens_to_keys": "dtmf" in listens,
        "listens_to_words": "speech" in listens,
        "leg": call.dialled[-1] if call.dialled else None,
        "ending": ending,
        "outcome": _OUTCOMES.get(call.outcome, call.outcome),
        "webhooks": [(_asked(webhook.url), webhook) for webhook in call.webhooks],
        "slowest": max((webhook.ms for webhook in call.webhooks), default=0.0),
        "contact_url": reverse("admin:routing_contact_change", args=[ending.contact_id])
        if ending and ending.contact_id and request.user.has_perm("routing.view_contact")
        else "",
    }
    return JsonResponse(
        {
            "url": reverse("admin:channels_number_test_call_step", args=[call.call_id]),
            "lines": [_line(one) for one in call.heard],
            "state": render_to_string("admin/channels/number/test_call_state.html", state, request),
            "goes_on": goes_on,
            "is_over": call.is_over,
            "keys": "dtmf" in listens,
        }
    )


def _line(one: Heard) -> dict[str, str]:
    """What is shown, and what the browser may say aloud."""
    words = {
        "say": _("“%(text)s”"),
        "play": _("Sound: %(text)s"),
        "pause": _("Music or silence for %(text)s s"),
        "ring": _("It rings at %(text)s"),
        "talk": _("Somebody answers at %(text)s"),
        "beep": _("Beep"),
        "busy": _("Not taken: %(text)s"),
        "error": _("“%(text)s”"),
    }
    text = {**_LEG_ENDS, "rejected": _("rejected")}.get(one.text, one.text) if one.what == "busy" else one.text
    return {
        "what": one.what,
        "shown": words[one.what] % {"text": text},
        "said": one.text if one.what in {"say", "error"} else "",
        "language": one.language,
    }


def _asked(url: str) -> str:
    """Why the carrier asked, from what our own address says of it."""
    return str(_ASKED.get(read_place(urlsplit(url).query).reason, _ASKED[""]))


_ASKED = {
    "": gettext_lazy("The call comes in"),
    "back": gettext_lazy("Back after a pause"),
    "gather": gettext_lazy("Keys or words"),
    "dial": gettext_lazy("The other side is done"),
    "record": gettext_lazy("The message is done"),
}
_OUTCOMES = {
    "transferred": gettext_lazy("Put through"),
    "hung_up": gettext_lazy("The caller hung up"),
    "ended": gettext_lazy("Ended by the flow"),
    "voicemail": gettext_lazy("Left a message"),
    "rejected": gettext_lazy("Refused"),
    "error": gettext_lazy("Failed"),
}
_LEG_ENDS = {
    "busy": gettext_lazy("busy"),
    "no-answer": gettext_lazy("nobody answered"),
    "failed": gettext_lazy("it failed"),
    "canceled": gettext_lazy("canceled"),
}


def _sorry(sentence: str, status: int = 400) -> JsonResponse:
    return JsonResponse({"problem": sentence}, status=status)


def _key(request: HttpRequest, call_id: str) -> str:
    # Calls are their caller's: nobody carries on somebody else's.
    return f"test-call:{request.user.pk}:{call_id}"


def _keep(request: HttpRequest, call: Call, via: str) -> None:
    cache.set(_key(request, call.call_id), {"call": call.dump(), "via": via}, _KEPT_S)
