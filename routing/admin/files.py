"""The form that takes a flow from a file."""

from __future__ import annotations

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _
from unfold.widgets import UnfoldAdminFileFieldWidget, UnfoldAdminTextareaWidget, UnfoldBooleanSwitchWidget

_FILE_BYTES = 8 * 1024 * 1024


class ImportForm(forms.Form):
    """A file, or its text pasted; `cleaned_data["text"]` is whichever was given."""

    file = forms.FileField(
        label=_("File"), required=False, widget=UnfoldAdminFileFieldWidget(attrs={"accept": ".json,application/json"})
    )
    text = forms.CharField(
        label=_("Or its text"),
        required=False,
        strip=False,
        widget=UnfoldAdminTextareaWidget(
            attrs={"rows": 16, "spellcheck": "false", "autocomplete": "off", "wrap": "off", "class": "p-code"}
        ),
    )
    publish = forms.BooleanField(
        label=_("Publish it at once"),
        required=False,
        widget=UnfoldBooleanSwitchWidget,
        help_text=_("Otherwise it becomes the draft, and contacts notice nothing."),
    )

    def clean(self) -> dict[str, Any]:
        cleaned: dict[str, Any] = super().clean() or self.cleaned_data
        file = cleaned.get("file")
        if file is None:
            if not (cleaned.get("text") or "").strip():
                raise forms.ValidationError(_("Choose a file, or paste its text."))
            return cleaned
        if file.size > _FILE_BYTES:
            raise forms.ValidationError(_("The file is too large to be a flow."))
        try:
            cleaned["text"] = file.read().decode("utf-8-sig")
        except UnicodeDecodeError:
            raise forms.ValidationError(_("The file is no text in UTF-8, so it is no flow.")) from None
        return cleaned
