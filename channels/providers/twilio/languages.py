"""Languages that the carrier speaks and understands."""

from __future__ import annotations

from functools import lru_cache

# https://www.twilio.com/docs/voice/twiml/say/text-speech: the first of each language is its usual one.
_SPOKEN = """
    af-ZA ar-AE ar-XA bg-BG bn-IN ca-ES cmn-CN cmn-TW cs-CZ cy-GB da-DK de-DE de-AT de-CH el-GR en-US en-GB en-AU
    en-CA en-IN en-IE en-NZ en-ZA es-ES es-MX es-US et-EE eu-ES fi-FI fil-PH fr-FR fr-CA fr-BE fr-CH gl-ES gu-IN
    he-IL hi-IN hr-HR hu-HU id-ID is-IS it-IT ja-JP kn-IN ko-KR lt-LT lv-LV ml-IN mr-IN ms-MY nb-NO nl-NL nl-BE pa-IN
    pl-PL pt-BR pt-PT ro-RO ru-RU sk-SK sl-SI sr-RS sv-SE ta-IN te-IN th-TH tr-TR uk-UA vi-VN yue-HK zh-CN zh-HK zh-TW
""".split()  # noqa: SIM905  a table of tags is read more easily in lines
_BY_TAG = {tag.lower(): tag for tag in _SPOKEN}
_BY_BASE = {tag.split("-")[0]: tag for tag in reversed(_SPOKEN)} | {"no": "nb-NO", "nn": "nb-NO", "iw": "he-IL"}


@lru_cache(maxsize=512)
def spoken(language: str) -> str:
    """The carrier's name of a language: `de` is `de-DE`, `de-LU` too; empty if it does not speak it."""
    tag = language.strip().replace("_", "-").lower()
    return _BY_TAG.get(tag) or _BY_BASE.get(tag.split("-")[0], "")
