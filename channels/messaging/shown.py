"""What people see of a message beside its text: attachments, places, cards, orders."""

from __future__ import annotations

from dataclasses import dataclass
from urllib.parse import urlsplit

from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from channels.messaging.models import Message, address_shown
from customers.privacy.sight import shown

_KINDS = {
    "image": _("Picture"),
    "sticker": _("Sticker"),
    "video": _("Film"),
    "audio": _("Sound"),
    "voice": _("Voice message"),
    "document": _("Document"),
    "file": _("Document"),
    "application": _("Document"),
    "text": _("Document"),
    "story": _("Story"),
    "story_mention": _("Story that mentions us"),
    "share": _("Shared post"),
    "reel": _("Film"),
    "ig_reel": _("Film"),
    "location": _("Map"),
    "fallback": _("Link"),
    "contacts": _("Card"),
    "order": _("Order"),
    "product": _("Product"),
    "moved": _("Another number"),
    "put": _("Another queue"),
    "form": _("Form"),
    "unsupported": _("Something that the channel does not pass on."),
}
_MAP = "https://www.openstreetmap.org/?mlat={latitude}&mlon={longitude}#map=16/{latitude}/{longitude}"


@dataclass(frozen=True, slots=True)
class Line:
    """One thing, in words; and where it is to be seen."""

    text: str
    url: str = ""
    place: int | None = None
    """Of an attachment: the how-manieth."""
    is_picture: bool = False


def kind_shown(kind: str) -> str:
    """Of a message without words."""
    return str(_KINDS.get(kind, kind))


def lines_of(message: Message) -> list[Line]:
    """All that is not its text, as it was sent."""
    return [*_attachments(message), *_place(message), *_things(message), *_came_from(message)]


def _attachments(message: Message) -> list[Line]:
    found = []
    for place, one in enumerate(message.media):
        mime = str(one.get("type") or "")
        kind, name = mime.partition("/")[0] or message.kind, str(one.get("name") or "")
        label = str(_KINDS.get(kind) or _KINDS.get(message.kind) or _("Attachment"))
        facts = ", ".join(fact for fact in (name, mime if "/" in mime else "") if fact)
        url = str(one.get("url") or "")
        is_link = urlsplit(url).scheme in {"http", "https"}
        is_picture = kind in {"image", "sticker"} or message.kind == "sticker"
        found.append(Line(f"{label} ({facts})" if facts else label, url if is_link else "", place, is_picture))
    return found


def _place(message: Message) -> list[Line]:
    details = message.details
    latitude, longitude = (_degrees(details.get(name)) for name in ("latitude", "longitude"))
    if latitude is None or longitude is None:
        return []
    names = [str(details.get(name) or "") for name in ("place", "address", "place_address")]
    where = ", ".join([*(name for name in names if name), f"{latitude:g}, {longitude:g}"])
    text = gettext("Location: %(where)s") % {"where": where}
    return [Line(text, _MAP.format(latitude=latitude, longitude=longitude))]


def _came_from(message: Message) -> list[Line]:
    """The advertisement, link or product that they wrote from."""
    details = message.details
    said = {name: str(details.get(f"referral_{name}") or "") for name in ("headline", "body", "ref", "id", "url")}
    found = []
    if moved_to := str(details.get("moved_to") or ""):
        old, new = (shown(address_shown(one)) for one in (str(details.get("moved_from") or ""), moved_to))
        return [Line(gettext("They have another number: %(old)s became %(new)s.") % {"old": old, "new": new})]
    if put_into := str(details.get("put_into") or ""):
        return [Line(gettext("%(by)s put it into %(queue)s.") % {"by": details.get("put_by", ""), "queue": put_into})]
    if product := str(details.get("product") or ""):
        found.append(Line(gettext("About the product: %(product)s") % {"product": product}))
    if what := said["headline"] or said["body"] or said["ref"] or said["id"] or said["url"]:
        number = f" ({said['id']})" if said["id"] and said["id"] != what else ""
        is_link = urlsplit(said["url"]).scheme in {"http", "https"}
        text = gettext("Came from: %(what)s") % {"what": f"{what}{number}"}
        found.append(Line(text, said["url"] if is_link else ""))
    return found


def _degrees(value: object) -> float | None:
    try:
        found = float(str(value))
    except ValueError:
        return None
    return found if -180 <= found <= 180 else None


def _things(message: Message) -> list[Line]:
    details = message.details
    cards, order = details.get("contacts"), details.get("order")
    found = [Line(gettext("Card: %(card)s") % {"card": card}) for card in cards or [] if isinstance(cards, list)]
    found += [Line(str(line)) for line in order or [] if isinstance(order, list)]
    if (
        found
        or message.text
        or message.media
        or "latitude" in details
        or not {"moved_to", "put_into"}.isdisjoint(details)
    ):
        return found
    title = str(details.get("title") or "")
    return [Line(title or kind_shown(message.kind))]
