"""Widgets that say something, ask, record, or write a message.

Settings and transitions: https://www.twilio.com/docs/studio/widget-library, the pages say-play, gather-input-call,
record-voicemail, send-message and send-wait-reply.
"""

from __future__ import annotations

import math
import re
from typing import Any

from channels.providers.twilio.studio.made import Job, Made, Step, placeholder

_SSML = re.compile(r"</?(?:speak|break|emphasis|lang|p|phoneme|prosody|s|say-as|sub|w|amazon:[\w-]+)\b[^<>]*>")
_KEYS = frozenset({"", "#", "*", *"0123456789"})
_MOST_TIMES = 10
_LONGEST_WAIT_S = 60
# https://www.twilio.com/docs/studio/widget-library/send-wait-reply: 3600 seconds unless it says so; an execution may last
# 30 days, a question here waits a week.
_REPLY_S, _LONGEST_REPLY_MIN = 3_600, 7 * 24 * 60
_ADDRESSES = ("https://", "http://", "{{")


def say_play(job: Job) -> Made:
    prompt = prompt_of(job)
    if not prompt:
        if job.state.text("digits"):
            return placeholder(job, "Play keys to the caller")
        return placeholder(job, "Say or play, with nothing to say")
    if job.state.text("digits").strip():
        job.note("The keys that it played are not played.")
    settings: dict[str, Any] = {"prompt": prompt, **_times(job)}
    return Made([Step("say", settings, {"done": "audioComplete"})])


def gather(job: Job) -> Made:
    state = job.state
    # Studio listens to speech where its way is connected: …/widget-library/gather-input-call
    speech, keys = bool(state.to("speech")), bool(state.to("keypress")) or not state.to("speech")
    settings: dict[str, Any] = {"prompt": prompt_of(job)}
    if not keys:
        settings["keys"] = False
    if speech:
        settings["speech"] = True
    if keys and (digits := _whole(state.number("number_of_digits"), 1, 32)):
        settings |= {"digits": digits, "exact": False}
    finish = state.text("finish_on_key").strip() if state.properties.get("finish_on_key") is not None else "#"
    if finish not in _KEYS:
        job.note(f"“{finish}” cannot end an entry; # does.")
    elif finish != "#":
        settings["finish_on_key"] = finish
    if keys and speech:
        settings["apart"] = True
    if speech:
        settings["language"] = _language(job, "gather_language") or "en-US"
        hints = [hint.strip() for hint in job.state.text("hints").split(",") if hint.strip() and "{" not in hint]
        if hints:
            settings["hints"] = hints[:100]
        if state.text("hints").count("{{"):
            job.note("Likely words that come from variables are left out.")
        if state.text("speech_timeout").strip() not in {"", "auto"}:
            job.note("How long a pause ends the speech is decided by the carrier.")
    settings |= _times(job)
    settings["timeout_s"] = _whole(state.number("timeout"), 1, _LONGEST_WAIT_S) or 5
    settings["retries"] = 0
    ways = {"entered": "keypress" if keys else "speech", "timed_out": "timeout"}
    if keys and speech:
        ways["spoken"] = "speech"
    return Made([Step("gather", settings, ways)], used=frozenset({"keypress", "speech"}))


def voicemail(job: Job) -> Made:
    state = job.state
    settings: dict[str, Any] = {"prompt": prompt_of(job)}
    # https://www.twilio.com/docs/studio/widget-library/record-voicemail: an hour, unless it says so.
    settings["max_s"] = _whole(state.number("max_length"), 5, 3600) or 3600
    settings["timeout_s"] = _whole(state.number("timeout"), 1, _LONGEST_WAIT_S) or 5
    if (state.number("max_length") or 0) > settings["max_s"]:
        job.note("A message is an hour long at most.")
    finish = state.text("finish_on_key").strip()
    if finish in _KEYS and finish not in {"", "#"}:
        settings["finish_on_key"] = finish
    elif len(finish) > 1:
        job.note("Only # ends the message.")
    if state.text("play_beep").lower() == "false":
        job.note("A beep is heard before the message.")
    if state.is_set("transcribe"):
        job.note("The message is not written down as text.")
    if state.text("recording_status_callback_url").strip():
        job.note("Nobody is told of the recording at its callback address.")
    return Made(
        [Step("voicemail", settings, {"recorded": "recordingComplete", "nothing_said": "noAudio"})],
        lost={"hangup": "a caller who hangs up has left the flow"},
    )


def send_message(job: Job) -> Made:
    body, media, template = job.text("body").strip(), _media(job), _template(job)
    if job.from_calls and not job.from_messages:
        return placeholder(job, "Send a message to somebody who calls")
    if not _goes_to_the_contact(job):
        return placeholder(job, "Send a message to somebody else")
    if not (body or media or template):
        return placeholder(job, "Send a message with nothing in it")
    _message_notes(job)
    settings: dict[str, Any] = {"message": {"text": {job.language: body}} if body else {}}
    if media:
        settings["media"] = media
    if template and not body:
        settings |= template
        if not media:
            job.note("The words of its template are kept at Twilio: write them here. They go to whoever wrote lately.")
    return Made(
        [Step("send_message", settings, {"done": "sent"})],
        lost={"failed": "a message is sent again by itself until it arrives"},
    )


def send_and_wait(job: Job) -> Made:
    body, media = job.text("body").strip(), _media(job)
    if job.from_calls and not job.from_messages:
        return placeholder(job, "Send a message to somebody who calls, and wait for the reply")
    if not _goes_to_the_contact(job):
        return placeholder(job, "Send a message to somebody else, and wait for the reply")
    _message_notes(job)
    if not body:
        what = "of its template are kept at Twilio" if job.state.text("content_sid").strip() else "are missing"
        job.note(f"The words {what}: write the question here.")
    settings = {
        "question": {"text": {job.language: body}} if body else {},
        "timeout_min": _minutes(job),
        "retries": 0,
    }
    made = Made(
        [Step("ask", settings, {"replied": "incomingMessage", "timed_out": "timeout"})],
        lost={"deliveryFailure": "a message is sent again by itself until it arrives"},
    )
    if media:
        made.entry = "_file"
        made.steps.insert(0, Step("send_message", {"message": {}, "media": media}, {"done": "@"}, "_file"))
    return made


def _minutes(job: Job) -> int:
    wait = job.state.number("timeout")
    if wait is None and job.state.text("timeout").strip():
        job.note("How long it waited came from a variable; here it is an hour.")
    seconds = wait if wait and wait > 0 else _REPLY_S
    minutes = max(1, min(_LONGEST_REPLY_MIN, math.ceil(seconds / 60)))
    if minutes * 60 != seconds:
        job.note(f"It waited {seconds:g} seconds for the reply; here it waits {minutes * 60}.")
    return minutes


def _media(job: Job) -> list[str]:
    """Addresses of the pictures and files that go with a message."""
    found = job.text("media_url").strip()
    if found and not found.startswith(_ADDRESSES):
        job.note("The address of its picture or file is no full address, so it is left out.")
        return []
    return [found] if found else []


def _template(job: Job) -> dict[str, Any]:
    """An approved template by its id, with its values in the order of their numbers."""
    sid = job.state.text("content_sid").strip()
    if not re.fullmatch(r"HX[0-9a-zA-Z]{10,60}", sid):
        return {}
    values = [
        (int(number[0]) if (number := re.findall(r"\d+", name)) else 0, job.words.text(value, job.notes))
        for name, value in job.state.pairs("content_variables")
    ]
    ordered = [value for _, value in sorted(values, key=lambda pair: pair[0])]
    return {"template": sid, **({"template_values": ordered[:20]} if ordered else {})}


def prompt_of(job: Job) -> dict[str, Any]:
    """What is said or played; empty if there is nothing."""
    language = _language(job, "language") or "en-US"
    prompt: dict[str, Any] = {}
    if play := job.text("play").strip():
        if play.startswith(("https://", "http://")):
            prompt["audio"] = {language: play}
        else:
            job.note("The address of its sound is no full address, so it is not played.")
    text = job.text("say").strip()
    if text and not prompt:
        # A break stands between words; what says how a word is spoken stands within a sentence.
        plain = _SSML.sub(lambda tag: " " if re.match(r"</?(?:break|p|s)\b", tag[0]) else "", text)
        if plain != text:
            job.note("How it is spoken (SSML) is left out; the words are the same.")
        text = " ".join(plain.split()) if plain != text else text
        if text:
            prompt["text"] = {language: text}
    voice = job.state.text("voice").strip()
    if prompt and "{" in voice:
        job.note("Its voice came from a variable; here it is the usual one.")
    elif prompt and voice and "text" in prompt:
        prompt["voice"] = voice[:60]
    return prompt


def _language(job: Job, name: str) -> str:
    language = job.state.text(name).strip()
    if "{" in language:
        job.note("Its language came from a variable; here it is English. Set “language” and write the text in each.")
        return ""
    usable = re.fullmatch(r"[A-Za-z]{2,3}(?:[-_][A-Za-z0-9]{2,8})*", language)
    return language.replace("_", "-")[:20] if usable else ""


def _times(job: Job) -> dict[str, int]:
    loop = job.state.number("loop")
    if loop is None or loop == 1:
        return {}
    if not 1 <= loop <= _MOST_TIMES:
        job.note(f"It was said {'for ever' if not loop else f'{loop:g} times'}; here it is said {_MOST_TIMES} times.")
    return {"times": _MOST_TIMES if loop < 1 else min(_MOST_TIMES, int(loop))}


def _whole(number: float | None, least: int, most: int) -> int | None:
    return None if number is None or number <= 0 else max(least, min(most, int(number)))


def _goes_to_the_contact(job: Job) -> bool:
    to = job.state.text("to").strip()
    return not to or job.words.text(to, []).replace(" ", "") == "{{contact.from}}"


def _message_notes(job: Job) -> None:
    if job.from_calls:
        job.note("Whoever calls hears it; nothing is written to them.")
    sender = job.state.text("from").strip()
    if sender and job.words.text(sender, []).replace(" ", "") != "{{contact.to}}":
        job.note("It answers from the number that was written to.")
