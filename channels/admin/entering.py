"""Signing in: whoever has no role is told so, instead of finding an empty house."""

from typing import Any

from django.core.exceptions import ValidationError
from django.utils.translation import gettext as _
from unfold.forms import AuthenticationForm


class EntryForm(AuthenticationForm):
    def confirm_login_allowed(self, user: Any) -> None:
        """Asked only once the password was right."""
        if user.is_active and not user.is_staff:
            raise ValidationError(_("Your account is not meant for these pages. Ask a manager for “staff status”."))
        super().confirm_login_allowed(user)
        if not user.get_all_permissions():
            raise ValidationError(_("You have no role yet, so there is nothing that you may see. Ask for one."))
