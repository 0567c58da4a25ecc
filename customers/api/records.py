"""One customer as a record of the sync: single writes obey the rules that a million at once do."""

from __future__ import annotations

from typing import Any

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _
from rest_framework.exceptions import ErrorDetail, ValidationError

from access.models import ApiKey
from access.problems import Problem
from customers.models import CustomerChange
from customers.sync.services import Options, sync_customers
from customers.sync.state import CREATED, FAILED, STALE, Outcome


def keep(record: dict[str, Any], *, key: ApiKey, must_be_new: bool = False) -> Outcome:
    """Writes the record. Raises ValidationError with each fault, and Problem if it `must_be_new` and is not."""
    with transaction.atomic():
        report = sync_customers(
            raw=[record], options=Options(), by=key.name, now=timezone.now(), via=CustomerChange.Via.API
        )
        outcome = report.outcomes[0]
        if outcome.result == FAILED:
            raise ValidationError(_by_field(outcome))
        if must_be_new and outcome.result == STALE:
            raise Problem(409, "conflict", _("The customer of this number was erased, or deleted later than this."))
        if must_be_new and outcome.result != CREATED:
            said = _("There is a customer of this number already.")
            errors = [{"pointer": "/external_id", "detail": said, "code": "taken"}]
            raise Problem(409, "conflict", said, errors=errors)
    return outcome


def _by_field(outcome: Outcome) -> dict[str, Any]:
    """The body was as the schema says, so they are conflicts. Faults as REST framework has them, nested by the parts of their paths."""
    found: dict[str, Any] = {}
    for fault in outcome.faults:
        found.setdefault(fault.field.replace(".", "/") or "non_field_errors", []).append(
            ErrorDetail(fault.detail, "refused")
        )
    return found
