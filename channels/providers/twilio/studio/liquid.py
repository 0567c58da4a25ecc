"""Studio's variables and Liquid in ours: `{{ widgets.menu.Digits }}` is `{{ steps.menu.digits }}`.

https://www.twilio.com/docs/studio/user-guide/liquid-template-language and …/user-guide/get-started/use-variables.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Final

from channels.providers.twilio.studio.flow import Flow, State, rings_several
from channels.providers.twilio.studio.names import plain, unique
from routing.engine.templates import template_fault, template_variables

_TAG = re.compile(r"\{\{.*?\}\}|\{%.*?%\}", re.DOTALL)
_RAW = re.compile(r"\{%-?\s*raw\s*-?%\}.*?\{%-?\s*endraw\s*-?%\}", re.DOTALL)
_WORD = re.compile(
    r"""(?P<text>"[^"]*"|'[^']*')
    |(?P<path>[A-Za-z_][\w-]*(?:\s*\.\s*[\w-]+|\s*\[\s*(?:[0-9]+|"[^"]*"|'[^']*')\s*\])*)""",
    re.VERBOSE,
)
# One of a list of objects, and which one a variable says.
_INDEXED = re.compile(
    r"""\bwidgets\s*\.\s*(?P<widget>[\w-]+)\s*\.\s*parsed(?P<list>(?:\s*\.\s*[\w-]+)+)
    \s*\[\s*(?P<index>[A-Za-z_][\w.]*)\s*\]\s*(?P<field>(?:\.\s*[\w-]+\s*)*[.]\s*[\w-]+)""",
    re.VERBOSE,
)
_PART = re.compile(r"""\.\s*([\w-]+)|\[\s*([0-9]+)\s*\]|\[\s*"([^"]*)"\s*\]|\[\s*'([^']*)'\s*\]""")
_SOLE = re.compile(r"\s*\{\{-?\s*([A-Za-z_][\w.-]*)\s*-?\}\}\s*")
# The clock of Studio is UTC unless a zone is said; ours is the contact's.
_DATE = re.compile(r"""(\|\s*date\s*:\s*(?:"[^"]*"|'[^']*'))(?!\s*,)""")
_ZONED = re.compile(
    r"""\|\s*timezone\s*:\s*("[^"]*"|'[^']*'|[\w.]+)\s*\|\s*date\s*:\s*("[^"]*"|'[^']*')(?:\s*,\s*"UTC")?"""
)

_CALL: Final = {
    "From": "contact.from",
    "Caller": "contact.from",
    "To": "contact.to",
    "Called": "contact.to",
    "CallSid": "contact.reference",
    "CallerName": "contact.caller_name",
    "ForwardedFrom": "contact.forwarded_from",
    "StirVerstat": "contact.attestation",
    **{
        f"{who}{theirs}": f"contact.{ours}"
        for who in ("From", "Caller")
        for theirs, ours in (("City", "city"), ("State", "region"), ("Zip", "postal_code"), ("Country", "country"))
    },
}
_MESSAGE: Final = {
    "Body": "contact.text",
    "From": "contact.from",
    "To": "contact.to",
    "MessageSid": "contact.reference",
    "SmsSid": "contact.reference",
    "Author": "contact.from",
    "ProfileName": "contact.name",
    "WaId": "contact.sender_id",
    "ReferralSourceUrl": "contact.referral_url",
    "ReferralHeadline": "contact.referral_headline",
    "FromCity": "contact.city",
    "FromState": "contact.region",
    "FromZip": "contact.postal_code",
    "FromCountry": "contact.country",
}
_GATHERED: Final = {"Digits": "digits", "SpeechResult": "speech"}
_RECORDED: Final = {"RecordingUrl": "recording_url", "RecordingDuration": "seconds"}
# What the widgets of calls pass on is the carrier's whole request, hence also who calls.
_OF_CALLS: Final = frozenset({"gather-input-on-call", "record-voicemail", "connect-call-to", "enqueue-call"})
_ASKS_APIS: Final = frozenset({"make-http-request", "run-function", "run-function-v2"})
WHOLE: Final = "@"
"""As a JMESPath: the answer itself."""
_OUTBOUND = re.compile(r"\{\{-?\s*widgets\.([\w-]+)\.outbound\.Body\s*-?\}\}")
_TO_JSON = re.compile(r"\|\s*to_json\b")
# Widgets that set variables, and the property that has them.
_SETS: Final = {"set-variables": "variables", "run-subflow": "parameters"}
# What a template may begin with once it is ours, and what was told already where it is not.
_ROOTS: Final = frozenset({"contact", "vars", "steps", "now", "trigger", "widgets", "flow", "customer"})
_OUTPUT = re.compile(
    r"""\{\{-?\s*(?P<core>(?:"[^"]*"|'[^']*'|[^"'}])*?)(?P<tail>(?:\s*\|\s*(?:to_json|json|url_encode)\s*)*)-?\}\}"""
)
_QUOTED = re.compile(r""""[^"]*"|'[^']*'""")
# Quoted for an address, with what many write behind it as Liquid writes blanks as +; or quoted by hand.
_URL_ENCODED = re.compile(
    r"""\|\s*(?:url_encode\b(?:\s*\|\s*replace\s*:\s*["']\+["']\s*,\s*["']%20["'])?
    |replace\s*:\s*(?:["']\+["']\s*,\s*["']%2b["']|["'][ ]["']\s*,\s*["'](?:%20|\+)["']))""",
    re.IGNORECASE | re.VERBOSE,
)
_GIVEN_AS_JSON = re.compile(r"\{\{-?\s*widgets\.[^}]*\.parsed\b[^}]*\|\s*(?:to_)?json\s*-?\}\}")
_CONSTANT = re.compile(r"\{\{-?\s*flow\.variables\.([\w-]+)\s*-?\}\}")


@dataclass
class Words:
    """Translates the texts of one flow. What has no counterpart stays as it was, and is noted."""

    flow: Flow
    ids: Mapping[str, str]
    """Name of a state to the id of its step."""
    variables: dict[str, str] = field(default_factory=dict)
    """Studio's variables to ours."""
    answers: dict[str, dict[str, str]] = field(default_factory=dict)
    """For each state that asks an API: where values stand in its answer, and what they are called."""

    def variable(self, name: str) -> str:
        """What a variable of the flow is called here."""
        if name not in self.variables:
            self.variables[name] = unique(plain(name, other="value"), frozenset(self.variables.values()))
        return self.variables[name]

    def text(self, text: str, notes: list[str]) -> str:
        """The text with every variable by our name."""
        return self._rewritten(self._with_messages(text), lambda parts: self.path(parts, notes), notes)

    def settled(self, text: str) -> str:
        """The text with the value of each variable that is set once, to plain text: the host of an API, usually."""
        return _CONSTANT.sub(lambda tag: self.constants.get(tag[1], tag[0]), text)

    @cached_property
    def constants(self) -> Mapping[str, str]:
        """Variables of the flow that hold one plain text, whichever way contacts come."""
        values: dict[str, set[str]] = {}
        for state in self.flow.states:
            if state.kind == "set-variables":
                for name, value in state.pairs("variables"):
                    values.setdefault(name, set()).add(value)
        return {name: text for name, (text, *more) in values.items() if not more and "{" not in text}

    def only_signs_in(self, name: str) -> bool:
        """Whether all that reads this variable is addresses and headers, which its one value stands in (see `settled`)."""
        if name not in self.constants:
            return False
        read = re.compile(rf"flow\s*\.\s*variables\s*(?:\.\s*{re.escape(name)}\b|\[)")
        told = 0
        for state in self.flow.states:
            texts = [text for text in texts_of(state) if text]
            if state.kind in _ASKS_APIS:
                for own in filter(None, (state.text("url"), *(value for _, value in state.pairs("headers")))):
                    if own in texts:
                        texts.remove(own)
                    told += bool(_CONSTANT.search(own))
                    texts.append(self.settled(own))
            if any(read.search(text) for text in texts):
                return False
        return told > 0

    def _with_messages(self, text: str) -> str:
        """In place of a message that was sent, its words: those of this flow, or none."""
        return _OUTBOUND.sub(lambda tag: self._sent(tag[1]) or tag[0], text)

    def _sent(self, name: str) -> str:
        body = self.flow.by_name[name].text("body") if name in self.flow.by_name else ""
        return "" if "outbound.Body" in body else body

    def inputs(self, text: str, inputs: dict[str, str], notes: list[str], *, quoted: bool, name: str = "") -> str:
        """The text for a data source: each value is one of its placeholders, filled by the flow from `inputs`.

        What filters make of a value, the flow works out, whose filters are Studio's. `quoted`: whatever fills a placeholder
        is quoted for an address there. With `name`, tags and all may become one value of that name.
        """
        text = self._with_messages(text)

        def kept(ours: str, wanted: str) -> str:
            known = next((one for one, value in inputs.items() if value == ours), None)
            found = known or unique(plain(wanted, other="value"), inputs)
            inputs[found] = ours
            return found

        def placeholder(parts: list[str]) -> str:
            return kept(f"{{{{ {self.path(parts, notes)} }}}}", parts[-1])

        def worked_out(tag: re.Match[str]) -> str:
            core, tail = tag["core"], tag["tail"]
            if quoted:
                core, tail = _URL_ENCODED.sub("", core), _URL_ENCODED.sub("", tail)
            elif "url_encode" in tail:
                core, tail = core + tail, ""
            if "|" not in _QUOTED.sub("", core):
                return tag[0] if core == tag["core"] else f"{{{{{core.strip()}{tail}}}}}"
            first = next((parts_of(word["path"]) for word in _WORD.finditer(core) if _is_variable(word)), ["value"])
            return f"{{{{{kept(self.text(f'{{{{ {core.strip()} }}}}', notes), first[-1])}{tail}}}}}"

        if "{%" in text and name:
            return f"{{{{{kept(self.text(text, notes), name)}}}}}"
        if "{%" not in text:
            text = _OUTPUT.sub(worked_out, text)
        if _GIVEN_AS_JSON.search(text):
            notes.append(
                "What it gave as JSON is given as a text in quotation marks, also where it is a list or object."
            )
        # Data sources say `json` where Studio says `to_json`.
        return _TO_JSON.sub("| json", self._rewritten(text, placeholder, notes, check=False))

    def sole(self, text: str, notes: list[str]) -> str | None:
        """Our path of a text that is nothing but a variable."""
        translated = self.text(text, [])
        found = _SOLE.fullmatch(translated)
        if found is None:
            return None
        self.text(text, notes)
        return found[1]

    def learn(self) -> None:
        """Looks through the whole flow for the values that it takes from the answers of APIs."""
        for state in self.flow.states:
            for text in texts_of(state):
                for tag in _TAG.findall(text):
                    for word in _WORD.finditer(self._indexed(tag)):
                        if word["path"]:
                            self.path(parts_of(word["path"]), [])

    def path(self, parts: list[str], notes: list[str]) -> str:
        """Our name of a variable."""
        found = self._found(parts)
        if found is None:
            notes.append(f"Nothing here is “{'.'.join(parts)}”: it stays empty.")
            return ".".join(parts)
        if (unset := self._unset(parts)) is not None:
            notes.append(unset)
        if found == "contact.reference":
            notes.append(f"In place of the carrier's “{parts[-1]}” stands the reference that contacts have here.")
        return found

    @cached_property
    def _set(self) -> frozenset[str]:
        """Variables that the flow sets somewhere."""
        names = (name for state in self.flow.states for name, _ in state.pairs(_SETS.get(state.kind, "")))
        return frozenset(plain(name, other="value") for name in names)

    def _unset(self, parts: list[str]) -> str | None:
        """Why a variable is always empty, if nothing gives it a value."""
        match parts:
            case ["flow", "variables" | "data", name, *_] if plain(name, other="value") not in self._set:
                if parts[1] == "data":
                    return f"“{'.'.join(parts[:3])}” came with whatever started the flow: here nothing gives it."
                return f"Nothing in the flow sets “{'.'.join(parts[:3])}”: it stays empty."
            case ["trigger", "request", "parameters", name, *_] if plain(name, other="value") not in self._set:
                return f"“{'.'.join(parts[:4])}” came with the request that started the flow: here nothing gives it."
            case ["trigger", "parent", "parameters", name, *_] if not self._has_parent:
                return f"“{'.'.join(parts[:4])}” came from a flow that walks through this one: nothing else gives it."
        return None

    @cached_property
    def _has_parent(self) -> bool:
        """Whether another flow may walk through it."""
        return any(state.to("incomingParent") for state in self.flow.states)

    def _found(self, parts: list[str]) -> str | None:
        match parts:
            case ["trigger", "call", name]:
                if name.startswith("SipHeader_"):
                    key = re.sub(r"[^a-z0-9]+", "_", name.removeprefix("SipHeader_").lower()).strip("_")[:60]
                    return f"contact.sip_{key}" if key else None
                return _CALL.get(name)
            case ["trigger", "message" | "conversation", name]:
                return _MESSAGE.get(name)
            case ["trigger", "message" | "conversation", "ChannelAttributes", "from"]:
                return "contact.from"
            case ["trigger", "message" | "conversation", "ChannelAttributes", "channel_type"]:
                return "contact.channel"
            case ["flow", "sid"]:
                return "contact.reference"
            case ["trigger", "parent" | "request", "parameters", name, *rest]:
                return ".".join([f"vars.{self.variable(name)}", *rest])
            case ["trigger", "request", "to"] | ["contact", "channel", "address"]:
                return "contact.from"
            case ["trigger", "request", "from"] | ["flow", "channel", "address"]:
                return "contact.to"
            case ["flow", "variables" | "data", name, *rest]:
                return ".".join([f"vars.{self.variable(name)}", *rest])
            case ["widgets", name, *rest] if name in self.flow.by_name:
                return self._of_widget(self.flow.by_name[name], rest)
            case _:
                return None

    def _of_widget(self, state: State, rest: list[str]) -> str | None:
        step = self.ids.get(state.name, "")
        match state.kind, rest:
            case "gather-input-on-call", [name] if name in _GATHERED:
                return f"steps.{step}.{_GATHERED[name]}"
            case "record-voicemail", [name] if name in _RECORDED:
                return f"steps.{step}.{_RECORDED[name]}"
            case "connect-call-to", ["DialCallStatus" | "CallStatus"]:
                # Several numbers ring in as many steps, and what became of the call is noted behind them.
                return f"vars.{self.variable(f'{step}_status')}" if rings_several(state) else f"steps.{step}.status"
            case "send-and-wait-for-reply", ["inbound" | "incoming", name]:
                return self._of_reply(step, name)
            case "send-and-wait-for-reply" | "send-message", ["outbound", "To"]:
                return "contact.from"
            case "send-and-wait-for-reply" | "send-message", ["outbound", "From"]:
                return "contact.to"
            case "run-subflow", (
                ["flow", "variables" | "data", name, *more] | ["variables", name, *more] | [name, *more]
            ):
                # What a sub-flow sets is read from its widget: …/widget-library/run-subflow; some say so as it does itself.
                return ".".join([f"vars.{self.variable(name)}", *more])
            case "set-variables", [name, *more]:
                return ".".join([f"vars.{self.variable(name)}", *more])
            case kind, ["parsed", *path] if kind in _ASKS_APIS and path:
                return f"{step}.{self._value(state.name, path)}"
            case kind, ["body"] if kind in _ASKS_APIS:
                return f"{step}.{self._value(state.name, [WHOLE])}"
            case kind, [name] if kind in _OF_CALLS:
                return _CALL.get(name)
            case _:
                return None

    @staticmethod
    def _of_reply(step: str, name: str) -> str | None:
        if name == "Body":
            return f"steps.{step}.reply"
        if name == "NumMedia":
            return f"steps.{step}.media.size"
        if found := re.fullmatch(r"MediaUrl([0-9])", name):
            return f"steps.{step}.media[{found[1]}]"
        return _MESSAGE.get(name)

    def _value(self, state: str, path: list[str]) -> str:
        where = _jmespath(path)
        return self._named(state, where, "body" if where == WHOLE else "_".join(path))

    def _named(self, state: str, where: str, word: str) -> str:
        known = self.answers.setdefault(state, {})
        if where not in known:
            known[where] = unique(plain(word, other="value"), frozenset(known.values()))
        return known[where]

    def _indexed(self, tag: str) -> str:
        """Lists hold plain values here: of a list of objects that a variable counts through, each field is a list."""

        def listed(found: re.Match[str]) -> str:
            name = found["widget"]
            if name not in self.flow.by_name or self.flow.by_name[name].kind not in _ASKS_APIS:
                return found[0]
            holder, field_ = ([part.strip() for part in found[one].split(".")[1:]] for one in ("list", "field"))
            # A field that one of them has not keeps its place.
            where = f"{_jmespath(holder)}[*].not_null({_jmespath(field_)}, '')"
            return f"{self.ids[name]}.{self._named(name, where, '_'.join((*holder, *field_)))}[{found['index']}]"

        return _INDEXED.sub(listed, tag)

    def _rewritten(self, text: str, found: Callable[[list[str]], str], notes: list[str], *, check: bool = True) -> str:
        if "{{" not in text and "{%" not in text:
            return text
        raw = [match.span() for match in _RAW.finditer(text)]

        def tag(match: re.Match[str]) -> str:
            if any(start <= match.start() < end for start, end in raw):
                return match[0]
            inner = self._indexed(match[0])
            inner = _WORD.sub(lambda word: found(parts_of(word["path"])) if _is_variable(word) else word[0], inner)
            return _ZONED.sub(r"| date: \2, \1", _DATE.sub(r'\1, "UTC"', inner)) if check else inner

        translated = _TAG.sub(tag, text)
        if check and (fault := template_fault(translated)):
            notes.append(f"Its Liquid is not all known here. {fault}")
        for path in sorted(template_variables(translated)) if check else ():
            if path.partition(".")[0] not in _ROOTS | set(self.ids.values()):
                notes.append(f"Nothing here is “{path}”: it stays empty.")
        return translated


def _is_variable(word: re.Match[str]) -> bool:
    path = word["path"]
    return bool(path) and re.match(r"(?:trigger|widgets|flow|contact)\b\s*[.\[]", path) is not None


def parts_of(path: str) -> list[str]:
    """`widgets['my menu'].Digits` as its three parts."""
    first = re.match(r"[\w-]+", path)
    assert first is not None
    return [first[0], *(next(filter(None, found), "") for found in _PART.findall(path[first.end() :]))]


def _jmespath(path: list[str]) -> str:
    """Where a value stands in the answer: `name`, `[0]`, `"odd name"`. Liquid's own words for lists stand as well for
    a name: `size`, `first` and `last` are what has that name, else the length, the first and the last of the list.
    """
    found = ""
    for index, part in enumerate(path):
        holder = found or WHOLE
        ours = {"size": f"length({holder})", "first": f"{found}[0]", "last": f"{found}[-1]"}.get(part)
        named = _step_of_path(part, first=not index)
        last = part == "size" and index == len(path) - 1
        if ours is None or (part == "size" and not last):
            found += named
        else:
            found = f"not_null({found}{named}, {ours})"
    return found


def _step_of_path(part: str, *, first: bool) -> str:
    """A part of a JMESPath: `.name`, `[0]` or `."odd name"`."""
    if part.isdecimal():
        return f"[{part}]"
    if part == WHOLE:
        return part
    word = part if re.fullmatch(r"[A-Za-z_]\w*", part) else '"' + part.replace("\\", "\\\\").replace('"', '\\"') + '"'
    return word if first else f".{word}"


def texts_of(state: State) -> Iterator[str]:
    """Every text of a state, however deep it stands."""
    todo: list[object] = [state.properties]
    while todo:
        value = todo.pop()
        if isinstance(value, str):
            yield value
        elif isinstance(value, Mapping):
            todo.extend(value.values())
        elif isinstance(value, list):
            todo.extend(value)
    for way in state.ways:
        for test in way.tests:
            yield test.argument
            yield test.value
