"""What a SIP address of a queue may look like."""

import re

from django.core.exceptions import ValidationError
from django.utils.translation import gettext_lazy as _

# user@host[:port][;parameter[=value]]…; headers (?…) are ours to add, so they are refused here.
_SIP_URI = re.compile(
    r"sips?:[A-Za-z0-9_.!~*'()%+\-]{1,64}@(?:\[[0-9A-Fa-f:.]{2,45}\]|[A-Za-z0-9](?:[A-Za-z0-9.\-]{0,126}[A-Za-z0-9])?)"
    r"(?::(?P<port>\d{1,5}))?(?:;[A-Za-z0-9_.\-]{1,32}(?:=[A-Za-z0-9_.\-]{1,64})?){0,4}"
)


def validate_sip_uri(uri: str) -> None:
    """Raises ValidationError unless `uri` is a SIP address that carriers accept in TwiML's `<Sip>`.

    The length leaves room for our headers: a carrier refuses 255 characters and more.
    """
    match = _SIP_URI.fullmatch(uri)
    if not match or int(match["port"] or 5060) not in range(1, 65_536):
        raise ValidationError(
            _(
                "“%(uri)s” is no SIP address. It begins with sip: or sips: and names a user and a host, such as %(example)s."
            ),
            params={"uri": uri, "example": "sip:vip@pbx.example.com"},
        )
