"""The loyalty API of the demo answers each caller as the contract says."""

from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from django.http import HttpResponse
from django.test import Client, RequestFactory

from demo import views
from demo.checks import check_demo_is_not_public


def ask(phone: str) -> Any:
    return Client().get("/demo/crm/customers", {"phone": phone})


@pytest.fixture
def quick(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """Nobody sleeps; the seconds that somebody would have."""
    slept: list[float] = []

    def stay(seconds: float) -> bool:
        slept.append(seconds)
        return True

    monkeypatch.setattr(views, "_stay", stay)
    return slept


@pytest.mark.parametrize(("caller", "status"), [("1", "platinum"), ("2", "gold"), ("3", "silver")])
def test_known_callers_have_a_status(caller: str, status: str) -> None:
    answer = ask(f"+491510000000{caller}")
    assert answer.status_code == 200
    assert answer.json()["customer"]["loyalty_status"] == status


def test_a_card_has_the_fields_of_a_customer() -> None:
    assert ask("+4915100000002").json() == {
        "customer": {
            "id": "C-1002",
            "name": "Jonas Feldmann",
            "loyalty_status": "gold",
            "lifetime_value": "12999.90",
            "currency": "EUR",
            "orders": 42,
            "plan": "plus",
            "category": "private",
            "account_manager": {"name": "Helene Brandt"},
            "language": "de",
        }
    }


@pytest.mark.parametrize("phone", ["+4915100000004", "+4915199999999", "", "nonsense", "+" * 5000])
def test_others_are_not_found(phone: str) -> None:
    answer = ask(phone)
    assert (answer.status_code, "error" in answer.json()) == (404, True)


def test_a_plus_sign_that_arrives_as_a_blank_is_understood() -> None:
    answer = Client().get("/demo/crm/customers?phone=+4915100000001")
    assert answer.json()["customer"]["loyalty_status"] == "platinum"


def test_the_fifth_is_gold_after_four_seconds(quick: list[float]) -> None:
    assert ask("+4915100000005").json()["customer"]["loyalty_status"] == "gold"
    assert quick == [4.0]


def test_the_sixth_is_never_answered(quick: list[float]) -> None:
    assert ask("+4915100000006").status_code == 504
    assert quick == [20.0]


def test_the_seventh_breaks_it_and_the_eighth_gets_a_web_page() -> None:
    assert ask("+4915100000007").status_code == 500
    page = ask("+4915100000008")
    assert (page.status_code, page.content[:6]) == (200, b"<html>")


def test_no_more_than_sixteen_may_hang_around_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    all_there, go = threading.Semaphore(0), threading.Event()

    def stay(seconds: float) -> bool:
        all_there.release()
        return go.wait(10)

    monkeypatch.setattr(views, "_stay", stay)
    monkeypatch.setattr(views, "_hanging", threading.BoundedSemaphore(16))

    def hang() -> HttpResponse:
        return views.customers(RequestFactory().get("/", {"phone": "+4915100000006"}))

    with ThreadPoolExecutor(16) as threads:
        hanging = [threads.submit(hang) for _ in range(16)]
        for _ in range(16):
            assert all_there.acquire(timeout=10)
        assert hang().status_code == 503
        # Those who are answered at once need no place.
        assert ask("+4915100000001").status_code == 200
        go.set()
        assert {one.result().status_code for one in hanging} == {504}
    assert hang().status_code == 504


def test_a_public_demo_is_complained_about(settings: Any) -> None:
    settings.PUBLIC_URL = "http://127.0.0.1:8000"
    settings.ALLOWED_HOSTS = ["127.0.0.1"]
    assert check_demo_is_not_public(None) == []
    settings.PUBLIC_URL = "https://calls.example.com"
    settings.ALLOWED_HOSTS = ["calls.example.com"]
    assert [complaint.id for complaint in check_demo_is_not_public(None)] == ["demo.W001", "demo.W002"]
