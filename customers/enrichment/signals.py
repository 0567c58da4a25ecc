"""Tells Redis of every change to a data source, so that no answer outlives the question it was for."""

from __future__ import annotations

from functools import partial
from typing import Any

import structlog
from django.db import transaction
from django.db.models.signals import post_delete, post_save
from django.dispatch import receiver

from customers.enrichment import flight
from customers.enrichment.models import DataSource
from customers.enrichment.sources import freeze

_log = structlog.get_logger(__name__)


@receiver(post_save, sender=DataSource)
def _saved(instance: DataSource, **_kwargs: Any) -> None:
    shape = freeze(instance).shape if instance.is_active else "off"
    transaction.on_commit(partial(_announce, instance.key, shape))


@receiver(post_delete, sender=DataSource)
def _deleted(instance: DataSource, **_kwargs: Any) -> None:
    transaction.on_commit(partial(_announce, instance.key, "off"))


def _announce(key: str, shape: str) -> None:
    try:
        flight.announce(key, shape)
    except flight.Unavailable as error:
        # Answers of before live on for as long as they are kept; nothing is lost but that.
        _log.warning("change of a data source not announced", source=key, why=type(error).__name__)
