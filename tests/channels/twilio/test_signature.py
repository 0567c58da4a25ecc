"""Our signature against the vendor's own validator."""

from __future__ import annotations

import hashlib
import string
from collections.abc import Mapping, Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st
from twilio.request_validator import RequestValidator

from channels.provider import Request
from channels.providers.twilio.signature import HEADER, SETTINGS_HEADER, sign, signed_url

# The example of https://www.twilio.com/docs/usage/security#validating-requests.
DOC_URL = "https://example.com/myapp.php?foo=1&bar=2"
DOC_FORM = {
    "CallSid": ["CA1234567890ABCDE"],
    "Caller": ["+14158675310"],
    "Digits": ["1234"],
    "From": ["+14158675310"],
    "To": ["+18005551212"],
}
DOC_SIGNATURE = "L/OH5YylLD5NRKLltdqwSvS0BnU="

words = st.text(st.characters(exclude_categories=["Cs"]), max_size=12)
forms = st.dictionaries(words.filter(bool), st.lists(words, min_size=1, max_size=3), max_size=6)
hosts = st.sampled_from(["example.com", "example.com:443", "example.com:80", "example.com:8443", "pbx.example.com"])
queries = st.sampled_from(["", "?turn=3&for=dial", "?", "?foo=1&bar=2"])


class MultiForm(dict[str, Sequence[str]]):
    """Answers `getlist`, as Django's own forms do for the validator."""

    def getlist(self, name: str) -> Sequence[str]:
        return self[name]


def request(
    *urls: str, form: Mapping[str, Sequence[str]] | None = None, body: bytes = b"form", **headers: str
) -> Request:
    return Request(urls, {name.replace("_", "-"): value for name, value in headers.items()}, body, form or {})


def test_the_example_of_the_documentation_is_signed_as_there() -> None:
    assert sign("12345", DOC_URL, DOC_FORM) == DOC_SIGNATURE
    assert signed_url(request(DOC_URL, form=DOC_FORM, X_Twilio_Signature=DOC_SIGNATURE), "12345") == DOC_URL


@given(form=forms, secret=words.filter(bool), host=hosts, query=queries, scheme=st.sampled_from(["https", "http"]))
def test_the_vendor_accepts_what_we_sign(
    form: dict[str, list[str]], secret: str, host: str, query: str, scheme: str
) -> None:
    url = f"{scheme}://{host}/webhooks/twilio/voice/{query}"
    if query == "?":  # the vendor's validator drops an empty query
        url = url.rstrip("?")
    assert RequestValidator(secret).validate(url, MultiForm(form), sign(secret, url, form))


@given(form=forms, secret=words.filter(bool), query=queries, scheme=st.sampled_from(["https", "http"]))
def test_we_accept_what_the_vendor_signs_with_and_without_the_default_port(
    form: dict[str, list[str]], secret: str, query: str, scheme: str
) -> None:
    port = {"https": 443, "http": 80}[scheme]
    bare, full = (f"{scheme}://{host}/voice/{query}" for host in ("example.com", f"example.com:{port}"))
    for theirs in (bare, full):
        signature = RequestValidator(secret).compute_signature(theirs, MultiForm(form))
        for ours in (bare, full):
            given_form = request(ours, form=form, body=b"" if not form else b"x", X_Twilio_Signature=signature)
            assert signed_url(given_form, secret) == ours


@given(form=forms.filter(bool), data=st.data())
def test_one_character_changed_anywhere_is_refused(form: dict[str, list[str]], data: st.DataObject) -> None:
    signature = sign("token", DOC_URL, form)
    name = data.draw(st.sampled_from(sorted(form)))
    changed = {**form, name: [*form[name][:-1], form[name][-1] + data.draw(st.sampled_from(string.ascii_letters))]}
    assert signed_url(request(DOC_URL, form=form, X_Twilio_Signature=signature), "token")
    if sorted(set(changed[name])) != sorted(set(form[name])):
        assert signed_url(request(DOC_URL, form=changed, X_Twilio_Signature=signature), "token") is None
    assert signed_url(request(DOC_URL + "0", form=form, X_Twilio_Signature=signature), "token") is None
    assert signed_url(request(DOC_URL, form=form, X_Twilio_Signature=signature), "tokem") is None


@pytest.mark.parametrize("header", ["", "x", "=", DOC_SIGNATURE[:-1], DOC_SIGNATURE.lower(), "é" * 28, "\udcff"])
def test_a_signature_that_is_none_is_refused(header: str) -> None:
    assert signed_url(request(DOC_URL, form=DOC_FORM, X_Twilio_Signature=header), "12345") is None


def test_a_missing_signature_is_refused() -> None:
    assert signed_url(request(DOC_URL, form=DOC_FORM), "12345") is None


def test_a_repeated_name_is_signed_once_for_each_distinct_value() -> None:
    assert sign("t", DOC_URL, {"a": ["2", "1", "2"]}) == sign("t", DOC_URL, {"a": ["1", "2"]})
    multi = MultiForm({"a": ["2", "1", "2"]})
    assert RequestValidator("t").compute_signature(DOC_URL, multi) == sign("t", DOC_URL, {"a": ["2", "1", "2"]})


def test_the_address_that_was_signed_is_told() -> None:
    inside, outside = "http://10.0.0.5:8000/voice/", "https://calls.example.com/voice/"
    found = signed_url(
        request(inside, outside, form=DOC_FORM, X_Twilio_Signature=sign("12345", outside, DOC_FORM)), "12345"
    )
    assert found == outside


def test_a_json_body_is_covered_by_its_hash_in_the_signed_address() -> None:
    body = b'{"event": "x"}'
    url = f"https://example.com/voice/?bodySHA256={hashlib.sha256(body).hexdigest()}"
    signature = sign("t", url, {})
    assert RequestValidator("t").validate(url, body.decode(), signature)
    assert signed_url(request(url, body=body, X_Twilio_Signature=signature), "t") == url
    assert signed_url(request(url, body=body + b" ", X_Twilio_Signature=signature), "t") is None


def test_a_body_that_nothing_covers_is_refused() -> None:
    url = "https://example.com/voice/"
    assert signed_url(request(url, body=b"{}", X_Twilio_Signature=sign("t", url, {})), "t") is None


def test_a_webhook_signed_with_sha256_says_so_in_its_header() -> None:
    signature = RequestValidator("12345").compute_signature(DOC_URL, MultiForm(DOC_FORM), "HMAC_SHA256")
    headers = {HEADER: signature, SETTINGS_HEADER: "key=abc,algorithm=HMAC_SHA256"}
    assert signed_url(Request((DOC_URL,), headers, b"x", DOC_FORM), "12345") == DOC_URL
    headers[SETTINGS_HEADER] = "key=abc,algorithm=HMAC_MD5"
    assert signed_url(Request((DOC_URL,), headers, b"x", DOC_FORM), "12345") is None


@pytest.mark.parametrize("url", ["https://example.com:port/", "not an address", "https://[::1/", ""])
def test_an_odd_address_is_refused_without_an_error(url: str) -> None:
    assert signed_url(request(url, form=DOC_FORM, X_Twilio_Signature=DOC_SIGNATURE), "12345") is None
