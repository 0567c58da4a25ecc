"""`manage.py export_flow NAME`: a flow as a file that import_flow takes back."""

from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from routing.files import form_of
from routing.models import Flow
from routing.services import FlowIsNotPublished, export_flow


class Command(BaseCommand):
    help = (
        "Writes the draft of a flow as JSON or YAML: the same flow is always the same bytes, ready for version control."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("name", metavar="NAME", help="Name or key of the flow.")
        parser.add_argument(
            "--output", metavar="FILE", default="-", help="Where to write it. Default: standard output."
        )
        form = parser.add_mutually_exclusive_group()
        form.add_argument("--json", dest="form", action="store_const", const="json", help="Write JSON.")
        form.add_argument(
            "--yaml", dest="form", action="store_const", const="yaml", help="Write YAML. Else the file's name decides."
        )
        parser.add_argument("--live", action="store_true", help="What callers get today instead of the draft.")

    def handle(self, *args: Any, **options: Any) -> None:  # noqa: ARG002
        name: str = options["name"]
        flow = Flow.objects.filter(key=name).first() or Flow.objects.filter(name__iexact=name).first()
        if flow is None:
            known = ", ".join(Flow.objects.order_by("key").values_list("key", flat=True)) or "none yet"
            raise CommandError(f"There is no flow “{name}”. There are: {known}.")
        try:
            form = options["form"] or form_of("{", options["output"])
            text = export_flow(flow=flow, live=options["live"], form=form)
        except FlowIsNotPublished as reason:
            raise CommandError(str(reason)) from None
        if options["output"] == "-":
            self.stdout.write(text, ending="")
            return
        try:
            Path(options["output"]).write_text(text, encoding="utf-8", newline="\n")
        except OSError as error:
            raise CommandError(f"{options['output']} cannot be written: {error.strerror or error}.") from None
