"""The form that takes a flow from a file: first to be looked at, then to be kept."""

from __future__ import annotations

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _
from unfold.widgets import (
    UnfoldAdminFileFieldWidget,
    UnfoldAdminTextareaWidget,
    UnfoldAdminTextInputWidget,
    UnfoldBooleanSwitchWidget,
)

from routing.files.foreign import Wish

_FILE_BYTES = 8 * 1024 * 1024
TEAM = "queue:"
"""What the fields that choose a queue are called: this, and the team of the other system whose contacts it takes."""
_FIELDS = 300
ACCEPTED = ".json,.yaml,.yml,application/json,application/yaml"


class ImportForm(forms.Form):
    """A file, or its text pasted; `cleaned_data["text"]` is whichever was given."""

    file = forms.FileField(
        label=_("File"), required=False, widget=UnfoldAdminFileFieldWidget(attrs={"accept": ACCEPTED})
    )
    text = forms.CharField(
        label=_("Or its text"),
        required=False,
        strip=False,
        widget=UnfoldAdminTextareaWidget(
            attrs={"rows": 14, "spellcheck": "false", "autocomplete": "off", "wrap": "off", "class": "p-code"}
        ),
    )
    file_name = forms.CharField(required=False, max_length=255, widget=forms.HiddenInput)
    name = forms.CharField(label=_("Name"), required=False, max_length=100, widget=UnfoldAdminTextInputWidget)
    key = forms.SlugField(label=_("Key"), required=False, max_length=50, widget=UnfoldAdminTextInputWidget)
    publish = forms.BooleanField(
        label=_("Publish it at once"),
        required=False,
        widget=UnfoldBooleanSwitchWidget,
        help_text=_("Otherwise it becomes the draft, and contacts notice nothing."),
    )
    # Which draft was looked at: the revision, or 0 for a flow that was to be made.
    seen = forms.IntegerField(required=False, min_value=0, widget=forms.HiddenInput)

    @property
    def wish(self) -> Wish:
        """How the flow is to be called, as far as somebody said."""
        cleaned = self.cleaned_data
        queues = {
            name.removeprefix(TEAM): str(key)[:50]
            for name, key in list(self.data.items())[:_FIELDS]
            if name.startswith(TEAM) and key
        }
        return Wish(
            key=cleaned.get("key", ""),
            name=cleaned.get("name", ""),
            file_name=cleaned.get("file_name", ""),
            queues=queues,
        )

    def clean(self) -> dict[str, Any]:
        cleaned: dict[str, Any] = super().clean() or self.cleaned_data
        file = cleaned.get("file")
        if file is None:
            if "file" not in self.errors and not (cleaned.get("text") or "").strip():
                raise forms.ValidationError(_("Choose a file, or paste its text."))
            return cleaned
        if file.size > _FILE_BYTES:
            raise forms.ValidationError(_("The file is too large to be a flow."))
        try:
            cleaned["text"] = file.read().decode("utf-8-sig")
        except UnicodeDecodeError:
            raise forms.ValidationError(_("The file is no text in UTF-8, so it is no flow.")) from None
        cleaned["file_name"] = str(file.name)[:255]
        return cleaned
