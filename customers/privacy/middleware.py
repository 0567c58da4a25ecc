"""Says for each page who looks at it, and is the last net: no whole number or e-mail leaves to who may not see it."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Container, Iterator
from typing import Any, Final

from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.urls import reverse

from customers.privacy import sight
from customers.privacy.masking import masked, masked_all

# Drafts and settings come whole to those who save them again; of customers they say nothing that was not typed there.
_SET_UP: Final = (
    "routing/flow/",
    "enrichment/",
    "queues/",
    "channels/number/",
    "channels/account/",
    "channels/template/",
    "auth/",
    "access/",
    "outgoing/subscription/",
)
_PART: Final = r"""(?P<code><(?:script|style)\b.*?</(?:script|style)>)|(?P<tag><[^>]*>)|(?P<text>[^<]+)"""
# Whoever changes customers sends these back: what is masked there would be saved so.
_TAG_VALUE: Final = re.compile(r"""(?<=\s)value="[^"]*\"""")
_HTML: Final = re.compile(_PART, re.DOTALL)
_FORM: Final = re.compile(rf"(?P<kept><textarea\b.*?</textarea>)|{_PART}", re.DOTALL)
# Within addresses and scripts only what cannot be anything else.
_CERTAIN: Final = re.compile(
    r"""(?P<kept>sips?(?::|%3A)[^\s"'<>\\&]+)"""
    r"""|(?:(?<![\w)\]])\+|%2B|\\u002B)(?P<digits>[1-9][0-9]{6,14})(?![0-9])"""
    r"""|(?P<name>[\w.-]+)(?:@|%40|\\u0040)(?P<host>(?:[\w-]+\.)+[a-z]{2,})""",
    re.IGNORECASE,
)
_FEWEST_BARE: Final = 10
_TEXTS: Final = ("text/", "application/json", "application/yaml", "application/x-ndjson")


class MaskIdentities:
    """Whatever a list, a trace, a file or a text shows in the admin passes here."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponseBase]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        home = reverse("admin:index")
        if not request.path.startswith(home) or not request.user.is_authenticated or sight.may_see(request.user):
            return self.get_response(request)
        with sight.hiding():
            response = self.get_response(request)
        saves_it = request.user.has_perm("routing.change_flow") and request.path.startswith(
            tuple(f"{home}{page}" for page in _SET_UP)
        )
        if saves_it or not response.get("Content-Type", "").startswith(_TEXTS):
            return response
        net = _Net(changes=request.user.has_perm("customers.change_customer"))
        if response.streaming:
            response.streaming_content = net.stream(response.streaming_content)  # type: ignore[attr-defined]
        elif isinstance(response, HttpResponse):
            response.content = net.clean(response.content.decode(), response["Content-Type"]).encode()
            if response.has_header("Content-Length"):
                response["Content-Length"] = str(len(response.content))
        return response


class _Net:
    def __init__(self, *, changes: bool) -> None:
        self.changes = changes
        self._house: Container[str] | None = None

    @property
    def house(self) -> Container[str]:
        """Looked up once a page, and only if there is anything that looks like a number."""
        if self._house is None:
            self._house = sight.house_numbers()
        return self._house

    def stream(self, parts: Any) -> Iterator[bytes]:
        for part in parts:
            yield self.text(part.decode() if isinstance(part, bytes) else str(part)).encode()

    def clean(self, text: str, kind: str) -> str:
        if kind.startswith("application/json"):
            try:
                read = json.loads(text)
            except ValueError:
                return self.certain(text)
            return json.dumps(masked_all(read, mask=self.text), ensure_ascii=False)
        if kind.startswith("text/html"):
            return (_FORM if self.changes else _HTML).sub(self._html, text)
        return self.text(text) if not kind.startswith("text/javascript") else text

    def text(self, text: str) -> str:
        return masked(text, fewest_bare=_FEWEST_BARE, house=_Late(self))

    def certain(self, text: str) -> str:
        return _CERTAIN.sub(self._cut, text)

    def _html(self, match: re.Match[str]) -> str:
        part: str = match[0]
        if self.changes and match["kept"]:
            return part
        if match["text"]:
            return self.text(part)
        if match["tag"] and self.changes and (kept := _TAG_VALUE.search(part)):
            return f"{self.certain(part[: kept.start()])}{kept[0]}{self.certain(part[kept.end() :])}"
        return self.certain(part)

    def _cut(self, match: re.Match[str]) -> str:
        if match["kept"] or (match["digits"] and match["digits"] in self.house):
            return match[0]
        if match["digits"]:
            return masked(f"+{match['digits']}")
        return f"{match['name'][:1]}…@{match['host']}"


class _Late:
    """Our own numbers, asked for at the first look."""

    def __init__(self, net: _Net) -> None:
        self.net = net

    def __contains__(self, digits: object) -> bool:
        return digits in self.net.house
