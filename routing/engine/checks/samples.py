"""Made-up values for variables whose real ones nobody may see while drawing: by their name and kind, always the same."""

from __future__ import annotations

from typing import Final

from routing.engine.values import JSON

# The first word that is found in the name decides. Nobody of these exists.
_TEXTS: Final = (
    ("email", "anna@example.com"),
    ("manager_phone", "+4930901820"),
    ("phone", "+4915100000001"),
    ("mobile", "+4915100000001"),
    ("url", "https://www.example.com/"),
    ("manager", "Maria Muster"),
    ("agent", "Maria Muster"),
    ("first_name", "Anna"),
    ("last_name", "Example"),
    ("company", "Example Ltd"),
    ("name", "Anna Example"),
    ("language", "en"),
    ("time_zone", "Europe/Berlin"),
    ("currency", "EUR"),
    ("country", "DE"),
    ("region", "Berlin"),
    ("city", "Berlin"),
    ("postal", "10115"),
    ("zip", "10115"),
    ("address", "1 Example Street"),
    ("tier", "gold"),
    ("loyalty", "gold"),
    ("level", "gold"),
    ("plan", "premium"),
    ("category", "business"),
    ("segment", "business"),
    ("status", "active"),
    ("product", "Sample product"),
    ("reference", "K7QM2"),
    ("customer", "C-1001"),
    ("order", "A-2001"),
    ("contract", "V-3001"),
    ("number", "1001"),
    ("id", "1001"),
    ("reason", "a question about an invoice"),
)
_NUMBERS: Final = (
    ("lifetime", 12500),
    ("value", 1250),
    ("revenue", 12500),
    ("amount", 250),
    ("total", 250),
    ("price", 250),
    ("balance", 250),
    ("rank", 2),
    ("score", 80),
    ("percent", 25),
    ("year", 2024),
    ("days", 14),
    ("seconds", 60),
    ("head_start", 180),
    ("orders", 12),
    ("count", 3),
)


def sample_of(name: str, kind: str) -> JSON:
    """An example for a variable of this name (its last part) and kind: loyalty_status is "gold"."""
    lower = name.lower()
    match kind:
        case "number":
            return next((value for word, value in _NUMBERS if word in lower), 42)
        case "boolean":
            return True
        case "date":
            return "2026-05-01"
        case "datetime":
            return "2026-05-01T09:30:00+00:00"
        case "list":
            return [sample_of(name.removesuffix("s"), "text"), "another"]
        case _:
            return next((value for word, value in _TEXTS if word in lower), "example")
