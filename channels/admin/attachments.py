"""Attachments of conversations as browsers get them: pictures are shown, everything else is saved."""

from __future__ import annotations

import mimetypes
import re

from django.http import Http404, HttpResponse
from django.utils.http import content_disposition_header

from channels.messaging.delivery import Messenger
from channels.messaging.media import MediaSource, NoMedia, fetch
from channels.messaging.models import Conversation, Message
from channels.messaging.sending import as_whom
from channels.provider import providers

_NOT_IN_NAMES = re.compile(r'[\x00-\x1f\x7f/\\:*?"<>|]+')
# What opens in the program that it is for. Whatever else it claims to be, it is bytes.
_SAVED_AS = re.compile(
    r"(audio|video)/[a-z0-9.+-]+|application/(pdf|zip|msword|vnd\.[a-z0-9.+-]+)|text/(plain|csv|calendar|(x-)?vcard)"
)


def source_of(conversation: Conversation, message: Message, place: int) -> MediaSource | None:
    """Where the attachment is; None if it does not lie with the provider."""
    media = message.media[place] if place < len(message.media) else None
    if not isinstance(media, dict) or message.direction != Message.Direction.IN:
        return None
    number = conversation.number
    provider: Messenger | None = providers().get(number.account.provider)
    account = as_whom(number.account, access_token=number.access_token or "", is_asking=True)
    if provider is None or account is None:
        return None
    kept = {name: value for name, value in media.items() if isinstance(value, str)}
    return provider.media_source(media=kept, channel=conversation.channel, sender=number.address, account=account)


def answer(conversation: Conversation, message_id: int, place: int) -> HttpResponse:
    """The file, or a sentence that says why not. Raises Http404."""
    message = conversation.messages.filter(pk=message_id, deleted_at__isnull=True).first()
    source = source_of(conversation, message, place) if message is not None else None
    if message is None or source is None:
        raise Http404
    try:
        found = fetch(source)
    except NoMedia as why:
        return _guarded(HttpResponse(f"{why}\n", "text/plain; charset=utf-8", why.status))
    kind = found.picture or (found.type if _SAVED_AS.fullmatch(found.type) else "application/octet-stream")
    response = HttpResponse(found.body, kind)
    name = _name(str(message.media[place].get("name") or ""), message_id, kind)
    response["Content-Disposition"] = content_disposition_header(not found.picture, name) or "attachment"
    response["Cache-Control"] = "private, max-age=3600"
    return _guarded(response)


def _guarded(response: HttpResponse) -> HttpResponse:
    response["X-Content-Type-Options"] = "nosniff"
    response["Content-Security-Policy"] = "default-src 'none'; sandbox"
    response["Cross-Origin-Resource-Policy"] = "same-origin"
    return response


def _name(theirs: str, message_id: int, kind: str) -> str:
    name = _NOT_IN_NAMES.sub("_", theirs).strip(" .")[:120]
    return name or f"attachment-{message_id}{mimetypes.guess_extension(kind) or '.bin'}"
