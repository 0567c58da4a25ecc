"""Webhooks to other systems: noted with what happened, signed, sent again until they are heard, and written down."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import threading
import time
from collections.abc import Callable, Collection, Iterator
from datetime import UTC, datetime, timedelta
from itertools import count
from typing import Any

import pytest
from django.db import connection, transaction
from django.test import Client
from pytest_httpserver import HTTPServer
from werkzeug import Request, Response

from access.keys import make_key
from customers.models import Customer, Tier
from outgoing import sending, tasks
from outgoing.models import Delivery, Kind, Subscription
from outgoing.services import NewSubscription, change_subscription, send_again, subscribe, unsubscribe
from queues.models import Queue
from routing.models import Contact

pytestmark = pytest.mark.django_db
NOW = datetime(2026, 11, 23, 12, 0, tzinfo=UTC)
Listen = Callable[..., NewSubscription]


@pytest.fixture(scope="session")
def make_httpserver() -> Iterator[HTTPServer]:
    """Answers several at a time, as listeners do."""
    server = HTTPServer(threaded=True)
    server.start()
    yield server
    server.clear()
    server.stop()


@pytest.fixture
def listen(settings: Any, httpserver: HTTPServer) -> Listen:
    settings.ENRICHMENT_ALLOWED_HOSTS = ["127.0.0.1", "localhost"]

    def make(*kinds: str, **more: Any) -> NewSubscription:
        name = f"CRM {Subscription.objects.count()}"
        return subscribe(
            name=name, url=httpserver.url_for("/hook"), kinds=kinds or Kind.values, by=None, now=NOW, **more
        )

    return make


def call(**values: Any) -> Contact:
    fields: dict[str, Any] = {
        "reference": f"R{Contact.objects.count()}",
        "origin": "1",
        "external_id": f"CA{Contact.objects.count()}",
        "channel": "voice",
        "sender": "+4915100000001",
        "recipient": "+4930901820",
        "started_at": NOW,
        "last_event_at": NOW,
    }
    return Contact.objects.create(**{**fields, **values})


def send(at: datetime | None = None) -> int:
    """Sends what is due at that moment; by default in an hour, since the database's clock is its own."""
    moment = at or datetime.now(tz=UTC) + timedelta(hours=1)
    return sending.send_due(clock=lambda: moment, until=time.monotonic() + 20)


def kinds() -> list[str]:
    return list(Delivery.objects.order_by("id").values_list("kind", flat=True))


class TestNoting:
    def test_a_call_is_told_step_by_step(self, listen: Listen) -> None:
        listen()
        queue = Queue.objects.create(key="vip", name="VIP")
        contact = call()
        for change in (
            {"queue": queue, "state": "handed_over", "outcome": "transferred"},
            {"last_event_at": NOW + timedelta(seconds=1)},
            {"outcome": "connected"},
            {"state": "ended", "ended_at": NOW},
            {"why": "Later"},
        ):
            Contact.objects.filter(pk=contact.pk).update(**change)
        assert kinds() == ["contact.started", "contact.routed", "contact.answered", "contact.ended"]

    def test_a_contact_that_is_over_at_once_is_told_whole(self, listen: Listen) -> None:
        listen()
        call(state="ended", ended_at=NOW, queue=Queue.objects.create(key="vip", name="VIP"))
        assert kinds() == ["contact.started", "contact.routed", "contact.ended"]

    def test_a_changed_tier_is_told_whoever_changes_it(self, listen: Listen) -> None:
        listen()
        gold = Tier.objects.create(key="gold", name="Gold", rank=1)
        customer = Customer.objects.create(external_id="C-1", name="Ada")
        Customer.objects.filter(pk=customer.pk).update(name="Ada Lovelace")
        assert kinds() == []
        Customer.objects.filter(pk=customer.pk).update(tier=gold, tier_by="crm")
        assert kinds() == ["customer.tier_changed"]

    def test_nobody_is_told_what_they_did_not_ask_for(self, listen: Listen) -> None:
        listen("contact.ended")
        listen("contact.started", is_active=False)
        call()
        assert kinds() == []

    def test_what_is_taken_back_was_never_noted(self, listen: Listen) -> None:
        listen()
        with transaction.atomic():
            call()
            assert kinds() != []
            transaction.set_rollback(True)
        assert kinds() == []


class TestSending:
    def test_the_receiver_can_check_that_it_is_ours(self, listen: Listen, httpserver: HTTPServer) -> None:
        made = listen("contact.routed")
        seen: list[Request] = []

        def hook(request: Request) -> Response:
            seen.append(request)
            return Response("thanks")

        httpserver.expect_request("/hook", method="POST").respond_with_handler(hook)
        contact = call(queue=Queue.objects.create(key="vip", name="VIP"))
        Contact.objects.filter(pk=contact.pk).update(state="ended", ended_at=NOW)  # it has gone on since
        assert send() == 1
        (request,) = seen
        body = request.get_data()
        told = json.loads(body)
        assert (told["type"], told["id"]) == ("contact.routed", request.headers["webhook-id"])
        assert (told["data"]["queue"], told["data"]["state"], told["data"]["reference"]) == ("vip", "in_flow", "R0")
        assert "15100000001" not in body.decode()
        signed = f"{request.headers['webhook-id']}.{request.headers['webhook-timestamp']}.".encode() + body
        key = base64.b64decode(made.secret.removeprefix("whsec_"))
        wanted = base64.b64encode(hmac.new(key, signed, hashlib.sha256).digest()).decode()
        assert request.headers["webhook-signature"] == f"v1,{wanted}"
        delivery = Delivery.objects.get()
        assert (delivery.state, delivery.status, delivery.response, delivery.attempts) == ("sent", 200, "thanks", 1)
        assert send() == 0

    def test_a_contact_that_is_over_at_once_began_nowhere(self, listen: Listen, httpserver: HTTPServer) -> None:
        listen("contact.started", "contact.ended")
        call(state="ended", outcome="connected", ended_at=NOW, queue=Queue.objects.create(key="vip", name="VIP"))
        httpserver.expect_request("/hook").respond_with_data("")
        send()
        told = {one["type"]: one["data"] for one in map(json.loads, Delivery.objects.values_list("body", flat=True))}
        assert [told["contact.started"][name] for name in ("state", "outcome", "queue")] == ["in_flow", "", None]
        assert [told["contact.ended"][name] for name in ("state", "outcome", "queue")] == ["ended", "connected", "vip"]

    def test_a_tier_is_told_by_its_keys_and_numbers_to_whom_may_see_them(
        self, listen: Listen, httpserver: HTTPServer
    ) -> None:
        listen(personal=True)
        gold = Tier.objects.create(key="gold", name="Gold", rank=1)
        Customer.objects.create(external_id="C-1", name="Ada")
        Customer.objects.update(tier=gold, tier_by="crm")
        call()
        httpserver.expect_request("/hook").respond_with_data("")
        send()
        tier, started = (json.loads(body) for body in Delivery.objects.order_by("id").values_list("body", flat=True))
        assert tier["data"] == {"customer": "C-1", "name": "Ada", "before": None, "after": "gold", "by": "crm"}
        assert started["data"]["sender"] == "+4915100000001"

    def test_who_does_not_answer_is_told_again_with_growing_pauses_and_the_same_words(
        self, listen: Listen, httpserver: HTTPServer
    ) -> None:
        listen("contact.started")
        bodies: list[bytes] = []

        def hook(request: Request) -> Response:
            bodies.append(request.get_data())
            return Response("no", status=500)

        httpserver.expect_request("/hook").respond_with_handler(hook)
        call()
        moment, pauses = datetime.now(tz=UTC) + timedelta(hours=1), []
        while Delivery.objects.get().state == "due":
            assert send(moment) == 1
            due = Delivery.objects.get().due_at
            assert send(due - timedelta(seconds=1)) == 0 or Delivery.objects.get().state != "due"
            pauses.append((due - moment).total_seconds())
            moment = due
        assert pauses[:9] == [float(pause) for pause in sending.PAUSES_S]
        assert len(bodies) == 10
        assert len(set(bodies)) == 1
        delivery = Delivery.objects.get()
        assert (delivery.state, delivery.status, delivery.response) == ("failed", 500, "no")
        assert delivery.error
        assert Subscription.objects.get().failing_since is not None

    def test_who_fails_for_three_days_is_switched_off_and_says_why(
        self, listen: Listen, httpserver: HTTPServer
    ) -> None:
        listen("contact.started")
        httpserver.expect_request("/hook").respond_with_data("", status=503)
        call()
        send()
        assert Subscription.objects.get().is_active
        call()
        send(datetime.now(tz=UTC) + timedelta(days=3, hours=2))
        row = Subscription.objects.get()
        assert not row.is_active
        assert "503" in row.disabled_why
        call()
        assert Delivery.objects.count() == 2

    def test_gone_means_gone(self, listen: Listen, httpserver: HTTPServer) -> None:
        listen("contact.started")
        httpserver.expect_request("/hook").respond_with_data("", status=410)
        call()
        send()
        assert not Subscription.objects.get().is_active

    def test_success_forgets_failures(self, listen: Listen, httpserver: HTTPServer) -> None:
        listen("contact.started")
        httpserver.expect_ordered_request("/hook").respond_with_data("", status=500)
        httpserver.expect_ordered_request("/hook").respond_with_data("")
        call()
        send()
        send(Delivery.objects.get().due_at)
        assert Subscription.objects.get().failing_since is None
        assert Delivery.objects.get().state == "sent"

    def test_no_internal_address_is_told_anything(self, listen: Listen, settings: Any, httpserver: HTTPServer) -> None:
        listen("contact.started")
        call()
        settings.ENRICHMENT_ALLOWED_HOSTS = []
        send()
        assert "internal" in Delivery.objects.get().error
        assert not httpserver.log

    def test_one_slow_listener_does_not_hold_up_the_others(self, listen: Listen, httpserver: HTTPServer) -> None:
        listen("contact.started")
        subscribe(name="Other", url=httpserver.url_for("/other"), kinds=["contact.started"], by=None, now=NOW)
        for _ in range(30):
            call()
        others: set[str] = set()
        all_heard = threading.Event()

        def slow(_request: Request) -> Response:
            # Nobody slow is answered before the other has heard everything.
            return Response("late", status=200 if all_heard.wait(10) else 500)

        def other(request: Request) -> Response:
            others.add(request.headers["webhook-id"])
            if len(others) == 30:
                all_heard.set()
            return Response("")

        httpserver.expect_request("/hook").respond_with_handler(slow)
        httpserver.expect_request("/other").respond_with_handler(other)
        assert send() == 60
        assert set(Delivery.objects.values_list("state", "status")) == {("sent", 200)}

    def test_contacts_do_not_wait_behind_customers_who_move_by_the_thousand(
        self, listen: Listen, httpserver: HTTPServer
    ) -> None:
        listen()
        gold = Tier.objects.create(key="gold", name="Gold", rank=1)
        Customer.objects.bulk_create([Customer(external_id=f"C-{number}") for number in range(100)])
        Customer.objects.update(tier=gold, tier_by="share")
        told: list[str] = []

        def hook(request: Request) -> Response:
            told.append(json.loads(request.get_data())["type"])
            if len(told) == 20:
                late.set()
            return Response("")

        late = threading.Event()
        httpserver.expect_request("/hook").respond_with_handler(hook)
        claim = sending._claim

        def claim_and_call(under_way: Collection[Delivery], now: datetime) -> list[Delivery]:
            if late.is_set() and not Contact.objects.exists():
                call()
            return claim(under_way, now)

        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(sending, "_claim", claim_and_call)
            assert send() == 101
        # After those that were under way already, and before the others.
        assert 20 <= told.index("contact.started") < 50

    def test_only_one_sender_runs_at_a_time(self, listen: Listen, httpserver: HTTPServer) -> None:
        from django.core.cache import cache  # noqa: PLC0415

        listen("contact.started")
        httpserver.expect_request("/hook").respond_with_data("")
        call()
        cache.set("outgoing:sender", 1, 5)
        tasks.send()
        assert Delivery.objects.get().state == "due"
        cache.delete("outgoing:sender")
        tasks.send()
        assert Delivery.objects.get().state == "sent"
        assert cache.get("outgoing:sender") is None


class TestManaging:
    def test_a_delivery_is_sent_again_with_the_same_id(self, listen: Listen, httpserver: HTTPServer) -> None:
        listen("contact.started")
        httpserver.expect_request("/hook").respond_with_data("")
        call()
        send()
        assert send_again(delivery_ids=[Delivery.objects.get().pk], now=datetime.now(tz=UTC)) == 1
        assert send() == 1
        ids = {request.headers["webhook-id"] for request, _response in httpserver.log}
        assert (len(httpserver.log), len(ids)) == (2, 1)

    def test_a_manager_makes_one_and_sees_the_secret_once(self, admin_client: Client) -> None:
        form = {"name": "CRM", "url": "https://crm.example.com/hook", "kinds": ["contact.ended"], "is_active": "on"}
        page = admin_client.post("/admin/outgoing/subscription/add/", form).content.decode()
        row = Subscription.objects.get()
        assert row.secret.startswith("whsec_")
        assert row.secret in page.replace("&#x2B;", "+").replace("&#x3D;", "=").replace("&#x2F;", "/")
        for address in (
            "/admin/outgoing/subscription/",
            f"/admin/outgoing/subscription/{row.pk}/change/",
            "/admin/auditlog/logentry/",
        ):
            assert row.secret[:20] not in admin_client.get(address).content.decode()
        bad = admin_client.post("/admin/outgoing/subscription/add/", {**form, "name": "b", "url": "http://127.0.0.1/"})
        assert "internal address" in bad.content.decode()

    def test_the_deliveries_are_read_and_sent_again_in_the_admin(
        self, admin_client: Client, listen: Listen, httpserver: HTTPServer
    ) -> None:
        listen("contact.started")
        httpserver.expect_request("/hook").respond_with_data("sorry", status=500)
        call()
        send()
        delivery = Delivery.objects.get()
        address = "/admin/outgoing/delivery/"
        assert "500" in admin_client.get(address).content.decode()
        page = admin_client.get(f"{address}{delivery.pk}/change/").content.decode()
        assert "sorry" in page
        assert "contact.started" in page
        admin_client.post(address, {"action": "again", "_selected_action": [delivery.pk]})
        assert Delivery.objects.get().attempts == 0

    def test_a_program_subscribes_and_looks_what_was_heard(self, listen: Listen, httpserver: HTTPServer) -> None:
        listen("contact.started")
        text = make_key(name="CRM", scopes=["webhooks:read", "webhooks:write"], by=None, now=NOW).text
        client, headers = Client(), {"Authorization": f"Bearer {text}"}

        def ask(method: str, path: str, data: Any = None) -> Any:
            body = "" if data is None else json.dumps(data)
            return client.generic(method, f"/api/v1/{path}", body, "application/json", headers=headers)

        made = ask("POST", "webhooks/", {"name": "ERP", "url": "https://erp.example.com/x", "kinds": ["contact.ended"]})
        assert made.status_code == 201, made.content
        secret = made.json()["secret"]
        assert secret == Subscription.objects.get(name="ERP").secret
        assert secret not in ask("GET", "webhooks/").content.decode()
        changed = ask("PATCH", f"webhooks/{made.json()['id']}/", {"is_active": False})
        assert changed.json()["is_active"] is False
        assert (
            ask("POST", "webhooks/", {"name": "x", "url": "http://10.0.0.1/", "kinds": ["contact.ended"]}).status_code
            == 409
        )
        httpserver.expect_request("/hook").respond_with_data("ok")
        call()
        send()
        (row,) = ask("GET", "webhook-deliveries/?state=sent").json()["results"]
        assert (row["kind"], row["status"], row["response"]) == ("contact.started", 200, "ok")
        assert ask("POST", f"webhook-deliveries/{row['id']}/send-again/").json()["state"] == "due"


class TestTakingAway:
    def test_what_waits_goes_with_the_kind_that_nobody_asks_for_any_more(self, listen: Listen) -> None:
        made = listen().subscription
        call(state="ended", ended_at=NOW)
        Delivery.objects.filter(kind="contact.ended").update(state="sent")
        change_subscription(subscription=made, kinds=["contact.routed"])
        assert kinds() == ["contact.ended"]

    @pytest.mark.django_db(transaction=True)
    def test_a_subscription_goes_while_it_is_told_of_calls_and_neither_fails(
        self, listen: Listen, httpserver: HTTPServer, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        httpserver.expect_request("/hook").respond_with_data("")
        monkeypatch.setattr("outgoing.services._AT_ONCE", 7)
        wrong: list[BaseException] = []
        over = threading.Event()

        def work(doing: Callable[[], Any]) -> None:
            try:
                while not over.is_set():
                    doing()
            except BaseException as error:  # noqa: BLE001  whatever it is, the test tells it
                wrong.append(error)
            finally:
                connection.close()

        def one_call() -> None:
            number = next(numbers)
            with transaction.atomic():
                call(reference=f"R{number}", external_id=f"CA{number}", state="ended", ended_at=NOW)
                time.sleep(0.002)

        numbers = count()
        lock_free = [threading.Thread(target=work, args=(one_call,)), threading.Thread(target=work, args=(send,))]
        for thread in lock_free:
            thread.start()
        for _round in range(12):
            made = listen().subscription
            time.sleep(0.05)
            unsubscribe(subscription_id=made.pk)
            assert not Delivery.objects.filter(subscription_id=made.pk).exists()
        over.set()
        for thread in lock_free:
            thread.join()
        assert wrong == []
        assert not Subscription.objects.exists()
        assert Contact.objects.count() == next(numbers)
