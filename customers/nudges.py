"""Tells workers that something is to be done. By name: tasks call services, which know nothing of tasks."""

from __future__ import annotations

from importlib import import_module
from typing import Any

from celery import Task


def nudge(task: str, pk: int | None = None) -> None:
    """`task` is the name below `customers`, such as `tiers.tasks.carry_out`."""
    module, _dot, name = f"customers.{task}".rpartition(".")
    # Celery knows a task once its module was read, which only workers do by themselves.
    found: Task[..., Any] = getattr(import_module(module), name)
    found.delay(*([] if pk is None else [pk]))
