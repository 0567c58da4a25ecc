"""Widgets that ask an API: a step that fetches, and a data source that says how.

https://www.twilio.com/docs/studio/widget-library/http-request: an answer within 10 seconds, 2xx after redirects; values of
a JSON answer are `parsed`. …/run-function: a POST of the parameters as a form, signed with the account's token.
"""

from __future__ import annotations

import base64
import binascii
import re
from typing import Any
from urllib.parse import quote_plus, unquote

from channels.providers.twilio.studio.liquid import texts_of
from channels.providers.twilio.studio.made import Job, Made, Step, is_secret, placeholder
from channels.providers.twilio.studio.names import key, title
from customers.enrichment.creating import NewSource

_ANSWER_S = 10.0
_ADDRESS = re.compile(r"(https?)://(?:([^/@\s?#]*)@)?([^/?#{}\s@]+)(?=[/?#]|$)(.*)", re.IGNORECASE | re.DOTALL)
_TAG = re.compile(r"(\{\{.*?\}\}|\{%.*?%\})", re.DOTALL)
_JSON = re.compile(r"\s*(?:\{\s*[\"}]|\[\s*[\[{\"\]])")
_URL_CHARS = 1000
_INPUTS = 20
_FORM = "application/x-www-form-urlencoded"


def http_request(job: Job) -> Made:
    method = job.state.text("method").strip().upper() or "GET"
    if method not in {"GET", "POST"}:
        return placeholder(job, f"Ask an API by {method[:20]}")
    if job.state.is_set("add_twilio_auth"):
        job.note("It signed in with the carrier's account. Give the data source a user and a password.")
    return _ask(job, method, job.state.text("content_type").partition(";")[0].strip().lower() or _FORM, "failed")


def run_function(job: Job) -> Made:
    made = _ask(job, "POST", _FORM, "fail")
    if not made.placeholder:
        job.note("The question is not signed by the carrier: the function has to take it without.")
    return made


def _ask(job: Job, method: str, kind: str, failed: str) -> Made:
    found = _ADDRESS.fullmatch(job.words.settled(job.state.text("url")).strip())
    if found is None:
        return placeholder(job, "Ask an API whose address is not written out")
    scheme, login, host, rest = found.groups()
    inputs: dict[str, str] = {}
    url = f"{scheme}://{host}{job.words.inputs(rest, inputs, job.notes, quoted=True)}"
    parameters = "&".join(
        f"{quote_plus(name)}={_quoted(job.words.inputs(value, inputs, job.notes, quoted=True, name=name))}"
        for name, value in job.state.pairs("parameters")
        if name.strip()
    )
    body = job.state.text("body")
    body = job.words.inputs(body, inputs, job.notes, quoted=kind == _FORM and not _JSON.match(body))
    headers, sign_in = _headers(job, inputs)
    if login and sign_in:
        job.note("A header that signs in is left out: a data source signs in once, here with user and password.")
    if login:
        sign_in = _basic(unquote(login)) if "{" not in login else sign_in
        if not sign_in:
            job.note("Its user and password came from variables: say them in the data source.")
    if method == "GET":
        if parameters:
            url += ("&" if "?" in url else "?") + parameters
        if body.strip():
            job.note("A question by GET has no body here.")
        body = ""
    else:
        headers = {"Content-Type": kind, **headers}
        body = parameters if parameters and (kind == _FORM or not body.strip()) else body
        if kind == _FORM and body is not parameters and _JSON.match(body):
            # Many a flow sends JSON and calls it a form; values stand in it as JSON has them, hence it is called JSON here.
            headers["Content-Type"] = "application/json"
            job.note("Its body is JSON and goes as such, not as a form.")
        if parameters and kind != _FORM and body is parameters:
            headers["Content-Type"] = _FORM
            job.note("Its parameters go as a form.")
    if len(url) > _URL_CHARS:
        return placeholder(job, "Ask an API at a very long address")
    if len(inputs) > _INPUTS:
        return placeholder(job, f"Ask an API with {len(inputs)} values; a step gives at most {_INPUTS}")
    mapping = tuple(
        {"name": name, "path": path, "type": "list" if _is_listed(job, path) else "text"}
        for path, name in job.words.answers.get(job.state.name, {}).items()
    )
    _other_values(job)
    _objects_in_loops(job)
    source = NewSource(
        key=key(f"{job.key[:24]}-{job.state.name}")[:50].strip("-"),
        name=f"{job.flow.name or job.key}"[:50] + f": {title(job.state.name)}"[:45],
        url=url,
        method="GET" if method == "GET" else "POST",
        headers=headers,
        body=body,
        total_timeout_s=_ANSWER_S,
        mapping=mapping[:100],
        **sign_in,
    )
    settings: dict[str, Any] = {
        "source": source.key,
        "save_as": job.id,
        "inputs": inputs,
        "use_synced": False,
        "patience_s": _ANSWER_S,
    }
    step = Step("fetch", settings, {"found": "success", "failed": failed})
    other = {"failed", "fail"} - {failed}
    lost = dict.fromkeys(other, f"it is called “{failed}”")
    # Where it ended anyway, a failed question is no reason to go to the fallback queue.
    goes_on = bool(job.state.to("success"))
    return Made([step], sources=[source], open_exits=frozenset({"failed"} if goes_on else ()), lost=lost)


def _headers(job: Job, inputs: dict[str, str]) -> tuple[dict[str, str], dict[str, Any]]:
    """Plain headers, and the one that signs in, which is kept encrypted. No secret comes into a note."""
    headers: dict[str, str] = {}
    sign_in: dict[str, Any] = {}
    for name, value in ((name, job.words.settled(value)) for name, value in job.state.pairs("headers")):
        if not name.strip():
            continue
        if not is_secret(name) or "{{" in value:
            headers[name.strip()] = job.words.inputs(value, inputs, job.notes, quoted=False, name=name)
        elif sign_in:
            job.note(f"The header “{name}” is left out: a data source signs in once.")
        else:
            sign_in = _sign_in(name.strip(), value.strip())
    return headers, sign_in


def _sign_in(name: str, value: str) -> dict[str, Any]:
    scheme, _, rest = value.partition(" ")
    if name.lower() == "authorization" and scheme.lower() == "bearer" and rest:
        return {"auth": "bearer", "secret": rest.strip()}
    if name.lower() == "authorization" and scheme.lower() == "basic" and rest:
        try:
            login = base64.b64decode(rest.strip(), validate=True).decode()
        except (binascii.Error, UnicodeDecodeError):
            login = ""
        if ":" in login:
            return _basic(login)
    return {"auth": "header", "auth_name": name, "secret": value}


def _basic(login: str) -> dict[str, Any]:
    user, _, password = login.partition(":")
    return {"auth": "basic", "auth_name": user, "secret": password}


def _quoted(value: str) -> str:
    """A value for a form: what is written out is quoted; what is filled in, the data source quotes."""
    return "".join(part if part.startswith(("{{", "{%")) else quote_plus(part) for part in _TAG.split(value))


def _is_listed(job: Job, path: str) -> bool:
    """Whether a loop goes through it somewhere, or a variable says which of it is meant: `sites[index].name`."""
    if "[*]" in path:
        return True
    plain = re.escape(path.replace('"', ""))
    whole = rf"widgets\s*\.\s*{re.escape(job.state.name)}\s*\.\s*parsed\s*\.\s*{plain}"
    listed = re.compile(rf"\bin\s+{whole}\b(?!\s*[.\[])|\b{whole}\s*\[\s*[A-Za-z_]")
    return any(listed.search(text) for state in job.flow.states for text in texts_of(state))


def _objects_in_loops(job: Job) -> None:
    """Lists hold plain values here: what a loop takes from the objects of one is not there."""
    name = re.escape(job.state.name)
    loop = re.compile(
        rf"\bfor\s+(\w+)\s+in\s+widgets\s*\.\s*{name}\s*\.\s*(parsed[\w.\s-]*?)\s*(?:-?%}}|reversed|limit|offset)"
    )
    for text in (text for state in job.flow.states for text in texts_of(state)):
        for one, path in loop.findall(text):
            if re.search(rf"(?<![\w.]){one}\s*\.\s*\w", text):
                job.note(
                    f"A loop goes through the objects of “{path}”, which stays empty: lists hold plain values here."
                )


def _other_values(job: Job) -> None:
    name = re.escape(job.state.name)
    for other in ("status_code", "content_type"):
        used = re.compile(rf"widgets\s*\.\s*{name}\s*\.\s*{other}\b")
        if any(used.search(text) for state in job.flow.states for text in texts_of(state)):
            job.note(f"The flow reads its “{other}”, which is not known here: only values of a JSON answer are.")
