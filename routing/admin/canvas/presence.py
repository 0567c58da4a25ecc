"""Who else has this draft open, and whether somebody saved it."""

from __future__ import annotations

import re
from dataclasses import asdict
from typing import Any

import redis
from django.db.models import BooleanField, ExpressionWrapper, F, Q
from django.utils.translation import gettext as _

from routing.admin.canvas.door import Asked, Refused, canvas_view
from routing.models import Flow
from routing.presence import be_present, leave
from routing.selectors import full_name, going_live, last_writer

_SESSION = re.compile(r"[A-Za-z0-9-]{1,64}")


def _without_definitions() -> Any:
    """The database compares them: this is asked every few seconds."""
    differs = ExpressionWrapper(~Q(draft=F("live__definition")), output_field=BooleanField())
    flows = Flow.objects.select_related("live").annotate(draft_differs=differs)
    return flows.defer("draft", "live__definition", "live__subflows")


@canvas_view("POST", flows=_without_definitions)
def presence(asked: Asked) -> dict[str, Any]:
    """Sent every few seconds and when another step is chosen. Whoever only reads is seen as well.

    `live` is the version that the tab knows to be live: if another one is, the answer says how that came about.
    """
    session, step = asked.text("session", longest=64), asked.text("step", longest=40, default="")
    if not _SESSION.fullmatch(session):
        raise Refused(_("“session” must be letters and digits."))
    flow = asked.flow
    others: list[dict[str, Any]] = []
    try:
        if asked.flag("gone"):
            leave(flow_id=flow.pk, session=session, user_id=asked.user.pk)
        else:
            name = full_name(asked.user)
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
    return {
        "others": others,
        "revision": flow.draft_revision,
        "updated_by": last_writer(flow),
        "flow": {
            "name": flow.name,
            "description": flow.description,
            "live": {"id": flow.live.pk, "number": flow.live.number} if flow.live else None,
            "differs_from_live": flow.live is None or bool(getattr(flow, "draft_differs")),  # noqa: B009  annotated
        },
        "went_live": _went_live(flow) if "live" in asked.body and asked.body["live"] != flow.live_id else None,
    }


def _went_live(flow: Flow) -> dict[str, Any] | None:
    found = going_live(flow)
    return {"by": found.by, "at": found.at.isoformat(), "note": found.note, "back_to": found.back_to} if found else None
