"""Where the files are that came with a message: https://www.twilio.com/docs/messaging/api/media-resource.

Asked as the account, which may be switched off there and need not be, the carrier leads on to a store of files, which is
asked as nobody.
"""

from __future__ import annotations

from collections.abc import Mapping
from urllib.parse import urlsplit

import urllib3

from channels.messaging.delivery import Account
from channels.messaging.media import MediaSource, is_at
from channels.providers.twilio.messaging.sending import way_of

_API = ".twilio.com"
_STORES = (
    ".twiliocdn.com",
    "s3-external-1.amazonaws.com/media.twiliocdn.com/",
    "media.twiliocdn.com.s3-external-1.amazonaws.com",
)
# Space of the customer's own, and one for all: https://developer.signalwire.com/compatibility-api/rest/retrieve-media.
_SIGNALWIRE = (".signalwire.com",)


def media_source(media: Mapping[str, str], account: Account) -> MediaSource | None:
    """None for an address that is none of the carrier's."""
    url, way = media.get("url", ""), way_of(account)
    if way is None:
        return None
    api, password = way
    own = () if account.api else (urlsplit(api).hostname or "",)
    api_hosts = {"": (_API,), "signalwire": _SIGNALWIRE}.get(account.carrier, ()) + own
    if not is_at(url, (*api_hosts, *_STORES)):
        return None
    if account.api:
        url = account.api + urlsplit(url).path
    return MediaSource(
        url=url,
        hosts=(*api_hosts, *_STORES),
        headers=urllib3.make_headers(basic_auth=f"{account.external_id}:{password}"),
        known_by=own,
        emulator=account.api,
    )
