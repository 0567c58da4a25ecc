"""`manage.py import_flow FILE`: a flow from a file, refused with every fault and where it is."""

import sys
from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.utils import timezone

from routing.services import import_flow


class Command(BaseCommand):
    help = (
        "Creates the flow that a file holds, or replaces the draft of the flow of its key. A bad file changes nothing."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("file", metavar="FILE", help="A file that export_flow wrote, or - for standard input.")
        parser.add_argument("--publish", action="store_true", help="Make it the live version at once.")

        parser.add_argument(
            "--despite-cases",
            action="store_true",
            help="Publish it even if its test cases end otherwise than expected.",
        )

    def handle(self, *args: Any, **options: Any) -> None:  # noqa: ARG002
        file: str = options["file"]
        report = import_flow(
            text=_read(file),
            publish=options["publish"],
            by=None,
            now=timezone.now(),
            despite_cases=options["despite_cases"],
        )
        for fault in report.faults:
            self.stderr.write(f"{file}: {fault.level}: {fault}")
        for case in report.cases:
            self.stderr.write(f"{file}: test case {case}")
        if report.cases:
            raise CommandError(
                f"{file} is not published, since {len(report.cases)} of its test cases would end otherwise than "
                "expected. Nothing was changed. To publish it all the same: --despite-cases."
            )
        if not report.ok:
            raise CommandError(f"{file} is refused. Nothing was changed.")
        done = "created" if report.created else "draft replaced" if report.changed else "draft unchanged"
        live = f", version {report.published} is live" if report.published else ""
        self.stdout.write(f"Flow “{report.name}” ({report.key}): {done}{live}.")


def _read(file: str) -> str:
    try:
        data = sys.stdin.buffer.read() if file == "-" else Path(file).read_bytes()
        return data.decode("utf-8")
    except OSError as error:
        raise CommandError(f"{file} cannot be read: {error.strerror or error}.") from None
    except UnicodeDecodeError as error:
        raise CommandError(f"{file} is no UTF-8 text: byte {error.start} is not.") from None
