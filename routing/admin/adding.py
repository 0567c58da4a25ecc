"""The form for a new flow: how it is called, and what to start from; the rest is drawn on the canvas."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from django import forms
from django.utils.functional import cached_property
from django.utils.translation import gettext as _t
from django.utils.translation import gettext_lazy as _
from unfold.widgets import UnfoldAdminFileFieldWidget, UnfoldAdminSelectWidget, UnfoldAdminTextareaWidget

from routing.admin.drafts import first_draft
from routing.admin.files import ACCEPTED
from routing.catalog import catalog
from routing.engine.definition import FORMAT
from routing.files.foreign import Wish
from routing.importing import Reading, read_import
from routing.models import Flow
from routing.starters import fit, starters

_FILE_BYTES = 8 * 1024 * 1024
_FAULTS_SHOWN = 10


@dataclass(frozen=True, slots=True)
class Start:
    """One thing to start from, as the page shows it."""

    value: str
    title: str
    text: str
    icon: str


class AddFlowForm(forms.ModelForm):  # type: ignore[type-arg]
    """`definition` is what the new flow begins with, once the form is valid."""

    start = forms.ChoiceField(label=_("Start from"), widget=forms.RadioSelect, initial="empty")
    copy_of = forms.ModelChoiceField(
        label=_("Flow to copy"), queryset=Flow.objects.none(), required=False, widget=UnfoldAdminSelectWidget
    )
    file = forms.FileField(
        label=_("File of a flow"),
        required=False,
        widget=UnfoldAdminFileFieldWidget(attrs={"accept": ACCEPTED}),
    )

    # What FlowAdmin sets on every form of a flow; here nothing is refused for being stale.
    refusal: Any = None
    only_check = False

    class Meta:
        model = Flow
        fields = ["name", "key", "description"]
        widgets = {"description": UnfoldAdminTextareaWidget(attrs={"rows": 2})}

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.definition: dict[str, Any] | None = None
        flows = Flow.objects.order_by("name").only("name")
        self.fields["copy_of"].queryset = flows  # type: ignore[attr-defined]
        self.fields["start"].choices = [(start.value, start.title) for start in self.starts]  # type: ignore[attr-defined]

    @cached_property
    def starts(self) -> list[Start]:
        """In the order of the page; a copy is only offered where there is something to copy."""
        return [
            Start("empty", _t("Empty"), _t("A blank canvas."), "draft"),
            Start("greeting", _t("Greet and put through"), _t("A call is greeted and goes to one queue."), "call"),
            *(Start(f"starter:{one.key}", one.name, one.description, "star") for one in starters()),
            *(
                [Start("copy", _t("A copy"), _t("Of another flow, with all its steps."), "content_copy")]
                if Flow.objects.exists()
                else []
            ),
            Start("file", _t("A file"), _t("That was exported here or elsewhere."), "upload_file"),
        ]

    def clean(self) -> dict[str, Any]:
        cleaned: dict[str, Any] = super().clean() or self.cleaned_data
        match str(cleaned.get("start", "")).split(":", 1):
            case ["copy"]:
                if cleaned.get("copy_of") is None:
                    self.add_error("copy_of", _("Choose the flow to copy."))
                else:
                    self.definition = cleaned["copy_of"].draft
            case ["file"]:
                self._read(cleaned.get("file"))
            case ["starter", key]:
                self.definition = fit(next(one.definition for one in starters() if one.key == key), catalog())
            case ["greeting"]:
                self.definition = first_draft()
            case ["empty"]:
                self.definition = {"format": FORMAT, "steps": []}
        return cleaned

    def _read(self, file: Any) -> None:
        if file is None:
            self.add_error("file", _("Choose the file."))
        elif file.size > _FILE_BYTES:
            self.add_error("file", _("The file is too large to be a flow."))
        else:
            try:
                self._take(read_import(file.read().decode("utf-8-sig"), wish=Wish(file_name=str(file.name))))
            except UnicodeDecodeError:
                self.add_error("file", _("The file is no text in UTF-8, so it is no flow."))

    def _take(self, reading: Reading) -> None:
        """Whatever is a flow may be drawn on, with its faults; data sources are made on the page for imports only."""
        if reading.file is not None and not reading.sources:
            self.definition = reading.file.definition
            return
        if reading.sources:
            self.add_error("file", _("This flow asks APIs: import it from the list of flows, which sets them up, too."))
        for fault in reading.faults[:_FAULTS_SHOWN] if reading.file is None else ():
            self.add_error("file", str(fault))
