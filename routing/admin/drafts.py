"""The draft of a flow as text in a form: read as JSON, checked by the one validator, refused when stale."""

from __future__ import annotations

import json
import re
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _
from unfold.widgets import UnfoldAdminTextareaWidget, UnfoldAdminTextInputWidget

from queues.models import Queue
from routing.catalog import catalog
from routing.engine.checks.validation import validate
from routing.engine.definition import FORMAT
from routing.engine.faults import DefinitionInvalid, Fault
from routing.files import ordered
from routing.models import Flow
from routing.services import DraftIsStale
from routing.simulator.cases import CasesDiffer


@dataclass(frozen=True, slots=True)
class ShownFault:
    """A fault as the page lists it."""

    message: str
    level: str
    path: str
    step: str
    line: int
    """Where the step begins in the text; 0 if unknown."""
    column: int = 0


class FlowForm(forms.ModelForm):  # type: ignore[type-arg]
    """`text` is the draft, `revision` the one that was opened; a refused text stays in the form as it was typed."""

    text = forms.CharField(
        label=_("Definition"),
        strip=False,
        widget=UnfoldAdminTextareaWidget(
            attrs={"rows": 30, "spellcheck": "false", "autocomplete": "off", "wrap": "off", "class": "p-code"}
        ),
        help_text=_("The steps of the flow as JSON. A file of another flow can be imported from the list of flows."),
    )
    revision = forms.IntegerField(required=False, widget=forms.HiddenInput)
    note = forms.CharField(
        label=_("What changed"),
        max_length=500,
        required=False,
        widget=UnfoldAdminTextInputWidget(attrs={"placeholder": _("Such as: gold customers skip the menu")}),
    )

    # Set by the admin for one request: why the services refused, and whether nothing is to be saved.
    refusal: DraftIsStale | DefinitionInvalid | CasesDiffer | None = None
    only_check = False

    class Meta:
        model = Flow
        fields = ["key", "name", "description"]

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.definition: dict[str, Any] | None = None
        draft = self.instance.draft if self.instance.pk else first_draft()
        self.initial["text"] = as_text(draft)
        self.initial["revision"] = self.instance.draft_revision

    def is_valid(self) -> bool:
        return super().is_valid() and not self.only_check and self.refusal is None

    def clean_text(self) -> str:
        text: str = self.cleaned_data["text"]
        self.definition = read_text(text)
        return text

    def clean(self) -> dict[str, Any]:
        cleaned: dict[str, Any] = super().clean() or self.cleaned_data
        if isinstance(self.refusal, DraftIsStale):
            self.add_error(None, _refused(self.refusal))
        elif isinstance(self.refusal, DefinitionInvalid):
            self.add_error("text", _("Nothing was published or saved: mend what is listed below the text first."))
        elif isinstance(self.refusal, CasesDiffer):
            self.add_error("text", _("Nothing was published or saved: test cases would end otherwise than expected."))
        return cleaned

    @cached_property
    def faults(self) -> list[ShownFault]:
        """Of what is in the text now; empty while it is no JSON, which the field itself says."""
        if self.is_bound:
            if self.definition is None:
                return []
            text, definition = self.data.get("text", ""), self.definition
        else:
            text, definition = self.initial["text"], self.instance.draft if self.instance.pk else first_draft()
        return shown(validate(definition, catalog(), key=self.instance.key), text)

    @property
    def blocking(self) -> int:
        return sum(fault.level == "error" for fault in self.faults)


def _refused(stale: DraftIsStale) -> str:
    return _(
        "%(who)s saved this draft at %(time)s, after you had opened it. Nothing of yours is lost: it is still in the "
        "form below, and nothing was saved yet. Compare it with the saved draft, then save yours over it or reload."
    ) % {"who": stale.by or _("Somebody"), "time": f"{stale.at:%H:%M} UTC"}


def read_text(text: str) -> dict[str, Any]:
    """The JSON object in `text`. Raises ValidationError that says in which line it goes wrong."""
    twice: list[str] = []

    def pairs(found: list[tuple[str, Any]]) -> dict[str, Any]:
        seen: set[str] = set()
        for key, _value in found:
            if key in seen:
                twice.append(key)
            seen.add(key)
        return dict(found)

    try:
        data = json.loads(text, object_pairs_hook=pairs)
    except json.JSONDecodeError as error:
        raise forms.ValidationError(
            _("Line %(line)s, column %(column)s: %(problem)s. The text around it: %(around)s"),
            params={
                "line": error.lineno,
                "column": error.colno,
                "problem": _PROBLEMS.get(error.msg, error.msg),
                "around": f"“{text[max(0, error.pos - 20) : error.pos + 20].strip()}”".replace("\n", " "),
            },
        ) from None
    except (ValueError, RecursionError):
        raise forms.ValidationError(
            _("This cannot be read: it is nested too deeply or holds too long a number.")
        ) from None
    if twice:
        raise forms.ValidationError(
            _("“%(key)s” is there twice in one pair of braces; only one can count."), params={"key": twice[0]}
        )
    if not isinstance(data, dict):
        raise forms.ValidationError(_("A flow begins with { and ends with }."))
    return data


# The parser's own words, in those of somebody who does not write programs.
_PROBLEMS = {
    "Expecting ',' delimiter": _("a comma is missing before this"),
    "Expecting ':' delimiter": _("a colon is missing before this"),
    "Expecting value": _("a value is missing, or a text without quotation marks, or there is a comma too many"),
    "Expecting property name enclosed in double quotes": _(
        "a name in quotation marks is missing, or there is a comma too many"
    ),
    "Illegal trailing comma before end of object": _("there is a comma too many before this"),
    "Illegal trailing comma before end of array": _("there is a comma too many before this"),
    "Extra data": _("the flow ended before this"),
    "Unterminated string starting at": _("a quotation mark opens here and is never closed"),
    "Invalid control character at": _("a text goes over the end of the line; write \\n for a new line"),
}


def as_text(definition: dict[str, Any]) -> str:
    """A definition as people edit it: its keys in a telling order, indented."""
    return json.dumps(ordered(definition), indent=2, ensure_ascii=False)


def shown(faults: Sequence[Fault], text: str) -> list[ShownFault]:
    """Faults with the line of the step that they belong to."""
    return [ShownFault(fault.message, fault.level, fault.path, fault.step, _line(text, fault.step)) for fault in faults]


def _line(text: str, step: str) -> int:
    match = re.search(rf'"id"\s*:\s*{re.escape(json.dumps(step))}', text) if step else None
    return text.count("\n", 0, match.start()) + 1 if match else 0


def first_draft() -> dict[str, Any]:
    """What a new flow begins with: it greets and hands over to a queue, so that it works at once."""
    queue = Queue.objects.filter(is_active=True).order_by("name").values_list("key", flat=True).first()
    return {
        "format": FORMAT,
        "steps": [
            {"id": "call", "type": "call", "title": "Incoming call", "exits": {"started": "greeting"}},
            {
                "id": "greeting",
                "type": "say",
                "title": "Greeting",
                "settings": {"prompt": {"text": {"en": "Welcome. One moment, please."}}},
                "exits": {"done": "to_team"},
            },
            {
                "id": "to_team",
                "type": "queue",
                "title": "To the team",
                "settings": {"queue": queue or "standard"},
                "exits": {"unanswered": "sorry"},
            },
            {
                "id": "sorry",
                "type": "end",
                "title": "Nobody answered",
                "settings": {"prompt": {"text": {"en": "All of us are on the telephone. Please call again later."}}},
            },
        ],
    }
