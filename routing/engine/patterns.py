"""Regular expressions in linear time (RE2), so that no pattern can hold up a call."""

from __future__ import annotations

from functools import lru_cache
from typing import Any

import re2

# For a compiled pattern with its tables; RE2 refuses what needs more.
_BYTES = 1 << 20


@lru_cache(maxsize=1024)
def pattern(text: str, *, ignore_case: bool) -> Any:
    """The compiled pattern, or the sentence that says why it is none."""
    options = re2.Options()
    options.case_sensitive = not ignore_case
    options.log_errors = False
    options.max_mem = _BYTES
    try:
        return re2.compile(text, options)
    except UnicodeEncodeError:
        return "The pattern holds a character that does not exist."
    except re2.error as error:
        reason = error.args[0] if error.args else ""
        reason = reason.decode(errors="replace") if isinstance(reason, bytes) else str(reason)
        return f"The pattern cannot be read: {reason}."


def found(compiled: Any, text: str) -> bool:
    """Whether the pattern is found anywhere in the text; ^ and $ tie it to the ends."""
    if not text.isascii():
        text = text.encode(errors="replace").decode()
    return compiled.search(text) is not None
