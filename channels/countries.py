"""Which language the people of a country most likely speak."""

from __future__ import annotations

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
