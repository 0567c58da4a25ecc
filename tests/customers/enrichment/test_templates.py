"""What a caller types fills a template and never bends it."""

from __future__ import annotations

import json
from urllib.parse import parse_qs, urlsplit

import pytest
from hypothesis import given
from hypothesis import strategies as st

from customers.enrichment.templates import Body, HeaderValue, TemplateFault, Url

BASE = "https://crm.example.com"


@given(st.text(max_size=40))
def test_a_value_in_the_query_arrives_as_it_was_and_changes_nothing_else(value: str) -> None:
    try:
        url = Url(f"{BASE}/c?phone={{{{ phone }}}}&x=1").fill({"phone": value})
    except UnicodeEncodeError:
        raise AssertionError from None
    parts = urlsplit(url)
    assert (parts.scheme, parts.netloc, parts.path, parts.fragment) == ("https", "crm.example.com", "/c", "")
    assert parse_qs(parts.query, keep_blank_values=True) == {"phone": [value], "x": ["1"]}


@given(st.text(max_size=10), st.text(max_size=10))
def test_values_in_the_path_stay_in_their_segment_or_are_refused(one: str, two: str) -> None:
    try:
        url = Url(f"{BASE}/c/{{{{ one }}}}{{{{ two }}}}/orders").fill({"one": one, "two": two})
    except TemplateFault:
        return
    parts = urlsplit(url)
    assert parts.netloc == "crm.example.com"
    assert parts.path.count("/") == 3
    assert parts.path.startswith("/c/")
    assert parts.path.endswith("/orders")
    assert "/.." not in parts.path
    assert not parts.query


@given(st.text(max_size=40))
def test_a_value_in_a_json_body_stays_in_its_quotation_marks(value: str) -> None:
    body = Body('{"phone": "{{ phone }}", "again": {{ phone | json }}}', "application/json")
    assert json.loads(body.fill({"phone": value})) == {"phone": value, "again": value}


@given(st.text(max_size=40))
def test_a_value_in_a_form_stays_in_its_field(value: str) -> None:
    body = Body("phone={{ phone }}&x=1", "application/x-www-form-urlencoded; charset=utf-8")
    assert parse_qs(body.fill({"phone": value}), keep_blank_values=True) == {"phone": [value], "x": ["1"]}


def test_the_filter_that_encodes_does_not_encode_twice() -> None:
    assert Url(BASE + "/?p={{ p | url_encode }}").fill({"p": "+49 1"}) == BASE + "/?p=%2B49%201"


@pytest.mark.parametrize("value", ["a\r\nX-Evil: 1", "a\nb", "ü", "a\x00"])
def test_a_header_stays_one_line_of_plain_signs(value: str) -> None:
    with pytest.raises(TemplateFault):
        HeaderValue("{{ v }}").fill({"v": value})


@pytest.mark.parametrize(
    "url",
    [
        "crm.example.com/x",
        "ftp://crm.example.com/",
        "https://{{ host }}/",
        "https://crm.example.com{{ path }}",
        "https://crm.{{ domain }}/",
        "https://user:pass@crm.example.com/",
        "https://crm.example.com:99999/",
        "https://crm.example.com:0/",
        "https:///x",
        "https://crm.example.com/{{ open",
        "https://crm.example.com/{% nonsense %}",
        "https://crm.example.com/{% include 'x' %}",
        "https://crm.example.com/{{ x | nonsense }}",
        "{% if x %}https://a.example.com{% endif %}/",
    ],
)
def test_an_address_that_is_not_right_is_refused(url: str) -> None:
    with pytest.raises(TemplateFault):
        Url(url).fill({"host": "h", "path": "p", "domain": "d", "x": "x"})


def test_templates_end_however_long_they_would_run() -> None:
    loop = "{% for a in (1..9999999) %}{% for b in (1..9999999) %}x{% endfor %}{% endfor %}"
    with pytest.raises(TemplateFault):
        HeaderValue(loop).fill({})
    with pytest.raises(TemplateFault):
        Url(BASE + "/?x={{ x }}").fill({"x": "y" * 100_000})


def test_a_fault_tells_no_value() -> None:
    with pytest.raises(TemplateFault) as raised:
        HeaderValue("{{ phone | date: phone | minus: 'x' | nothing }}").fill({"phone": "+4915100000001"})
    assert "4915100000001" not in str(raised.value)
