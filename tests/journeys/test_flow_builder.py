"""Flows drawn on the canvas as managers do it: with the mouse, with the keyboard alone, two at a time, and without a network."""

from __future__ import annotations

import json
import re
import time
from collections.abc import Callable
from typing import Any

import pytest
from playwright.sync_api import Locator, Page, expect

from tests.journeys.browsing import SignIn, barriers

Draw = Callable[..., str]


@pytest.fixture
def draw(page: Page) -> Draw:
    """Makes a flow of these steps and opens it on the canvas; returns its address."""

    def make(*steps: dict[str, Any], **more: Any) -> str:
        name = f"Flow {time.time_ns()}"
        page.goto("/admin/routing/flow/add/?text=1")
        page.locator("#id_name").fill(name)
        page.locator("#id_key").fill(name.lower().replace(" ", "-"))
        page.locator("#id_text").fill(json.dumps({"format": 1, "steps": steps, **more}))
        page.get_by_role("button", name="Save draft").click()
        page.wait_for_url("**/change/?text=1")
        address = page.url.removesuffix("?text=1")
        page.goto(address)
        page.locator(".react-flow__viewport").wait_for()
        return address

    return make


CALL = {"id": "call", "type": "call", "title": "Call", "exits": {"started": "greet"}}
GREET = {
    "id": "greet",
    "type": "say",
    "title": "Greet",
    "settings": {"prompt": {"text": {"en": "Hello"}}},
    "exits": {"done": "team"},
}
TEAM = {"id": "team", "type": "queue", "title": "Team", "settings": {"queue": "vip"}, "exits": {}}


def _step(page: Page, step: str) -> Locator:
    return page.locator(f'[data-step="{step}"]')


def _lines(page: Page) -> set[str]:
    found = page.locator("[data-line]").evaluate_all("lines => lines.map(line => line.dataset.line)")
    return set(found)


def _handle(page: Page, step: str, exit_name: str) -> tuple[float, float]:
    return _centre(_step(page, step).locator(f'[data-handleid="{exit_name}"]'))


def _centre(place: Locator) -> tuple[float, float]:
    box = place.bounding_box()
    assert box is not None
    return box["x"] + box["width"] / 2, box["y"] + box["height"] / 2


def _on_line(page: Page, line: str) -> tuple[float, float]:
    """A point of a line away from its plus."""
    x, y = page.locator(f'[data-line="{line}"] .react-flow__edge-path').evaluate(
        """path => {
            const point = path.getPointAtLength(path.getTotalLength() * 0.25).matrixTransform(path.getScreenCTM());
            return [point.x, point.y];
        }"""
    )
    return float(x), float(y)


def _drag(page: Page, start: tuple[float, float], end: tuple[float, float]) -> None:
    page.mouse.move(*start)
    page.mouse.down()
    page.mouse.move((start[0] + end[0]) / 2, (start[1] + end[1]) / 2, steps=6)
    page.mouse.move(*end, steps=6)
    page.mouse.up()


def _saved(page: Page) -> dict[str, Any]:
    """The draft as the server has it, once everything is saved."""
    expect(page.locator(".fe-saved.is-saved")).to_be_visible(timeout=15_000)
    address = page.url.split("?")[0].removesuffix("change/") + "canvas/document/"
    definition: dict[str, Any] = page.request.get(address).json()["definition"]
    return definition


def _exits(definition: dict[str, Any], step: str) -> dict[str, str]:
    return next(one.get("exits", {}) for one in definition["steps"] if one["id"] == step)


def test_a_manager_draws_the_priority_flow_from_empty_with_the_mouse(page: Page) -> None:
    page.goto("/admin/routing/flow/")
    page.goto("/admin/routing/flow/add/")
    page.locator("#id_name").press_sequentially("My priority line")
    assert page.locator("#id_key").input_value() == "my-priority-line"
    page.get_by_role("button", name="Create and draw it").click()
    page.get_by_role("heading", name="How do contacts come in?").wait_for()
    page.get_by_role("button", name="Add “Incoming call”").click()
    expect(_step(page, "incoming_call")).to_be_visible()

    # From the palette onto the canvas, then a line by hand.
    canvas = page.locator(".fe-canvas")
    page.locator(".fe-palette-item", has_text="Fetch variables").drag_to(canvas, target_position={"x": 560, "y": 400})
    expect(_step(page, "fetch_variables")).to_be_visible()
    # Its settings open beside it, and the canvas makes room for them.
    expect(page.get_by_role("button", name="Data source: Loyalty API")).to_be_visible()
    page.wait_for_timeout(500)
    _drag(page, _handle(page, "incoming_call", "started"), _centre(_step(page, "fetch_variables")))
    expect(page.locator('[data-line="incoming_call:started"]')).to_be_attached()

    # A step on the line, by its plus.
    page.locator('[data-line="incoming_call:started"] .fe-plus').click()
    page.get_by_role("combobox", name="Step").fill("say")
    page.keyboard.press("Enter")
    expect(_step(page, "say_or_play")).to_be_visible()
    assert _lines(page) == {"incoming_call:started", "say_or_play:done"}

    # A line that ends on an empty place asks what comes there.
    page.keyboard.press("f")
    page.wait_for_timeout(400)
    x, y = _handle(page, "fetch_variables", "found")
    _drag(page, (x, y), (x - 20, y + 80))
    page.get_by_role("combobox", name="Step").fill("branch")
    page.keyboard.press("Enter")
    expect(_step(page, "branch")).to_be_visible()
    assert "fetch_variables:found" in _lines(page)

    # Away with a line, and back again.
    page.wait_for_timeout(500)
    page.mouse.click(*_on_line(page, "fetch_variables:found"))
    page.keyboard.press("Delete")
    expect(page.locator('[data-line="fetch_variables:found"]')).to_have_count(0)
    page.get_by_role("button", name=re.compile("^Undo")).click()
    expect(page.locator('[data-line="fetch_variables:found"]')).to_be_attached()
    assert _exits(_saved(page), "fetch_variables") == {"found": "branch"}


def test_a_flow_is_drawn_with_the_keyboard_alone(page: Page, draw: Draw) -> None:
    draw()
    page.get_by_role("button", name="Add “Incoming call”").focus()
    page.keyboard.press("Enter")
    expect(_step(page, "incoming_call")).to_be_focused()

    # A step from the palette goes behind the chosen one.
    page.keyboard.press("a")
    page.keyboard.type("say")
    page.keyboard.press("Enter")
    expect(_step(page, "say_or_play")).to_be_focused()
    assert _lines(page) == {"incoming_call:started"}

    # Connect: the exit, then a new step, found by its name.
    page.keyboard.press("c")
    page.keyboard.type("transfer to queue")
    page.keyboard.press("Enter")
    expect(_step(page, "transfer_to_queue")).to_be_focused()
    page.keyboard.press("c")
    page.keyboard.type("nobody")
    page.keyboard.press("Enter")
    page.keyboard.type("say or play")
    page.keyboard.press("Enter")
    expect(page.locator('[data-line="transfer_to_queue:unanswered"]')).to_be_attached()

    # Along the lines, and settings with Enter; Escape comes back.
    expect(_step(page, "transfer_to_queue")).to_be_focused()
    page.keyboard.press("Home")
    expect(_step(page, "incoming_call")).to_be_focused()
    page.keyboard.press("ArrowDown")
    expect(_step(page, "say_or_play")).to_be_focused()
    page.keyboard.press("Enter")
    expect(page.locator("#fe-panel")).to_be_visible()
    page.keyboard.press("Escape")
    expect(_step(page, "say_or_play")).to_be_focused()

    # Duplicate, delete, undo, redo.
    page.keyboard.press("Control+d")
    expect(_step(page, "say_or_play_2")).to_be_focused()
    page.keyboard.press("Delete")
    expect(_step(page, "say_or_play_2")).to_have_count(0)
    page.keyboard.press("Control+z")
    expect(_step(page, "say_or_play_2")).to_be_visible()
    page.keyboard.press("Control+z")
    expect(_step(page, "say_or_play_2")).to_have_count(0)
    page.keyboard.press("Control+Shift+z")
    expect(_step(page, "say_or_play_2")).to_be_visible()

    # A note, the help, the search.
    page.keyboard.press("n")
    expect(page.get_by_role("textbox", name="Note")).to_be_focused()
    page.keyboard.type("Ask Anna about Sundays")
    page.keyboard.press("Escape")
    expect(page.get_by_text("Ask Anna about Sundays")).to_be_visible()
    page.locator(".fe-canvas").focus()
    page.keyboard.press("?")
    expect(page.get_by_role("heading", name="Keys and mouse")).to_be_visible()
    page.keyboard.press("Escape")
    page.keyboard.press("Control+f")
    page.keyboard.type("queue")
    page.keyboard.press("Enter")
    expect(_step(page, "transfer_to_queue")).to_be_focused()

    definition = _saved(page)
    assert _exits(definition, "transfer_to_queue") == {"unanswered": "say_or_play"}
    assert [note["text"] for note in definition["notes"]] == ["Ask Anna about Sundays"]


def test_steps_are_copied_into_another_flow_in_another_tab(page: Page, draw: Draw) -> None:
    draw(CALL, GREET, TEAM)
    _step(page, "greet").click()
    _step(page, "team").click(modifiers=["Shift"])
    page.keyboard.press("Control+c")
    draw(CALL | {"exits": {}}, GREET | {"exits": {}})
    _step(page, "greet").click()
    page.keyboard.press("Control+v")
    expect(_step(page, "greet_2")).to_be_visible()
    definition = _saved(page)
    assert [step["id"] for step in definition["steps"]] == ["call", "greet", "greet_2", "team"]
    assert _exits(definition, "greet_2") == {"done": "team"}


def test_a_step_is_dropped_on_a_line_and_lines_are_led_elsewhere(page: Page, draw: Draw) -> None:
    draw(CALL, GREET, TEAM)
    page.wait_for_timeout(300)
    target = _centre(page.locator('[data-line="greet:done"] .fe-plus'))
    canvas = page.locator(".fe-canvas")
    box = canvas.bounding_box()
    assert box is not None
    at = {"x": target[0] - box["x"], "y": target[1] - box["y"]}
    page.locator(".fe-palette-item", has_text="Set variables").drag_to(canvas, target_position=at)  # type: ignore[arg-type]
    expect(page.locator('[data-line="set_variables:done"]')).to_be_attached()
    definition = _saved(page)
    assert _exits(definition, "greet") == {"done": "set_variables"}
    assert _exits(definition, "set_variables") == {"done": "team"}

    # The end of the first line is taken and put on the last step.
    page.keyboard.press("f")
    page.wait_for_timeout(500)
    x, y = _centre(_step(page, "greet").locator(".react-flow__handle-top"))
    _drag(page, (x, y - 6), _centre(_step(page, "team")))
    assert _exits(_saved(page), "call") == {"started": "team"}


def test_a_box_chooses_many_steps_which_move_as_one_act(page: Page, draw: Draw) -> None:
    draw(CALL, GREET, TEAM)
    page.wait_for_timeout(300)
    first, last = _step(page, "call").bounding_box(), _step(page, "greet").bounding_box()
    assert first is not None
    assert last is not None
    page.keyboard.down("Shift")
    _drag(page, (first["x"] - 40, first["y"] - 15), (last["x"] + last["width"] + 30, last["y"] + last["height"] - 5))
    page.keyboard.up("Shift")
    expect(page.locator(".fe-step.is-selected")).to_have_count(2)
    before = _saved(page).get("layout", {})
    x, y = first["x"] + 100, first["y"] + 15
    _drag(page, (x, y), (x + 160, y + 80))
    layout = _saved(page)["layout"]
    assert layout["greet"][0] - layout["call"][0] == pytest.approx(0, abs=8)
    assert layout["team"][0] < layout["greet"][0]
    page.locator(".fe-canvas").focus()
    page.keyboard.press("Control+z")
    expect(page.get_by_role("button", name="Nothing to undo")).to_be_disabled()
    assert _saved(page).get("layout", {}).get("team") in (before.get("team"), layout["team"])


def test_what_two_people_change_in_different_steps_is_put_together(page: Page, draw: Draw) -> None:
    address = draw(CALL, GREET, TEAM)
    other = page.context.new_page()
    other.goto(address)
    for tab, step, title in ((other, "team", "Theirs"), (page, "greet", "Mine")):
        tab.bring_to_front()
        _step(tab, step).click()
        tab.keyboard.press("Enter")
        tab.get_by_label("Name of the step").fill(title)
        expect(tab.locator(".fe-saved.is-saved")).to_be_visible(timeout=15_000)
    assert [step["title"] for step in _saved(page)["steps"]] == ["Call", "Mine", "Theirs"]
    expect(_step(page, "team")).to_contain_text("Theirs")


def test_a_step_that_two_people_changed_is_asked_about(page: Page, draw: Draw) -> None:
    address = draw(CALL, GREET, TEAM)
    # The second tab does not hear of the first one's change before it saves its own.
    page.route("**/canvas/presence/", lambda route: route.abort())
    other = page.context.new_page()
    other.goto(address)
    page.route("**/canvas/draft/", lambda route: route.abort())
    _step(page, "greet").click()
    page.keyboard.press("Enter")
    page.get_by_label("Name of the step").fill("Mine")
    _step(other, "greet").click()
    other.keyboard.press("Enter")
    other.get_by_label("Name of the step").fill("Theirs")
    expect(other.locator(".fe-saved.is-saved")).to_be_visible(timeout=15_000)
    page.unroute("**/canvas/draft/")
    page.get_by_role("heading", name="admin changed the same steps as you").wait_for(timeout=20_000)
    assert (
        next(
            step
            for step in page.request.get(address.removesuffix("change/") + "canvas/document/").json()["definition"][
                "steps"
            ]
            if step["id"] == "greet"
        )["title"]
        == "Theirs"
    )
    keep = page.get_by_role("button", name="Keep what I chose")
    expect(keep).to_be_disabled()
    page.get_by_role("radio", name=re.compile("^Mine")).check()
    keep.click()
    assert next(step for step in _saved(page)["steps"] if step["id"] == "greet")["title"] == "Mine"


def test_nothing_is_lost_while_the_network_is_away(page: Page, draw: Draw) -> None:
    address = draw(CALL, GREET, TEAM)
    tab = page.context.new_page()
    tab.goto(address)
    page.goto("/admin/")
    page.context.set_offline(True)
    _step(tab, "greet").click()
    tab.keyboard.press("Delete")
    tab.get_by_text(re.compile("Offline since")).wait_for()
    tab.wait_for_function("Object.keys(localStorage).some((key) => key.startsWith('pareto-flow-') && /\\d$/.test(key))")
    # The tab closes all the same; what it held is offered when the flow is opened here again.
    tab.close()
    page.context.set_offline(False)
    page.goto(address)
    expect(_step(page, "greet")).to_be_visible()
    page.get_by_role("button", name="Bring them back").click()
    expect(_step(page, "greet")).to_have_count(0)
    assert _exits(_saved(page), "call") == {"started": "team"}


def test_chosen_steps_become_a_flow_of_their_own(page: Page, draw: Draw) -> None:
    draw(CALL, GREET, TEAM)
    _step(page, "greet").click()
    page.keyboard.press("Control+g")
    name = f"Greeting {time.time_ns()}"
    page.get_by_label("Name of the sub-flow").fill(name)
    page.get_by_role("button", name="Make the sub-flow").click()
    page.get_by_text(f"“{name}” is a flow of its own now").wait_for()
    definition = _saved(page)
    step = next(one for one in definition["steps"] if one["type"] == "subflow")
    assert _exits(definition, "call") == {"started": step["id"]}
    assert "team" in step["exits"].values()
    page.locator(".fe-canvas").focus()
    page.keyboard.press("Control+z")
    page.get_by_text(f"“{name}” stays among the flows, and nothing leads to it").wait_for()


def test_a_click_opens_the_settings_where_a_queue_is_made_and_a_drag_does_not(page: Page, draw: Draw) -> None:
    draw(CALL, GREET, TEAM | {"title": "", "settings": {"queue": ""}})
    page.wait_for_timeout(300)
    x, y = _centre(_step(page, "team").locator(".fe-step-title"))
    _drag(page, (x, y), (x + 48, y + 24))
    expect(page.locator("#fe-panel")).to_have_count(0)
    expect(_step(page, "team")).to_contain_text("Choose a queue.")
    _step(page, "team").click()
    page.get_by_role("button", name="Queue: not chosen").click()
    page.get_by_role("button", name="+ New queue…").click()
    name = f"Key accounts {time.time_ns()}"
    page.get_by_label("Name", exact=True).fill(name)
    page.get_by_label("SIP address of the team").fill("sip:key@pbx.example.com")
    page.keyboard.press("Enter")
    expect(_step(page, "team")).to_contain_text(f"To {name}")
    team = next(step for step in _saved(page)["steps"] if step["id"] == "team")
    assert team["title"] == f"To {name}"
    expect(page.locator(".fe-faults.is-error")).to_have_count(0)


def test_steps_that_make_no_sub_flow_are_told_before_a_name_is_asked_for(page: Page, draw: Draw) -> None:
    fork = {"id": "fork", "type": "hours", "title": "Open?", "settings": {"hours": "support"}}
    draw(
        CALL | {"exits": {"started": "fork"}},
        fork | {"exits": {"open": "team", "closed": "greet"}},
        GREET | {"exits": {}},
        TEAM,
    )
    _step(page, "greet").click()
    _step(page, "team").click(modifiers=["Shift"])
    page.keyboard.press("Control+g")
    expect(page.get_by_text("“Open?”, exit “Closed”, leads to “Greet”")).to_be_visible()
    expect(page.get_by_label("Name of the sub-flow")).to_have_count(0)


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [1280, 390])
def test_the_canvas_has_no_serious_barrier(sign_in: SignIn, scheme: Any, width: int) -> None:
    page = sign_in(viewport={"width": width, "height": 800}, color_scheme=scheme)
    page.goto("/admin/routing/flow/")
    page.goto(str(page.get_by_role("link", name="Priority line", exact=True).get_attribute("href")))
    page.locator(".fe-step").first.wait_for()
    standing = {}

    def look(what: str) -> None:
        page.wait_for_timeout(300)
        if found := barriers(page):
            standing[what] = found

    look("the flow")
    page.locator(".fe-step").first.click()
    page.keyboard.press("c")
    look("connecting")
    page.keyboard.press("Escape")
    page.keyboard.press("?")
    look("the help")
    page.keyboard.press("Escape")
    page.get_by_role("button", name="More").click()
    look("the menu")
    page.keyboard.press("Escape")
    page.locator(".fe-step").first.focus()
    page.keyboard.press("Enter")
    look("the settings")
    assert standing == {}
