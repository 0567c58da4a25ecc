"""`manage.py load_demo`: makes whatever of the demo world is missing."""

from typing import Any

from django.core.management.base import BaseCommand
from django.utils import timezone

from demo.world import build


class Command(BaseCommand):
    help = "Makes whatever of the demo world is missing. What somebody changed stays as it is."

    def handle(self, *args: Any, **options: Any) -> None:  # noqa: ARG002
        made = build(timezone.now())
        if options["verbosity"] > 0:
            self.stdout.write(
                f"The demo world is there: {', '.join(made)} made." if made else "The demo world is there."
            )
