"""What a turn orders to be written becomes rows, in the turn's own transaction."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import datetime
from typing import Any

from channels.messaging.models import Message
from channels.messaging.wording import numbered, parts, segments
from routing.engine.effects import Effect, Gather, Play, Say, SendMessage

# Wherever numbers stand in for buttons there must be room for them.
_CHOICES_CHARS = 1_000
# Instagram takes 1000 bytes: https://developers.facebook.com/docs/instagram-platform/instagram-api-with-instagram-login/messaging-api/
_IN_BYTES = frozenset({"instagram"})


def put(
    *,
    conversation_id: int,
    contact_id: int | None,
    channel: str,
    text_chars: int,
    effects: Iterable[Effect],
    now: datetime,
    by_id: int | None = None,
) -> int:
    """How many messages wait to be sent now because of `effects`. Call inside the transaction of the turn."""
    rows = [
        Message(
            conversation_id=conversation_id,
            contact_id=contact_id,
            direction=Message.Direction.OUT,
            state=Message.State.QUEUED,
            occurred_at=now,
            by_id=by_id,
            **fields,
        )
        for effect in effects
        for fields in _fields(effect, channel, text_chars)
    ]
    Message.objects.bulk_create(rows)
    return len(rows)


def _fields(effect: Effect, channel: str, most: int) -> Iterator[dict[str, Any]]:
    match effect:
        case Say(text=text, language=language):
            yield from _texts(text, language, channel, most)
        case Play(url=url):
            yield {"kind": "media", "media": [{"url": url}]}
        case Gather(prompts=prompts):
            for prompt in prompts:
                yield from _fields(prompt, channel, most)
        case SendMessage():
            yield from _message(effect, channel, most)


def _message(effect: SendMessage, channel: str, most: int) -> Iterator[dict[str, Any]]:
    room = most - _CHOICES_CHARS if effect.choices and most > 2 * _CHOICES_CHARS else most
    texts = list(_texts(effect.text, effect.language, channel, room)) or [{"text": "", "details": {}}]
    if effect.choices:
        whole = numbered(texts[-1]["text"], effect.choices)
        texts[-1] |= {"kind": "choice", "choices": [list(one) for one in effect.choices], "segments": segments(whole)}
    media = [{"url": url} for url in effect.media]
    if channel == "sms" and media:
        texts[0] |= {"media": media, "kind": texts[0].get("kind") if effect.choices else "media"}
    elif media:
        # Most channels carry one at a time.
        yield from ({"kind": "media", "media": [one]} for one in media)
        if not (texts[0]["text"] or effect.choices):
            return
    if effect.template:
        template = {"template": effect.template, "template_values": list(effect.template_values)}
        texts[0]["details"] = {**texts[0]["details"], **template}
    yield from texts


def _texts(text: str, language: str, channel: str, most: int) -> Iterator[dict[str, Any]]:
    for part in parts(text, most, in_bytes=channel in _IN_BYTES):
        if part:
            count = segments(part) if channel == "sms" else 1
            yield {"kind": "text", "text": part, "segments": count, "details": {"language": language}}
