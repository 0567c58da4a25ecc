"""What can be wrong with a definition, and with a run."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Literal


@dataclass(frozen=True, slots=True)
class Fault:
    """One thing to mend. `where` is the path in the definition: ("steps", 3, "settings", "url")."""

    message: str
    where: tuple[str | int, ...] = ()
    step: str = ""
    """Id of the step it belongs to, if any."""
    level: Literal["error", "warning"] = "error"
    """Errors block publishing, warnings do not."""
    code: str = ""
    """What kind of fault it is, for whoever knows a way to mend it."""
    subject: str = ""
    """What it is about: the exit, the variable, the key that is not there."""
    line: int = 0
    """In the file that it was read from, from 1; 0: there is none."""
    column: int = 0

    @property
    def path(self) -> str:
        """`where` as people read it: `steps[3].settings.url`."""
        return "".join(f"[{part}]" if isinstance(part, int) else f".{part}" for part in self.where).lstrip(".")

    def as_json(self) -> dict[str, Any]:
        return {"message": self.message, "where": self.path, "step": self.step, "level": self.level}

    def __str__(self) -> str:
        place = f"line {self.line}, column {self.column}: " if self.line else ""
        return f"{place}{self.words}"

    @property
    def words(self) -> str:
        """Without the place in a file."""
        at = f"step “{self.step}”, {self.path}" if self.step else self.path
        return f"{at}: {self.message}" if at else self.message


class DefinitionInvalid(Exception):
    """The definition cannot be used; `faults` has every reason and where it is."""

    def __init__(self, faults: Sequence[Fault]) -> None:
        super().__init__("\n".join(map(str, faults)))
        self.faults = tuple(faults)


class RunStranded(Exception):
    """A run cannot go on: a limit, an exit that leads nowhere, a queue without an address.

    Raised inside the engine only; `advance` turns it into a state that says so.
    """
