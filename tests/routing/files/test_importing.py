"""A file on its way in: looked at first, kept once, whoever else brings the same; ours and another system's."""

from __future__ import annotations

import io
import json
import threading
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from django.contrib.auth.models import Permission, User
from django.core.management import CommandError, call_command
from django.db import connections
from django.test import Client
from django.urls import reverse
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from hypothesis.extra.django import TestCase

from customers.enrichment.models import DataSource
from demo.world import FLOWS
from queues.models import OpeningHours, Queue, SipAddress
from routing.files import read_file
from routing.models import Flow, FlowVersion
from routing.services import ImportReport, export_flow, import_flow
from routing.starters import starters

NOW = datetime(2026, 11, 22, 12, 0, tzinfo=UTC)
LINE = (FLOWS / "priority-line.json").read_text(encoding="utf-8")
STUDIO = Path(__file__).parents[2] / "channels/twilio/studio/fixtures"
HOTLINE = (STUDIO / "hotline.json").read_text(encoding="utf-8")


FLEX = json.dumps(
    {
        "description": "Flex",
        "initial_state": "Trigger",
        "states": [
            {"name": "Trigger", "type": "trigger", "transitions": [{"event": "incomingCall", "next": "first"}]},
            {
                "name": "first",
                "type": "send-to-flex",
                "properties": {"workflow": "WW01"},
                "transitions": [{"event": "failedToEnqueue", "next": "second"}],
            },
            {"name": "second", "type": "send-to-flex", "properties": {"workflow": "WW02"}, "transitions": []},
        ],
    }
)


def make_world() -> None:
    for key, name in (("vip", "VIP"), ("standard", "Standard")):
        queue, _ = Queue.objects.get_or_create(key=key, defaults={"name": name})
        SipAddress.objects.create(queue=queue, uri=f"sip:{key}@pbx.example.com")
    OpeningHours.objects.get_or_create(key="support", defaults={"name": "Support"})
    DataSource.objects.get_or_create(key="loyalty", defaults={"name": "Loyalty API", "url": "http://127.0.0.1:9/"})


@pytest.fixture
def world(db: None) -> None:
    make_world()


def load(text: str, *, publish: bool = False, **more: Any) -> ImportReport:
    return import_flow(text=text, publish=publish, by=None, now=NOW, **more)


TITLES = st.text(alphabet=st.characters(exclude_categories=["Cs"], exclude_characters="\0"), max_size=40)


class TestRoundTrip(TestCase):
    """With a database of its own for each example."""

    @settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.too_slow])
    @given(st.sampled_from([one.key for one in starters()]), TITLES, TITLES, st.booleans())
    def test_what_is_exported_and_imported_is_exported_as_the_same_bytes(
        self, key: str, title: str, text: str, yaml_first: bool
    ) -> None:
        make_world()
        definition = json.loads(json.dumps(next(one.definition for one in starters() if one.key == key)))
        definition["steps"][0]["title"] = title
        definition["notes"] = [{"text": text, "at": [1.5, -8]}]
        flow = Flow.objects.create(key=key, name=f"N {key}", description=text, draft=definition)
        forms = ("yaml", "json") if yaml_first else ("json", "yaml")
        files = {form: export_flow(flow=flow, form=form) for form in ("json", "yaml")}
        flow.delete()
        for form in forms:
            report = load(files[form])
            assert report.ok, report.faults
            flow = Flow.objects.get(key=key)
            assert {one: export_flow(flow=flow, form=one) for one in forms} == files  # type: ignore[arg-type]


@pytest.mark.django_db(transaction=True)
def test_many_who_bring_the_same_new_flow_at_once_make_one() -> None:
    make_world()
    files = [LINE, LINE.replace("Welcome.", "Hello."), HOTLINE, HOTLINE]
    start = threading.Barrier(len(files))
    reports: list[ImportReport] = []

    def bring(text: str) -> None:
        start.wait()
        try:
            reports.append(load(text))
        finally:
            connections.close_all()

    threads = [threading.Thread(target=bring, args=[text]) for text in files]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert [report.ok for report in reports] == [True] * 4
    assert sorted(Flow.objects.values_list("key", flat=True)) == ["hotline-sued", "priority-line"]
    assert DataSource.objects.filter(key__startswith="hotline").count() == 3


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("", "line 1, column 1: The file is empty."),
        (" \n\t ", "line 1, column 1: The file is empty."),
        ("<!doctype html><p>no", "This is a web page or XML"),
        ("key,name\nvip,VIP\n", "This is a table (CSV), and no flow"),
        ("just words\n", "This is plain text, and no flow"),
        ("[1, 2]", "an object with “pareto_flow”: 1 is expected. This is a list."),
        ("pareto_flow: 1\nsteps:\n\t- a\n", "line 3, column 1: Here stands a tab"),
        ('pareto_flow: 1\nname: "a"\nname: "b"\n', "line 3, column 1: name: The key “name” is there twice"),
        ('{"pareto_flow": 1,\n "x": [NaN]}', "line 2, column 8: The file cannot be read as JSON: NaN"),
        ('{"a":\n' + "[" * 90_000 + "]" * 90_000 + "}", "line 2, column 100: The file cannot be read as JSON"),
        (
            '{"pareto_flow": 1, "key": "../etc", "name": "X", "definition": {}}',
            "The key of a flow has letters, digits, - and _, at most 50.",
        ),
    ],
)
@pytest.mark.usefixtures("db")
def test_what_is_no_flow_is_told_what_it_is_and_where(text: str, says: str) -> None:
    assert says in str(load(text).faults[0])


@pytest.mark.usefixtures("world")
def test_malformed_parts_do_not_hide_what_else_is_wrong() -> None:
    data = json.loads(LINE)
    steps = {one["id"]: one for one in data["definition"]["steps"]}
    del data["name"]
    data["definition"]["notes"] = "none"
    data["definition"]["steps"] += [{"type": "say"}, 7, {"id": "spare", "type": "end", "title": 3, "exits": {"a": 4}}]
    steps["greet"]["type"] = "sya"
    steps["to_vip"]["settings"]["queue"] = "vipp"
    report = load(json.dumps(data, indent=1))
    said = [fault.words for fault in report.faults]
    for wanted in (
        "name: “name” is missing.",
        "definition.notes: This must be a list in square brackets.",
        "“id” is missing.",
        "There is no step type “sya”.",
        "There is no queue “vipp”.",
    ):
        assert sum(wanted in one for one in said) == 1, (wanted, said)
    assert all(fault.line for fault in report.faults)
    assert len(set(said)) == len(said)
    assert not Flow.objects.exists()


@pytest.mark.usefixtures("world")
class TestAnotherSystem:
    def test_it_becomes_a_draft_with_its_data_sources_and_is_not_published_before_it_is_mended(self) -> None:
        report = load(HOTLINE, publish=True)
        assert (report.ok, report.created, report.held, report.published) == (True, True, True, None)
        flow = Flow.objects.get()
        assert (flow.key, flow.live) == ("hotline-sued", None)
        assert report.sources == (
            "hotline-sued-kunde-suchen",
            "hotline-sued-kunde-nachschlagen",
            "hotline-sued-merke-aufnahme",
        )
        source = DataSource.objects.get(key=report.sources[0])
        assert (source.auth, source.auth_name, source.secret, source.is_active) == (
            "basic",
            "import",
            "geheim-4711",
            True,
        )
        assert "geheim" not in json.dumps(flow.draft)
        Queue.objects.create(key="alle-anliegen", name="Alle Anliegen")
        again = load(HOTLINE, publish=True)
        assert (again.created, again.held, again.published, again.sources) == (False, False, 1, ())
        assert DataSource.objects.count() == 4

    def test_a_corrected_file_has_its_data_sources_bring_what_it_reads_now(self) -> None:
        load(HOTLINE)
        key = "hotline-sued-kunde-suchen"
        DataSource.objects.filter(key=key).update(cache_s=77)
        before = DataSource.objects.get(key=key)
        corrected = HOTLINE.replace("parsed.kunde.name", "parsed.kunde.rufname")
        assert corrected != HOTLINE
        report = load(corrected)
        after = DataSource.objects.get(key=key)
        assert (report.sources, key in report.extended) == ((), True)
        assert after.mapping[: len(before.mapping)] == before.mapping
        new = after.mapping[len(before.mapping) :]
        assert [row["path"].rpartition("kunde.")[2] for row in new] == ["rufname"]
        assert (after.cache_s, after.secret) == (77, before.secret)
        assert "rufname" not in " ".join(fault.message for fault in report.faults)
        assert load(corrected).extended == ()

    def test_another_address_is_another_api_and_its_source_stays_as_it_is(self) -> None:
        load(HOTLINE)
        key = "hotline-sued-kunde-suchen"
        DataSource.objects.filter(key=key).update(url="https://other.example.com/", mapping=[])
        assert key not in load(HOTLINE).extended
        assert DataSource.objects.get(key=key).mapping == []

    def test_an_address_within_the_house_is_kept_and_not_asked(self) -> None:
        report = load(HOTLINE.replace("crm.example.com", "10.0.0.7"))
        assert report.ok
        kept = DataSource.objects.get(key="hotline-sued-kunde-suchen")
        assert not kept.is_active
        assert [fault.step for fault in report.faults if fault.level == "error"] == [
            "kunde_suchen",
            "zu_allen",
            "merke_aufnahme",
        ]

    def test_a_name_that_another_flow_has_is_refused_unless_it_gets_another(self) -> None:
        load(LINE)
        Flow.objects.update(name="Hotline Süd")
        assert not load(HOTLINE).ok
        assert not DataSource.objects.filter(key__startswith="hotline").exists()
        assert load(HOTLINE, name="Hotline 2", key="second").key == "second"

    def test_a_key_that_is_none_is_refused(self) -> None:
        assert not load(HOTLINE, key="no key").ok

    @pytest.mark.parametrize("text", ["{}", "[]", "null", '{"states": 3}', "states: []"])
    def test_what_is_nobodys_flow_says_what_is_read(self, text: str) -> None:
        [fault] = load(text).faults
        assert "no flow of Pareto, nor one of Twilio Studio" in fault.message


def run(*args: str) -> tuple[str, str]:
    out, err = io.StringIO(), io.StringIO()
    try:
        call_command(*args, stdout=out, stderr=err)
    except CommandError as error:
        err.write(str(error))
    return out.getvalue(), err.getvalue()


@pytest.mark.usefixtures("world")
class TestCommands:
    def test_yaml_goes_out_and_comes_in_again(self, tmp_path: Path) -> None:
        load(LINE)
        path = tmp_path / "line.yaml"
        run("export_flow", "priority-line", "--output", str(path))
        assert path.read_text(encoding="utf-8").startswith('pareto_flow: 1\nkey: "priority-line"\n')
        assert run("export_flow", "priority-line", "--yaml")[0] == path.read_text(encoding="utf-8")
        assert run("export_flow", "priority-line", "--json", "--output", "-")[0] == LINE
        assert "draft unchanged" in run("import_flow", str(path))[0]

    def test_a_fault_is_named_by_file_line_and_column(self, tmp_path: Path) -> None:
        load(LINE)
        path = tmp_path / "line.yml"
        text = run("export_flow", "priority-line", "--yaml")[0].replace('queue: "vip"', 'queue: "nobody"')
        path.write_text(text, encoding="utf-8")
        line = 1 + text[: text.index('queue: "nobody"')].count("\n")
        assert f"{path}:{line}:9: error: step “to_vip”" in run("import_flow", str(path))[1]

    def test_a_flow_of_another_system_comes_with_a_report(self, tmp_path: Path) -> None:
        path = STUDIO / "everything.json"
        out, err = run("import_flow", str(path), "--publish", "--name", "All of it", "--key", "all")
        assert "Twilio Studio: 24 parts" in out
        assert "PLACEHOLDER" in out
        assert "All of them" not in out
        assert "Flow “All of it” (all): created." in out
        assert "kept as a draft and not published: 1 fault to mend first." in err
        assert "geheim" not in out + err

    def test_the_queue_that_takes_over_a_team_is_said_once(self, tmp_path: Path) -> None:
        file = tmp_path / "flex.json"
        file.write_text(FLEX, encoding="utf-8")
        out = io.StringIO()
        call_command("import_flow", str(file), check=True, stdout=out, stderr=io.StringIO())
        assert "1 step hands over to “WW01”, and there is no such queue: --queue WW01=KEY" in out.getvalue()
        call_command("import_flow", str(file), "--queue", "standard", "--queue", "WW01=vip", "--publish", stdout=out)
        queues = [one["settings"]["queue"] for one in Flow.objects.get().draft["steps"] if one["type"] == "queue"]
        assert queues == ["vip", "standard"]
        with pytest.raises(CommandError, match="There is no queue “gone”"):
            call_command("import_flow", str(file), "--queue", "gone")

    def test_another_flow_of_the_same_name_is_not_replaced_unless_somebody_says_so(self, tmp_path: Path) -> None:
        """Studio's templates call many flows “Simple Survey”; only the file tells them apart."""
        first, second = tmp_path / "survey.json", tmp_path / "meals.json"
        first.write_text(FLEX, encoding="utf-8")
        second.write_text(FLEX.replace("second", "third"), encoding="utf-8")
        run("import_flow", str(first))
        draft = Flow.objects.get().draft
        for more in ((), ("--check",)):
            with pytest.raises(CommandError, match=r"“Flex” \(flex\) already, and it was not made from this file"):
                call_command("import_flow", str(second), *more, stdout=io.StringIO(), stderr=io.StringIO())
        assert Flow.objects.get().draft == draft
        # The file's own flow takes what the file says now, and twice the same changes nothing.
        assert "draft replaced" in run("import_flow", str(first), "--queue", "standard")[0]
        assert "draft unchanged" in run("import_flow", str(first), "--queue", "standard")[0]
        assert "draft replaced" in run("import_flow", str(second), "--replace")[0]
        assert "draft replaced" in run("import_flow", str(first), "--key", "flex")[0]

    def test_a_check_writes_nothing(self) -> None:
        out, _err = run("import_flow", str(STUDIO / "hotline.json"), "--check")
        assert "would be a draft with faults" in out
        assert not Flow.objects.exists()

    def test_a_mended_flow_of_another_system_goes_live(self) -> None:
        Queue.objects.create(key="q", name="Alle Anliegen")
        assert "version 1 is live" in run("import_flow", str(STUDIO / "hotline.json"), "--publish")[0]
        assert FlowVersion.objects.get().definition["steps"][0]["type"] == "call"


@pytest.mark.usefixtures("world")
class TestPage:
    address = property(lambda _self: reverse("admin:routing_flow_import"))

    def look(self, client: Client, text: str, **more: str) -> str:
        response = client.post(self.address, {"text": text, **more})
        return response.content.decode() if response.status_code == 200 else response.headers["Location"]

    def test_a_new_flow_is_shown_first_and_kept_when_somebody_agrees(self, admin_client: Client) -> None:
        page = self.look(admin_client, LINE)
        assert "A new flow: “Priority line”" in page
        assert not Flow.objects.exists()
        assert "/change/" in self.look(admin_client, LINE, _confirm="1", seen="0", name="Other", key="other")
        assert Flow.objects.get().name == "Other"

    def test_what_would_change_is_said_in_words(self, admin_client: Client) -> None:
        load(LINE)
        page = self.look(
            admin_client,
            LINE.replace("Welcome. We are", "Hello. We are")
            .replace('"id": "sorry"', '"id": "sorry_then"')
            .replace('"sorry"', '"sorry_then"'),
        )
        assert "The draft of “Priority line” would be replaced" in page
        assert "Welcome. We are putting you through to the right team. → Hello. We are" in page
        assert "added" in page
        assert "removed" in page

    def test_a_draft_that_was_saved_meanwhile_is_looked_at_again(self, admin_client: Client) -> None:
        load(LINE)
        page = self.look(admin_client, LINE.replace("Welcome.", "Hello."), _confirm="1", seen="7")
        assert "The draft was saved since you looked." in page
        assert Flow.objects.get().draft_revision == 1

    def test_megabytes_that_are_refused_do_not_come_back(self, admin_client: Client) -> None:
        data = json.loads(LINE)
        data["definition"]["steps"] += [{"id": f"s{number}", "type": "end"} for number in range(10_000)]
        page = self.look(admin_client, json.dumps(data))
        assert "This is too long: at most 500." in page
        assert len(page) < 200_000

    def test_faults_have_line_and_column(self, admin_client: Client) -> None:
        page = self.look(admin_client, 'pareto_flow: 1\nkey: "x"\nname: "X"\ndefinition:\n  format: 1\n  steps: 3\n')
        assert "line 6, column 3" in page

    def test_a_flow_of_another_system_is_reported_with_what_would_be_asked(self, admin_client: Client) -> None:
        page = self.look(admin_client, HOTLINE)
        assert "What became of the flow of Twilio Studio" in page
        assert "All of them rang at once" in page
        assert "crm.example.com" in page
        report = page[: page.index("The text of the file")]
        assert "geheim" not in report
        assert "/change/" in self.look(admin_client, HOTLINE, _confirm="1", seen="0")
        assert DataSource.objects.filter(key__startswith="hotline").count() == 3

    def test_the_queue_that_takes_over_a_team_is_chosen_once(self, admin_client: Client) -> None:
        page = self.look(admin_client, FLEX)
        assert "Which queue takes over?" in page
        assert "WW01" in page
        page = self.look(admin_client, FLEX, **{"queue:": "standard", "queue:WW01": "vip"})
        assert "There is no queue" not in page
        more = {"queue:": "standard", "queue:WW01": "vip", "_confirm": "1", "seen": "0", "key": "flex", "name": "Flex"}
        assert "/change/" in self.look(admin_client, FLEX, **more)
        queues = [one["settings"]["queue"] for one in Flow.objects.get().draft["steps"] if one["type"] == "queue"]
        assert queues == ["vip", "standard"]

    def test_whoever_may_not_add_data_sources_makes_none(self, client: Client) -> None:
        user = User.objects.create_user("editor", is_staff=True)
        user.user_permissions.add(*Permission.objects.filter(codename__in=("view_flow", "change_flow", "add_flow")))
        client.force_login(user)
        assert "you may not set up data sources" in self.look(client, HOTLINE)
        self.look(client, HOTLINE, _confirm="1", seen="0")
        assert Flow.objects.get().key == "hotline-sued"
        assert not DataSource.objects.filter(key__startswith="hotline").exists()

    def test_yaml_is_exported_too(self, admin_client: Client) -> None:
        load(LINE)
        response = admin_client.get(
            reverse("admin:routing_flow_export", args=[Flow.objects.get().pk]), {"form": "yaml"}
        )
        assert response.headers["Content-Disposition"] == 'attachment; filename="priority-line.yaml"'
        assert read_file(response.content.decode()) == read_file(LINE)
