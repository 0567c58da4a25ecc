"""Conditions: what a branch asks about a contact, and the answer with its reasons."""

from routing.engine.conditions.evaluation import Comparison, Verdict, evaluate
from routing.engine.conditions.faults import faults, variables
from routing.engine.conditions.models import Condition, Group
from routing.engine.conditions.operators import NEGATION, Operator
from routing.engine.conditions.words import PHRASES, condition_words, label, words

__all__ = [
    "NEGATION",
    "PHRASES",
    "Comparison",
    "Condition",
    "Group",
    "Operator",
    "Verdict",
    "condition_words",
    "evaluate",
    "faults",
    "label",
    "variables",
    "words",
]
