"""What a key can ask about itself."""

from __future__ import annotations

from typing import Any, ClassVar

from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from access.models import ApiKey
from access.resources import ANY_KEY, Guarded

_SAID = "What the key that asks may do, from where, how often and until when. Good for trying a key."


class KeyItself(serializers.ModelSerializer[ApiKey]):
    class Meta:
        model = ApiKey
        fields = ("name", "prefix", "scopes", "networks", "requests_per_minute", "expires_at")
        read_only_fields = fields


class WhoAmI(Guarded):
    tag = "key"
    scopes: ClassVar[Any] = {"get": ANY_KEY}

    @extend_schema(operation_id="key_retrieve", responses=KeyItself, summary="This key", description=_SAID)
    def get(self, request: Request) -> Response:  # noqa: ARG002
        return Response(KeyItself(self.key).data)
