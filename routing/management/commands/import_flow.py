"""`manage.py import_flow FILE`: a flow from a file, refused with every fault and where it is."""

import sys
from argparse import ArgumentParser
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.utils import timezone

from routing.catalog import catalog
from routing.engine.faults import Fault
from routing.files.foreign import Foreign, Wish
from routing.importing import Reading, in_the_way, read_import
from routing.services import ImportReport, keep_reading

_FILE_BYTES = 16_000_000
_WORDS = {"translated": "translated", "differs": "differs", "placeholder": "PLACEHOLDER"}


class Command(BaseCommand):
    help = (
        "Creates the flow that a file holds, or replaces the draft of the flow of its key. Takes JSON and YAML, and "
        "flows exported by other systems. A bad file changes nothing."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument(
            "file", metavar="FILE", help="A file that export_flow or another system wrote, or - for standard input."
        )
        parser.add_argument("--publish", action="store_true", help="Make it the live version at once.")
        parser.add_argument("--key", default="", help="Key of the flow, instead of the file's.")
        parser.add_argument("--name", default="", help="Name of the flow, instead of the file's.")
        parser.add_argument(
            "--queue",
            action="append",
            default=[],
            metavar="[TEAM=]QUEUE",
            help=(
                "Key of the queue that takes what the other system handed over to a team, such as --queue standard for "
                "every team that has no queue of its name, or --queue WW0123=vip for one of them. May stand several times."
            ),
        )
        parser.add_argument(
            "--replace",
            action="store_true",
            help="Replace the draft of a flow that was not made from this file of another system.",
        )
        parser.add_argument("--check", action="store_true", help="Only say what would happen.")
        parser.add_argument(
            "--despite-cases",
            action="store_true",
            help="Publish it even if its test cases end otherwise than expected.",
        )

    def handle(self, *args: Any, **options: Any) -> None:  # noqa: ARG002
        file: str = options["file"]
        queues = _queues(options["queue"])
        file_name = "" if file == "-" else Path(file).name
        wish = Wish(key=options["key"], name=options["name"], file_name=file_name, queues=queues)
        reading = read_import(_read(file), wish=wish)
        others = "" if options["replace"] else _of_another(reading, wish)
        if options["check"]:
            self._check(file, reading)
            if others:
                raise CommandError(f"{file} would be refused. {others}")
            return
        if others:
            raise CommandError(f"{file} is refused. Nothing was changed. {others}")
        report = keep_reading(
            reading=reading,
            publish=options["publish"],
            by=None,
            now=timezone.now(),
            despite_cases=options["despite_cases"],
        )
        if report.foreign is not None:
            self._translated(report.foreign)
        self._faults(file, report.faults)
        for case in report.cases:
            self.stderr.write(f"{file}: test case {case}")
        if report.cases:
            raise CommandError(
                f"{file} is not published, since {len(report.cases)} of its test cases would end otherwise than "
                "expected. Nothing was changed. To publish it all the same: --despite-cases."
            )
        if not report.ok:
            raise CommandError(f"{file} is refused. Nothing was changed.")
        self._sources(reading, report)
        done = "created" if report.created else "draft replaced" if report.changed else "draft unchanged"
        live = f", version {report.published} is live" if report.published else ""
        self.stdout.write(f"Flow “{report.name}” ({report.key}): {done}{live}.")
        if report.held:
            errors = sum(fault.level == "error" for fault in report.faults)
            raise CommandError(
                f"It is kept as a draft and not published: {errors} fault{'s' * (errors != 1)} to mend first."
            )

    def _check(self, file: str, reading: Reading) -> None:
        if reading.foreign is not None:
            self._translated(reading.foreign)
        self._faults(file, reading.faults)
        if reading.is_refused or reading.file is None:
            raise CommandError(f"{file} would be refused.")
        can = "could be published" if reading.may_be_published else "would be a draft with faults"
        self.stdout.write(f"Flow “{reading.file.name}” ({reading.file.key}) {can}.")

    def _faults(self, file: str, faults: tuple[Fault, ...]) -> None:
        for fault in faults:
            place = f"{file}:{fault.line}:{fault.column}" if fault.line else file
            self.stderr.write(f"{place}: {fault.level}: {fault.words}")

    def _translated(self, foreign: Foreign) -> None:
        for line in _report(foreign):
            self.stdout.write(line)

    def _sources(self, reading: Reading, report: ImportReport) -> None:
        for one in reading.sources:
            name, source = one.source.key, one.source
            if source.key in report.extended:
                values = ", ".join(str(row["name"]) for row in one.further)
                self.stdout.write(f"Data source “{name}”: there already, and brings more values now: {values}.")
            elif source.key not in report.sources:
                self.stdout.write(f"Data source “{name}”: there already, unchanged.")
            elif one.is_active:
                self.stdout.write(f"Data source “{name}”: created.")
            else:
                self.stdout.write(f"Data source “{name}”: created, and not asked yet: {' '.join(one.faults)}")


def _of_another(reading: Reading, wish: Wish) -> str:
    """Why a translated flow may not take the place of the one of its key; empty: it may."""
    flow = in_the_way(reading, wish)
    if flow is None:
        return ""
    return (
        f"There is a flow “{flow.name}” ({flow.key}) already, and it was not made from this file. To replace its draft: "
        "--replace. To keep both: --name NAME --key KEY."
    )


def _queues(said: list[str]) -> dict[str, str]:
    known = catalog().queues
    found: dict[str, str] = {}
    for one in said:
        team, _, key = one.rpartition("=")
        if key not in known:
            raise CommandError(f"There is no queue “{key}”. There are: {', '.join(sorted(known)) or 'none yet'}.")
        found[team.strip()] = key
    return found


def _report(foreign: Foreign) -> Iterator[str]:
    """What became of each part, in lines."""
    yield (
        f"{foreign.system}: {len(foreign.rows)} parts: {foreign.count('translated')} translated, "
        f"{foreign.count('differs')} with a difference, {foreign.count('placeholder')} as placeholders."
    )
    for note in foreign.notes:
        yield f"  {note}"
    width = max((len(row.name) for row in foreign.rows), default=0)
    for row in foreign.rows:
        yield f"  {_WORDS[row.outcome]:<12} {row.name:<{min(width, 40)}}  {row.kind} → {', '.join(row.steps) or 'nothing'}"
        for note in row.notes:
            yield f"  {'':<12} · {note}"
    teams: dict[str, int] = {}
    for one in foreign.handovers:
        if not one.queue:
            teams[one.team] = teams.get(one.team, 0) + len(one.steps)
    for team, steps in teams.items():
        where = f"to “{team}”" if team else "to a team without a name"
        how = f"--queue {team}=KEY, or --queue KEY for every such team" if team else "--queue KEY"
        yield f"  {steps} step{'s' * (steps != 1)} hand{'s' * (steps == 1)} over {where}, and there is no such queue: {how}."


def _read(file: str) -> str:
    try:
        if file == "-":
            data = sys.stdin.buffer.read(_FILE_BYTES + 1)
        else:
            with Path(file).open("rb") as opened:
                data = opened.read(_FILE_BYTES + 1)
        if len(data) > _FILE_BYTES:
            raise CommandError(f"{file} is too large to be a flow.")
        return data.decode("utf-8-sig")
    except OSError as error:
        raise CommandError(f"{file} cannot be read: {error.strerror or error}.") from None
    except UnicodeDecodeError as error:
        raise CommandError(f"{file} is no UTF-8 text: byte {error.start} is not.") from None
