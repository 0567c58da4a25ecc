"""A manager keeps queues and opening hours."""

from __future__ import annotations

from datetime import date, time
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from queues.models import OpeningHours, OpeningPeriod, Queue, SipAddress, SpecialDay

pytestmark = pytest.mark.django_db


def _formset(prefix: str, *rows: dict[str, Any], initial: int = 0) -> dict[str, str]:
    data = {f"{prefix}-TOTAL_FORMS": str(len(rows)), f"{prefix}-INITIAL_FORMS": str(initial)}
    for index, row in enumerate(rows):
        data |= {f"{prefix}-{index}-{name}": str(value) for name, value in row.items()}
    return data


def _queue(**more: str) -> dict[str, str]:
    return {
        "name": "VIP",
        "key": "vip",
        "head_start_s": "300",
        "answer_within_s": "10",
        "service_level_percent": "90",
        "is_active": "on",
        **more,
    }


def test_a_queue_is_added_with_its_sip_addresses(admin_client: Client) -> None:
    addresses = (
        {"position": 1, "uri": "sip:vip@pbx.example.com", "ring_s": 20},
        {"position": 2, "uri": "sips:vip@10.0.0.5:5061", "ring_s": 30},
    )
    data = _queue() | _formset("sip_addresses", *addresses)
    assert admin_client.post(reverse("admin:queues_queue_add"), data).status_code == 302
    assert list(SipAddress.objects.values_list("queue__key", "uri", "ring_s")) == [
        ("vip", "sip:vip@pbx.example.com", 20),
        ("vip", "sips:vip@10.0.0.5:5061", 30),
    ]


def test_an_address_that_is_no_sip_address_is_refused_with_an_example(admin_client: Client) -> None:
    data = _queue() | _formset("sip_addresses", {"position": 1, "uri": "vip@pbx", "ring_s": 20})
    page = admin_client.post(reverse("admin:queues_queue_add"), data).content.decode()
    assert "“vip@pbx” is no SIP address." in page
    assert not Queue.objects.exists()


def test_the_key_of_a_queue_never_changes(admin_client: Client) -> None:
    queue = Queue.objects.create(key="vip", name="VIP")
    address = reverse("admin:queues_queue_change", args=[queue.pk])
    admin_client.post(address, _queue(name="Very important", key="other") | _formset("sip_addresses"))
    queue.refresh_from_db()
    assert (queue.name, queue.key) == ("Very important", "vip")


def test_a_queue_is_not_offered_as_its_own_overflow(admin_client: Client) -> None:
    queue = Queue.objects.create(key="vip", name="VIP")
    other = Queue.objects.create(key="other", name="Other")
    form = admin_client.get(reverse("admin:queues_queue_change", args=[queue.pk])).context["adminform"].form
    assert list(form.fields["overflow"].queryset) == [other]


def test_the_list_says_how_far_a_queue_jumps_and_which_has_no_address(admin_client: Client) -> None:
    Queue.objects.create(key="vip", name="VIP", head_start_s=300, answer_within_s=90, service_level_percent=90)
    page = admin_client.get(reverse("admin:queues_queue_changelist")).content.decode().replace("\xa0", " ")
    assert "jumps 5 minutes ahead" in page
    assert "90 % within 1 minute, 30 seconds" in page
    assert "none: nobody can be put through" in page


def test_opening_hours_are_kept_with_split_shifts_and_holidays(admin_client: Client) -> None:
    data = {"name": "Support", "key": "support", "time_zone": "Europe/Berlin"}
    data |= _formset(
        "periods",
        {"weekday": 0, "opens_at": "08:00", "closes_at": "12:00"},
        {"weekday": 0, "opens_at": "13:00", "closes_at": "18:00"},
    )
    data |= _formset("special_days", {"date": "2030-12-25", "name": "Christmas", "opens_at": "", "closes_at": ""})
    assert admin_client.post(reverse("admin:queues_openinghours_add"), data).status_code == 302
    hours = OpeningHours.objects.get()
    assert list(hours.periods.values_list("opens_at", flat=True)) == [time(8), time(13)]
    assert SpecialDay.objects.get().date == date(2030, 12, 25)
    page = admin_client.get(reverse("admin:queues_openinghours_changelist")).content.decode()
    assert "Monday 08:00–12:00, Monday 13:00–18:00" in page
    assert "2030-12-25 Christmas" in page


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"time_zone": "Berlin"}, "“Berlin” is no time zone."),
        (_formset("special_days", {"date": "2030-12-24", "opens_at": "08:00"}), "Give both times, or none"),
    ],
)
def test_hours_that_make_no_sense_are_refused_in_words(
    admin_client: Client, change: dict[str, str], words: str
) -> None:
    data = {"name": "Support", "key": "support", "time_zone": "Europe/Berlin"}
    data |= _formset("periods") | _formset("special_days") | change
    assert words in admin_client.post(reverse("admin:queues_openinghours_add"), data).content.decode()
    assert not OpeningPeriod.objects.exists()
