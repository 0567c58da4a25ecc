"""A manager's way through the admin in a real browser, with every process really running."""

from __future__ import annotations

import json
import re
from typing import Any

import pytest
from playwright.sync_api import Page

from tests.embedded.test_supervisor import Run
from tests.journeys.browsing import SignIn, barriers
from tests.journeys.carrier import Call

GOLD = "+4915100000002"
PAGES = [
    "/admin/",
    "/admin/routing/contact/",
    "/admin/routing/flow/",
    "/admin/routing/flow/add/",
    "/admin/enrichment/datasource/1/change/",
    "/admin/enrichment/datasource/1/try/",
    "/admin/queues/queue/",
    "/admin/queues/queue/1/change/",
    "/admin/queues/openinghours/1/change/",
    "/admin/customers/customer/",
    "/admin/customers/tier/1/change/",
    "/admin/channels/number/",
    "/admin/channels/number/buy/?account=1&country=DE&kind=local",
    "/admin/channels/number/buy/confirm/?account=1&number=%2B493023125777&price=1.15+EUR",
    "/admin/channels/number/take-over/?account=1",
    "/admin/channels/number/1/change/",
    "/admin/channels/number/1/release/",
    "/admin/channels/account/add/",
    "/admin/channels/account/add/?kind=twilio.telnyx",
    "/admin/channels/account/1/change/",
    "/admin/auth/user/1/change/",
    "/admin/auth/group/1/change/",
    "/admin/auditlog/logentry/",
    "/admin/routing/flow/import/",
    "/admin/channels/conversation/",
    "/admin/channels/template/",
    "/admin/channels/optout/",
    "/admin/customers/customer/1/change/",
    "/admin/customers/attribute/",
    "/admin/customers/tier/",
    "/admin/customers/tier/policy/",
    "/admin/customers/tier/policy/edit/",
    "/admin/customers/tier/pareto/",
    "/admin/files/import/",
    "/admin/files/import/new/",
    "/admin/sync/syncrun/",
    "/admin/privacy/receipt/",
    "/admin/privacy/receipt/kept/",
    "/admin/access/apikey/",
    "/admin/access/apikey/add/",
    "/admin/outgoing/subscription/add/",
    "/admin/outgoing/delivery/",
]


@pytest.fixture
def forgiven() -> str:
    return ""


def _as_text(page: Page) -> None:
    """From the canvas to the text of the flow, which experts keep."""
    page.wait_for_url("**/change/")
    page.goto(f"{page.url}?text=1")


def _draft(page: Page) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(page.locator("#id_text").input_value())
    return found


def _write(page: Page, definition: dict[str, Any]) -> None:
    page.locator("#id_text").fill(json.dumps(definition, indent=2, ensure_ascii=False))


def test_a_manager_gives_gold_customers_a_queue_of_their_own_and_reads_why(page: Page, house: Run) -> None:
    # A queue, with the team's SIP address.
    page.get_by_role("link", name="Queues", exact=True).click()
    page.goto("/admin/queues/queue/add/")
    page.locator("#id_name").press_sequentially("Gold team")
    assert page.locator("#id_key").input_value() == "gold-team"
    page.get_by_text("Add another SIP address").click()
    page.locator("#id_sip_addresses-0-uri").fill("sip:gold@pbx.example.com")
    page.get_by_role("button", name="Save", exact=True).click()
    page.get_by_text("was added successfully").wait_for()

    # The flow, broken first.
    page.get_by_role("link", name="Flows", exact=True).click()
    page.get_by_role("link", name="Priority line").click()
    _as_text(page)
    whole = page.locator("#id_text").input_value()
    page.locator("#id_text").fill(whole.replace(",", "", 1))
    page.get_by_role("button", name="Check").click()
    page.get_by_text(re.compile("Line 3, column 3: a comma is missing")).first.wait_for()

    # Mended, but it names a queue that is not there.
    definition = json.loads(whole)
    vip = next(step for step in definition["steps"] if step.get("settings", {}).get("queue") == "vip")
    vip["settings"]["queue"] = "golden-team"
    _write(page, definition)
    page.get_by_role("button", name="Save and publish").click()
    page.get_by_text("There is no queue “golden-team”").wait_for()
    page.get_by_role("button", name=re.compile(r"^line \d+$")).first.click()
    selected = page.evaluate(
        "getSelection().toString() || document.activeElement.value.slice("
        "document.activeElement.selectionStart, document.activeElement.selectionEnd)"
    )
    assert f'"{vip["id"]}"' in selected
    vip["settings"]["queue"] = "gold-team"
    _write(page, definition)
    page.get_by_role("button", name="Check").click()
    page.get_by_text("Checked: no faults. Nothing was saved yet.").wait_for()
    assert _draft(page) == definition
    page.get_by_label("What changed").fill("Gold has a team of its own")
    page.get_by_role("button", name="Save and publish").click()
    page.get_by_text("Version 2 of “Priority line” is live").wait_for()
    assert page.locator("#versions").get_by_text("Gold has a team of its own").is_visible()

    # A gold customer calls, and the page of the contact says why it went there.
    assert Call(f"http://127.0.0.1:{house.port}", GOLD).listen() == "sip:gold@pbx.example.com"
    page.get_by_role("link", name="Contacts", exact=True).click()
    page.locator("#searchbar").fill("+49 151 00000002")
    page.keyboard.press("Enter")
    page.wait_for_url("**/?q=*")
    page.locator("#result_list tbody th a").first.click()
    why = page.locator(".p-why").inner_text()
    assert "Gold team" in why
    assert "gold" in why
    assert "version 2" in why
    assert page.get_by_text(re.compile("loyalty status was “gold” – is one of")).is_visible()

    # Back to how it was.
    page.get_by_role("link", name="Flows", exact=True).click()
    page.get_by_role("link", name="Priority line").click()
    _as_text(page)
    page.get_by_role("link", name="Go back to it").click()
    page.get_by_role("button", name="Go back to version 1").click()
    page.get_by_text("Version 3 is live").wait_for()
    _as_text(page)
    assert _draft(page) == json.loads(whole)


def test_a_second_tab_is_refused_and_loses_nothing(page: Page) -> None:
    page.goto("/admin/routing/flow/")
    page.get_by_role("link", name="Priority chat").click()
    _as_text(page)
    other = page.context.new_page()
    other.goto(page.url)
    for tab, title in ((other, "Theirs"), (page, "Mine")):
        definition = _draft(tab)
        definition["steps"][0]["title"] = title
        _write(tab, definition)
        tab.get_by_role("button", name="Save draft").click()
    page.get_by_text("admin saved this draft at").wait_for()
    assert _draft(page)["steps"][0]["title"] == "Mine"
    page.get_by_role("button", name="Save mine over it").click()
    page.get_by_text("The draft is saved.").wait_for()
    assert _draft(page)["steps"][0]["title"] == "Mine"


def test_a_data_source_is_tried_and_answers(page: Page) -> None:
    page.goto("/admin/enrichment/datasource/1/change/")
    page.get_by_role("link", name="Try it").click()
    page.get_by_label("phone").fill(GOLD)
    page.get_by_role("button", name="Try it").click()
    page.get_by_role("heading", name="It answered").wait_for()
    assert page.get_by_role("cell", name="gold", exact=True).is_visible()


def test_values_come_from_an_answer_by_a_tick_and_go_by_a_click(page: Page) -> None:
    page.goto("/admin/enrichment/datasource/1/try/")
    page.get_by_label("phone").fill(GOLD)
    page.get_by_role("button", name="Try it").click()
    page.get_by_label("Use customer.currency").check()
    page.get_by_role("button", name="Use these values").click()
    page.get_by_text("Flows may use these now: currency.").wait_for()
    values = page.locator(".field-mapping [data-rows]")
    rows = values.locator("tbody tr")
    assert rows.last.get_by_label("Where it is in the answer").input_value() == "customer.currency"
    values.get_by_role("button", name="Add a value").click()
    page.keyboard.type("surplus")
    rows.last.get_by_role("button", name="Remove this row").click()
    rows.last.get_by_role("button", name="Remove this row").click()
    page.get_by_role("button", name="Save", exact=True).click()
    page.get_by_text("was changed successfully").wait_for()
    page.goto("/admin/enrichment/datasource/1/change/")
    names = [name.input_value() for name in values.get_by_label("Name in flows").all()]
    assert names[0] == "loyalty_status"
    assert not {"currency", "surplus"} & set(names)


@pytest.mark.parametrize(
    "options",
    [
        {"viewport": {"width": 1280, "height": 900}, "color_scheme": "light"},
        {"viewport": {"width": 390, "height": 844}, "color_scheme": "dark"},
    ],
    ids=["desk and light", "phone and dark"],
)
def test_no_page_has_a_serious_barrier_or_scrolls_sideways(sign_in: SignIn, house: Run, options: Any) -> None:
    Call(f"http://127.0.0.1:{house.port}", GOLD).listen()
    page = sign_in(**options)
    page.goto("/admin/routing/contact/")
    contact = page.locator("#result_list tbody th a").first.get_attribute("href")
    page.goto("/admin/routing/flow/")
    flow = page.get_by_role("link", name="Priority line").get_attribute("href")
    standing = {}
    for address in [*PAGES, str(contact), str(flow)]:
        page.goto(address)
        page.wait_for_load_state("networkidle")
        found = barriers(page)
        if found:
            standing[address] = found
    assert standing == {}
