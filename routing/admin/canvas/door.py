"""The door of every address of the canvas: who may, which flow, what was sent; and refusals as sentences in JSON."""

from __future__ import annotations

import functools
import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Concatenate, Literal, ParamSpec, TypeAlias, cast

from django.contrib.auth.models import User
from django.core.exceptions import RequestDataTooBig
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse, JsonResponse, UnreadablePostError
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _

from routing.engine import limits
from routing.engine.faults import DefinitionInvalid, Fault
from routing.files import unstorable
from routing.models import Flow

P = ParamSpec("P")
Needs: TypeAlias = Literal["view", "change", "publish"]
Answer: TypeAlias = Mapping[str, Any] | list[Any] | HttpResponse

# A definition, and what goes with it; JSON may write a character in six.
BODY_BYTES = 6 * limits.DEFINITION_BYTES
_INTEGER_LIMIT = 2**31 - 1


class Refused(Exception):
    """Answered as `{"error": sentence, …}` with this status."""

    def __init__(self, sentence: str, status: int = 400, **more: Any) -> None:
        super().__init__(sentence)
        self.sentence, self.status, self.more = sentence, status, more


@dataclass(frozen=True, slots=True)
class Asked:
    """One request that has passed the door."""

    request: HttpRequest
    flow: Flow
    user: User
    now: datetime
    body: Mapping[str, Any] = field(default_factory=dict)

    def may(self, needs: Needs) -> bool:
        return _may(self.user, needs)

    def text(self, name: str, *, longest: int, default: str | None = None) -> str:
        """A text of the body without blanks around it. Raises Refused."""
        found = self.body.get(name, default)
        if not isinstance(found, str):
            raise Refused(_("“%(name)s” must be a text.") % {"name": name})
        if len(found) > longest:
            raise Refused(_("“%(name)s” is too long: at most %(longest)d.") % {"name": name, "longest": longest})
        if unstorable(found):
            raise Refused(_("“%(name)s” holds a character that cannot be kept.") % {"name": name})
        return found.strip()

    def number(self, name: str) -> int:
        """A whole number of the body, as ids and revisions are. Raises Refused."""
        found = self.body.get(name)
        if not isinstance(found, int) or isinstance(found, bool) or not 0 <= found <= _INTEGER_LIMIT:
            raise Refused(_("“%(name)s” must be a whole number.") % {"name": name})
        return found

    def flag(self, name: str) -> bool:
        """True or false; false if nothing was said. Raises Refused."""
        found = self.body.get(name, False)
        if not isinstance(found, bool):
            raise Refused(_("“%(name)s” must be true or false.") % {"name": name})
        return found

    def definition(self, name: str = "definition") -> dict[str, Any]:
        """The definition that was sent: an object that is not too large, with whatever in it. Raises Refused."""
        found = self.body.get(name)
        if not isinstance(found, dict):
            raise Refused(_("“%(name)s” must be a flow.") % {"name": name})
        size = len(json.dumps(found))
        if size > limits.DEFINITION_BYTES:
            raise Refused(too_large(size))
        if faults := unstorable(found):
            raise Refused(faults[0].message)
        return found


def too_large(size: int) -> str:
    return _("This flow is too large: %(size)d bytes, and at most %(limit)d are possible.") % {
        "size": size,
        "limit": limits.DEFINITION_BYTES,
    }


def canvas_view(
    *methods: str, needs: Needs = "view", flows: Callable[[], QuerySet[Flow]] = Flow.objects.all
) -> Callable[[Callable[Concatenate[Asked, P], Answer]], Callable[Concatenate[HttpRequest, int, P], HttpResponse]]:
    """Makes a view of a function that takes what was asked and returns JSON, or raises Refused.

    `needs` is what GET needs as well as POST; `flows` reads no more of the flow than the view wants.
    The admin's own `admin_view` stands before it: whoever is not signed in never comes this far.
    """

    def decorate(
        view: Callable[Concatenate[Asked, P], Answer],
    ) -> Callable[Concatenate[HttpRequest, int, P], HttpResponse]:
        @functools.wraps(view)
        def answer(request: HttpRequest, object_id: int, *args: P.args, **kwargs: P.kwargs) -> HttpResponse:
            try:
                found = view(_let_in(request, object_id, methods, needs, flows), *args, **kwargs)
            except Refused as refused:
                return JsonResponse({"error": refused.sentence, **refused.more}, status=refused.status)
            except DefinitionInvalid as invalid:
                return JsonResponse({"error": first_sentence(invalid.faults)}, status=400)
            response = found if isinstance(found, HttpResponse) else JsonResponse(found, safe=False)
            response.headers["Cache-Control"] = "no-store"
            return response

        return cast("Callable[Concatenate[HttpRequest, int, P], HttpResponse]", answer)

    return decorate


def first_sentence(faults: tuple[Fault, ...]) -> str:
    """The first fault, and how many more there are."""
    first = str(faults[0]) if faults else _("This is no flow.")
    more = len(faults) - 1
    return f"{first} {_('(and %(count)d more)') % {'count': more}}" if more > 0 else first


def _let_in(
    request: HttpRequest, object_id: int, methods: tuple[str, ...], needs: Needs, flows: Callable[[], QuerySet[Flow]]
) -> Asked:
    if request.method not in methods:
        raise Refused(_("This address does not take that."), 405)
    user = request.user
    assert isinstance(user, User)  # the admin lets in nobody else
    if not _may(user, needs):
        raise Refused(_("You are not allowed to do this. Ask whoever manages your rights."), 403)
    flow = flows().filter(pk=object_id).first() if object_id <= _INTEGER_LIMIT else None
    if flow is None:
        raise Refused(_("There is no such flow. Perhaps somebody deleted it."), 404)
    body = _body(request) if request.method != "GET" else {}
    return Asked(request=request, flow=flow, user=user, now=timezone.now(), body=body)


def _may(user: User, needs: Needs) -> bool:
    if not user.has_perm("routing.view_flow") and not user.has_perm("routing.change_flow"):
        return False
    if needs == "view":
        return True
    return user.has_perm("routing.change_flow" if needs == "change" else "routing.publish_flow")


def _body(request: HttpRequest) -> Mapping[str, Any]:
    try:
        raw = request.body
    except RequestDataTooBig:
        raise Refused(too_large(int(request.headers.get("Content-Length") or 0))) from None
    except UnreadablePostError:
        raise Refused(_("What was sent broke off.")) from None
    if len(raw) > BODY_BYTES:
        raise Refused(too_large(len(raw)))
    try:
        found = json.loads(raw or b"{}", parse_constant=_no_number)
    except (ValueError, RecursionError):
        raise Refused(_("What was sent cannot be read.")) from None
    if not isinstance(found, dict):
        raise Refused(_("What was sent cannot be read: an object is expected."))
    return found


def _no_number(name: str) -> float:
    raise ValueError(f"{name} is no number of JSON")


def page(name: str, *args: object) -> str:
    """The address of a page of the admin."""
    return reverse(f"admin:{name}", args=args)
