"""A program at the door: a client that shows a key with the scopes it was given."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import Any

from django.test import Client

from access.models import ApiKey

NOW = datetime(2026, 11, 23, 12, 0, tzinfo=UTC)


class Program:
    """Sends JSON with its key, and reads JSON."""

    def __init__(self, key: ApiKey, text: str) -> None:
        self.key, self.text = key, text
        self.client = Client(raise_request_exception=False)

    def send(self, method: str, path: str, data: Any = None, **headers: str) -> Any:
        body = data if isinstance(data, bytes | str) else "" if data is None else json.dumps(data)
        return self.client.generic(
            method,
            path if path.startswith("/api/") else f"/api/v1/{path}",
            body,
            content_type=headers.pop("content_type", "application/json"),
            headers={"Authorization": f"Bearer {self.text}", **{k.replace("_", "-"): v for k, v in headers.items()}},
        )

    def get(self, path: str, **headers: str) -> Any:
        return self.send("GET", path, **headers)

    def post(self, path: str, data: Any = None, **headers: str) -> Any:
        return self.send("POST", path, data, **headers)

    def patch(self, path: str, data: Any = None, **headers: str) -> Any:
        return self.send("PATCH", path, data, **headers)

    def delete(self, path: str, **headers: str) -> Any:
        return self.send("DELETE", path, **headers)
