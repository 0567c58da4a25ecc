"""What `manage.py check` says of numbers and of the public address."""

from __future__ import annotations

import pytest
from django.conf import LazySettings
from django.core.checks import Tags, run_checks

from channels.models import Number
from channels.providers.twilio.checks import check_numbers, check_public_url
from queues.models import SipAddress
from routing.models import Flow


def ids(databases: list[str] | None = None) -> list[str | None]:
    return [message.id for message in check_numbers(None, databases=databases)]


@pytest.mark.parametrize(
    ("url", "complaint"),
    [
        ("", ["channels.W001"]),
        ("http://calls.example.com", ["channels.W002"]),
        ("https://calls.example.com/x", ["channels.W002"]),
        ("https://calls.example.com", []),
    ],
)
def test_the_public_address_is_looked_at_before_a_deployment(
    settings: LazySettings, url: str, complaint: list[str]
) -> None:
    settings.PUBLIC_URL = url
    assert [message.id for message in check_public_url(None)] == complaint


def test_a_number_that_is_set_up_gives_no_cause_for_complaint(number: Number) -> None:
    assert ids(["default"]) == []


def test_a_flow_that_is_not_published_is_told(number: Number) -> None:
    Flow.objects.update(live=None)
    (message,) = check_numbers(None, databases=["default"])
    assert (message.id, "+49309018200" in message.msg) == ("channels.W003", True)
    Number.objects.update(flow=None)
    assert ids(["default"]) == []


def test_a_fallback_queue_that_leads_nowhere_is_told(number: Number) -> None:
    SipAddress.objects.filter(queue=number.fallback_queue).delete()
    assert ids(["default"]) == ["channels.W004"]
    Number.objects.update(is_active=False)
    assert ids(["default"]) == []


def test_the_database_is_asked_only_where_it_may_be(number: Number) -> None:
    Flow.objects.update(live=None)
    assert ids() == []
    found = run_checks(tags=[Tags.database], databases=["default"])
    assert "channels.W003" in [message.id for message in found]
