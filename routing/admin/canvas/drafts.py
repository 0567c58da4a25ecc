"""Saving the draft, checking a definition without saving it, and publishing."""

from __future__ import annotations

from typing import Any

from django.db import IntegrityError
from django.http import JsonResponse
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from routing.admin.canvas.document import differs, with_live
from routing.admin.canvas.door import Asked, Refused, canvas_view, first_sentence
from routing.admin.canvas.versions import without_definitions
from routing.catalog import catalog
from routing.engine.drawing.analysis import analyse, shown_faults, shown_steps
from routing.engine.faults import DefinitionInvalid
from routing.models import Flow, FlowVersion
from routing.services import (
    DraftIsStale,
    FlowHasNoSuchVersion,
    FlowNameIsTaken,
    publish_flow,
    rename_flow,
    roll_back,
    save_draft,
)
from routing.simulator.cases import CasesDiffer

_NOTE_CHARS = 500
_NAME_CHARS = 100
_DESCRIPTION_CHARS = 1000


@canvas_view("POST", needs="change", flows=with_live)
def draft(asked: Asked) -> dict[str, Any]:
    """Keeps the draft, finished or not, unless somebody else saved since."""
    definition, revision = asked.definition(), asked.number("revision")
    try:
        saved = save_draft(
            flow_id=asked.flow.pk, definition=definition, revision=revision, by=asked.user, now=asked.now
        )
    except DraftIsStale as stale:
        raise _stale(asked.flow, stale, revision) from None
    except DefinitionInvalid as invalid:
        found = analyse(definition, catalog(), key=asked.flow.key)
        raise Refused(first_sentence(invalid.faults), analysis=found) from None
    except Flow.DoesNotExist:
        raise Refused(_("There is no such flow. Perhaps somebody deleted it."), 404) from None
    return {
        "revision": saved.draft_revision,
        "analysis": analyse(saved.draft, catalog(), key=saved.key),
        "differs_from_live": asked.flow.live is None or asked.flow.live.definition != saved.draft,
    }


@canvas_view("POST")
def analyse_only(asked: Asked) -> dict[str, Any]:
    """What publishing would say of a definition."""
    return {"analysis": analyse(asked.definition(), catalog(), key=asked.flow.key)}


@canvas_view("POST", needs="publish")
def publish(asked: Asked) -> dict[str, Any] | JsonResponse:
    """Makes the draft live, if it is the one that was seen and nothing is wrong with it."""
    revision, note = asked.number("revision"), asked.text("note", longest=_NOTE_CHARS, default="")
    despite_cases = asked.flag("despite_cases")
    try:
        version = publish_flow(
            flow_id=asked.flow.pk,
            by=asked.user,
            note=note,
            now=asked.now,
            revision=revision,
            despite_cases=despite_cases,
        )
    except CasesDiffer as differ:
        raise _differing(differ) from None
    except DraftIsStale as stale:
        raise _stale(asked.flow, stale, revision) from None
    except DefinitionInvalid as invalid:
        raise _faulty(asked.flow, invalid) from None
    return published(asked.flow, version)


@canvas_view("POST", needs="publish")
def back(asked: Asked) -> dict[str, Any]:
    """Publishes an old version anew; `previous` is what was live, to go there again.

    It becomes the draft as well, unless `keep_draft`; with `revision` only if nobody saved the draft since.
    """
    if not asked.may("change"):
        raise Refused(_("You are not allowed to do this. Ask whoever manages your rights."), 403)
    version_id, note = asked.number("version"), asked.text("note", longest=_NOTE_CHARS, default="")
    previous = asked.flow.live_id
    keep_draft = asked.flag("keep_draft")
    revision = asked.number("revision") if "revision" in asked.body else None
    try:
        version = roll_back(
            flow_id=asked.flow.pk,
            version_id=version_id,
            by=asked.user,
            note=note,
            now=asked.now,
            despite_cases=asked.flag("despite_cases"),
            keep_draft=keep_draft,
            revision=revision,
        )
    except CasesDiffer as differ:
        raise _differing(differ) from None
    except DraftIsStale as stale:
        raise _stale(asked.flow, stale, revision) from None
    except FlowHasNoSuchVersion:
        raise Refused(_("This flow has no such version."), 404) from None
    except DefinitionInvalid as invalid:
        raise _faulty(asked.flow, invalid) from None
    return {**published(asked.flow, version), "previous": previous}


def published(flow: Flow, version: FlowVersion) -> dict[str, Any]:
    """Where the flow stands after publishing."""
    flow = with_live().get(pk=flow.pk)
    return {
        "version": {"id": version.pk, "number": version.number},
        "revision": flow.draft_revision,
        "definition": flow.draft,
        "analysis": analyse(flow.draft, catalog(), key=flow.key),
        "differs_from_live": differs(flow),
    }


@canvas_view("POST", needs="change", flows=without_definitions)
def naming(asked: Asked) -> dict[str, Any]:
    """`{name, description}`: what the flow is called, and what it is for."""
    name = asked.text("name", longest=_NAME_CHARS)
    description = asked.text("description", longest=_DESCRIPTION_CHARS, default="")
    if not name:
        raise Refused(_("Give the flow a name."))
    try:
        flow = rename_flow(flow_id=asked.flow.pk, name=name, description=description, by=asked.user, now=asked.now)
    except (FlowNameIsTaken, IntegrityError):
        raise Refused(_("Another flow is called “%(name)s” already.") % {"name": name}) from None
    return {"name": flow.name, "description": flow.description}


def _stale(flow: Flow, stale: DraftIsStale, opened: int | None) -> Refused:
    """Everything that a merge needs: what is saved there now. `opened` is the revision that somebody says to have opened."""
    flow = Flow.objects.get(pk=flow.pk)
    sentence = _("%(who)s saved this draft at %(time)s, after you had opened it.") % {
        "who": stale.by or _("Somebody"),
        "time": f"{stale.at:%H:%M} UTC",
    }
    if opened is not None and opened > flow.draft_revision:
        sentence = _(
            "This draft is at revision %(there)d, so nobody can have opened revision %(opened)d. Open the flow again."
        ) % {"there": flow.draft_revision, "opened": opened}
    return Refused(
        sentence,
        409,
        by=stale.by,
        at=stale.at.isoformat(),
        revision=flow.draft_revision,
        definition=flow.draft,
        analysis=analyse(flow.draft, catalog(), key=flow.key),
    )


def _differing(differ: CasesDiffer) -> Refused:
    """What the test cases say of it; `despite_cases` publishes it all the same."""
    count = len(differ.failed)
    return Refused(
        ngettext(
            "Nothing was published: %(count)d test case would end otherwise than expected.",
            "Nothing was published: %(count)d test cases would end otherwise than expected.",
            count,
        )
        % {"count": count},
        409,
        cases=[result.as_json() for result in differ.results],
    )


def _faulty(flow: Flow, invalid: DefinitionInvalid) -> Refused:
    known = catalog()
    flow = Flow.objects.get(pk=flow.pk)
    return Refused(
        _("Nothing was published: mend the faults first."),
        422,
        analysis={
            "faults": shown_faults(invalid.faults, flow.draft, known, key=flow.key),
            "steps": shown_steps(flow.draft, known),
        },
    )
