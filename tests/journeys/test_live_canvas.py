"""A manager watches a published flow live on its canvas, and finds one contact's way on it."""

from __future__ import annotations

import re
from typing import Any

import pytest
from playwright.sync_api import Page, expect

from tests.embedded.test_supervisor import Run
from tests.journeys.browsing import NARROW, WIDE, SignIn, barriers
from tests.journeys.carrier import Call

GOLD, STRANGER = "+4915100000002", "+4915100000004"


def _call(house: Run, sender: str) -> Call:
    call = Call(f"http://127.0.0.1:{house.port}", sender)
    call.listen()
    return call


def _open_flow(page: Page) -> None:
    page.goto("/admin/routing/flow/")
    page.get_by_role("link", name="Priority line").first.click()
    page.locator(".fe-step").first.wait_for()


def _open_live(page: Page) -> None:
    _open_flow(page)
    page.get_by_role("tab", name="Live").click()


def _way(page: Page, words: str) -> Any:
    return page.get_by_role("row", name=re.compile(words))


def test_nobody_called_yet(page: Page) -> None:
    _open_live(page)
    expect(page.get_by_text("No contact in the last hour.")).to_be_visible()
    expect(page.locator(".fe-line-label").first).to_have_text("0")
    assert barriers(page) == []


def test_a_manager_sees_who_took_a_line_and_one_contacts_whole_way(page: Page, house: Run) -> None:
    _call(house, GOLD)
    _call(house, STRANGER)
    _open_live(page)

    # Numbers and shares, on the lines and in the table.
    expect(page.get_by_text("2 contacts arrived in the last hour")).to_be_visible()
    expect(page.get_by_text("Version 1, as contacts use it")).to_be_visible()
    expect(_way(page, "Gold or platinum.* VIP team")).to_contain_text("50 %")
    expect(page.locator(".fe-line-label", has_text="2 · 100 %").first).to_be_visible()
    expect(page.locator("[data-step=vip] .fe-over-badge, .fe-step .fe-over-badge").first).to_have_text("1 here now")

    # Somebody calls while they look: the numbers follow by themselves.
    _call(house, GOLD)
    expect(page.get_by_text("3 contacts arrived in the last hour")).to_be_visible(timeout=15_000)
    expect(_way(page, "Gold or platinum.* VIP team")).to_contain_text("67 %")

    # A click on a line: its contacts; a click on one of them: its way.
    page.locator(".fe-line", has=page.locator(".fe-line-label", has_text="2 · 67 %")).first.locator(
        ".react-flow__edge-interaction"
    ).dispatch_event("click")
    expect(page.get_by_role("heading", name=re.compile("left by"))).to_be_visible()
    expect(page.locator(".lv-contact")).to_have_count(2)
    page.locator(".lv-contact").first.click()
    expect(page.get_by_text(re.compile(r"Contact \w{10} · version 1"))).to_be_visible()
    expect(page.locator(".lv-why")).to_contain_text("Went to VIP because loyalty status was “gold”")
    numbers = page.locator(".fe-step .fe-over-badge").all_inner_texts()
    assert sorted(numbers) == ["1", "2", "3", "4", "5"]

    # From the list to the canvas, and from the canvas to the list.
    step = page.get_by_role("button", name=re.compile("^4 Gold or platinum"))
    step.click()
    expect(step).to_have_attribute("aria-pressed", "true")
    chosen = page.locator(".fe-step.is-selected")
    expect(chosen).to_contain_text("Gold or platinum?")
    page.locator(".fe-step", has_text="Greet").click()
    expect(page.get_by_role("button", name=re.compile("^2 Greet"))).to_have_attribute("aria-pressed", "true")

    page.get_by_role("button", name="Back to the contacts").click()
    expect(page.locator(".lv-contact")).to_have_count(2)
    page.get_by_role("button", name="All ways").click()
    expect(page.get_by_text("3 contacts arrived in the last hour")).to_be_visible()
    page.get_by_role("button", name="Back to the draft").first.click()
    expect(page.locator(".fe-line-label")).to_have_count(0)


def test_the_contacts_page_opens_its_way_which_grows_while_the_call_goes_on(page: Page, house: Run) -> None:
    call = _call(house, GOLD)
    page.goto("/admin/routing/contact/")
    page.locator("#result_list tbody th a").first.click()
    page.get_by_role("link", name="Show on the canvas").click()
    expect(page.get_by_text("Under way: this list grows by itself.")).to_be_visible()
    expect(page.locator(".fe-step.tone-good")).to_have_count(1)
    call.post(f"{call.base}/webhooks/twilio/voice/status/", CallStatus="completed", CallDuration="7")
    expect(page.get_by_text("The contact was over")).to_be_visible(timeout=15_000)
    expect(page.get_by_text("Under way: this list grows by itself.")).to_have_count(0)
    expect(page.locator(".fe-step.tone-warn")).to_contain_text("Hung up here")


def test_everything_can_be_done_with_the_keyboard_alone(page: Page, house: Run) -> None:
    _call(house, GOLD)
    _open_flow(page)
    page.get_by_role("tab", name="Live").focus()
    page.keyboard.press("Enter")
    page.locator(".lv-table").first.wait_for()
    page.get_by_role("radio", name="Hour").focus()
    page.keyboard.press("ArrowRight")
    expect(page.get_by_text("in the last 24 hours")).to_be_visible()
    page.get_by_role("row", name=re.compile("Gold or platinum.* VIP team")).get_by_role("button").focus()
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", name=re.compile("left by"))).to_be_focused()
    page.locator(".lv-contact").first.focus()
    page.keyboard.press("Enter")
    expect(page.locator("#lv-contact-title")).to_be_focused()
    page.get_by_role("button", name=re.compile("^3 ")).focus()
    page.keyboard.press("Enter")
    expect(page.locator(".fe-step.is-selected")).to_contain_text("Ask the loyalty API")


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("size", [WIDE, NARROW], ids=["wide", "narrow"])
def test_the_live_canvas_has_no_barriers(sign_in: SignIn, house: Run, size: dict[str, int], scheme: str) -> None:
    _call(house, GOLD)
    page = sign_in(viewport=size, color_scheme=scheme)
    standing = {}
    _open_live(page)
    page.locator(".lv-table").first.wait_for()
    standing["numbers"] = barriers(page)
    page.locator(".lv-row").first.click()
    page.locator(".lv-contact").first.wait_for()
    standing["contacts"] = barriers(page)
    page.locator(".lv-contact").first.click()
    page.locator(".lv-turns").wait_for()
    standing["way"] = barriers(page)
    if size == NARROW:
        # The panel covers the canvas there; a step of the list leads to it.
        page.get_by_role("button", name=re.compile("^2 ")).click()
        expect(page.locator(".lv-turns")).to_have_count(0)
        expect(page.locator(".fe-step.is-selected")).to_be_visible()
        standing["canvas"] = barriers(page)
    assert {where: found for where, found in standing.items() if found} == {}
