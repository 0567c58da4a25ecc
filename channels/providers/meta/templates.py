"""Message templates of a WhatsApp Business account.

https://developers.facebook.com/docs/whatsapp/business-management-api/message-templates.
"""

from __future__ import annotations

import re
from typing import Any

from django.utils.translation import gettext as _

from channels.messaging.delivery import Account, Approved
from channels.numbers import http
from channels.numbers.shop import Refused
from channels.providers.meta.sending import GRAPH, VERSION

_PAGES = 20
_STATES = {"APPROVED": "approved", "PENDING": "waiting", "IN_APPEAL": "waiting"}
_PLACE = re.compile(r"\{\{.+?\}\}")


def templates(account: Account) -> list[Approved]:
    """All of the business account. Raises ShopFault."""
    if not account.business_id:
        raise Refused(
            _("Type the id of the WhatsApp Business account on the account's page first: templates belong to it.")
        )
    start = account.api or GRAPH
    url = f"{start}/{VERSION}/{account.business_id}/message_templates"
    query = {"fields": "name,language,status,components", "limit": "100"}
    found: list[Approved] = []
    for _page in range(_PAGES):
        answer = http.ask("GET", url, carrier="Meta", auth=f"Bearer {account.access_token}", query=query)
        if answer.status >= 400:
            error = answer.data.get("error")
            said = str(error.get("message", "")) if isinstance(error, dict) else ""
            raise Refused(
                _("Meta does not show the templates: %(why)s Are the business account's id and the access token right?")
                % {"why": said[:200]}
            )
        rows = answer.data.get("data")
        found += (
            [one for row in rows if isinstance(row, dict) and (one := _read(row))] if isinstance(rows, list) else []
        )
        after = _after(answer.data.get("paging"))
        if not after:
            break
        query["after"] = after
    return found


def _after(paging: Any) -> str:
    if not isinstance(paging, dict) or not paging.get("next") or not isinstance(paging.get("cursors"), dict):
        return ""
    return str(paging["cursors"].get("after") or "")


def _read(row: dict[str, Any]) -> Approved | None:
    name, language, parts = row.get("name"), row.get("language"), row.get("components")
    if not isinstance(name, str) or not isinstance(language, str) or not isinstance(parts, list):
        return None
    state = _STATES.get(str(row.get("status")), "refused")
    text = ""
    is_simple = True
    for part in parts:
        if not isinstance(part, dict):
            continue
        if part.get("type") == "BODY":
            text = str(part.get("text") or "")
        elif part.get("type") == "HEADER" and part.get("format") != "TEXT":
            is_simple = False  # a picture, chosen anew for each message
        elif _PLACE.search(str({key: value for key, value in part.items() if key != "example"})):
            is_simple = False
    if state == "approved" and not (text and is_simple):
        state = "elsewhere"
    return Approved(name, name, language, text, state)
