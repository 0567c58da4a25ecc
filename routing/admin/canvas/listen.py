"""What a prompt would say: its text with made-up values filled in. The browser speaks it."""

from __future__ import annotations

from django.utils.translation import gettext as _

from routing.admin.canvas.door import Answer, Asked, Refused, canvas_view
from routing.engine import limits
from routing.engine.checks.scope import sample_scope, variables_at
from routing.engine.templates import TemplateFailed, render, template_fault, template_variables
from routing.engine.values import MISSING, look_up
from routing.vocabulary import outside


@canvas_view("POST")
def listen_view(asked: Asked) -> Answer:
    """`{definition, step, text}` → `{text, unknown}`: `unknown` are variables that nobody has an example for."""
    text = asked.text("text", longest=limits.TEXT_CHARS)
    if fault := template_fault(text):
        raise Refused(_("This cannot be spoken yet. %(fault)s") % {"fault": fault})
    scope = sample_scope(variables_at(asked.definition(), asked.text("step", longest=100), outside()))
    try:
        spoken = render(text, scope).strip()
    except TemplateFailed as failure:
        raise Refused(str(failure)) from None
    return {
        "text": spoken,
        "unknown": sorted(path for path in template_variables(text) if look_up(scope, path) is MISSING),
    }
