"""What workers do for data sources."""

import time

from celery import Task, shared_task

from customers.enrichment.answering import answer
from customers.enrichment.places import ask_in_turn
from customers.enrichment.trial import run_trial


class Untracked(Task):  # type: ignore[type-arg]  # not subscriptable when it runs
    """By name, because only workers need the class, and what it imports."""

    abstract = True
    Request = "customers.enrichment.untracked:Untracked"


@shared_task(name="customers.enrichment.tasks.fetch", ignore_result=True, base=Untracked)
def fetch(source: str, inputs: dict[str, str], question: str, token: str, asked_at: float, patience_s: float) -> None:
    """Answers one question; times in seconds, `asked_at` since 1970."""

    def ask() -> None:
        answer(
            source, inputs, question=question, token=token, asked_at=asked_at, patience_s=patience_s, now=time.time()
        )

    ask_in_turn(source, ask)


@shared_task(name="customers.enrichment.tasks.try_source", ignore_result=True, base=Untracked)
def try_source(sealed: str, reply_to: str, until: float) -> None:
    """One real request for a manager who watches."""
    run_trial(sealed, reply_to=reply_to, until=until, now=time.time())
