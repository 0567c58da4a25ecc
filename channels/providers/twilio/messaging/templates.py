"""Message templates of an account: https://www.twilio.com/docs/content/content-api-resources."""

from __future__ import annotations

import base64
from typing import Any

from django.utils.translation import gettext as _

from channels.messaging.delivery import Account, Approved
from channels.numbers import http
from channels.numbers.shop import Refused
from channels.providers.twilio.carriers import carrier_of

_CONTENT = "https://content.twilio.com"
_PAGES = 20
# Kinds of which the text is all that is to be filled in.
_TEXTS = ("twilio/text", "whatsapp/authentication", "twilio/quick-reply", "twilio/call-to-action", "twilio/card")
# https://www.twilio.com/docs/content/content-approvals
_STATES = {"approved": "approved", "received": "waiting", "pending": "waiting", "unsubmitted": "waiting"}


def templates(account: Account) -> list[Approved]:
    """All with what WhatsApp said of them. Raises ShopFault."""
    name = carrier_of(account.carrier).kind.name
    pair = f"{account.external_id}:{account.secret}".encode()
    auth = f"Basic {base64.b64encode(pair).decode()}"
    start = f"{account.api}/content" if account.api else _CONTENT
    url, query = f"{start}/v1/ContentAndApprovals", {"PageSize": "100"}
    found: list[Approved] = []
    for _page in range(_PAGES):
        answer = http.ask("GET", url, carrier=name, auth=auth, query=query)
        if answer.status >= 400:
            raise Refused(
                _("%(carrier)s refuses the account: is its token right, and may it read templates?") % {"carrier": name}
            )
        rows = answer.data.get("contents")
        found += (
            [one for row in rows if isinstance(row, dict) and (one := _read(row))] if isinstance(rows, list) else []
        )
        meta = answer.data.get("meta")
        following = meta.get("next_page_url") if isinstance(meta, dict) else None
        # Nowhere but to where the first page was.
        if not isinstance(following, str) or not following.startswith(start):
            break
        url, query = following, {}
    return found


def _read(row: dict[str, Any]) -> Approved | None:
    sid, types = row.get("sid"), row.get("types")
    if not isinstance(sid, str) or not sid or not isinstance(types, dict):
        return None
    kind, content = next(((kind, types[kind]) for kind in _TEXTS if kind in types), ("", None))
    body = content.get("body") or content.get("title") if isinstance(content, dict) else None
    said = row.get("approval_requests")
    status = said.get("status", "") if isinstance(said, dict) else ""
    state = _STATES.get(str(status), "refused")
    text = body if isinstance(body, str) else ""
    variables = row.get("variables")
    # Pictures and buttons with something to fill in have no field here.
    outside = [name for name in variables if f"{{{{{name}}}}}" not in text] if isinstance(variables, dict) else []
    if state == "approved" and (not kind or not text or outside):
        state = "elsewhere"
    return Approved(sid, str(row.get("friendly_name") or sid), str(row.get("language") or "en"), text, state)
