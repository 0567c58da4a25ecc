"""A house of each module's own, with every process really running, and a browser before it."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, Page, sync_playwright

from tests.embedded.test_supervisor import ROOT, Run, free_port
from tests.journeys.browsing import NOT_LOADED, PASSWORD, SignIn, signing_in


@pytest.fixture(scope="module")
def settings_of_house() -> dict[str, str]:
    """A module whose house has others than the usual ones says so."""
    return {}


@pytest.fixture(scope="session")
def editor() -> None:
    """Quick where it is built already."""
    subprocess.run([sys.executable, str(ROOT / "routing/editor/build.py"), "--strict"], check=True, timeout=600)


@pytest.fixture(scope="module")
def house(editor: None, tmp_path_factory: pytest.TempPathFactory, settings_of_house: dict[str, str]) -> Iterator[Run]:
    run = Run(
        tmp_path_factory.mktemp("house") / "data",
        free_port(),
        **{"ADMIN_PASSWORD": PASSWORD, "ENRICHMENT_ALLOWED_HOSTS": "127.0.0.1"} | settings_of_house,
    )
    try:
        run.wait_until_up()
        yield run
    finally:
        run.process.terminate()
        run.wait_until_ended()


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with sync_playwright() as playwright:
        # Debian's own; Playwright could only download one.
        arguments = ["--no-sandbox", "--disable-gpu", "--disable-background-networking"]
        browser = playwright.chromium.launch(executable_path="/usr/bin/chromium", args=arguments)
        yield browser
        browser.close()


@pytest.fixture
def forgiven() -> str:
    """Refusals with a sentence are answers, too. A module in which everything must load says so."""
    return NOT_LOADED


@pytest.fixture
def sign_in(browser: Browser, house: Run, forgiven: str) -> Iterator[SignIn]:
    """A browser of somebody's own; a script that fails in any of them fails the test."""
    with signing_in(browser, house, forgiven) as enter:
        yield enter


@pytest.fixture
def page(sign_in: SignIn) -> Page:
    return sign_in()
