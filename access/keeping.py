"""Resources that programs may add, change and delete one by one."""

from __future__ import annotations

from typing import Any, ClassVar

from django.db import transaction
from django.db.models import ProtectedError, RestrictedError
from django.utils.translation import gettext as _
from drf_spectacular.utils import OpenApiResponse, extend_schema
from rest_framework import status
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.reverse import reverse

from access.problems import Problem
from access.resources import Resource


class Kept(Resource):
    """A resource with create, partial_update and destroy. What may not change later is left out of `change_class`."""

    change_class: ClassVar[Any] = None

    @staticmethod
    def scopes_of(name: str) -> dict[str, str]:
        read, write = f"{name}:read", f"{name}:write"
        return {"list": read, "retrieve": read, "create": write, "partial_update": write, "destroy": write}

    def get_serializer_class(self) -> Any:
        if self.action == "partial_update" and self.change_class:
            return self.change_class
        return super().get_serializer_class()

    def create(self, request: Request) -> Response:
        serializer = self.get_serializer(data=request.data)
        serializer.is_valid(raise_exception=True)
        with transaction.atomic():
            row = self.add(serializer)
        body = self.shown(row)
        address = reverse(f"{self.basename}-detail", args=[getattr(row, self.lookup_field)], request=request)
        return Response(body, status=status.HTTP_201_CREATED, headers={"Location": address})

    def partial_update(self, request: Request, **_kwargs: Any) -> Response:
        with transaction.atomic():
            row = self.get_object()
            # Locked: what one program leaves alone, another may be changing at this moment.
            row = type(row)._base_manager.select_for_update(no_key=True).get(pk=row.pk)  # noqa: SLF001  its default may join
            serializer = self.get_serializer(row, data=request.data, partial=True)
            serializer.is_valid(raise_exception=True)
            row = self.change(serializer)
        return Response(self.shown(row))

    def destroy(self, request: Request, **_kwargs: Any) -> Response:  # noqa: ARG002
        row = self.get_object()
        try:
            with transaction.atomic():
                self.remove(row)
        except (ProtectedError, RestrictedError) as error:
            users = sorted({str(one._meta.verbose_name) for one in _users(error)})  # noqa: SLF001  Django's public way to it
            said = _("It is still used by: %(users)s.") % {"users": ", ".join(users)}
            raise Problem(409, "in-use", said) from None
        return Response(status=status.HTTP_204_NO_CONTENT)

    def add(self, serializer: Any) -> Any:
        return serializer.save()

    def change(self, serializer: Any) -> Any:
        return serializer.save()

    def remove(self, row: Any) -> None:
        row.delete()

    def shown(self, row: Any) -> Any:
        """The row as it is now, in the form in which it is read."""
        fresh = self.get_queryset().get(pk=row.pk)
        read: Any = super().get_serializer_class()
        return read(fresh, context=self.get_serializer_context()).data


def _users(error: ProtectedError | RestrictedError) -> Any:
    return error.protected_objects if isinstance(error, ProtectedError) else error.restricted_objects


def told(one: str, many: str, *, body: Any) -> dict[str, Any]:
    """What OpenAPI says of a Kept resource, for `extend_schema_view`."""
    return {
        "list": extend_schema(summary=f"List {many}"),
        "retrieve": extend_schema(summary=f"One {one}"),
        "create": extend_schema(summary=f"Add one {one}", responses={201: body}),
        "partial_update": extend_schema(
            summary=f"Change one {one}", description="Only what is named changes.", responses={200: body}
        ),
        "destroy": extend_schema(
            summary=f"Delete one {one}", responses={204: OpenApiResponse(description="It is gone.")}
        ),
    }
