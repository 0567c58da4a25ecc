"""How an address is written down: one spelling for each, whoever brings it, so that a caller is found by it."""

from __future__ import annotations

import re
from functools import lru_cache

import phonenumbers
from django.utils.translation import gettext as _

from customers.models import Identity

_E164 = re.compile(r"\+[1-9][0-9]{6,14}", re.ASCII)
_DIGITS = re.compile(r"[0-9]{3,32}", re.ASCII)
_WHATSAPP_NUMBER = re.compile(r"[1-9][0-9]{6,14}", re.ASCII)
_WHATSAPP_USER = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{2,119}", re.ASCII)
# What telephone numbers are written with; letters ("0800 FLOWERS") are nobody's caller id.
_PHONE = re.compile(r"[+0-9 ()/.\-\u00a0\u2010-\u2015]{3,40}")
_BETWEEN = re.compile(r"[\s()/.\-\u2010-\u2015]")
_LOCAL_PART = re.compile(r"[^\s@\"(),:;<>\[\]\\]{1,64}")
_LABEL = re.compile(r"(?!-)[a-z0-9-]{1,63}(?<!-)", re.ASCII)
KINDS = frozenset(Identity.Kind.values)


class NotAnAddress(ValueError):
    """A sentence that says what is wrong with it."""


def normalized(kind: str, value: str, country: str) -> tuple[str, str]:
    """Kind and value as they are kept. `country` (DE) is whose telephone numbers need no prefix. Raises NotAnAddress.

    A WhatsApp number is a telephone number: whoever calls from it and writes from it is one customer, so it is kept
    as one. Only WhatsApp's ids of users who hide their number stay of kind whatsapp.
    """
    match kind:
        case "phone":
            return kind, phone(value, country)
        case "email":
            return kind, email(value)
        case "whatsapp":
            return _whatsapp(value, country)
        case "messenger" | "instagram":
            bare = value.strip().removeprefix(f"{kind}:")
            if not _DIGITS.fullmatch(bare):
                raise NotAnAddress(_("An id of digits is wanted, as the platform sends it with each message."))
            return kind, bare
        case _:
            raise NotAnAddress(_("The kind is one of %(kinds)s.") % {"kinds": ", ".join(Identity.Kind.values)})


def needs_country(kind: str, value: str) -> bool:
    """Whether it is a telephone number written as at home, which means another one in each country."""
    return kind in {"phone", "whatsapp"} and not value.lstrip(" (").startswith(("+", "00", "tel:+", "whatsapp:+"))


def phone(value: str, country: str) -> str:
    """In E.164. Raises NotAnAddress."""
    # Most CRMs keep them strictly; the library takes 16 µs a number.
    return value if _E164.fullmatch(value) and value[1] != "0" else _parsed(value, country)


@lru_cache(maxsize=16_384)
def _parsed(value: str, country: str) -> str:
    text = value.strip().removeprefix("tel:")
    if not _PHONE.fullmatch(text):
        raise NotAnAddress(_("This is no telephone number. Write it with its country, such as +4915100000001."))
    if text.startswith("00"):
        text = f"+{text[2:]}"
    try:
        number = phonenumbers.parse(text.replace("(0)", "") if text.startswith("+") else text, country or None)
    except phonenumbers.NumberParseException:
        raise NotAnAddress(
            _("This is no telephone number of any country. Write it with its country, such as +4915100000001.")
        ) from None
    if not phonenumbers.is_possible_number(number):
        raise NotAnAddress(_("This telephone number is too long or too short for its country."))
    return str(phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164))


def spellings(text: str, country: str) -> list[str]:
    """How an address that somebody looks for may be kept, whole or as far as it was typed: 0151 2 in Germany is +49151 2.

    `country` (DE) is where people write telephone numbers without a prefix. The first is what was typed.
    """
    if "@" in text:
        return [text.strip().lower()]
    squeezed = _BETWEEN.sub("", text)
    if squeezed.startswith("00"):
        return [f"+{squeezed[2:]}"]
    if not (squeezed.isascii() and squeezed.isdigit()):
        return [squeezed]
    found = [squeezed, f"+{squeezed}"]
    if code := phonenumbers.country_code_for_region(country):
        trunk = phonenumbers.ndd_prefix_for_region(country, True) or ""
        found.append(f"+{code}{squeezed.removeprefix(trunk)}")
    return found


def email(value: str) -> str:
    """Small letters, since nobody's mail is told apart by case; the domain in ASCII. Raises NotAnAddress."""
    text = value.strip().removeprefix("mailto:").lower()
    local, at, domain = text.rpartition("@")
    if at and not domain.isascii():
        try:
            domain = domain.encode("idna").decode("ascii")
        except UnicodeError:
            domain = ""
    labels = domain.rstrip(".").split(".")
    is_domain = len(labels) > 1 and all(_LABEL.fullmatch(label) for label in labels)
    if not at or not _LOCAL_PART.fullmatch(local) or not is_domain or len(text) > 254:
        raise NotAnAddress(_("This is no e-mail address."))
    return f"{local}@{'.'.join(labels)}"


def _whatsapp(value: str, country: str) -> tuple[str, str]:
    bare = value.strip().removeprefix("whatsapp:")
    if _WHATSAPP_NUMBER.fullmatch(bare):
        # As WhatsApp writes numbers itself: with the country, without a plus.
        return "phone", f"+{bare}"
    if bare.startswith(("+", "0", "(")):
        return "phone", phone(bare, country)
    if not _WHATSAPP_USER.fullmatch(bare):
        raise NotAnAddress(_("A telephone number is wanted, or WhatsApp's id of the user."))
    return "whatsapp", bare
