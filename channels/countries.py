"""Countries: in which ones numbers are looked for, and which language their people most likely speak."""

from __future__ import annotations

from django.utils.translation import gettext_lazy as _

# Where carriers sell numbers and companies with callers of several countries want them.
COUNTRIES = (
    ("DE", _("Germany")),
    ("AT", _("Austria")),
    ("CH", _("Switzerland")),
    ("AU", _("Australia")),
    ("BE", _("Belgium")),
    ("BR", _("Brazil")),
    ("CA", _("Canada")),
    ("CL", _("Chile")),
    ("CZ", _("Czechia")),
    ("DK", _("Denmark")),
    ("FI", _("Finland")),
    ("FR", _("France")),
    ("GB", _("United Kingdom")),
    ("HK", _("Hong Kong")),
    ("HU", _("Hungary")),
    ("IE", _("Ireland")),
    ("IL", _("Israel")),
    ("IT", _("Italy")),
    ("JP", _("Japan")),
    ("KH", _("Cambodia")),
    ("LU", _("Luxembourg")),
    ("MX", _("Mexico")),
    ("NL", _("Netherlands")),
    ("NO", _("Norway")),
    ("NZ", _("New Zealand")),
    ("PL", _("Poland")),
    ("PT", _("Portugal")),
    ("RO", _("Romania")),
    ("SE", _("Sweden")),
    ("SG", _("Singapore")),
    ("SK", _("Slovakia")),
    ("ES", _("Spain")),
    ("US", _("United States")),
    ("ZA", _("South Africa")),
)

# Only where one language is nearly everybody's: Belgium, Canada or Switzerland would be a guess.
_BY_COUNTRY = {
    **dict.fromkeys(("AT", "DE", "LI"), "de"),
    **dict.fromkeys(("AU", "GB", "IE", "NZ", "US"), "en"),
    **dict.fromkeys(("AR", "CL", "CO", "ES", "MX", "PE", "UY"), "es"),
    **dict.fromkeys(("BR", "PT"), "pt"),
    **dict.fromkeys(("FR", "MC"), "fr"),
    **dict.fromkeys(("IT", "SM"), "it"),
    "CZ": "cs",
    "DK": "da",
    "FI": "fi",
    "GR": "el",
    "HU": "hu",
    "JP": "ja",
    "KR": "ko",
    "NL": "nl",
    "NO": "nb",
    "PL": "pl",
    "RO": "ro",
    "SE": "sv",
    "SK": "sk",
    "TR": "tr",
}


def language_of(country: str) -> str:
    """What callers of a country (ISO 3166, two letters) most likely speak; empty where it would be a guess."""
    return _BY_COUNTRY.get(country.upper(), "")
