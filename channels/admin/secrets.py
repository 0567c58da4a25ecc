"""Fields of forms whose values go in and never come out."""

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _
from unfold.widgets import UnfoldAdminPasswordWidget


def secret_field(label: Any, help_text: Any, *, required: bool = False) -> forms.CharField:
    widget = UnfoldAdminPasswordWidget(attrs={"autocomplete": "new-password"})
    return forms.CharField(label=label, widget=widget, help_text=help_text, required=required)


class KeepsSecrets(forms.ModelForm):  # type: ignore[type-arg]
    """Secrets go in and never come out: empty keeps what is stored."""

    secrets: tuple[str, ...] = ()

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._stored = {name: getattr(self.instance, name) for name in self.secrets}
        for name in self.secrets:
            if name in self.fields:
                self.initial[name] = ""
                if self._stored[name]:
                    self.fields[name].required = False
                    self.fields[name].help_text = _("A token is stored. It stays if you leave this empty.")

    def clean(self) -> dict[str, Any]:
        cleaned: dict[str, Any] = super().clean() or self.cleaned_data
        for name in self.secrets:
            if name in self.fields and not cleaned.get(name):
                cleaned[name] = self._stored[name]
        return cleaned
