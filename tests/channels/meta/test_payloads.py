"""Each kind of webhook in the vendor's shape (`payloads/`, each with the page that shows the shape; the values are ours)."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from channels.messaging.inbound import Incoming, Malformed, in_order
from channels.providers.meta.views import _json, _read

NOW = datetime.fromtimestamp(1795000100, UTC)
FOLDER = Path(__file__).parent / "payloads"
_ALL: list[dict[str, Any]] = [
    {**case, "name": f"{path.stem}: {case['name']}"}
    for path in sorted(FOLDER.glob("*.json"))
    for case in json.loads(path.read_text(encoding="utf-8"))
]
CASES = [pytest.param(case, id=case["name"]) for case in _ALL]


def taken(data: dict[str, Any]) -> list[Incoming]:
    told = list(_read(data, NOW))
    assert not [one for one in told if isinstance(one, Malformed)]
    return [one for one in told if isinstance(one, Incoming)]


def seen(event: Incoming, wanted: dict[str, Any]) -> dict[str, Any]:
    own = {"kind": event.kind, "sender": event.sender, "external_id": event.external_id}
    found = {name: (own | dict(event.body)).get(name) for name in wanted}
    return dict(json.loads(json.dumps(found)))  # as it is kept


@pytest.mark.parametrize("case", CASES)
def test_a_payload_tells_what_it_should(case: dict[str, Any]) -> None:
    events = taken(case["payload"])
    assert [seen(event, wanted) for event, wanted in zip(events, case["expected"], strict=True)] == case["expected"]
    assert case["source"].startswith("https://developers.facebook.com/")
    for event in events:
        json.dumps({**event.body})
        assert event.recipient in {"whatsapp:100000000000001", "messenger:1000002", "instagram:17840000000000001"}
        assert NOW.timestamp() - 200 <= event.occurred_at.timestamp() <= NOW.timestamp()


@pytest.mark.parametrize("case", CASES)
def test_the_same_payload_tells_the_same_ids(case: dict[str, Any]) -> None:
    first, second = ([event.external_id for event in taken(case["payload"])] for _ in range(2))
    assert first == second
    assert len(set(first)) == len(first)


def test_all_of_them_in_one_post_are_all_there_each_once_and_as_they_happened() -> None:
    changes = [case["payload"] for case in _ALL if case["payload"]["object"].startswith("whatsapp")]
    data = {"object": "whatsapp_business_account", "entry": [entry for one in changes for entry in one["entry"]]}
    events = in_order(taken({**data, "entry": [*data["entry"], *data["entry"]]}))
    assert len(events) == len({event.external_id for event in events}) > 5
    assert [event.occurred_at for event in events] == sorted(event.occurred_at for event in events)


def _places(value: Any, path: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    if isinstance(value, dict):
        return [path, *(place for key, part in value.items() for place in _places(part, (*path, key)))]
    if isinstance(value, list):
        return [path, *(place for index, part in enumerate(value) for place in _places(part, (*path, index)))]
    return [path]


@pytest.mark.parametrize("wrong", [None, 7, 3.5, True, "", "x\x00y", [], [[]], {}, {"a": {}}, "x" * 5000, "\ud800"])
@pytest.mark.parametrize("case", CASES[::3])
def test_whatever_stands_in_a_wrong_place_is_told_as_malformed_or_read_past(case: dict[str, Any], wrong: Any) -> None:
    for place in _places(case["payload"])[1:]:
        data = json.loads(json.dumps(case["payload"]))
        holder = data
        for part in place[:-1]:
            holder = holder[part]
        holder[place[-1]] = wrong
        for event in _read(data, NOW):
            if isinstance(event, Malformed):
                assert str(event)
                continue
            json.dumps(dict(event.body)).encode()
            assert len(event.external_id) < 250
            assert len(event.sender) <= 80


def test_a_list_of_notifications_is_read_as_each_of_them() -> None:
    one = next(case["payload"] for case in _ALL if case["name"] == "instagram: text")
    told = _json(json.dumps([one]).encode())
    assert [event.kind for data in told for event in taken(data)] == ["message"]
    with pytest.raises(Malformed):
        _json(b"[1]")


def _messenger(**event: Any) -> dict[str, Any]:
    both = {"sender": {"id": "7"}, "recipient": {"id": "1000002"}, "timestamp": 1795000000000}
    return {"object": "page", "entry": [{"id": "1000002", "messaging": [both | event]}]}


def test_a_product_that_somebody_writes_about_is_named() -> None:
    shoe = {"id": "9", "title": "Shoe", "subtitle": "EUR 19"}
    attachment = {"type": "template", "payload": {"product": {"elements": [shoe]}}}
    (event,) = taken(_messenger(message={"mid": "m_1", "attachments": [attachment]}))
    assert (event.body["type"], event.body["details"]) == ("product", {"order": ["Shoe, EUR 19"]})


def test_a_message_about_a_product_of_the_catalog_names_it() -> None:
    product = {"catalog_id": "1", "product_retailer_id": "sku-9"}
    message: dict[str, Any] = {"from": "4915100000001", "id": "wamid.1", "timestamp": "1795000000", "type": "text"}
    message |= {"text": {"body": "How much?"}, "context": {"referred_product": product}}
    value = {"metadata": {"phone_number_id": "100000000000001"}, "messages": [message]}
    change = {"field": "messages", "value": value}
    (event,) = taken({"object": "whatsapp_business_account", "entry": [{"changes": [change]}]})
    assert event.body["details"] == {"product": "sku-9"}


def test_a_reaction_taken_back_in_the_same_millisecond_is_another_event() -> None:
    ids = {
        taken(_messenger(reaction={"mid": "m_1", "action": action, "emoji": "x"}))[0].external_id
        for action in ("react", "unreact")
    }
    assert len(ids) == 2
