"""Making several steps into a flow of their own."""

from __future__ import annotations

from typing import Any

from django.db import IntegrityError, transaction
from django.utils.text import slugify
from django.utils.translation import gettext as _

from routing.admin.canvas.door import Asked, Refused, canvas_view, page
from routing.engine.definition import read_definition
from routing.engine.drawing.collapse import CannotCollapse, collapse
from routing.engine.faults import DefinitionInvalid
from routing.models import Flow
from routing.services import create_flow, publish_flow

_STEPS = 500


@canvas_view("POST", needs="change")
def subflow(asked: Asked) -> dict[str, Any]:
    """Creates the new flow and answers what this one becomes; whoever asked saves that as a draft."""
    if not asked.user.has_perm("routing.add_flow"):
        raise Refused(_("You are not allowed to add flows. Ask whoever manages your rights."), 403)
    if asked.flag("publish") and not asked.may("publish"):
        raise Refused(_("You are not allowed to publish flows."), 403)
    if asked.number("revision") != asked.flow.draft_revision:
        raise Refused(_("This draft was saved by somebody else meanwhile. Look at it first."), 409)
    name = asked.text("name", longest=100)
    key = asked.text("key", longest=50, default="") or slugify(name)[:50]
    if not name or not key or slugify(key) != key.lower():
        raise Refused(_("Give the new flow a name, and a key of letters, digits and hyphens."))
    ids = asked.body.get("steps")
    if not isinstance(ids, list) or len(ids) > _STEPS or not all(isinstance(one, str) for one in ids):
        raise Refused(_("“steps” must be a list of steps."))
    definition = asked.definition() if "definition" in asked.body else asked.flow.draft
    try:
        made = collapse(read_definition(definition), ids, key=key, title=name)
    except CannotCollapse as reason:
        raise Refused(str(reason)) from None
    if Flow.objects.filter(key=key).exists() or Flow.objects.filter(name=name).exists():
        raise Refused(_("There is a flow of this name or key already."))
    try:
        with transaction.atomic():
            new = create_flow(key=key, name=name, definition=made.inner, by=asked.user, now=asked.now)
            if asked.flag("publish"):
                note = _("Taken out of “%(name)s”") % {"name": asked.flow.name}
                publish_flow(flow_id=new.pk, by=asked.user, now=asked.now, note=note)
    except IntegrityError:
        raise Refused(_("There is a flow of this name or key already.")) from None
    except DefinitionInvalid as invalid:
        # Half a sub-flow would leave two broken flows: nothing is made.
        said = _(
            "These steps have errors, so they would be a flow that cannot be published. Mend this first: %(fault)s"
        )
        raise Refused(said % {"fault": str(invalid.faults[0])}) from None
    return {
        "definition": made.outer,
        "step": made.step,
        "flow": {
            "id": new.pk,
            "key": new.key,
            "name": new.name,
            "url": page("routing_flow_change", new.pk),
            "published": asked.flag("publish"),
        },
    }
