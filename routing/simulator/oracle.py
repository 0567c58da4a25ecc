"""What data sources answered before, and what they answer when a worker asks them now, as for a live contact."""

from __future__ import annotations

from threading import BoundedSemaphore

from django.utils.translation import gettext as _

from customers.enrichment.services import Question, Result, ask, last_known, wait
from routing.models import Contact
from routing.simulator.scenario import Reply
from routing.simulator.simulate import Wanted

# Whoever tries a flow waits in front of it, and holds a thread of the web server meanwhile.
LONGEST_WAIT_S = 10.0
# So many may do that at once, of the 64 threads of a process: the others answer webhooks and pages.
AT_ONCE = 4
_SEATS = BoundedSemaphore(AT_ONCE)
_LEAST_S = 0.2
_CONTACTS_LOOKED_AT = 20


class AskingNotAllowed(Exception):
    """Whoever tries the flow may not ask this."""


class TooManyAsk(Exception):
    """As many data sources are really asked at this moment as may be."""


class Asking:
    """Asks real data sources, for a bounded time in all, and looks up what is recorded."""

    def __init__(self, *, real: bool, recorded: bool) -> None:
        self.real, self.recorded = real, recorded
        self.left_s = LONGEST_WAIT_S

    def __call__(self, wanted: Wanted) -> Reply | None:
        question = Question(source=wanted.source, inputs=wanted.inputs)
        if wanted.how == "real":
            if not self.real:
                raise AskingNotAllowed
            return self._ask(wanted, question)
        if not self.recorded:
            raise AskingNotAllowed
        return _recorded(wanted, question)

    def _ask(self, wanted: Wanted, question: Question) -> Reply:
        if not _SEATS.acquire(blocking=False):
            raise TooManyAsk
        try:
            return self._ask_now(wanted, question)
        finally:
            _SEATS.release()

    def _ask_now(self, wanted: Wanted, question: Question) -> Reply:
        if self.left_s < _LEAST_S:
            return _failed(wanted, _("This was not asked any more: the other answers took too long."))
        patience_s = min(wanted.patience_s, self.left_s)
        found = ask([question], patience_s=patience_s)
        result = next(iter(found.known.values()), None)
        if result is None:
            answers = wait(found.pending, timeout_s=patience_s)
            result = next(iter(answers.values()), None)
        if result is None:
            self.left_s -= patience_s
            ms, error = patience_s * 1000, _("No answer came within %(seconds)g seconds.") % {"seconds": patience_s}
            return Reply(source=wanted.source, inputs=wanted.inputs, status="failed", rung="none", ms=ms, error=error)
        self.left_s = max(0.0, self.left_s - result.ms / 1000)
        return _reply(wanted, result)


def _recorded(wanted: Wanted, question: Question) -> Reply:
    """The last known answer, else what a recent contact of the same question was told."""
    found = last_known(question)
    if found is not None:
        return _reply(wanted, found)
    sender = next((value for value in wanted.inputs.values() if value.startswith("+")), "")
    contacts = Contact.objects.filter(sender=sender).order_by("-started_at") if sender else Contact.objects.none()
    for run in contacts.values_list("run", flat=True)[:_CONTACTS_LOOKED_AT]:
        for asked in (run.get("fetches") or {}).values():
            answer = asked.get("answer")
            if answer and asked.get("source") == wanted.source and asked.get("inputs") == wanted.inputs:
                return Reply(
                    source=wanted.source,
                    inputs=wanted.inputs,
                    status=answer["status"],
                    values=answer["values"],
                    rung=answer["rung"],
                    ms=max(0.0, answer["ms"]),
                    error=str(answer.get("error", ""))[:200],
                )
    return _failed(wanted, _("Nothing is recorded: this was never asked, or so long ago that it was forgotten."))


def _reply(wanted: Wanted, result: Result) -> Reply:
    return Reply(
        source=wanted.source,
        inputs=wanted.inputs,
        status=result.status,
        values=result.values,
        rung=result.rung,
        ms=max(0.0, result.ms),
        error=result.error[:200],
    )


def _failed(wanted: Wanted, error: str) -> Reply:
    return Reply(source=wanted.source, inputs=wanted.inputs, status="failed", rung="none", error=error)
