"""What every test with a browser needs: signing in, and what keeps people from using a page."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, BrowserContext, ConsoleMessage, Page

from tests.embedded.test_supervisor import Run

PASSWORD = "for-this-test"
WIDE, NARROW = {"width": 1280, "height": 800}, {"width": 390, "height": 844}
NOT_LOADED = "Failed to load resource"

SignIn = Callable[..., Page]


@contextmanager
def signing_in(browser: Browser, house: Run, forgiven: str) -> Iterator[SignIn]:
    """Gives `sign_in(name="admin", **options of the browser)`. Whatever the pages' scripts complain of fails the test at
    its end, but for complaints with what is forgiven in them."""
    complaints: list[str] = []
    contexts: list[BrowserContext] = []

    def listen(message: ConsoleMessage) -> None:
        if message.type == "error" and not (forgiven and forgiven in message.text):
            complaints.append(message.text)

    def sign_in(name: str = "admin", **options: Any) -> Page:
        # Without motion: nobody's click can fall on what is just gliding away.
        usual: dict[str, Any] = {"viewport": WIDE, "reduced_motion": "reduce"}
        context = browser.new_context(base_url=f"http://127.0.0.1:{house.port}", **{**usual, **options})
        context.grant_permissions(["clipboard-read", "clipboard-write"])
        contexts.append(context)
        page = context.new_page()
        page.on("console", listen)
        page.on("pageerror", lambda error: complaints.append(str(error)))
        page.goto("/admin/")
        page.get_by_label("Username").fill(name)
        page.get_by_label("Password").fill(PASSWORD)
        page.get_by_role("button", name="Log in").click()
        page.wait_for_url(re.compile("/admin/$"))
        return page

    yield sign_in
    for context in contexts:
        context.close()
    assert not complaints, "\n".join(complaints)


def barriers(page: Page, within: str = "") -> list[str]:
    """What axe calls serious or critical, on the page or within that part of it, and whether the page scrolls sideways."""
    found = [
        f"{one['id']}: {node['html'][:200]}"
        for one in Axe().run(page, context=within or None).response["violations"]
        if one["impact"] in {"serious", "critical"}
        for node in one["nodes"]
    ]
    if page.evaluate("document.documentElement.scrollWidth > document.documentElement.clientWidth"):
        found.append("it scrolls sideways")
    return found
