"""Templates of addresses, headers and bodies: what a caller types can fill them, never bend them."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from typing import ClassVar, TextIO
from urllib.parse import quote, unquote, urlsplit

from django.utils.translation import gettext as _
from liquid import Environment, Mode, RenderContext, StrictDefaultUndefined
from liquid.builtin import register
from liquid.builtin.output import Output, OutputNode
from liquid.exceptions import FilterArgumentError, LiquidError, LiquidTypeError, UnknownFilterError
from liquid.stringify import to_liquid_string

OUTPUT_BYTES = 16_000
LOOPS = 1_000
# Tags that write without passing through an output statement would leave their text unquoted.
_FORBIDDEN_TAGS = ("echo", "cycle", "increment", "decrement", "include", "render", "tablerow", "liquid", "ifchanged")
_CONTROL = re.compile(r"[\x00-\x1f\x7f]")
_PLACEHOLDER = re.compile(r"\{[{%]")


class TemplateFault(ValueError):
    """The template, or what it was filled with, cannot be used. The text is for managers."""


class _Ready(str):
    """Text that is quoted already."""

    __slots__ = ()


def _as_json(value: object) -> str:
    return _Ready(json.dumps(value, ensure_ascii=False))


class _QuotingNode(OutputNode):
    __slots__ = ()

    def render_to_output(self, context: RenderContext, buffer: TextIO) -> int:
        value = self.expression.evaluate(context)
        if not isinstance(value, _Ready):
            environment = context.env
            assert isinstance(environment, _Environment)
            value = environment.quote(to_liquid_string(value, autoescape=False))
        return buffer.write(value)


class _QuotingOutput(Output):
    node_class = _QuotingNode


class _Environment(Environment):
    """Liquid within strict limits, where every `{{ … }}` is quoted for the place it stands in."""

    block_nesting_limit: ClassVar[int] = 10
    context_depth_limit: ClassVar[int] = 10
    loop_iteration_limit: ClassVar[int | None] = LOOPS
    local_namespace_limit: ClassVar[int | None] = OUTPUT_BYTES
    output_stream_limit: ClassVar[int | None] = OUTPUT_BYTES

    def __init__(self) -> None:
        super().__init__(tolerance=Mode.STRICT, undefined=StrictDefaultUndefined, autoescape=False)

    def setup_tags_and_filters(self, *, extra: bool = False) -> None:  # noqa: ARG002  none of the extras
        register(self)
        self.add_tag(_QuotingOutput)
        for name in _FORBIDDEN_TAGS:
            self.tags.pop(name, None)
        # Quoting happens anyway; the filter is for those who know it from elsewhere.
        self.add_filter("url_encode", lambda value: value)
        self.add_filter("json", _as_json)

    def quote(self, text: str) -> str:
        return text


class _UrlEnvironment(_Environment):
    def quote(self, text: str) -> str:
        return quote(text, safe="")


class _JsonEnvironment(_Environment):
    def quote(self, text: str) -> str:
        """For between the quotation marks of the template: `{"phone": "{{ phone }}"}`."""
        return json.dumps(text, ensure_ascii=False)[1:-1]


_PLAIN, _URL, _JSON = _Environment(), _UrlEnvironment(), _JsonEnvironment()


class _Template:
    def __init__(self, text: str, environment: _Environment) -> None:
        try:
            self._template = environment.from_string(text) if _PLACEHOLDER.search(text) else None
        except (LiquidError, RecursionError) as error:
            raise TemplateFault(
                _("The template is not right: %(why)s") % {"why": getattr(error, "message", "") or error}
            ) from None
        self.text = text

    def try_filters(self) -> None:
        """Raises TemplateFault if a filter is unknown, or cannot take what stands behind it, whatever the values are."""
        if self._template is None:
            return
        try:
            self._template.render(**dict.fromkeys(self._template.global_variables(), "1"))
        except (UnknownFilterError, FilterArgumentError, LiquidTypeError) as error:
            why = str(error.message or error)
            if found := re.match(r"(\w+)\(\) (?:takes|missing)", why):
                raise TemplateFault(
                    _("The filter “%(name)s” has a value too many or too few behind it.") % {"name": found[1]}
                ) from None
            raise TemplateFault(_("The template is not right: %(why)s") % {"why": why}) from None
        except LiquidError:
            # Of what is said of the values that are really there.
            return

    def fill(self, inputs: Mapping[str, str]) -> str:
        if self._template is None:
            return self.text
        try:
            return self._template.render(**inputs)
        except LiquidError as error:
            # The error may quote values, and values are telephone numbers: only its kind is told.
            missing = _missing(str(error), inputs)
            if missing:
                raise TemplateFault(_("The flow gives no value for “%(name)s”.") % {"name": missing}) from None
            raise TemplateFault(
                _("The template cannot be filled (%(kind)s).") % {"kind": type(error).__name__}
            ) from None


def _missing(message: str, inputs: Mapping[str, str]) -> str:
    match = re.match(r"'([A-Za-z_][\w.]*)' is undefined", message)
    return match[1] if match and match[1] not in inputs else ""


class Url(_Template):
    """An address whose host is written out: placeholders stand only in path and query."""

    def __init__(self, text: str) -> None:
        super().__init__(text.strip(), _URL)
        self.origin = origin_of(self.text)
        path = _path_of(self.text)
        self._may_hold = {mark for mark in ("%2f", "%5c") if mark in path.lower()}

    def fill(self, inputs: Mapping[str, str]) -> str:
        url = super().fill(inputs)
        if not url.startswith(self.origin) or url[len(self.origin) : len(self.origin) + 1] not in {"", "/", "?", "#"}:
            raise TemplateFault(_("A placeholder may not change the host of an address."))
        path = _path_of(url).lower()
        if any(mark in path for mark in {"%2f", "%5c", "%00"} - self._may_hold) or any(
            unquote(segment) in {".", ".."} for segment in path.split("/")
        ):
            raise TemplateFault(_("A value with slashes or dots only cannot stand in the path of an address."))
        return url


class HeaderValue(_Template):
    """One header's value; never more than one line."""

    def __init__(self, text: str) -> None:
        super().__init__(text, _PLAIN)

    def fill(self, inputs: Mapping[str, str]) -> str:
        value = super().fill(inputs).strip()
        if _CONTROL.search(value) or not value.isascii():
            raise TemplateFault(_("A header holds plain letters, digits and signs in one line only."))
        return value


class Body(_Template):
    """A body; values are quoted as its content type wants."""

    def __init__(self, text: str, content_type: str) -> None:
        kind = content_type.partition(";")[0].strip().lower()
        self._is_json = kind == "application/json" or kind.endswith("+json")
        is_form = kind == "application/x-www-form-urlencoded"
        super().__init__(text, _JSON if self._is_json else _URL if is_form else _PLAIN)

    def fill(self, inputs: Mapping[str, str]) -> str:
        text = super().fill(inputs)
        if self._is_json and text.strip():
            try:
                json.loads(text)
            except (ValueError, RecursionError):
                raise TemplateFault(_("The body is no JSON once it is filled.")) from None
        return text


def origin_of(url: str) -> str:
    """`https://crm.example.com:8443`. Refuses what is no plain http(s) address with its host written out."""
    match = re.match(r"(https?)://([^/?#\\\s{}]*)", url, re.IGNORECASE)
    if not match or not match[2]:
        raise TemplateFault(_("An address begins with https:// or http:// and a host without placeholders."))
    if url[match.end() : match.end() + 1] not in {"", "/", "?", "#"}:
        raise TemplateFault(_("Placeholders may stand only behind the host of an address."))
    if "@" in match[2]:
        raise TemplateFault(_("User and password do not belong into an address; say them under “sign in with”."))
    try:
        parts = urlsplit(match[0])
        usable = bool(parts.hostname) and parts.port != 0
    except ValueError:
        usable = False
    if not usable:
        raise TemplateFault(_("The host of the address is not right."))
    return match[0]


def _path_of(url: str) -> str:
    behind_host = url.split("://", 1)[-1].partition("/")[2]
    return re.split(r"[?#]", behind_host, maxsplit=1)[0]
