"""A scenario without anybody in it: made-up numbers, names and e-mail addresses in place of real ones."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator, Mapping
from typing import Any

from routing.simulator.scenario import Scenario, read_scenario

# What fields are called in CRMs and by carriers, in small letters and without what joins words.
_NAMES: Mapping[str, str] = {
    **dict.fromkeys(
        ("name", "fullname", "customername", "contactname", "displayname", "profilename", "callername", "username"),
        "Anna Example",
    ),
    **dict.fromkeys(("firstname", "givenname", "forename"), "Anna"),
    **dict.fromkeys(("lastname", "surname", "familyname"), "Example"),
    **dict.fromkeys(("street", "address", "addressline", "addressline1", "postaladdress"), "Example Street 1"),
    **dict.fromkeys(("birthday", "birthdate", "dateofbirth", "dob"), "1970-01-01"),
    **dict.fromkeys(("iban", "accountnumber", "cardnumber"), "0000"),
}
_TELEPHONES = frozenset(
    {"phone", "phonenumber", "telephone", "mobile", "mobilephone", "cell", "cellphone", "fax", "msisdn", "waid", "tel"}
)
_MAIL = re.compile(r"(?<![\w.+-])[\w.+-]+@((?:[\w-]+\.)+[A-Za-z]{2,})")
_SIP = re.compile(r"(?i)\bsips?:")
_NUMBER = re.compile(r"\+\d(?:[ ()./-]{0,2}\d){6,14}")
_JOINTS = re.compile(r"[^0-9a-z]")
# Of a number the country and the area say something to a flow; the rest says who it is.
_KEPT = 6
# Shorter ones may be part of any other word.
_LEAST_CHARS = 4


def anonymous(scenario: Scenario, *, own: Collection[str] = ()) -> Scenario:
    """The same scenario of somebody who does not exist. `own` are addresses of the company, which stay.

    Equal values stay equal, so that questions of data sources still find their replies. What decides the way, such
    as a tier or a status, stays as it is.
    """
    told = scenario.as_json()
    instead = _instead(scenario, told, own)
    parts = {name: _replaced(told[name], instead, own) for name in _PERSONAL if name in told}
    return read_scenario({**told, **parts})


_PERSONAL = ("caller", "details", "inputs", "fetches", "replies")


def made_up_address(address: str) -> str:
    """Of the same channel, country and length, but nobody's."""
    channel, colon, rest = address.rpartition(":")
    kept = _KEPT if rest.startswith("+") else 0
    return f"{channel}{colon}{rest[:kept]}{re.sub(r'[0-9A-Za-z]', '0', rest[kept:])}"


def _instead(scenario: Scenario, told: Mapping[str, Any], own: Collection[str]) -> dict[str, str]:
    """What stands for what, the longest first: a full name before the first name that is part of it."""
    number = scenario.caller.number
    found = {} if number in own else {number: made_up_address(number)}
    plain = number.rpartition(":")[2]
    if plain.startswith("+") and number not in own:
        # CRMs write numbers without the plus, or with the prefix of international calls.
        made_up = made_up_address(plain)
        found |= {plain: made_up, f"00{plain[1:]}": f"00{made_up[1:]}", plain[1:]: made_up[1:]}
    for part in _PERSONAL:
        for key, value in _texts(told.get(part)):
            name = _JOINTS.sub("", key.lower())
            if name in _NAMES and len(value) >= _LEAST_CHARS:
                found[value] = _NAMES[name]
            elif name in _TELEPHONES and value not in own and len(value) > _KEPT and value not in found:
                found[value] = made_up_address(value)
    return dict(sorted(found.items(), key=lambda pair: -len(pair[0])))


def _texts(value: Any, key: str = "") -> Iterator[tuple[str, str]]:
    """Every text with the name of the field that it is in."""
    if isinstance(value, str):
        yield key, value
    elif isinstance(value, Mapping):
        for name, one in value.items():
            yield from _texts(one, str(name))
    elif isinstance(value, list):
        for one in value:
            yield from _texts(one, key)


def _replaced(value: Any, instead: Mapping[str, str], own: Collection[str], key: str = "") -> Any:
    if isinstance(value, str):
        return _text(value, instead, own, key)
    if isinstance(value, Mapping):
        return {name: _replaced(one, instead, own, str(name)) for name, one in value.items()}
    return [_replaced(one, instead, own, key) for one in value] if isinstance(value, list) else value


def _text(text: str, instead: Mapping[str, str], own: Collection[str], key: str) -> str:
    name = _JOINTS.sub("", key.lower())
    if name in _NAMES and text:
        return _NAMES[name]
    if text in own or _SIP.search(text):
        return text
    if instead:
        text = re.sub("|".join(map(re.escape, instead)), lambda found: instead[found[0]], text)
    text = _MAIL.sub(r"anna.example@\1", text)
    return _NUMBER.sub(lambda found: found[0] if found[0] in own else made_up_address(found[0]), text)
