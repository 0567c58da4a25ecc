"""`manage.py load_demo`: makes whatever of the demo world is missing."""

from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand
from django.utils import timezone

from demo.world import add_since, build, move_to_port, own_port


class Command(BaseCommand):
    help = "Makes whatever of the demo world is missing. What somebody changed stays as it is."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument(
            "--only-port", action="store_true", help="Make nothing: only ask the loyalty API where PORT says it is now."
        )
        parser.add_argument(
            "--since",
            type=int,
            default=0,
            metavar="EDITION",
            help="Make only what came after that edition of the demo world: what was deleted of an older one stays away.",
        )

    def handle(self, *args: Any, **options: Any) -> None:  # noqa: ARG002
        if options["only_port"] or options["since"]:
            move_to_port(own_port())
        if options["only_port"]:
            return
        made = add_since(options["since"]) if options["since"] else build(timezone.now())
        if options["verbosity"] > 0:
            self.stdout.write(
                f"The demo world is there: {', '.join(made)} made." if made else "The demo world is there."
            )
