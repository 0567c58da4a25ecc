"""JSON and YAML say the same, every fault has its line, and nothing of YAML's depths is reached."""

from __future__ import annotations

import json
from typing import Any

import pytest
import yaml
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from demo.world import FLOWS
from routing.engine.faults import DefinitionInvalid, Fault
from routing.files import FlowFile, form_of, json_text, read_file, read_source, write_file, yaml_text
from routing.starters import starters

LINE = (FLOWS / "priority-line.json").read_text(encoding="utf-8")


def faults_of(text: str, name: str = "") -> list[Fault]:
    with pytest.raises(DefinitionInvalid) as refused:
        read_file(text, name=name)
    return list(refused.value.faults)


@pytest.mark.parametrize("starter", starters(), ids=lambda one: one.key)
def test_a_flow_is_the_same_in_both_and_comes_back_byte_by_byte(starter: Any) -> None:
    file = FlowFile(pareto_flow=1, key=starter.key, name=starter.name, definition=starter.definition)
    for form in ("json", "yaml"):
        text = write_file(file, form)
        assert read_file(text, name=f"x.{form}") == file
        assert write_file(read_file(text), form) == text
    assert read_source(write_file(file, "yaml")).data == read_source(write_file(file, "json")).data


def test_yaml_reads_well() -> None:
    text = write_file(read_file(LINE), "yaml")
    assert (
        '    - id: "call"\n      type: "call"\n      title: "Incoming call"\n      exits:\n        started: "greet"\n'
        in text
    )
    placed = {**read_file(LINE).model_dump(), "definition": {"format": 1, "steps": [], "layout": {"a": [8, -16.5]}}}
    assert "    a: [8, -16.5]\n" in write_file(FlowFile.model_validate(placed), "yaml")


TEXT = st.text(alphabet=st.characters(exclude_categories=["Cs"]), max_size=30)
JSON = st.recursive(
    st.one_of(
        TEXT,
        st.sampled_from(
            [
                "no",
                "on",
                "y",
                "null",
                "~",
                "",
                " ",
                "2026-05-01",
                "12:30",
                "+4930",
                "007",
                "1e3",
                "- a",
                "# b",
                "a: b",
                "\u2028",
                "\ufeff",
                "\x85",
                "*a",
                "&a",
                "!x",
                "<<",
            ]
        ),
        st.booleans(),
        st.none(),
        st.integers(-(10**20), 10**20),
        st.floats(allow_nan=False, allow_infinity=False),
    ),
    lambda inner: st.one_of(
        st.lists(inner, max_size=4),
        st.dictionaries(st.one_of(TEXT, st.sampled_from(["no", "y", "a b", "<<", "=", "1"])), inner, max_size=4),
    ),
    max_leaves=20,
)


@settings(max_examples=400, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.dictionaries(TEXT, JSON, max_size=4))
def test_whatever_json_can_say_yaml_says_too(data: dict[str, Any]) -> None:
    text = yaml_text.write(data)
    assert yaml_text.read(text) == data
    assert yaml_text.write(yaml_text.read(text)) == text
    assert json_text.read(json_text.write(data)) == data


def test_other_readers_of_yaml_read_it_the_same() -> None:
    data = json.loads(LINE)
    data["definition"]["steps"][0]["title"] = "no: 2026-05-01 # ok"
    assert yaml.safe_load(yaml_text.write({"no": "no", "on": "on", "x": data})) == {"no": "no", "on": "on", "x": data}


@pytest.mark.parametrize(
    ("written", "means"),
    [
        *[
            (word, word)
            for word in ("no", "on", "off", "yes", "y", "2026-05-01", "2026-05-01T09:00:00Z", "12:30", "1:30:00")
        ],
        *[(word, word) for word in ("+4930901820", "007", "0x1F", "1_000", ".5", "True", "NULL", ".inf", ".nan", "=")],
        ("12", 12),
        ("-1.5", -1.5),
        ("1e3", 1000.0),
        ("true", True),
        ("null", None),
        ("~", None),
        ("'12'", "12"),
        ("'true'", "true"),
        ("|\n  two\n  lines\n", "two\nlines\n"),
        (">-\n  one\n  line", "one line"),
    ],
)
def test_what_is_not_quoted_means_what_it_says(written: str, means: Any) -> None:
    [value] = yaml_text.read(f"a: {written}").values()
    assert (value, type(value)) == (means, type(means))


@pytest.mark.parametrize(
    ("text", "says", "line", "column"),
    [
        ("a: &x 1\nb: *x\n", "“&x” names a part", 1, 4),
        ("a: 1\nb: *x\n", "“*x” repeats", 2, 4),
        ("a: !!python/object/apply:os.system ['x']", "says what kind of value", 1, 4),
        ("a: !x 1", "says what kind of value", 1, 4),
        ("a: 1\nb: 2\na: 3\n", "“a” is there twice", 3, 1),
        ("a:\n  x: 1\n  x: 2\n", "“x” is there twice", 3, 3),
        ("? [a, b]\n: 1\n", "A key is a word", 1, 3),
        ("a: 1\n---\nb: 2\n", "begin another", 2, 1),
        ("a: [1, 2\nb: 3\n", "no YAML", 2, 2),
        ("a:\n\t- 1\n", "Here stands a tab", 2, 1),
        ("a: 'x\n", "no YAML", 2, 1),
        ("[" * 200 + "]" * 200, "nested too deeply", 1, 101),
        ("a: \x07", "cannot be read as YAML", 0, 0),
    ],
)
def test_yaml_that_is_more_than_json_or_less_is_refused_with_its_place(
    text: str, says: str, line: int, column: int
) -> None:
    fault = next(one for one in faults_of(text, "x.yaml") if says in one.message)
    assert (fault.line, fault.column) == (line, column)


def test_a_bomb_of_aliases_is_refused_at_once() -> None:
    levels = ["a0: &a0 [x, x, x, x, x, x, x, x, x, x]"]
    levels.extend(f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 10)}]" for n in range(1, 12))
    assert len(faults_of("\n".join(levels), "x.yaml")) == 100


def test_deep_and_large_files_are_refused() -> None:
    assert "too deeply" in str(faults_of("\n".join(f"{' ' * n}a:" for n in range(300)), "x.yaml")[0])
    assert "is no flow" in str(faults_of("- 1\n" * 250_000, "x.yaml")[0])
    assert "at most" in str(faults_of("x" * 4_000_001)[0])


@pytest.mark.parametrize("form", ["json", "yaml"])
def test_each_fault_has_the_line_of_what_it_is_about(form: Any) -> None:
    data = {**json.loads(LINE), "surprise": 1, "key": "not a key"}
    text = json_text.write(data) if form == "json" else yaml_text.write(data)
    lines = text.splitlines()
    found = {fault.where[0]: lines[fault.line - 1][fault.column - 1 :] for fault in faults_of(text)}
    assert found["surprise"].lstrip('"').startswith("surprise")
    assert found["key"].lstrip('"').startswith("key")


def test_json_on_one_line_and_with_a_key_twice_has_places_too() -> None:
    text = '{"a": [1, {"b": "x\\n\\"", "c": [true]}], "é": {"b": null, "b": 2}}'
    [fault] = faults_of(text)
    assert (fault.line, fault.column, fault.path) == (1, text.rindex('"b"') + 1, "é.b")
    places = json_text.places(text)
    assert places["a", 1, "c", 0] == (1, text.index("true") + 1)
    assert json_text.places("[\n 1,\n  2\n]")[(1,)] == (3, 3)


def test_places_of_a_large_minified_file_are_found_quickly() -> None:
    text = json.dumps({"steps": [{"id": f"s{n}", "settings": {"a": [1, 2, 3]}} for n in range(20_000)]})
    assert len(json_text.places(text)) > 100_000


@pytest.mark.parametrize(
    ("text", "name", "form"),
    [
        ("{}", "", "json"),
        ("", "", "json"),
        ("pareto_flow: 1", "", "yaml"),
        ("# a flow\npareto_flow: 1", "", "yaml"),
        ("{}", "flow.yml", "yaml"),
        ("pareto_flow: 1", "flow.json", "json"),
    ],
)
def test_the_name_decides_and_else_the_beginning(text: str, name: str, form: str) -> None:
    assert form_of(text, name) == form


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("module.exports = ", ""),
        ("module.exports = options = ", ";\n"),
        ("const flow =\n", ";\n\nmodule.exports = flow;\n"),
        ("export default ", ""),
        ("export const flow = ", ";\nexport default flow"),
    ],
)
def test_json_that_a_script_keeps_is_read_with_its_places(before: str, after: str) -> None:
    text = f'{before}{{"states": [\n  {{"name": "a"}}\n]}}{after}'
    source = read_source(text, name="flow.js")
    assert source.data == {"states": [{"name": "a"}]}
    line = 2 + before.count("\n")
    assert source.located(Fault("here", ("states", 0))).line == line


def test_a_script_that_is_more_than_json_is_refused_with_its_place() -> None:
    with pytest.raises(DefinitionInvalid) as refused:
        read_source("const flow = {\n  states: [],\n};\n", name="flow.js")
    assert (refused.value.faults[0].line, refused.value.faults[0].message[:15]) == (2, "This is no JSON")
