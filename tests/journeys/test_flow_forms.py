"""A manager fills in the settings of steps beside the canvas: by mouse, by keyboard, by hand and by mistake."""

from __future__ import annotations

import json
import re
from typing import Any

import pytest
from playwright.sync_api import Locator, Page, expect

from tests.journeys.browsing import SignIn, barriers

TYPES = (
    *("call", "message", "say", "gather", "fetch", "set_variables", "branch", "hours", "split", "queue", "transfer"),
    *("voicemail", "subflow", "end"),
)


@pytest.fixture
def page(sign_in: SignIn) -> Page:
    return sign_in(viewport={"width": 1280, "height": 900}, reduced_motion="reduce")


def document(page: Page) -> dict[str, Any]:
    """What the server has of the flow that is open."""
    answer = page.request.get(page.url.partition("/change/")[0] + "/canvas/document/")
    assert answer.ok
    return dict(answer.json())


def draw(page: Page, *steps: dict[str, Any]) -> None:
    """The draft of the demo's flow becomes these steps behind a call, and is opened anew."""
    page.goto("/admin/routing/flow/")
    page.get_by_role("link", name="Priority line").first.click()
    page.locator("#flow-editor .fe-header").wait_for()
    before = document(page)
    first = (
        {"id": "call", "type": "call", "exits": {"started": steps[0]["id"]}}
        if steps
        else {"id": "call", "type": "call"}
    )
    answer = page.request.post(
        before["urls"]["draft"],
        data={
            "revision": before["flow"]["revision"],
            "definition": {"format": 1, "steps": [first, *steps]},
            "session": "test",
        },
        headers={"X-CSRFToken": next(one["value"] for one in page.context.cookies() if one["name"] == "csrftoken")},
    )
    assert answer.ok, answer.text()
    page.reload()
    page.locator(".react-flow__node").first.wait_for()


def open_step(page: Page, step: str) -> Locator:
    """The settings of a step, opened as its card is clicked."""
    page.locator(f".react-flow__node[data-id='{step}']").dispatch_event("click")
    tab = page.get_by_role("tab", name="Step", exact=True)
    if tab.get_attribute("aria-selected") != "true":
        tab.click()
    form = page.locator(".f-form")
    form.wait_for()
    return form


def stored(page: Page, step: str, **expected: Any) -> dict[str, Any]:
    """The step as the server has it, once it has what is expected of its settings."""
    found: dict[str, Any] = {}
    for _ in range(60):
        found = next(one for one in document(page)["definition"]["steps"] if one["id"] == step)
        if all(found.get("settings", {}).get(name) == value for name, value in expected.items()):
            return found
        page.wait_for_timeout(250)
    raise AssertionError(f"Expected {json.dumps(expected)}, stored is {json.dumps(found)}")


def fetch(**exits: str) -> dict[str, Any]:
    return {"id": "ask", "type": "fetch", "settings": {"source": "loyalty", "save_as": "loyalty"}, "exits": exits}


def test_a_branch_is_built_by_keyboard_from_a_variable_that_the_fetch_brings(page: Page) -> None:
    rules = [{"name": "case", "when": {"match": "all", "conditions": []}}]
    draw(
        page,
        fetch(found="worth"),
        {"id": "worth", "type": "branch", "settings": {"rules": rules}, "exits": {"case": "vip"}},
        {"id": "vip", "type": "queue", "settings": {"queue": "vip"}},
    )
    form = open_step(page, "worth")
    form.get_by_label("Name of the exit").focus()
    page.keyboard.press("Control+a")
    page.keyboard.type("Gold or platinum")
    form.get_by_role("button", name="+ Condition").press("Enter")
    expect(form.get_by_role("button", name=re.compile("^Variable")).first).to_be_focused()
    page.keyboard.press("Enter")
    page.keyboard.type("loyalty status")
    expect(page.get_by_role("listbox").get_by_role("option").first).to_contain_text("such as gold")
    page.keyboard.press("Enter")
    form.get_by_label("How it is compared").select_option("is one of")
    form.get_by_label(re.compile("^Value for")).press_sequentially("gold\nplatinum\n")
    expect(form.get_by_text("If loyalty status is one of gold or platinum")).to_be_visible()
    condition = {"variable": "loyalty.loyalty_status", "operator": "is_one_of", "value": ["gold", "platinum"]}
    step = stored(
        page,
        "worth",
        rules=[
            {
                "name": "gold_or_platinum",
                "label": "Gold or platinum",
                "when": {"match": "all", "conditions": [condition]},
            }
        ],
    )
    # The line kept to the case while its name changed, letter by letter.
    assert step["exits"] == {"gold_or_platinum": "vip"}


def test_a_queue_is_chosen_by_name_and_a_deleted_one_is_marked(page: Page) -> None:
    draw(page, {"id": "team", "type": "queue", "settings": {"queue": "gone"}})
    form = open_step(page, "team")
    expect(form.get_by_text("no longer there")).to_be_visible()
    expect(form.get_by_text(re.compile("There is no queue “gone”"))).to_be_visible()
    form.get_by_role("button", name="Queue: gone").click()
    page.get_by_role("option", name="VIP").click()
    expect(form.get_by_role("link", name="Open VIP in the admin")).to_have_attribute(
        "href", re.compile("/admin/queues/queue/")
    )
    stored(page, "team", queue="vip")
    expect(form.get_by_text(re.compile("There is no queue"))).to_have_count(0)


def test_what_is_no_number_stays_and_says_why_and_is_one_undo(page: Page) -> None:
    draw(page, {"id": "anna", "type": "transfer", "settings": {"to": "+4930901820", "ring_s": 45}})
    form = open_step(page, "anna")
    form.get_by_text("More settings").click()
    ring = form.get_by_label("Ring for, minutes").or_(form.get_by_label("Ring for", exact=True)).first
    expect(ring).to_be_visible()
    target = form.get_by_role("textbox", name="Number or SIP address")
    target.fill("")
    target.press_sequentially("call anna")
    expect(form.get_by_text(re.compile("Neither a number with its country"))).to_be_visible()
    expect(target).to_have_value("call anna")
    stored(page, "anna", to="call anna")
    page.get_by_role("button", name=re.compile("^Undo")).click()
    expect(target).to_have_value("+4930901820")


def test_a_fault_in_the_list_leads_to_its_field(page: Page) -> None:
    draw(page, {"id": "hello", "type": "say", "settings": {"prompt": {"text": {"de": "Hallo", "en": "{{ oops"}}}})
    page.get_by_role("tab", name="Faults").click()
    page.get_by_role("button", name="Open its settings").first.click()
    expect(page.get_by_role("tab", name=re.compile("^English"))).to_have_attribute("aria-selected", "true")
    expect(page.get_by_label(re.compile("in English$")).first).to_have_value("{{ oops")


def test_a_text_is_heard_with_made_up_values_or_read_where_there_is_no_voice(page: Page) -> None:
    draw(
        page,
        fetch(found="hello"),
        {
            "id": "hello",
            "type": "say",
            "settings": {"prompt": {"text": {"en": "Your status: {{ loyalty.loyalty_status }}"}}},
        },
    )
    form = open_step(page, "hello")
    form.get_by_role("button", name="Listen: English").click()
    # Headless browsers have no voice: the text is shown instead, and why.
    expect(form.get_by_text("Your status: gold")).to_be_visible()


def test_the_forms_of_all_steps_are_clean_for_axe_in_light_and_dark(page: Page) -> None:
    palette: list[dict[str, Any]] = []
    draw(page)
    palette = document(page)["palette"]
    samples = {item["type"]: item["sample"] for item in palette}
    assert set(samples) >= set(TYPES)
    draw(page, *({"id": f"it_{type_}", "type": type_, "settings": samples[type_]} for type_ in TYPES))
    for scheme in ("light", "dark"):
        page.evaluate("scheme => localStorage.setItem('adminTheme', JSON.stringify(scheme))", scheme)
        page.reload()
        page.locator(".react-flow__node").first.wait_for()
        for type_ in TYPES:
            form = open_step(page, f"it_{type_}")
            form.locator("details").evaluate_all("all => all.forEach(one => { one.open = true })")
            page.wait_for_timeout(100)
            assert barriers(page, ".fe-panel") == [], (scheme, type_)
    open_step(page, "it_branch").get_by_role("button", name=re.compile("^Variable")).first.click()
    page.get_by_role("listbox").wait_for()
    assert barriers(page, ".f-popover") == []
