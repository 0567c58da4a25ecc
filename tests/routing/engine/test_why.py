"""The sentence of why names what decided, and nothing that came later or could not decide."""

from __future__ import annotations

from typing import Any

from routing.engine.why import explain


def entry(title: str, *saw: dict[str, Any], **more: Any) -> dict[str, Any]:
    return {"title": title, "saw": list(saw), **more}


FAILED = {"what": "fetch", "source": "notify", "status": "failed", "rung": "none", "error": "no answer"}
KEY = {"what": "input", "seen": "3"}


def test_an_api_that_is_asked_after_a_message_was_left_is_not_why() -> None:
    trace = [entry("Menu", KEY), entry("Beep", {"what": "recording", "seen": "4 seconds"}), entry("Notify", FAILED)]
    why = explain(trace, went_to="Went to voicemail", flow="")
    assert why == "Went to voicemail because the caller answered 3 to “Menu”."


def test_an_api_that_is_asked_after_somebody_was_dialled_is_not_why() -> None:
    busy = {"what": "transfer", "queue": "VIP", "seen": "busy"}
    why = explain(
        [entry("Menu", KEY), entry("VIP", busy), entry("Notify", FAILED)], went_to="Went to Standard", flow=""
    )
    assert why.endswith("it was sent to VIP because the caller answered 3 to “Menu”.")


def test_a_step_whose_exits_all_lead_to_one_place_decided_nothing() -> None:
    trace = [entry("Menu", KEY), entry("Notify", FAILED, forced=True)]
    assert explain(trace, went_to="Ended by the flow", flow="").endswith("because the caller answered 3 to “Menu”.")
