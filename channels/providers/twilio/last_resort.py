"""Putting a caller through without a database: the fallback queue's addresses one by one, counted in the address."""

from __future__ import annotations

import structlog

from channels.providers.twilio.carriers import carrier_of
from channels.providers.twilio.inbound import Place, VoiceCall, details_of
from channels.providers.twilio.render import EMPTY, render
from channels.providers.twilio.sip import UndialableAddress
from channels.routes import Route
from routing.engine.effects import Dial, Hangup, Say
from routing.runner.plans import APOLOGY

log = structlog.get_logger(__name__)


def put_through(call: VoiceCall, route: Route, place: Place, address: str) -> bytes:
    """What a caller gets whose answer failed. Never raises."""
    over = call.is_over or (place.reason == "dial" and call.leg_was_answered)
    if place.reason == "record" and call.first("RecordingUrl"):
        # The message exists only at the carrier now; whoever left one wants nobody to pick up any more.
        log.error("recording not noted", call=call.call_id, url=call.first("RecordingUrl"))
        over = True
    return _end(call) if over else _dial(0, call, route, address)


def address_at(index: int, call: VoiceCall, route: Route, address: str) -> bytes:
    """The callback after address number `index - 1` was dialled: the end, or the next address. Never raises."""
    return _end(call) if call.is_over or call.leg_was_answered else _dial(index, call, route, address)


def _dial(index: int, call: VoiceCall, route: Route, address: str) -> bytes:
    for position in range(index, len(route.fallback)):
        to = route.fallback[position]
        try:
            dialect = carrier_of(route.carrier).dialect
            action_url = f"{address}?fallback={position + 1}"
            return render([Dial(to=to.uri, ring_s=to.ring_s)], action_url=action_url, dialect=dialect)
        except UndialableAddress:
            log.error("fallback address cannot be dialled", queue=route.fallback_queue, position=position)  # noqa: TRY400
    log.error("nobody takes a call", queue=route.fallback_queue, call=call.call_id)
    language = details_of(call).get("language", "en")
    text = APOLOGY.get(language, APOLOGY["en"])
    return render([Say(text, language if language in APOLOGY else "en"), Hangup()], action_url=address)


def _end(call: VoiceCall) -> bytes:
    return EMPTY if call.is_over else render([Hangup()], action_url="")
