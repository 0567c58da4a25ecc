"""Message templates: fetched from the provider or typed by a manager, filled in by whoever answers."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import partial

from django.db import transaction
from django.db.models import QuerySet
from django.utils.translation import gettext as _

from channels.messaging.consent import is_stopped
from channels.messaging.delivery import Approved
from channels.messaging.models import Conversation, Message, Template
from channels.messaging.sending import as_whom
from channels.messaging.services import CannotReply
from channels.models import Account
from channels.nudges import nudge_sending
from channels.numbers.shop import Refused
from channels.provider import providers

# As both providers write it: https://www.twilio.com/docs/content/using-variables-with-content-api and
# https://developers.facebook.com/docs/whatsapp/business-management-api/message-templates/components.
_PLACE = re.compile(r"\{\{\s*([a-z0-9_]{1,40})\s*\}\}", re.IGNORECASE)
VALUE_CHARS = 300


class CannotFill(ValueError):
    """Something is missing; the sentence says what."""


@dataclass(frozen=True, slots=True)
class Part:
    """A piece of a template's text: as it is approved, or what is filled in there."""

    text: str
    place: str = ""


def parts_of(text: str) -> list[Part]:
    found: list[Part] = []
    end = 0
    for match in _PLACE.finditer(text):
        found += [Part(text[end : match.start()]), Part("", match[1])]
        end = match.end()
    return [part for part in (*found, Part(text[end:])) if part.text or part.place]


def places_of(text: str) -> list[str]:
    """What has to be filled in, each once: numbers in their order, names as they come."""
    found = list(dict.fromkeys(match[1] for match in _PLACE.finditer(text)))
    return sorted(found, key=int) if all(name.isdecimal() for name in found) else found


def filled(text: str, values: Mapping[str, str]) -> str:
    return _PLACE.sub(lambda match: values.get(match[1], match[0]), text)


def take_templates(conversation: Conversation) -> bool:
    """Whether the channel knows approved templates at all."""
    return conversation.channel == "whatsapp" and conversation.number.account.provider in providers()


def templates_for(conversation: Conversation, *, language: str = "") -> list[Template]:
    """Those that may be sent to them now, first those in their language."""
    rows = _usable(conversation)
    wanted = language.partition("-")[0].lower()
    return sorted(rows, key=lambda row: (not _speaks(row, wanted), row.language, row.name)) if wanted else list(rows)


def _usable(conversation: Conversation) -> QuerySet[Template]:
    return Template.objects.filter(
        account_id=conversation.number.account_id, channel=conversation.channel, state=Template.State.APPROVED
    )


def _speaks(row: Template, language: str) -> bool:
    return row.language.replace("-", "_").partition("_")[0].lower() == language


@transaction.atomic
def reply_by_template(
    *, conversation_id: int, template_id: int, values: Mapping[str, str], by_id: int | None, now: datetime
) -> None:
    """Puts the filled-in template into the outbox. Raises CannotReply, CannotFill, Template.DoesNotExist."""
    rows = Conversation.objects.select_related("number__account").select_for_update(of=("self",), no_key=True)
    conversation = rows.get(pk=conversation_id)
    if is_stopped(conversation.channel, conversation.peer):
        raise CannotReply("stopped")
    template = _usable(conversation).get(pk=template_id)
    names = places_of(template.text)
    # Line breaks and tabs in what is filled in are refused by the channel.
    given = {name: " ".join(values.get(name, "").split())[:VALUE_CHARS] for name in names}
    if missing := [name for name in names if not given[name]]:
        raise CannotFill(_("Fill in %(places)s first.") % {"places": ", ".join(missing)})
    details = {
        "template": template.external_id,
        "template_values": [given[name] for name in names],
        "template_names": [] if all(name.isdecimal() for name in names) else names,
        "language": template.language,
    }
    Message.objects.create(
        conversation_id=conversation.pk,
        contact_id=conversation.contact_id,
        direction=Message.Direction.OUT,
        kind="template",
        text=filled(template.text, given),
        details=details,
        state=Message.State.QUEUED,
        occurred_at=now,
        by_id=by_id,
    )
    Conversation.objects.filter(pk=conversation.pk).update(last_message_at=now)
    transaction.on_commit(partial(nudge_sending, conversation.pk))


def can_fetch(account: Account) -> bool:
    provider = providers().get(account.provider)
    return provider is not None and provider.has_templates(account.carrier)


def fetch_templates(*, account: Account, now: datetime) -> tuple[int, int]:
    """Asks the provider for all of them; how many there are, and how many of those may be sent. Raises ShopFault."""
    sender = as_whom(account)
    if sender is None:
        raise Refused(
            _("Nothing leaves the house for this account yet. Choose the carrier under “Messages and orders go to”.")
        )
    found: Sequence[Approved] = providers()[account.provider].templates(sender)
    usable = 0
    with transaction.atomic():
        seen = []
        for one in found:
            row, _new = Template.objects.update_or_create(
                account=account,
                external_id=one.external_id[:200],
                language=one.language[:15],
                defaults={"name": one.name[:200], "text": one.text[:2_000], "state": one.state, "fetched_at": now},
            )
            seen.append(row.pk)
            usable += one.state == Template.State.APPROVED
        # What somebody typed stays: it may be of a kind that the provider does not list.
        gone = Template.objects.filter(account=account, fetched_at__isnull=False).exclude(pk__in=seen)
        gone.update(state=Template.State.GONE)
    return len(found), usable
