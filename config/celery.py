"""The Celery application; workers start with `celery -A config`."""

import os

from celery import Celery
from celery.signals import setup_logging
from django.conf import settings

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")

app = Celery("pareto")
app.config_from_object("django.conf:settings", namespace="CELERY")
app.autodiscover_tasks()


@setup_logging.connect
def _keep_our_logging(**_: object) -> None:
    import logging.config  # noqa: PLC0415  Celery would set up its own before Django's is wanted

    logging.config.dictConfig(settings.LOGGING)
