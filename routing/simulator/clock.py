"""What an input is to the engine, and how much simulated time it takes."""

from __future__ import annotations

from routing.engine.effects import AwaitReply, Dial, Effect, Gather, Record
from routing.engine.events import (
    DigitsPressed,
    Event,
    HungUp,
    InputTimedOut,
    MessageReceived,
    MessageRecorded,
    TransferEnded,
    WordsSpoken,
)
from routing.simulator.scenario import HangUp, Input, Keys, Recorded, Silence, Transferred, Words

# Nobody keeps it: nothing was recorded.
RECORDING = "https://recordings.example.com/simulated.mp3"

_THINKS_S = 3.0
_WRITES_S = 30.0
_STATUSES = {
    "answered": "completed",
    "busy": "busy",
    "no_answer": "no_answer",
    "failed": "failed",
    "hung_up": "canceled",
}


def event_of(done: Input, *, writes: bool) -> Event:
    """The same fact that a carrier would tell of."""
    match done:
        case Words(words=words, payload=payload) if writes:
            return MessageReceived(words, payload)
        case Keys(keys=keys):
            return DigitsPressed(keys)
        case Words(words=words):
            return WordsSpoken(words)
        case Silence():
            return InputTimedOut()
        case Transferred(result=result, sip_code=code, seconds=seconds):
            spoken = seconds if result == "answered" else None
            return TransferEnded(_STATUSES[result], code, spoken)  # type: ignore[arg-type]
        case Recorded(seconds=seconds):
            return MessageRecorded(RECORDING, seconds)
        case HangUp():
            return HungUp()


def fits(done: Input, waits_for: str, *, writes: bool) -> bool:
    """Whether a carrier could tell of it while the contact waits for this."""
    match done:
        case Words() if writes:
            # What is left after the “tone” is left in writing.
            return waits_for in {"input", "recording"}
        case HangUp():
            return True
        case Keys() | Words():
            return waits_for == "input"
        case Silence():
            return waits_for in {"input", "recording"}
        case Transferred():
            return waits_for == "transfer"
        case Recorded():
            return waits_for == "recording"


def takes_s(done: Input, last: Effect | None, *, writes: bool) -> float:
    """Seconds, unless the scenario says how many. `last` is what the contact was told to do."""
    if done.after_s is not None:
        return done.after_s
    match done:
        case Words() if writes:
            return _WRITES_S
        case Silence() if isinstance(last, Gather | Record | AwaitReply):
            return float(last.timeout_s)
        case Transferred(result="answered", seconds=seconds):
            return float(seconds)
        case Transferred(result="no_answer") if isinstance(last, Dial):
            return float(last.ring_s)
        case Recorded(seconds=seconds):
            return float(seconds)
        case _:
            return _THINKS_S
