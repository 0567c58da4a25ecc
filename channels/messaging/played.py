"""Plays a provider towards us: posts its webhooks, one after the other, without holding up whoever asked."""

from __future__ import annotations

import threading
from collections.abc import Sequence

import requests
import structlog

from channels.messaging.delivery import Posted

log = structlog.get_logger(__name__)


def post_soon(origin: str, posts: Sequence[Posted]) -> None:
    """From a thread, for the answer to the request comes first. A webhook that fails is not repeated."""
    threading.Thread(target=_post, args=(origin, posts), daemon=True).start()


def _post(origin: str, posts: Sequence[Posted]) -> None:
    with requests.Session() as session:
        session.trust_env = False
        for one in posts:
            try:
                session.post(origin + one.path, data=one.body, headers=dict(one.headers), timeout=10)
            except requests.RequestException as error:
                log.warning("emulated webhook lost", why=type(error).__name__)
