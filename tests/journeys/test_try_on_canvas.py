"""A manager tries a draft on its canvas as if it were the telephone, keeps what came of it, and is warned by it later."""

from __future__ import annotations

import os
import re
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Locator, Page, expect

from tests.embedded.test_supervisor import Run
from tests.journeys.browsing import NARROW, WIDE, SignIn, barriers
from tests.journeys.carrier import Call


def _open(page: Page, flow: str = "Priority line") -> Locator:
    """The panel where flows are tried."""
    page.goto("/admin/routing/flow/")
    page.get_by_role("link", name=flow).first.click()
    page.locator(".fe-step").first.wait_for()
    page.get_by_role("tab", name="Try it").click()
    panel = page.get_by_role("tabpanel", name="Try it")
    panel.get_by_role("button", name="Start").wait_for()
    return panel


def _answer(panel: Locator, answer: str, **values: str) -> None:
    """What the loyalty API says in this try."""
    panel.locator(".tr-fetch > summary").click()
    panel.get_by_role("combobox", name="Answer", exact=True).select_option(answer)
    for name, value in values.items():
        panel.get_by_role("combobox", name=name.replace("_", " ")).fill(value)


def _picture(page: Page, name: str) -> None:
    if folder := os.environ.get("PICTURES"):
        page.wait_for_timeout(400)
        page.screenshot(path=Path(folder) / f"try-{name}.png")


def _contacts(page: Page) -> int:
    page.goto("/admin/routing/contact/")
    return page.locator("#result_list tbody tr").count()


def test_a_manager_tries_the_priority_line_and_nothing_real_happens(page: Page) -> None:
    panel = _open(page)
    _answer(panel, "typed", loyalty_status="platinum")
    panel.get_by_role("button", name="Start").click()

    # What is heard, and the way over the canvas; whatever lies beside it is dimmed.
    expect(panel.get_by_text("Welcome. We are putting you through to the right team.")).to_be_visible()
    expect(panel.locator(".tr-why")).to_contain_text("Went to VIP because loyalty status was “platinum”")
    expect(page.locator("[data-step=to_vip] .fe-over-badge")).to_have_text("5")
    expect(page.locator("[data-step=to_standard]")).to_have_class(re.compile("is-faded"))
    expect(page.locator("[data-line='worth:valuable']")).to_have_class(re.compile("tone-path"))

    # What a step saw: from the canvas, and from the list.
    page.locator("[data-step=worth] .fe-step-title").click()
    expect(panel.locator(".tr-seen")).to_contain_text("loyalty status was “platinum” – is one of")
    panel.get_by_role("button", name=re.compile("Ask the loyalty API")).click()
    expect(panel.locator(".tr-seen")).to_contain_text("loyalty status = “platinum”")
    _picture(page, "step")

    # Busy, then nobody there: the overflow and the voicemail; and one step back.
    panel.get_by_role("button", name="Busy").click()
    expect(panel.get_by_text("It rings. What happens at Standard?")).to_be_visible()
    panel.get_by_role("button", name="Nobody answers").click()
    expect(panel.get_by_text(re.compile("Sorry, everybody is on the phone"))).to_be_visible()
    panel.get_by_role("button", name="Leave a message", exact=True).click()
    expect(panel.locator(".tr-end")).to_contain_text("left a message")
    panel.get_by_role("button", name="One step back").click()
    panel.get_by_role("button", name="One step back").click()
    expect(panel.get_by_text("It rings. What happens at Standard?")).to_be_visible()

    # The API fails instead, in the try that is open.
    panel.locator(".tr-summary > summary").click()
    _answer(panel, "fails")
    expect(panel.locator(".tr-why")).to_contain_text("the data source “Loyalty API” failed")
    expect(page.locator("[data-line='loyalty:failed']")).to_have_class(re.compile("tone-path"))
    assert _contacts(page) == 0


def test_a_change_of_the_draft_is_tried_at_once(page: Page) -> None:
    panel = _open(page)
    panel.get_by_role("button", name="Start").click()
    expect(panel.get_by_text("Welcome. We are putting you through to the right team.")).to_be_visible()
    page.locator("[data-step=greet] .fe-step-title").click()
    page.get_by_role("tab", name="Step").click()
    step = page.get_by_role("tabpanel", name="Step")
    step.get_by_role("tab", name=re.compile("English|en", re.IGNORECASE)).first.click()
    text = step.locator("textarea").filter(visible=True).first
    text.fill("Welcome. Just a moment.")
    page.get_by_role("tab", name="Try it").click()
    expect(panel.get_by_text(re.compile("Just a moment"))).to_be_visible()
    page.locator(".fe-saved.is-saved").wait_for()


def test_a_second_case_never_overwrites_the_first_and_an_edit_takes_the_way_off_the_canvas(page: Page) -> None:
    panel = _open(page, "Priority chat")
    # Somebody unknown is somebody whom no data source knows.
    expect(panel.locator(".tr-fetch > summary").first).to_contain_text("does not know the caller")
    panel.get_by_role("button", name="Start").click()
    panel.get_by_role("button", name="Save as test case").click()
    panel.get_by_role("textbox", name="Name of the test case").fill("Unknown")
    panel.get_by_role("button", name="Save", exact=True).click()
    panel.get_by_role("button", name="Save or change the test case").click()
    panel.get_by_role("textbox", name="Name of the test case").fill("Unknown, once more")
    panel.get_by_role("button", name="Save as another test case").click()
    expect(panel.get_by_text("Test case “Unknown, once more”")).to_be_visible()
    kept = page.request.get(page.url.replace("change/", "canvas/cases/")).json()["cases"]
    assert [one["name"] for one in kept if one["name"].startswith("Unknown")] == ["Unknown", "Unknown, once more"]

    before = page.locator("[data-step]").first.bounding_box()
    expect(page.locator(".fe-look.is-overlay")).to_be_visible()
    page.get_by_role("tab", name="Step").click()
    assert page.locator("[data-step]").first.bounding_box() == before
    page.locator("[data-step]").nth(1).click()
    page.get_by_role("tabpanel", name="Step").locator("#f-step-title").fill("Something else")
    expect(page.locator(".fe-look.is-overlay")).to_have_count(0)
    page.get_by_role("tab", name="Try it").click()
    expect(page.locator(".fe-look.is-overlay")).to_be_visible()
    page.locator(".fe-saved.is-saved").wait_for()


def test_a_real_customer_is_found_and_the_api_is_really_asked(page: Page) -> None:
    panel = _open(page)
    panel.get_by_role("radio", name="A real customer").click()
    panel.get_by_role("searchbox", name="Find a customer").fill("amara")
    panel.get_by_role("button", name=re.compile("Amara Okafor")).click()
    expect(panel.get_by_role("textbox", name="Number", exact=True)).to_have_value("+4915100000001")
    _answer(panel, "real")
    panel.get_by_role("button", name="Start").click()
    # A worker asked the demo's loyalty API.
    expect(panel.locator(".tr-why")).to_contain_text("loyalty status was “platinum”", timeout=15_000)
    _picture(page, "real")
    panel.get_by_role("button", name="Save as test case").click()
    panel.get_by_role("textbox", name="Name of the test case").fill("A valuable customer goes to VIP")
    panel.get_by_role("button", name="Save", exact=True).click()
    expect(panel.get_by_text("Test case “A valuable customer goes to VIP”")).to_be_visible()
    # Nobody's name or number is kept.
    kept = page.request.get(page.url.replace("change/", "canvas/cases/")).text()
    assert "platinum" in kept
    assert "Okafor" not in kept
    assert "+4915100000001" not in kept
    assert _contacts(page) == 0


def test_a_contact_of_the_past_is_tried_again_with_the_draft(page: Page, house: Run) -> None:
    Call(f"http://127.0.0.1:{house.port}", "+4915100000002").listen()
    _open(page)
    page.get_by_role("tab", name="Live").click()
    page.get_by_role("row", name=re.compile("Gold or platinum.* VIP team")).wait_for()
    page.locator(".fe-line", has=page.locator(".fe-line-label", has_text="1 · 100 %")).first.locator(
        ".react-flow__edge-interaction"
    ).dispatch_event("click")
    page.locator(".lv-contact").first.click()
    page.get_by_role("button", name="Try it again with the draft").click()
    panel = page.get_by_role("tabpanel", name="Try it")
    expect(panel.locator(".tr-why")).to_contain_text("loyalty status was “gold”")
    expect(panel.locator(".tr-why")).to_contain_text("the draft of “Priority line”")
    expect(page.locator("[data-step=to_vip] .fe-over-badge")).to_have_text("5")
    _picture(page, "past")


def _post(page: Page, address: str, body: dict[str, Any]) -> dict[str, Any]:
    """What the canvas would send, from the page that is open."""
    token = next(one["value"] for one in page.context.cookies() if one.get("name") == "csrftoken")
    answer = page.request.post(address, data=body, headers={"X-CSRFToken": token, "Referer": page.url})
    assert answer.ok, answer.text()
    found: dict[str, Any] = answer.json()
    return found


def test_publishing_shows_which_test_cases_differ(page: Page) -> None:
    _open(page)
    base = page.url.split("change/")[0] + "canvas/"
    document = page.request.get(base + "document/").json()
    draft = document["definition"]
    gold = {
        "at": "2026-11-23T10:00:00+00:00",
        "called": "+49309018200",
        "fetches": {"loyalty": {"values": {"loyalty_status": "gold"}}},
    }
    name = "Whoever is gold goes to VIP"
    _post(page, base + "cases/", {"definition": draft, "name": name, "scenario": gold})
    for step in draft["steps"]:
        if step["id"] == "worth":
            step["settings"]["rules"][0]["when"]["conditions"][0]["value"] = ["diamond"]
    _post(
        page,
        base + "draft/",
        {"revision": document["flow"]["revision"], "definition": draft, "session": "test"},
    )

    panel = _open(page)
    panel.get_by_role("button", name=re.compile("Test cases")).click()
    mine = panel.get_by_role("listitem").filter(has_text=name)
    expect(mine.locator(".tr-differences")).to_contain_text("Standard")
    _picture(page, "cases")
    mine.get_by_role("button", name="Show its way").click()
    expect(page.locator("[data-step=to_standard] .fe-over-badge")).to_have_text("5")

    page.locator(".fe-header").get_by_role("button", name="Publish").click()
    publish = page.get_by_role("tabpanel", name="Publish")
    # Before anybody pressed it again.
    expect(publish.get_by_role("alert")).to_contain_text(name)
    expect(publish.get_by_role("alert")).to_contain_text("Queue: expected VIP, got Standard.")
    expect(publish.get_by_role("button", name="Publish", exact=True)).to_have_count(0)
    _picture(page, "publish")
    publish.get_by_role("button", name="Publish all the same").click()
    said = page.locator(".fe-message").filter(
        has_text=re.compile(r"Version \d+ is live: new contacts on .*\+49309018200")
    )
    expect(said).to_be_visible(timeout=15_000)


@pytest.mark.parametrize(
    "options",
    [
        {"viewport": WIDE, "color_scheme": "light"},
        {"viewport": NARROW, "color_scheme": "dark"},
    ],
    ids=["desk and light", "phone and dark"],
)
def test_the_panel_has_no_serious_barrier_and_does_not_scroll_sideways(sign_in: SignIn, options: Any) -> None:
    page = sign_in(**options)
    name = options["color_scheme"]
    panel = _open(page)
    panel.get_by_role("radio", name="A made-up customer").click()
    panel.locator(".tr-fetch > summary").click()
    _picture(page, f"{name}-form")
    assert barriers(page) == []
    panel.get_by_role("button", name="Start").click()
    panel.locator(".tr-end").wait_for()
    panel.locator(".tr-step button").nth(3).click()
    panel.get_by_role("button", name="Save as test case").click()
    _picture(page, f"{name}-keep")
    assert barriers(page) == []
    panel.get_by_role("button", name=re.compile("Test cases")).click()
    # With cases of other tests in the list, or with none: both must be without barriers.
    page.wait_for_timeout(1000)
    _picture(page, f"{name}-cases")
    assert barriers(page) == []
    page.context.close()
