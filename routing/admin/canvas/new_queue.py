"""A queue made without leaving the canvas: its name, and the SIP address of the team if it is known already."""

from __future__ import annotations

from typing import Any

from django.core.exceptions import ValidationError
from django.db import IntegrityError, transaction
from django.utils.text import slugify
from django.utils.translation import gettext as _

from queues.models import Queue, SipAddress
from routing.admin.canvas.door import Asked, Refused, canvas_view, page

_KEY_CHARS = 50


@canvas_view("POST", needs="change")
def new_queue(asked: Asked) -> dict[str, Any]:
    """`{name, address}` → `{queue: {key, name, url}, silent}`; an address is `sip:…`, or empty for later."""
    if not asked.user.has_perm("queues.add_queue"):
        raise Refused(_("You are not allowed to make queues. Ask whoever manages your rights."), 403)
    name, address = asked.text("name", longest=100), asked.text("address", longest=200, default="")
    if not name:
        raise Refused(_("Give the queue a name."))
    if Queue.objects.filter(name__iexact=name).exists():
        raise Refused(_("There is a queue “%(name)s” already.") % {"name": name})
    if address and not address.lower().startswith(("sip:", "sips:")):
        address = f"sip:{address}"
    try:
        with transaction.atomic():
            queue = Queue(key=_free_key(name), name=name)
            queue.full_clean()
            queue.save()
            if address:
                sip = SipAddress(queue=queue, uri=address)
                sip.full_clean()
                sip.save()
    except ValidationError as invalid:
        raise Refused(" ".join(invalid.messages)) from None
    except IntegrityError:
        raise Refused(_("There is a queue “%(name)s” already.") % {"name": name}) from None
    entry = {"key": queue.key, "name": queue.name, "url": page("queues_queue_change", queue.pk)}
    return {"queue": entry, "silent": not address}


def _free_key(name: str) -> str:
    wish = slugify(name)[:_KEY_CHARS] or "queue"
    taken = set(Queue.objects.filter(key__startswith=wish[: _KEY_CHARS - 4]).values_list("key", flat=True))
    key, count = wish, 2
    while key in taken:
        key = f"{wish[: _KEY_CHARS - 4]}-{count}"
        count += 1
    return key
