"""Trying a flow on the canvas: scenarios run anew with each key that is pressed, and the customers to choose from."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

from django.conf import settings
from django.utils.translation import gettext as _

from customers.privacy.sight import may_see
from customers.selectors import search_customers
from routing.admin.canvas.door import Asked, Refused, canvas_view, first_sentence
from routing.admin.canvas.tried import shown
from routing.admin.canvas.versions import without_definitions
from routing.catalog import catalog
from routing.engine.drawing.analysis import shown_faults
from routing.engine.faults import DefinitionInvalid
from routing.engine.hours import zone_of
from routing.files import unstorable
from routing.models import Contact
from routing.simulator.bench import Bench, CustomerIsGone, bench_for
from routing.simulator.oracle import Asking, AskingNotAllowed, TooManyAsk
from routing.simulator.past import scenario_of
from routing.simulator.scenario import Scenario, ScenarioInvalid, read_scenario
from routing.simulator.setup import first_scenario, setup_of
from routing.simulator.simulate import Simulation


@canvas_view("POST", flows=without_definitions)
def try_view(asked: Asked) -> dict[str, Any]:
    """`{definition, scenario}` → what happens. Nothing is saved.

    Without a scenario: something to begin with, or with `contact` what happened to that one.
    """
    bench = bench_of(asked)
    answer: dict[str, Any] = {"setup": setup_of(bench)}
    if asked.body.get("contact") is not None:
        return answer | {"scenario": _past(asked).as_json()}
    if asked.body.get("scenario") is None:
        zone = asked.text("time_zone", longest=64, default=settings.TIME_ZONE)
        zone = zone if zone_of(zone) else settings.TIME_ZONE
        return answer | {"scenario": first_scenario(bench, now=asked.now, time_zone=zone).as_json()}
    scenario = scenario_in(asked)
    simulation = run(asked, bench, scenario)
    return answer | {"scenario": scenario.as_json(), "result": shown(simulation, bench, scenario)}


@canvas_view("GET", flows=without_definitions)
def customers(asked: Asked) -> dict[str, Any]:
    """`?q=` → customers of this name or number."""
    _may_see_customers(asked)
    found = search_customers(asked.request.GET.get("q", "")[:100].replace("\0", ""))
    return {"customers": [asdict(one) for one in found]}


def bench_of(asked: Asked) -> Bench:
    """The definition that was sent, ready to be tried. Raises Refused with what keeps it from being run."""
    definition = asked.definition()
    try:
        return bench_for(asked.flow, definition)
    except DefinitionInvalid as invalid:
        raise Refused(
            _("This flow cannot be tried yet. %(fault)s") % {"fault": first_sentence(invalid.faults)},
            422,
            analysis={"faults": shown_faults(invalid.faults, definition, catalog(), key=asked.flow.key)},
        ) from None


def scenario_in(asked: Asked) -> Scenario:
    """The scenario that was sent. Raises Refused with each fault."""
    try:
        scenario = read_scenario(asked.body.get("scenario"))
    except ScenarioInvalid as invalid:
        raise Refused(first_sentence(invalid.faults), faults=[one.as_json() for one in invalid.faults]) from None
    if odd := unstorable(asked.body.get("scenario")):
        raise Refused(str(odd[0]), faults=[one.as_json() for one in odd])
    if scenario.caller.kind == "real":
        _may_see_customers(asked)
    return scenario


def run(asked: Asked, bench: Bench, scenario: Scenario) -> Simulation:
    """Raises Refused where somebody may not ask what the scenario asks."""
    oracle = Asking(real=asked.may("change"), recorded=may_see(asked.user))
    try:
        return bench.run(scenario, oracle=oracle)
    except AskingNotAllowed:
        raise Refused(_("You are not allowed to do this. Ask whoever manages your rights."), 403) from None
    except CustomerIsGone:
        raise Refused(_("There is no such customer. Perhaps somebody deleted it.")) from None
    except TooManyAsk:
        raise Refused(
            _(
                "Others are really asking data sources at this moment, and only a few may at once. Try again in a few "
                "seconds, or type in what the data source answers."
            ),
            429,
        ) from None


def _past(asked: Asked) -> Scenario:
    if not asked.user.has_perm("routing.view_contact"):
        raise Refused(_("You are not allowed to do this. Ask whoever manages your rights."), 403)
    _may_see_customers(asked)
    found = Contact.objects.filter(pk=asked.number("contact")).first()
    if found is None:
        raise Refused(_("There is no such contact. Perhaps it was so old that it was deleted."), 404)
    zone = asked.text("time_zone", longest=64, default=settings.TIME_ZONE)
    try:
        return scenario_of(found, time_zone=zone if zone_of(zone) else settings.TIME_ZONE)
    except ScenarioInvalid as invalid:
        raise Refused(_("This contact cannot be tried again: %(fault)s") % {"fault": invalid.faults[0]}) from None


def _may_see_customers(asked: Asked) -> None:
    if not (asked.user.has_perm("customers.view_customer") and may_see(asked.user)):
        raise Refused(_("You are not allowed to see customers. Try it with a made-up one."), 403)
