"""TwiML for each effect of the engine, written by hand: the vendor's builder takes five times as long."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from urllib.parse import quote

from channels.providers.twilio.languages import spoken
from channels.providers.twilio.sip import UndialableAddress, with_headers
from routing.engine.effects import ComeBack, Dial, Effect, Fetch, Gather, Hangup, Play, Record, Say

_HEAD = '<?xml version="1.0" encoding="UTF-8"?><Response>'
_TAIL = "</Response>"
EMPTY = f"{_HEAD}{_TAIL}".encode()

# https://www.twilio.com/docs/voice/twiml/say: more than 4096 characters are refused (13521).
SAY_CHARS = 4_000
# https://www.twilio.com/docs/voice/twiml/gather: up to 500 hints of 100 characters.
_HINTS, _HINT_CHARS = 500, 100
_SPECIAL = re.compile('[&<>"\x00-\x08\x0b-\x1f\x7f-\x9f\ud800-\udfff\ufffe\uffff]')
_ESCAPES = {"&": "&amp;", "<": "&lt;", ">": "&gt;", '"': "&quot;"}
_VOICE = re.compile(r"[A-Za-z][A-Za-z0-9.\-]{0,59}")
_NUMBER = re.compile(r"\+[1-9]\d{4,14}")
_KEYS = re.compile(r"[0-9*#]*")
_SENTENCE_END = re.compile(r"[.!?…。！？]\s")


@dataclass(frozen=True, slots=True)
class Dialect:
    """Where a carrier's markup differs."""

    ring_s: int = 600
    """The longest that `<Dial>` may ring."""
    gather_s: int = 3600
    """The longest that `<Gather>` may wait."""
    tells_silence: bool = True
    """Whether it knows `actionOnEmptyResult`; if not, the document goes on and has to come back itself."""


TWIML = Dialect()


def render(effects: Sequence[Effect], *, action_url: str, dialect: Dialect = TWIML) -> bytes:
    """One document. `action_url` has a query already; `&for=…` is added to it. Raises UndialableAddress."""
    written: list[str] = [_HEAD]
    for effect in effects:
        match effect:
            case Say():
                written += _say(effect)
            case Play():
                written.append(_play(effect))
            case Gather():
                written.append(_gather(effect, action_url, dialect))
            case Dial():
                written.append(_dial(effect, action_url, dialect))
            case ComeBack(pause_s=pause_s):
                pause = f'<Pause length="{min(pause_s, 60)}"/>' if pause_s > 0 else ""
                written.append(f"{pause}{_redirect(action_url, 'back')}")
            case Record():
                written.append(_record(effect, action_url))
            case Hangup(reject=reject):
                # Only a call that was not answered yet can be refused, and saying something answers it.
                written.append(f'<Reject reason="{reject}"/>' if reject and len(written) == 1 else "<Hangup/>")
            case Fetch():
                pass
    written.append(_TAIL)
    return "".join(written).encode()


def escaped(text: str) -> str:
    """For text and attributes; what XML forbids is left out."""
    return _SPECIAL.sub(lambda match: _ESCAPES.get(match[0], ""), text)


def _say(effect: Say) -> Iterable[str]:
    language = spoken(effect.language)
    attributes = f' language="{language}"' if language else ""
    # A name that is none would end the call at the carrier (13520).
    if _VOICE.fullmatch(effect.voice):
        attributes += f' voice="{effect.voice}"'
    for part in _parts(escaped(effect.text).strip(), effect.text):
        yield f"<Say{attributes}>{part}</Say>"


def _parts(clean: str, text: str) -> Iterable[str]:
    """Texts that are too long in several pieces, cut at the end of a sentence, else of a word."""
    if len(clean) <= SAY_CHARS:
        if clean:
            yield clean
        return
    rest = text.strip()
    while rest:
        # Escapes are at most six characters long; counted is what the carrier reads, hence the text itself.
        piece = rest[:SAY_CHARS]
        if len(rest) > SAY_CHARS:
            ends = [match.end() for match in _SENTENCE_END.finditer(piece)]
            cut = ends[-1] if ends and ends[-1] > SAY_CHARS // 2 else piece.rfind(" ") + 1
            piece = piece[: cut or SAY_CHARS]
        rest = rest[len(piece) :]
        if part := escaped(piece).strip():
            yield part


def _play(effect: Play) -> str:
    loop = f' loop="{min(effect.times, 1000)}"' if effect.times > 1 else ""
    # Spaces and letters of other scripts come from variables in the address.
    url = quote(escaped(effect.url.strip()), safe="%/:?#[]@!$&'()*+,;=~")
    return f"<Play{loop}>{url}</Play>" if url else ""


def _gather(effect: Gather, action_url: str, dialect: Dialect) -> str:
    listens = [name for name, wanted in (("dtmf", effect.keys), ("speech", effect.speech)) if wanted] or ["dtmf"]
    attributes = [f'input="{" ".join(listens)}"', f'timeout="{min(max(1, effect.timeout_s), dialect.gather_s)}"']
    if effect.keys or not effect.speech:
        if effect.digits:
            attributes.append(f'numDigits="{effect.digits}"')
        if _KEYS.fullmatch(effect.finish_on_key[:1]):
            attributes.append(f'finishOnKey="{effect.finish_on_key[:1]}"')
    if effect.speech:
        attributes.append('speechTimeout="auto"')
        if language := spoken(effect.language):
            attributes.append(f'language="{language}"')
        hints = [escaped(" ".join(hint.replace(",", " ").split())[:_HINT_CHARS]) for hint in effect.hints[:_HINTS]]
        if any(hints):
            attributes.append(f'hints="{", ".join(filter(None, hints))}"')
    prompts = "".join(part for one in effect.prompts for part in (_say(one) if isinstance(one, Say) else (_play(one),)))
    silence = "" if dialect.tells_silence else _redirect(action_url, "gather")
    if dialect.tells_silence:
        attributes.append('actionOnEmptyResult="true"')
    return (
        f'<Gather {" ".join(attributes)} method="POST"'
        f' action="{escaped(action_url)}&amp;for=gather">{prompts}</Gather>{silence}'
    )


def _dial(effect: Dial, action_url: str, dialect: Dialect) -> str:
    if effect.to.startswith(("sip:", "sips:")):
        target = f"<Sip>{escaped(with_headers(effect.to, effect.headers))}</Sip>"
    elif _NUMBER.fullmatch(effect.to):
        target = f"<Number>{effect.to}</Number>"
    else:
        raise UndialableAddress(effect.to[:60])
    caller_id = f' callerId="{escaped(effect.caller_id)}"' if effect.caller_id else ""
    return (
        f'<Dial answerOnBridge="true" timeout="{min(max(effect.ring_s, 5), dialect.ring_s)}"{caller_id} method="POST"'
        f' action="{escaped(action_url)}&amp;for=dial">{target}</Dial>'
    )


def _record(effect: Record, action_url: str) -> str:
    # After silence the carrier goes on in the document without asking the action, hence the redirect.
    finish = effect.finish_on_key if _KEYS.fullmatch(effect.finish_on_key) else "#"
    return (
        f'<Record playBeep="true" maxLength="{max(1, effect.max_s)}" timeout="{max(1, effect.timeout_s)}"'
        f' finishOnKey="{finish}" method="POST" action="{escaped(action_url)}&amp;for=record"/>'
        f"{_redirect(action_url, 'record')}"
    )


def _redirect(action_url: str, reason: str) -> str:
    return f'<Redirect method="POST">{escaped(action_url)}&amp;for={reason}</Redirect>'
