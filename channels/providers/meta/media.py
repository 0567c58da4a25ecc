"""Where the files are that came with a message.

WhatsApp names an id, of which the Graph API tells an address that holds for minutes
(https://developers.facebook.com/docs/whatsapp/cloud-api/reference/media); the others name the address at once.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from urllib.parse import urlencode, urlsplit

from channels.messaging.delivery import Account
from channels.messaging.media import MediaSource, is_at
from channels.providers.meta.sending import GRAPH, VERSION

_ID = re.compile(r"[A-Za-z0-9_-]{1,120}")
_API, _FILES = ("graph.facebook.com", "lookaside.fbsbx.com"), (".fbsbx.com", ".fbcdn.net", ".cdninstagram.com")


def media_source(media: Mapping[str, str], channel: str, sender: str, account: Account) -> MediaSource | None:
    """None for an address that is none of Meta's."""
    if channel != "whatsapp":
        url = media.get("url", "")
        if not is_at(url, _FILES):
            return None
        name = urlsplit(url).path.rpartition("/")[2]
        return MediaSource(f"{account.api}/media/{name}" if account.api else url, _FILES, emulator=account.api)
    if not _ID.fullmatch(media.get("id", "")):
        return None
    own = urlencode({"phone_number_id": sender.partition(":")[2]})
    return MediaSource(
        url=f"{account.api or GRAPH}/{VERSION}/{media['id']}?{own}",
        hosts=(*_API, *_FILES),
        headers={"Authorization": f"Bearer {account.access_token}"},
        known_by=_API,
        is_told=True,
        emulator=account.api,
    )
