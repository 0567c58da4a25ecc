"""What the admin asks of somebody who adds an app at Meta."""

from __future__ import annotations

from django.utils.translation import gettext_lazy as _

from channels.provider import AccountField, AccountKind

KIND = AccountKind(
    carrier="",
    name="Meta",
    about=_("WhatsApp, Messenger and Instagram, straight from Meta."),
    fields=(
        AccountField("external_id", _("App ID"), _("In Meta's app dashboard, at the top. Digits only.")),
        AccountField(
            "secret",
            _("App secret"),
            _("In the app dashboard under App settings, Basic. Every webhook is signed with it."),
        ),
        AccountField(
            "verify_token",
            _("Verify token"),
            _("What you type in the app's webhook settings, to show that this address is yours. Any words."),
            required=False,
        ),
        AccountField(
            "access_token",
            _("Access token"),
            _("Of a system user of your business. Messages are sent with it, unless the number has its own."),
            required=False,
        ),
        AccountField(
            "business_id",
            _("WhatsApp Business account"),
            _("Its id, in the WhatsApp Manager. Only needed to fetch message templates."),
            required=False,
        ),
    ),
)
