"""Templates: what they render, what they refuse, and that none can run away."""

from __future__ import annotations

import time
from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from routing.engine import limits
from routing.engine.template_filters import FILTERS
from routing.engine.templates import TemplateFailed, render, sole_path, template_fault, template_variables, value_of
from routing.engine.values import MISSING

SCOPE: dict[str, Any] = {
    "customer": {"tier": "gold", "name": " ann ", "value": 1234.5, "vip": True, "none": None, "tags": ["a", "b"]},
    "orders": [{"total": 10}, {"total": 20}],
    "contact": {"time_zone": "Europe/Berlin"},
    "trigger": {"call": {"From": "+4915100000001"}},
    "now": "2026-05-05T12:00:00Z",
}


@pytest.mark.parametrize(
    ("text", "rendered"),
    [
        ("", ""),
        ("Hello { there }", "Hello { there }"),
        ("You are {{ customer.tier }}.", "You are gold."),
        ("{{customer.tier}}", "gold"),
        ("{{trigger.call.From}}", "+4915100000001"),
        ("{{ orders[1].total }} {{ orders.0.total }} {{ customer['tier'] }}", "20 10 gold"),
        ("{{ nobody }}|{{ customer.nope.deep }}|{{ customer.none }}|{{ orders[9].total }}", "|||"),
        ("{{ customer.tier.upper }}{{ customer.keys }}{{ customer.__class__ }}", ""),
        ("{{ customer.vip }}", "true"),
        ("{% if customer.tier == 'gold' %}yes{% else %}no{% endif %}", "yes"),
        ("{% if nobody.x > 5 %}yes{% else %}no{% endif %}", "no"),
        ("a{% if customer.tier > 5 %}yes{% else %}no{% endif %}b", "ab"),
        ("{% unless nobody %}x{% endunless %}", "x"),
        ("{% case customer.tier %}{% when 'gold', 'platinum' %}VIP{% else %}-{% endcase %}", "VIP"),
        ("{% for o in orders %}{{ o.total }}{% unless forloop.last %}, {% endunless %}{% endfor %}", "10, 20"),
        ("{% for o in orders %}{{ o.total }}{% break %}{% endfor %}", "10"),
        ("{% for i in (1..3) reversed %}{{ i }}{% endfor %}", "321"),
        ("{% assign x = customer.tier | upcase %}{{ x }}{% capture y %}<{{ x }}>{% endcapture %}{{ y }}", "GOLD<GOLD>"),
        ("{% comment %} nothing {% endcomment %}{% # nor here %}x", "x"),
        ("{% break %}x", "x"),
        ("{{ now }}", "2026-05-05T12:00:00Z"),
        ("{{ today }}", ""),
    ],
)
def test_a_text_is_rendered(text: str, rendered: str) -> None:
    assert render(text, SCOPE) == rendered
    assert template_fault(text) is None


@pytest.mark.parametrize(
    ("expression", "rendered"),
    [
        ("'a' | append: 'b'", "ab"),
        ("'aNN' | capitalize", "Ann"),
        ("nobody | default: 'friend'", "friend"),
        ("'' | default: 'friend'", "friend"),
        ("0 | default: 5", "0"),
        ("'GOLD' | downcase", "gold"),
        ("'gold' | upcase", "GOLD"),
        ("'  x ' | strip", "x"),
        ("'b' | prepend: 'a'", "ab"),
        ("'a-b-c' | replace: '-', ' '", "a b c"),
        ("'a-b' | replace: '-'", "ab"),
        ("'1.10' | plus: 2", "3.1"),
        ("5 | minus: 7", "-2"),
        ("1.1 | times: 3", "3.3"),
        ("7 | divided_by: 2", "3"),
        ("-7 | divided_by: 2", "-4"),
        ("7 | divided_by: 2.0", "3.5"),
        ("1.0 | divided_by: 3", "0.333333333"),
        ("7 | divided_by: 0", ""),
        ("'many' | plus: 1", "1"),
        ("2.5 | round", "3"),
        ("2.345 | round: 2", "2.35"),
        ("customer.value | round", "1235"),
        ("'abc' | size", "3"),
        ("orders | size", "2"),
        ("customer.tags | first", "a"),
        ("customer.tags | last", "b"),
        ("nobody | first", ""),
        ("'a,b,c' | split: ',' | join: ' and '", "a and b and c"),
        ("customer.tags | join: '/'", "a/b"),
        ("'Hello there' | truncate: 8", "Hello..."),
        ("'Hello' | truncate: 3, ''", "Hel"),
        ("'a b&c' | url_encode", "a+b%26c"),
        ("'a+b%26c' | url_decode", "a b&c"),
        ("5 | at_most: 3", "3"),
        ("'2' | at_least: 4", "4"),
        ("'Zm9v' | base64_decode", "foo"),
        ("'no base64' | base64_decode", ""),
        ("'foo' | base64_encode", "Zm9v"),
        ("'a<b> & c' | escape", "a&lt;b&gt; &amp; c"),
        ("'a<b>c</b>' | strip_html", "ac"),
        ("'3,1,2' | split: ',' | sort | reverse | join", "3 2 1"),
        ("'b,a,b,,a' | split: ',' | uniq | compact | join: '+'", "b+a"),
        ("'one two three' | truncatewords: 2", "one two..."),
        ("'a-b-c' | remove_first: '-' | replace_first: '-', '+'", "ab+c"),
        ("'say \"hi\"' | to_json", '"say \\"hi\\""'),
        ("nothing | json", "null"),
        ("1772445600 | date: '%Y-%m-%d %H:%M', 'UTC'", "2026-03-02 10:00"),
        ("1772445600 | date: '%s' | plus: 60 | date: '%H:%M', 'UTC'", "10:01"),
        ("'+49 47' | spell", "+ 4 9 4 7"),
        ("4711 | spell", "4 7 1 1"),
        ("'2026-05-05T12:00:00Z' | date: '%H:%M'", "14:00"),
        ("'2026-05-05T12:00:00Z' | date: '%H:%M', 'America/New_York'", "08:00"),
        ("'2026-05-05' | date: '%d %B %Y'", "05 May 2026"),
        ("'now' | date: '%-d.%-m.%Y %H:%M'", "5.5.2026 14:00"),
        ("'soon' | date: '%Y'", "soon"),
        ("nobody | date: '%Y'", ""),
        ("'2026-05-05' | date: '%999999d %Q % %%'", "%999999d %Q % %"),
    ],
)
def test_each_filter_does_what_it_says(expression: str, rendered: str) -> None:
    text = "{{ " + expression + " }}"
    assert render(text, SCOPE) == rendered
    assert template_fault(text) is None


def test_a_filter_without_its_arguments_or_with_too_many_gives_nothing() -> None:
    for name in FILTERS:
        assert isinstance(render("{{ customer.name | " + name + " }}", SCOPE), str)
        assert isinstance(render("{{ customer.name | " + name + ": 1, 2, 3, 4 }}", SCOPE), str)
        assert isinstance(render("{{ customer | " + name + ": customer, orders }}", SCOPE), str)


def test_the_clock_is_never_asked() -> None:
    assert render("{{ 'now' | date: '%Y' }}|{{ now }}|{{ today }}", {}) == "||"
    assert render("{{ 'now' | date: '%Y' }}", {"now": datetime(1999, 1, 1, tzinfo=UTC)}) == "1999"


@pytest.mark.parametrize(
    "text",
    [
        "{{ x",
        "{% if x %}",
        "{% nope %}",
        "{% include 'a' %}",
        "{% render 'a' %}",
        "{% extends 'a' %}",
        "{% tablerow i in x %}{% endtablerow %}",
        "{% increment x %}",
        "{{ x | nope }}",
        "{{ x | safe }}",
        "{{ | }}",
        "{% if x %}" * (limits.TEMPLATE_DEPTH + 2) + "{% endif %}" * (limits.TEMPLATE_DEPTH + 2),
        "{{ x }}" * limits.TEXT_CHARS,
    ],
)
def test_a_faulty_template_is_found_before_anybody_calls(text: str) -> None:
    fault = template_fault(text)
    assert fault is not None
    assert fault.endswith(".")
    assert "\n" not in fault


def test_a_fault_says_where_it_is() -> None:
    assert "line 2" in str(template_fault("Hello\n{% nope %}"))


BIG = "{% assign s = 'xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx' %}"


@pytest.mark.parametrize(
    "text",
    [
        "{% for i in (1..1000000000) %}{% endfor %}",
        "{% for i in (1..1000000000) reversed %}{% endfor %}",
        "{% for i in (1..1000000000) offset: 999999999 %}x{% endfor %}",
        "{% for i in (1..99999999999999999999999999) %}{% endfor %}",
        "{% for i in (1..100) %}{% for j in (1..100) %}{% endfor %}{% endfor %}",
        "{% for i in (1..900) %}{% endfor %}" * 20,
        "{% for i in (1..900) %}{{ i }} is a number{% endfor %}",
        "{% for i in (1..900) %}{% capture x %}{{ i }} is a number{% endcapture %}{% endfor %}",
        BIG + "{% for i in (1..900) %}{% assign s = s | append: s %}{% endfor %}",
        BIG + "{% for i in (1..900) %}{% assign s = s | replace: 'x', s %}{% endfor %}{{ s }}{{ s }}",
        BIG + "{% for i in (1..900) %}{{ long | upcase | downcase | split: '' | join: '' | size }}{% endfor %}",
        "{{ long }}{{ long }}",
        "{{ long | url_encode }}{{ long | url_encode | url_encode }}",
    ],
)
def test_a_template_that_would_run_away_is_stopped_soon(text: str) -> None:
    began = time.perf_counter()
    with pytest.raises(TemplateFailed, match=r"\.$"):
        render(text, {**SCOPE, "long": "ä " * (limits.VALUE_CHARS // 2)})
    assert time.perf_counter() - began < 1


def outcome(text: str) -> str:
    """What it renders, or "!" and the sentence that says why it does not."""
    try:
        rendered = render(text, SCOPE)
    except TemplateFailed as failure:
        return f"!{failure}"
    return rendered.replace("!", "")


@pytest.mark.parametrize(
    "text",
    [
        "{% assign n = 10 %}{% for i in (1..900) %}{% assign n = n | times: n %}{% endfor %}{{ n }}",
        "{{ (1..99999999999) | join: ',' }}{{ (1..99999999999) | size }}{{ (1..9999999999999999999999) }}",
        "{{ 'x' | truncate: 99999999999, 'y' }}{{ 1 | round: 99999999 }}{{ 1 | round: -99999999 }}",
        "{{ '" + "9" * 60 + "' | times: 2 }}",
        "{{ customer | join: customer | split: orders }}",
        "{{ x['" + "a" * 500 + "'] }}",
        "{% for k in customer %}{{ k[0] }}{% endfor %}",
        "{% for i in (customer..orders) %}{{ i }}{% endfor %}",
        "{% for i in orders limit: customer %}{{ i }}{% endfor %}",
        "{% cycle %}",
    ],
)
def test_nonsense_renders_as_something_small_or_fails_with_a_sentence(text: str) -> None:
    began = time.perf_counter()
    assert len(outcome(text)) <= limits.TEMPLATE_OUTPUT_CHARS
    assert time.perf_counter() - began < 0.5


pieces = st.sampled_from(
    [
        "{{",
        "}}",
        "{%",
        "%}",
        " x ",
        "customer",
        ".",
        "[0]",
        "|",
        "append:",
        "'a'",
        "for i in",
        "(1..5)",
        "endfor",
        "if",
        "endif",
    ]
    + [
        "{% for i in orders %}",
        "{% endfor %}",
        "{{ i }}",
        "{{ customer.tier }}",
        "{% if x %}",
        "{% endif %}",
        "5",
        ",",
        "\n",
    ]
    + [f"| {name}" for name in FILTERS]
)


@settings(max_examples=200, deadline=1000)
@given(st.lists(pieces, max_size=25).map("".join) | st.text())
def test_whatever_is_written_renders_or_fails_with_a_sentence(text: str) -> None:
    template_variables(text)
    fault = template_fault(text)
    if not outcome(text).startswith("!"):
        assert fault is None or "filter" in fault


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=8,
)


@given(json_values, json_values, st.sampled_from(sorted(FILTERS)))
def test_no_value_breaks_a_filter(value: Any, other: Any, name: str) -> None:
    scope = {"v": value, "o": other}
    for text in ("{{ v | " + name + " }}", "{{ v | " + name + ": o }}", "{{ v | " + name + ": o, o }}", "{{ v }}"):
        render(text, scope)
    render("{% if v > o or v == o or v contains o %}x{% endif %}{% for i in v %}{{ i }}{% endfor %}{{ v[o] }}", scope)


@pytest.mark.parametrize(
    ("text", "paths"),
    [
        ("Hello", set()),
        (
            "{{ customer.tier }}{{ orders[0].total }}{{ orders.1.total }}",
            {"customer.tier", "orders.0.total", "orders.1.total"},
        ),
        ("{% for o in orders %}{{ o.total }}{{ forloop.index }}{% endfor %}", {"orders"}),
        ("{% assign x = a.b | append: c.d %}{{ x }}", {"a.b", "c.d"}),
        ("{% if a == b.c %}{{ d | default: e }}{% endif %}", {"a", "b.c", "d", "e"}),
        ("{{ prices[customer.tier].eur }}", {"prices", "customer.tier"}),
        ("{{ customer['account tier'] }}", {"customer.account tier"}),
        ("{{ broken", set()),
    ],
)
def test_variables_are_those_read_from_outside(text: str, paths: set[str]) -> None:
    assert template_variables(text) == paths


def test_a_path_alone_gives_the_value_itself() -> None:
    assert value_of("{{ customer.value }}", SCOPE) == 1234.5
    assert value_of(" {{ orders }} ", SCOPE) is SCOPE["orders"]
    assert value_of("{{ orders[1].total }}", SCOPE) == 20
    assert value_of("{{ nobody.x }}", SCOPE) is MISSING
    assert value_of("{{ customer.value | round }}", SCOPE) == "1235"
    assert value_of("plain", SCOPE) == "plain"
    assert value_of("{{ true }}", SCOPE) == "true"
    assert sole_path("{{ a }} {{ b }}") is None
    assert sole_path("a") is None


def test_plain_text_and_simple_variables_cost_microseconds() -> None:
    render("Hello {{ customer.tier }}", SCOPE)
    for text, most in (("Hello", 20e-6), ("Hello {{ customer.tier }}", 200e-6)):
        best = 1.0
        for _ in range(20):
            began = time.perf_counter()
            render(text, SCOPE)
            best = min(best, time.perf_counter() - began)
        assert best < most


@pytest.mark.parametrize(
    ("text", "written"),
    [
        ("{{ 'a-b-c' | remove: '-' }}", "abc"),
        ("{{ 'abc' | remove: '' }}", "abc"),
        ("{{ '+4930901820' | slice: 1, 2 }}", "49"),
        ("{{ '+4930901820' | slice: -4, 4 }}", "1820"),
        ("{{ 'abc' | slice: -9, 2 }}", ""),
        ("[{{ ' a ' | lstrip }}|{{ ' a ' | rstrip }}]", "[a | a]"),
        ("{{ 7 | modulo: 3 }} {{ -7 | modulo: 3 }} {{ -4 | abs }} {{ 1.2 | ceil }} {{ 1.8 | floor }}", "1 2 4 2 1"),
        ("{{ 7 | modulo: 0 }}", ""),
    ],
)
def test_more_filters_do_what_they_do_in_liquid(text: str, written: str) -> None:
    assert render(text, {}) == written


@given(st.text(max_size=limits.TEMPLATE_OUTPUT_CHARS), st.sampled_from(["{{ a.b }}", "{{a.b}}", "{{ a['b'] }}"]))
def test_a_text_is_rendered_by_the_short_way_as_liquid_renders_it(value: str, template: str) -> None:
    scope = {"a": {"b": value}}
    # The second variable is missing, so Liquid writes nothing for it; but with it Liquid has to be asked.
    assert render(template, scope) == render(template + "{{ nobody }}", scope)
