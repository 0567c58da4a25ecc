"""The one place that decides who sees telephone numbers and e-mails, and how the others are shown them.

Who it is that looks is said once, by the middleware, for the length of a request; models and templates then need not
carry the user about. Workers, programs and tests that never said so see everything.
"""

from __future__ import annotations

from collections.abc import Callable, Container, Iterable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Any, Final, TypeVar

from customers.privacy.masking import masked, masked_all

T = TypeVar("T")

PERMISSION: Final = "customers.view_identity"
EXPORT: Final = "privacy.export_customers"
_hidden: ContextVar[bool] = ContextVar("identities_are_hidden", default=False)
_of_the_house: list[Callable[[], Iterable[str]]] = []


def may_see(user: Any) -> bool:
    """Whole telephone numbers and e-mails of customers."""
    return bool(user.has_perm(PERMISSION))


def may_export(user: Any) -> bool:
    """Customers as a file, many at once."""
    return bool(user.has_perm(EXPORT))


def shown(text: str) -> str:
    """An identity, or a text that may name one, for whoever looks."""
    return masked(text) if _hidden.get() else text


def shown_all(value: T, *, but: Container[str] = ()) -> T:
    """The same for plain JSON."""
    return masked_all(value, but=but) if _hidden.get() else value


@contextmanager
def hiding() -> Iterator[None]:
    """Within it somebody looks who may not see them."""
    token = _hidden.set(True)
    try:
        yield
    finally:
        _hidden.reset(token)


def is_hiding() -> bool:
    return _hidden.get()


def register_house(addresses: Callable[[], Iterable[str]]) -> None:
    """Our own numbers are nobody's secret; rooms above know them."""
    _of_the_house.append(addresses)


def house_numbers() -> frozenset[str]:
    """As digits."""
    found = (address for addresses in _of_the_house for address in addresses())
    return frozenset("".join(filter(str.isdigit, address)) for address in found)
