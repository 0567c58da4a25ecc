"""The demo's table of callers by every carrier: signed as it signs, the same outcome."""

from __future__ import annotations

from demo.accounts import ACCOUNT, OTHER_CARRIERS, TELNYX_PUBLIC_KEY


def test_the_demo_knows_the_key_of_the_emulated_telnyx() -> None:
    from channels.providers.twilio.emulator.keys import PUBLIC_KEY  # noqa: PLC0415  settings come first

    assert TELNYX_PUBLIC_KEY == PUBLIC_KEY


def test_ids_and_numbers_are_each_carriers_own() -> None:
    ids = [ACCOUNT, *(external_id for _, external_id, _, _ in OTHER_CARRIERS)]
    assert len(set(ids)) == 4
    assert len({address for _, _, address, _ in OTHER_CARRIERS}) == 3
