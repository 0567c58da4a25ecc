"""A file on its way through the admin. Models are named inside only: this file may be read before the settings are."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from django.test import Client

    from customers.files.models import Import

NEW = "/admin/files/import/new/"
NOW = datetime(2026, 11, 23, 10, 0, tzinfo=UTC)


def clock() -> datetime:
    return NOW


@pytest.fixture
def send(admin_client: Client) -> Callable[..., Import]:
    from django.core.files.uploadedfile import SimpleUploadedFile  # noqa: PLC0415

    from customers.files.models import Import  # noqa: PLC0415

    def make(body: bytes, name: str = "customers.csv") -> Import:
        answer: Any = admin_client.post(NEW, {"file": SimpleUploadedFile(name, body)})
        assert answer.status_code == 302, answer.content.decode()
        return Import.objects.get()

    return make


@pytest.fixture
def checked(send: Callable[..., Import], admin_client: Client) -> Callable[..., Import]:
    """Sent, with the columns as they were guessed, and looked through."""
    from customers.files import services  # noqa: PLC0415

    def make(body: bytes, name: str = "customers.csv") -> Import:
        file = send(body, name)
        data = {f"column-{at}": target for at, target in enumerate(file.mapping)}
        admin_client.post(f"/admin/files/import/{file.pk}/", {"do": "columns", **data})
        services.look_through(file_id=file.pk, now=clock)
        file.refresh_from_db()
        return file

    return make


def write(client: Client, file: Import, now: Callable[[], datetime] = clock) -> Import:
    from customers.files import services  # noqa: PLC0415

    client.post(f"/admin/files/import/{file.pk}/", {"do": "confirm"})
    services.bring_in(file_id=file.pk, now=now)
    file.refresh_from_db()
    return file
