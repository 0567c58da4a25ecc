"""What is said when a flow cannot be kept as it was sent."""

from __future__ import annotations

from typing import Any

from django.utils.translation import gettext as _

from access.problems import Problem
from routing.engine.faults import DefinitionInvalid
from routing.services import DraftIsStale, FlowHasNoSuchVersion
from routing.simulator.cases import CasesDiffer


class told:  # noqa: N801  reads as a word: with told()
    """What the services refuse, as problems."""

    def __enter__(self) -> None:
        return None

    def __exit__(self, _kind: object, error: BaseException | None, _where: object) -> None:
        match error:
            case DefinitionInvalid():
                raise refused(error.faults) from None
            case DraftIsStale():
                raise stale(error) from None
            case CasesDiffer():
                raise differ(error.results) from None
            case FlowHasNoSuchVersion():
                raise Problem(404, "not-found", str(error)) from None


def refused(faults: Any) -> Problem:
    errors = [
        {
            "pointer": fault.path,
            "detail": str(fault.message),
            "code": fault.level,
            "line": fault.line,
            "step": fault.step,
        }
        for fault in faults
    ]
    said = _("Nothing was kept: mend what `errors` lists.")
    return Problem(409, "flow-refused", said, errors=errors)


def stale(stale: DraftIsStale) -> Problem:
    said = _("%(who)s saved this draft since you read it. Read it again.") % {"who": stale.by or _("Somebody")}
    return Problem(409, "draft-is-stale", said, revision=stale.revision)


def differ(results: Any) -> Problem:
    errors = [{"pointer": "", "detail": str(result.name), "code": "case"} for result in results if not result.passes]
    said = _("Nothing was published: test cases would end otherwise than expected.")
    return Problem(409, "cases-differ", said, errors=errors)
