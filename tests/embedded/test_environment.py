"""What the environment of `make run` says, and what it is told when it says nonsense."""

import pytest

from embedded.environment import demo_wanted
from embedded.process import CannotStart


@pytest.mark.parametrize(("text", "wanted"), [("1", True), (" Yes ", True), ("0", False), ("off", False), ("", False)])
def test_the_demo_world_is_wanted_or_not(text: str, wanted: bool) -> None:
    assert demo_wanted(text) is wanted


def test_a_word_that_is_neither_yes_nor_no_stops_the_start_with_a_sentence() -> None:
    with pytest.raises(CannotStart, match="DEMO is 'maybe': 1 loads the demo world"):
        demo_wanted("maybe")
