"""A draft's way to contacts and back: broken and mended, published, compared, rolled back, and drawn by two at a time."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from typing import Any

import pytest
from playwright.sync_api import Locator, Page, expect

from tests.embedded.test_supervisor import ROOT, Run
from tests.journeys.browsing import PASSWORD, SignIn, barriers

_PEOPLE = """
from django.contrib.auth.models import Group, User
for name, group in (("anna", "Managers"), ("rita", "Read-only")):
    user = User.objects.create_user(name, password={password!r}, is_staff=True)
    user.groups.add(Group.objects.get(name=group))
"""


@pytest.fixture(scope="module", autouse=True)
def people(house: Run) -> None:
    _manage(house, "shell", "-c", _PEOPLE.format(password=PASSWORD))


def _manage(run: Run, *arguments: str) -> None:
    """A command of the project beside the running one, as an operator gives it."""
    kept = {"PATH", "HOME", "LANG"}
    environment = {name: value for name, value in os.environ.items() if name in kept}
    command = [sys.executable, str(ROOT / "manage.py"), *arguments]
    subprocess.run(command, check=True, timeout=120, env={**environment, "DATA_DIR": str(run.data)}, cwd=ROOT)


CALL = {"id": "call", "type": "call", "title": "Call", "exits": {"started": "greet"}}
GREET = {
    "id": "greet",
    "type": "say",
    "title": "Greet",
    "settings": {"prompt": {"text": {"en": "Hello"}}},
    "exits": {"done": "team"},
}
TEAM = {
    "id": "team",
    "type": "queue",
    "title": "Team",
    "settings": {"queue": "vip"},
    "exits": {"unanswered": "bye"},
}
BYE = {"id": "bye", "type": "end", "title": "Good-bye"}


def _make(page: Page, *steps: dict[str, Any]) -> str:
    """A new flow of these steps, open on the canvas; its address."""
    name = f"Flow {time.time_ns()}"
    page.goto("/admin/routing/flow/add/?text=1")
    page.locator("#id_name").fill(name)
    page.locator("#id_key").fill(name.lower().replace(" ", "-"))
    page.locator("#id_text").fill(json.dumps({"format": 1, "steps": steps}))
    page.get_by_role("button", name="Save draft").click()
    page.wait_for_url("**/change/?text=1")
    address = page.url.removesuffix("?text=1")
    _open(page, address)
    return address


def _open(page: Page, address: str) -> None:
    page.goto(address)
    page.locator("[data-step]").first.wait_for()


def _document(page: Page) -> dict[str, Any]:
    """The flow as the server has it, once everything is saved."""
    expect(page.locator(".fe-saved.is-saved")).to_be_visible(timeout=15_000)
    address = page.url.split("?")[0].removesuffix("change/") + "canvas/document/"
    found: dict[str, Any] = page.request.get(address).json()
    return found


def _rename(page: Page, step: str, title: str) -> None:
    """By the form of the step, as everybody does it."""
    page.locator(f'[data-step="{step}"]').click()
    if page.get_by_role("tabpanel", name="Step").count() == 0:
        page.locator("#fe-tab-settings").click()
    page.get_by_role("tabpanel", name="Step").locator("#f-step-title").fill(title)
    expect(page.locator(f'[data-step="{step}"]')).to_contain_text(title)
    expect(page.locator(".fe-saved.is-saved")).to_be_visible(timeout=15_000)


def _change_by_address(page: Page) -> None:
    """Another name for a step, saved as a program would; the page is opened anew."""
    address = page.url.split("?")[0]
    base = address.removesuffix("change/") + "canvas/"
    found = page.request.get(base + "document/").json()
    found["definition"]["steps"][1]["title"] = "Say hello"
    token = next(one["value"] for one in page.context.cookies() if one.get("name") == "csrftoken")
    saved = page.request.post(
        base + "draft/",
        data={"revision": found["flow"]["revision"], "definition": found["definition"], "session": "test"},
        headers={"X-CSRFToken": token, "Referer": address},
    )
    assert saved.ok, saved.text()
    _open(page, address)


def _publish(page: Page, note: str) -> None:
    page.locator(".fe-header").get_by_role("button", name="Publish").click()
    panel = page.get_by_role("tabpanel", name="Publish")
    panel.get_by_label("What changed, and why?").fill(note)
    panel.get_by_role("button", name="Publish", exact=True).click()
    expect(page.get_by_role("tabpanel", name="Versions")).to_contain_text(note, timeout=15_000)


def test_faults_are_shown_where_they_are_and_mended_by_a_click(page: Page) -> None:
    team = {**TEAM, "settings": {"queue": "vipp"}}
    greet = {**GREET, "settings": {"prompt": {"text": {"en": "Hello {{ customer.nmae }}"}}}}
    _make(page, CALL, greet, team, BYE, {"id": "lost", "type": "say", "title": "Lost", "settings": greet["settings"]})
    expect(page.locator('[data-step="team"] .fe-badge.is-error')).to_be_visible()
    page.get_by_role("button", name="1 error").click()
    panel = page.get_by_role("tabpanel", name="Faults")
    expect(panel.get_by_role("status")).to_contain_text("1 error and 3 warnings")

    # Publishing is kept back, and says by what.
    page.locator(".fe-header").get_by_role("button", name="Publish").click()
    publish = page.get_by_role("tabpanel", name="Publish")
    expect(publish).to_contain_text("There is no queue “vipp”")
    expect(publish.get_by_role("button", name="Publish", exact=True)).to_be_disabled()

    page.locator("#fe-tab-faults").click()
    panel.get_by_role("button", name="Use the queue “VIP”").click()
    panel.get_by_role("button", name="Use customer.name").first.click()
    card = panel.get_by_role("listitem").filter(has_text="Nothing leads to this step")
    card.get_by_role("button", name="Remove this step").click()
    expect(panel.get_by_role("status")).to_contain_text("this draft can be published", timeout=10_000)
    found = _document(page)["definition"]["steps"]
    assert [step["id"] for step in found] == ["call", "greet", "team", "bye"]
    assert found[1]["settings"]["prompt"]["text"]["en"] == "Hello {{ customer.name }}"
    assert found[2]["settings"]["queue"] == "vip"

    # Each of them was one act.
    page.get_by_role("button", name="Undo: Remove this step").click()
    expect(page.locator('[data-step="lost"]')).to_be_visible()


def test_versions_are_published_compared_and_rolled_back_and_that_is_undone(page: Page) -> None:
    _make(page, CALL, GREET, TEAM, BYE)
    _publish(page, "The first one")
    _rename(page, "greet", "Say hello")
    _publish(page, "Warmer words")
    versions = page.get_by_role("tabpanel", name="Versions")
    second, first = versions.get_by_role("listitem").all()
    expect(second).to_contain_text("live")
    expect(second).to_contain_text("by admin")

    # Any two side by side: on the canvas and in words.
    first.get_by_role("button", name="Compare").click()
    compare = page.get_by_role("tabpanel", name="Compare")
    expect(compare.locator("del")).to_have_text("before: Greet")
    expect(compare.locator("ins")).to_have_text("now: Say hello")
    expect(page.locator('[data-step="greet"].tone-changed')).to_be_visible()
    compare.get_by_label("From").select_option(label="Draft")
    expect(compare).to_contain_text("Both say the same.")
    compare.get_by_role("button", name="All versions").click()
    expect(page.locator(".fe-look")).to_have_count(0)

    # Going back asks first; one click undoes all of it.
    dialog = _go_back(page, 1)
    expect(dialog).to_contain_text("1 changed step.")
    expect(dialog).to_contain_text("No number starts this flow, so nobody notices it yet.")
    expect(dialog).to_contain_text("This flow has no test cases.")
    expect(dialog).to_contain_text("It has nothing that is not live")
    dialog.get_by_role("button", name="Cancel").click()
    assert _document(page)["flow"]["live"]["number"] == 2
    _go_back(page, 1).get_by_role("button", name="Go back to version 1").click()
    expect(page.locator(".fe-message").filter(has_text="live as version 3")).to_be_visible(timeout=10_000)
    expect(page.locator('[data-step="greet"]')).to_contain_text("Greet")
    found = _document(page)
    assert (found["flow"]["live"]["number"], found["flow"]["differs_from_live"]) == (3, False)
    versions.get_by_role("button", name="Undo: version 2 again").click()
    expect(page.locator(".fe-message").filter(has_text="is live again, as version 4")).to_be_visible(timeout=10_000)
    expect(page.locator('[data-step="greet"]')).to_contain_text("Say hello")
    assert _document(page)["flow"]["live"]["number"] == 4
    expect(page.locator(".fe-state")).to_have_text("version 4, live")
    # What was said goes by itself.
    expect(page.locator(".fe-message")).to_have_count(0, timeout=12_000)

    # An old version can be looked at, and nothing of it changed.
    versions.get_by_role("listitem").last.get_by_role("button", name="Look").click()
    expect(page.locator(".fe-look")).to_contain_text("Version 1")
    expect(page.locator('[data-step="greet"]')).to_contain_text("Greet")
    page.get_by_role("button", name="Back to the draft").click()
    expect(page.locator('[data-step="greet"]')).to_contain_text("Say hello")


def _go_back(page: Page, number: int) -> Locator:
    """The question whether to go back to the version of this number, answered with nothing yet."""
    panel = page.get_by_role("tabpanel", name="Versions")
    panel.get_by_role("listitem", name=f"Version {number}", exact=True).get_by_role("button", name="Go back").click()
    dialog = page.get_by_role("dialog", name=f"Go back to version {number}?")
    expect(dialog.get_by_text("Trying the test cases")).to_have_count(0, timeout=10_000)
    expect(dialog.get_by_text("Comparing")).to_have_count(0, timeout=10_000)
    return dialog


def test_going_back_keeps_a_draft_with_changes_and_the_other_window_is_told(page: Page, sign_in: SignIn) -> None:
    address = _make(page, CALL, GREET, TEAM, BYE)
    _publish(page, "The first one")
    _rename(page, "greet", "Say hello")
    _publish(page, "Warmer words")
    _rename(page, "greet", "Half done")
    anna = sign_in("anna")
    _open(anna, address)
    expect(page.get_by_role("group", name="Also here: anna")).to_be_visible(timeout=12_000)
    expect(anna.locator(".fe-state")).to_have_text("version 2 is live, changed since")

    page.locator("#fe-tab-versions").click()
    dialog = _go_back(page, 1)
    expect(dialog.get_by_role("radio", name="stays as it is")).to_be_checked()
    dialog.get_by_role("button", name="Go back to version 1").click()
    notice = anna.locator(".fe-message").filter(has_text="admin went back to version 1. It is live now, as version 3.")
    expect(notice).to_be_visible(timeout=6_000)
    expect(anna.locator(".fe-state")).to_have_text("version 3 is live, changed since")
    expect(anna.locator('[data-step="greet"]')).to_contain_text("Half done")

    # The draft is replaced, too, and brought back by the same undo, for both.
    page.get_by_role("button", name="Undo: version 2 again").click()
    expect(page.locator(".fe-state")).to_have_text("version 4 is live, changed since")
    dialog = _go_back(page, 1)
    dialog.get_by_role("radio", name="becomes version 1").check()
    dialog.get_by_role("button", name="Go back to version 1").click()
    expect(anna.locator('[data-step="greet"]')).to_contain_text("Greet", timeout=10_000)
    expect(anna.locator(".fe-state")).to_have_text("version 5, live")
    page.get_by_role("button", name="Undo: version 4 again").click()
    expect(page.locator('[data-step="greet"]')).to_contain_text("Half done")
    expect(anna.locator('[data-step="greet"]')).to_contain_text("Half done", timeout=10_000)
    expect(anna.locator(".fe-state")).to_have_text("version 6 is live, changed since", timeout=10_000)


def test_a_flow_is_renamed_and_gets_its_number_without_leaving_the_canvas(page: Page) -> None:
    _make(page, CALL, GREET, TEAM, BYE)
    page.locator(".fe-header").get_by_role("button", name="change name and description").click()
    dialog = page.get_by_role("dialog", name="Name and description")
    dialog.get_by_label("Name").fill("Priority line")
    dialog.get_by_role("button", name="Save").click()
    expect(dialog.get_by_role("alert")).to_contain_text("Another flow is called “Priority line” already.")
    name = f"Night line {time.time_ns()}"
    dialog.get_by_label("Name").fill(name)
    dialog.get_by_role("button", name="Save").click()
    expect(page.get_by_role("heading", name=name)).to_be_visible()

    page.locator(".fe-header").get_by_role("button", name="Publish").click()
    panel = page.get_by_role("tabpanel", name="Publish")
    expect(panel).to_contain_text("Nobody yet: no number starts this flow.")
    panel.get_by_role("button", name="Publish", exact=True).click()
    expect(panel.get_by_role("alert")).to_contain_text("There is no note")
    panel.get_by_role("button", name="Publish all the same").click()
    expect(page.locator(".fe-message")).to_contain_text("no number starts this flow yet: nobody reaches it")
    versions = page.get_by_role("tabpanel", name="Versions")
    versions.get_by_role("button", name="Choose a number").click()
    choice = versions.get_by_label("Number or address")
    ours = choice.locator("option", has_text="+49309018200").first
    ours.wait_for(state="attached")  # the numbers are fetched when they are asked for
    choice.select_option(label=ours.inner_text())
    expect(versions).to_contain_text("It leaves “Priority line” at once.")
    versions.get_by_role("button", name="Use it for this flow").click()
    expect(versions.get_by_role("link", name="+49309018200")).to_be_visible()
    assert _document(page)["flow"]["numbers"][0]["address"] == "+49309018200"
    # It was a slip: the number is given back.
    page.locator(".fe-message").filter(has_text="starts this flow").get_by_role("button", name="Undo").click()
    expect(versions).to_contain_text("No number starts this flow yet")


def test_what_was_removed_is_a_ghost_beside_what_is_new(page: Page) -> None:
    address = _make(page, CALL, GREET, TEAM, BYE)
    _publish(page, "With a greeting")
    page.goto(f"{address}?text=1")
    call = {**CALL, "exits": {"started": "team"}}
    more = {"id": "more", "type": "end", "title": "Later", "settings": {"prompt": {"text": {"en": "Later."}}}}
    team = {**TEAM, "exits": {"unanswered": "more"}}
    page.locator("#id_text").fill(json.dumps({"format": 1, "steps": [call, team, BYE, more]}))
    page.get_by_role("button", name="Save draft").click()
    page.wait_for_url("**/change/?text=1")
    _open(page, address)
    page.locator("#fe-tab-versions").click()
    page.get_by_role("button", name="Compare the draft with what is live").click()
    expect(page.locator('[data-step="greet"].tone-removed')).to_be_visible()
    expect(page.locator('[data-step="more"].tone-added')).to_be_visible()
    compare = page.get_by_role("tabpanel", name="Compare")
    expect(compare.get_by_role("status")).to_have_text("1 new step, 2 changed steps, 1 removed step")
    changed = compare.get_by_role("listitem").filter(has_text="“Nobody answered” leads to")
    expect(changed.locator("del")).to_contain_text("Good-bye")
    expect(changed.locator("ins")).to_contain_text("Later")
    page.get_by_role("button", name="Back to the draft").click()
    expect(page.locator('[data-step="greet"]')).to_have_count(0)


def test_two_people_on_one_draft_see_each_other_and_what_the_other_saved(page: Page, sign_in: SignIn) -> None:
    address = _make(page, CALL, GREET, TEAM, BYE)
    anna = sign_in("anna")
    _open(anna, address)
    anna.locator('[data-step="team"]').click()
    expect(page.get_by_role("group", name="Also here: anna")).to_be_visible(timeout=12_000)
    expect(page.locator('[data-step="team"] .fe-here')).to_be_visible(timeout=12_000)
    expect(anna.get_by_role("group", name="Also here: admin")).to_be_visible(timeout=12_000)

    _rename(anna, "team", "Best team")
    expect(page.locator('[data-step="team"]')).to_contain_text("Best team", timeout=12_000)
    expect(page.locator(".fe-message")).to_contain_text("anna changed")

    anna.context.close()
    expect(page.get_by_role("group", name="Also here: anna")).to_have_count(0, timeout=45_000)


def test_whoever_may_only_read_sees_everything_and_changes_nothing(page: Page, sign_in: SignIn) -> None:
    address = _make(page, CALL, {**GREET, "exits": {}}, TEAM, BYE)
    rita = sign_in("rita")
    _open(rita, address)
    expect(rita.get_by_text("You may look at this flow, but not change it.")).to_be_visible()
    expect(rita.get_by_role("button", name="Publish")).to_have_count(0)
    rita.locator("#fe-tab-faults").click()
    panel = rita.get_by_role("tabpanel", name="Faults")
    expect(panel.get_by_role("listitem").first).to_be_visible()
    expect(panel.get_by_role("button", name="Remove this step")).to_have_count(0)
    # A line of text as well as the address itself refuse.
    token = next(one["value"] for one in rita.context.cookies() if one.get("name") == "csrftoken")
    answer = rita.request.post(
        address.removesuffix("change/") + "canvas/draft/",
        data={"revision": 1, "definition": {"steps": []}},
        headers={"X-CSRFToken": token, "Referer": address},
    )
    assert answer.status == 403
    assert "not allowed" in answer.json()["error"]


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [1280, 390])
def test_the_panels_of_drafts_have_no_serious_barrier(sign_in: SignIn, scheme: Any, width: int) -> None:
    page = sign_in(color_scheme=scheme, viewport={"width": width, "height": 844})
    address = _make(page, CALL, GREET, TEAM, BYE)
    page.request.get(address)
    _publish(page, "For the first time")
    _check(page, "versions")
    _change_by_address(page)
    _publish(page, "Once more")
    _go_back(page, 1)
    _check(page, "going back")
    page.keyboard.press("Escape")
    page.goto(f"{address}?text=1")
    broken = {**TEAM, "settings": {"queue": "gone"}}
    page.locator("#id_text").fill(json.dumps({"format": 1, "steps": [CALL, broken, BYE]}))
    page.get_by_role("button", name="Save draft").click()
    page.wait_for_url("**/change/?text=1")
    _open(page, address)
    page.locator("#fe-tab-faults").click()
    expect(page.get_by_role("tabpanel").get_by_role("listitem").first).to_be_visible()
    _check(page, "faults")
    page.locator("#fe-tab-versions").click()
    page.get_by_role("button", name="Compare the draft with what is live").click()
    expect(page.get_by_role("tabpanel", name="Compare").get_by_role("listitem").first).to_be_visible()
    _check(page, "compare")
    # Nothing is wider than the screen.
    assert page.evaluate("document.documentElement.scrollWidth") <= width


def _check(page: Page, what: str) -> None:
    assert barriers(page) == [], what
