"""`manage.py load_demo`: makes whatever of the demo world is missing."""

from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand
from django.utils import timezone

from demo.world import build, move_to_port, own_port


class Command(BaseCommand):
    help = "Makes whatever of the demo world is missing. What somebody changed stays as it is."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument(
            "--only-port", action="store_true", help="Make nothing: only ask the loyalty API where PORT says it is now."
        )

    def handle(self, *args: Any, **options: Any) -> None:  # noqa: ARG002
        if options["only_port"]:
            move_to_port(own_port())
            return
        made = build(timezone.now())
        if options["verbosity"] > 0:
            self.stdout.write(
                f"The demo world is there: {', '.join(made)} made." if made else "The demo world is there."
            )
