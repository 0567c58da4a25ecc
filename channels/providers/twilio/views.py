"""The addresses that the carrier calls: each callback of a call, and its status."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import structlog
from django.conf import settings
from django.db import Error as DatabaseError
from django.http import HttpRequest, HttpResponse

from channels.providers.twilio.carriers import carrier_of
from channels.providers.twilio.inbound import Place, VoiceCall, details_of, event_of, read_place
from channels.providers.twilio.last_resort import address_at, put_through
from channels.providers.twilio.render import EMPTY, render
from channels.providers.twilio.webhook import PROVIDER, Refused, Webhook, verify
from channels.routes import AccountOnly, Route, RouteUnavailable, Seal, account_seal, find_route
from routing.engine.effects import Hangup
from routing.runner import services as runner
from routing.runner.services import FELL_BACK, Arrival, ContactUnknown, identity_of

log = structlog.get_logger(__name__)

# Of the budget, what is kept for saving the turn and writing the answer.
_MARGIN_S = 0.4
_UNKNOWN_NUMBER = render([Hangup(reject="rejected")], action_url="")


class VoiceView(Webhook):
    """Every callback of a call. Once verified, whatever goes wrong ends in the number's fallback queue."""

    kind = "voice"

    def answer(self, request: HttpRequest, call: VoiceCall, began: float) -> HttpResponse:
        place = read_place(request.META.get("QUERY_STRING", ""))
        route = _route(call, identity_of("voice", call.sender) if place.is_start else None)
        address = verify(request, call, route.secret, route.carrier)
        if isinstance(route, AccountOnly):
            # Not 200: the carrier then shows the mistake to whoever set the number up, or uses its own fallback.
            raise Refused(404, "unknown number", _UNKNOWN_NUMBER, account=call.account_id, call=call.call_id)
        return HttpResponse(_answer(call, route, place, address, began), "text/xml; charset=utf-8")


class VoiceStatusView(Webhook):
    """The carrier says how a call ended. The same again, or of a call we never had, is harmless."""

    kind = "voice_status"

    def answer(self, request: HttpRequest, call: VoiceCall, began: float) -> HttpResponse:  # noqa: ARG002
        seal = _seal(call)
        verify(request, call, seal.secret, seal.carrier)
        if call.is_over:
            _hang_up(call)
        return HttpResponse(status=204)


def _route(call: VoiceCall, caller: tuple[str, str] | None) -> Route | AccountOnly:
    try:
        route = find_route(PROVIDER, call.account_id, call.recipient, caller)
    except RouteUnavailable:
        raise Refused(503, "database away", account=call.account_id, call=call.call_id) from None
    except Exception as error:
        # Such as a secret that cannot be decrypted any more. Without it nobody can be verified.
        log.exception("account cannot be read", account=call.account_id)
        raise Refused(503, "account unreadable", account=call.account_id, call=call.call_id) from error
    if route is None:
        raise Refused(403, "unknown account", account=call.account_id)
    return route


def _seal(call: VoiceCall) -> Seal:
    try:
        seal = account_seal(PROVIDER, call.account_id)
    except DatabaseError:
        raise Refused(503, "database away", account=call.account_id, call=call.call_id) from None
    except Exception as error:
        log.exception("account cannot be read", account=call.account_id)
        raise Refused(503, "account unreadable", account=call.account_id, call=call.call_id) from error
    if seal is None:
        raise Refused(403, "unknown account", account=call.account_id)
    return seal


def _answer(call: VoiceCall, route: Route, place: Place, address: str, began: float) -> bytes:
    """The document for a verified callback. Never raises."""
    try:
        if place.fallback is not None:
            return address_at(place.fallback, call, route, address)
        if route.is_last_known:
            FELL_BACK.labels("database").inc()
            log.error("call falls back", cause="database", call=call.call_id, turn=place.turn, reason=place.reason)
            return put_through(call, route, place, address)
        return _run(call, route, place, address, began + settings.ANSWER_BUDGET_S - _MARGIN_S)
    except Exception as error:
        cause = "database" if isinstance(error, DatabaseError) else "webhook"
        FELL_BACK.labels(cause).inc()
        log.exception("call falls back", cause=cause, call=call.call_id, turn=place.turn, reason=place.reason)
        return put_through(call, route, place, address)


def _run(call: VoiceCall, route: Route, place: Place, address: str, until: float) -> bytes:
    now = datetime.now(UTC)
    if place.turn is not None:
        event = event_of(call, place.reason)
        answer = runner.go_on(
            origin=route.origin, external_id=call.call_id, turn=place.turn, event=event, now=now, until=until
        )
    elif call.is_over:
        # Some set the status callback to the same address.
        _hang_up(call)
        return EMPTY
    else:
        answer = runner.arrive(_arrival(call, route), now=now, until=until)
    dialect = carrier_of(route.carrier).dialect
    return render(answer.effects, action_url=f"{address}?turn={answer.next_turn}", dialect=dialect)


def _arrival(call: VoiceCall, route: Route) -> Arrival:
    return Arrival(
        origin=route.origin,
        external_id=call.call_id,
        channel="voice",
        trigger="call",
        sender=call.sender,
        recipient=route.recipient,
        version_id=route.version_id,
        fallback_queue=route.fallback_queue,
        queues_revision=route.queues_revision,
        customer=route.customer,
        details=details_of(call),
    )


def _hang_up(call: VoiceCall) -> None:
    facts: dict[str, Any] = {"call": call.call_id, "status": call.status}
    try:
        runner.hang_up(
            origin=f"{PROVIDER}:{call.account_id}",
            external_id=call.call_id,
            now=datetime.now(UTC),
            seconds=call.seconds("CallDuration"),
        )
    except ContactUnknown:
        log.info("status of an unknown call", **facts)
    except Exception:
        # The carrier does not ask again; calls whose end was missed are closed by a task later.
        log.exception("status of a call lost", **facts)
