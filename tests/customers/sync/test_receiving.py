"""Streams as they come over the wire: whole, or not at all."""

from __future__ import annotations

from io import BytesIO

import pytest

from customers.sync.receiving import StreamRefused, parts, whole

LINES = b'{"external_id": "A"}\n' * 4_000


def test_a_stream_that_has_come_whole_is_read_as_it_is() -> None:
    read = whole(BytesIO(LINES).read, len(LINES))
    assert b"".join(parts(read, is_gzip=False, most_bytes=10**9)) == LINES


@pytest.mark.parametrize("missing", [1, 21, 60_000])
def test_a_stream_that_ends_before_its_length_is_broken_off_wherever_that_is(missing: int) -> None:
    read = whole(BytesIO(LINES[:-missing]).read, len(LINES))
    with pytest.raises(StreamRefused) as refused:
        list(parts(read, is_gzip=False, most_bytes=10**9))
    assert refused.value.kind == "broken-off"
