"""Flows to start from: each file of this folder is one, in the form that import and export speak."""

from __future__ import annotations

from functools import cache
from pathlib import Path

from routing.files import FlowFile, read_file

_FOLDER = Path(__file__).resolve().parent


@cache
def starters() -> tuple[FlowFile, ...]:
    """Every flow of the folder, by name. Raises DefinitionInvalid if one of them is no flow."""
    files = [read_file(path.read_text(encoding="utf-8")) for path in sorted(_FOLDER.glob("*.json"))]
    return tuple(sorted(files, key=lambda file: file.name))
