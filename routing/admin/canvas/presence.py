"""Who else has this draft open, and whether somebody saved it."""

from __future__ import annotations

import re
from dataclasses import asdict
from typing import Any

import redis
from django.utils.translation import gettext as _

from routing.admin.canvas.door import Asked, Refused, canvas_view
from routing.models import Flow
from routing.presence import be_present, leave
from routing.selectors import last_writer

_SESSION = re.compile(r"[A-Za-z0-9-]{1,64}")


def _without_definitions() -> Any:
    return Flow.objects.defer("draft")


@canvas_view("POST", flows=_without_definitions)
def presence(asked: Asked) -> dict[str, Any]:
    """Sent every 8 seconds and when another step is chosen. Whoever only reads is seen as well."""
    session, step = asked.text("session", longest=64), asked.text("step", longest=40, default="")
    if not _SESSION.fullmatch(session):
        raise Refused(_("“session” must be letters and digits."))
    flow = asked.flow
    others: list[dict[str, Any]] = []
    try:
        if asked.flag("gone"):
            leave(flow_id=flow.pk, session=session, user_id=asked.user.pk)
        else:
            name = asked.user.get_full_name() or str(asked.user)
            others = [
                asdict(one)
                for one in be_present(
                    flow_id=flow.pk,
                    session=session,
                    user_id=asked.user.pk,
                    name=name,
                    step=step,
                    now_s=asked.now.timestamp(),
                )
            ]
    except redis.RedisError:
        # Nobody is seen then; that somebody saved is still told, by the database.
        others = []
    return {"others": others, "revision": flow.draft_revision, "updated_by": last_writer(flow)}
