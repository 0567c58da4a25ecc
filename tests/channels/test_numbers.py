"""Numbers as people type them."""

import pytest

from channels.admin.numbers import as_address


@pytest.mark.parametrize(
    ("typed", "kept"),
    [
        ("+4930901820", "+4930901820"),
        (" +49 30 / 901-820 ", "+4930901820"),
        ("0049 (30) 901820", "+4930901820"),
        ("+49\u00a030\u2013901\u2011820", "+4930901820"),
        ("WhatsApp:+49 30 901820", "whatsapp:+4930901820"),
        ("messenger:1000001", "messenger:1000001"),
        ("030 901820", "030 901820"),  # without its country it stays, and is refused with a sentence
        ("+49 30 reception", "+49 30 reception"),
    ],
)
def test_a_number_is_kept_without_what_only_makes_it_readable(typed: str, kept: str) -> None:
    assert as_address(typed) == kept
