"""Who calls in the demo: what the CRM synced of them, and how the loyalty API behaves when it is asked."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from enum import Enum


class Behavior(Enum):
    """How the loyalty API answers for someone."""

    ANSWERS = "answers"
    UNKNOWN = "404"
    SLOW = "answers after four seconds"
    HANGS = "never answers"
    BREAKS = "500"
    NONSENSE = "200 with HTML"


@dataclass(frozen=True, slots=True)
class Person:
    """`synced` is the loyalty status that the CRM pushed; empty: the CRM has not pushed this customer at all."""

    id: str
    name: str
    phone: str
    status: str = ""
    synced: str = ""
    behavior: Behavior = Behavior.UNKNOWN
    lifetime_value: Decimal = Decimal(0)
    revenue_12m: Decimal = Decimal(0)
    orders: int = 0
    plan: str = "basic"
    category: str = "private"
    account_manager: str = ""
    language: str = "de"
    email: str = ""


_GOLD, _PLATINUM, _SILVER = "gold", "platinum", "silver"

# What the CRM tells of the customers beside the columns that everybody has: name, label, kind, what it means.
FIELDS = (
    ("loyalty_status", "Loyalty status", "text", "Of the loyalty program: platinum, gold, silver or standard."),
    ("plan", "Plan", "text", "What they subscribe to."),
    ("category", "Category", "text", "Private or business."),
    ("account_manager_phone", "Account manager's number", "text", "Where flows put these customers through first."),
)
MANAGERS = {"Helene Brandt": "+4930901840", "Tomas Lindqvist": "+4930901841"}

CALLERS = (
    Person(
        id="C-1001", name="Amara Okafor", phone="+4915100000001", status=_PLATINUM, synced=_PLATINUM,
        behavior=Behavior.ANSWERS, lifetime_value=Decimal("48210.50"),
        revenue_12m=Decimal("21940.00"), orders=131, plan="enterprise",
        category="business", account_manager="Helene Brandt", language="en", email="amara@okafor-logistics.example",
    ),
    Person(
        id="C-1002", name="Jonas Feldmann", phone="+4915100000002", status=_GOLD, behavior=Behavior.ANSWERS,
        lifetime_value=Decimal("12999.90"),
        revenue_12m=Decimal("6120.40"), orders=42, plan="plus", account_manager="Helene Brandt",
    ),
    Person(
        id="C-1003", name="Lucía Moreno", phone="+4915100000003", status=_SILVER, synced=_SILVER,
        behavior=Behavior.ANSWERS, lifetime_value=Decimal("3420.00"),
        revenue_12m=Decimal("980.00"), orders=17, plan="plus", language="en",
    ),
    Person(id="C-1004", name="", phone="+4915100000004"),
    Person(
        id="C-1005", name="Priya Raman", phone="+4915100000005", status=_GOLD, behavior=Behavior.SLOW,
        lifetime_value=Decimal("15780.25"),
        revenue_12m=Decimal("7310.00"), orders=58, plan="plus", account_manager="Tomas Lindqvist", language="en",
    ),
    Person(
        id="C-1006", name="Brandt & Söhne GmbH", phone="+4915100000006", synced=_PLATINUM, behavior=Behavior.HANGS,
        lifetime_value=Decimal("61034.80"),
        revenue_12m=Decimal("27480.60"), orders=204, plan="enterprise", category="business",
        account_manager="Tomas Lindqvist", email="einkauf@brandt-soehne.example",
    ),
    Person(id="C-1007", name="", phone="+4915100000007", behavior=Behavior.BREAKS),
    Person(
        id="C-1008", name="Marek Nowak", phone="+4915100000008", synced=_GOLD, behavior=Behavior.NONSENSE,
        lifetime_value=Decimal("11240.00"),
        revenue_12m=Decimal("5105.00"), orders=39, plan="plus", language="en", email="marek.nowak@mail.example",
    ),
)  # fmt: skip

# Nobody calls from these in the table of the contract: they fill the lists. The loyalty API does not know them.
OTHERS = (
    Person("C-1011", "Sofie Jansen", "+4930901830", "", "silver", lifetime_value=Decimal("2890.40"),
           revenue_12m=Decimal("1240.10"), orders=14),
    Person("C-1012", "Emil Kraus", "+4930901831", "", "silver", lifetime_value=Decimal("2115.00"),
           revenue_12m=Decimal("760.00"), orders=11, plan="plus"),
    Person("C-1013", "Yara Haddad", "+4930901832", "", "standard", lifetime_value=Decimal("640.20"),
           revenue_12m=Decimal("310.20"), orders=5),
    Person("C-1014", "Oskar Weiss", "+4930901833", "", "standard", lifetime_value=Decimal("215.90"),
           revenue_12m=Decimal("95.90"), orders=2),
    Person("C-1015", "Nina Petrova", "+4930901834", "", "standard", lifetime_value=Decimal("89.00"), orders=1),
    Person("C-1016", "Bäckerei Holm", "+4930901835", "", "silver", lifetime_value=Decimal("4310.75"),
           revenue_12m=Decimal("2275.50"), orders=63,
           category="business", email="bestellung@holm.example"),
    Person("C-1017", "Kofi Mensah", "+4930901836", "", "standard", lifetime_value=Decimal("430.00"),
           revenue_12m=Decimal("180.00"), orders=3, language="en"),
    Person("C-1018", "Ida Lorenz", "+4930901837", "", "standard", lifetime_value=Decimal("0.00"), orders=0),
)  # fmt: skip

SYNCED = tuple(person for person in (*CALLERS, *OTHERS) if person.synced)
BY_PHONE = {person.phone: person for person in CALLERS}
