"""Phone numbers that exist in a country's plan (libphonenumber's), written as numbers are written there.

With + or 00 in front a number of any country is found; without, one of the regions that the user names, where it is
grouped as that country groups it, or a word such as "tel" stands near.
"""

import re
from collections.abc import Iterator, Sequence
from typing import Any

from idiolect.lifecycle.privacy.entities import Found
from idiolect.lifecycle.privacy.numbers import near

_REST = r"[\d ().\-/]{5,20}\d"
_ABROAD = re.compile(rf"(?<![\w+.])(?:\+ ?|00(?=[1-9]))\(?\d{_REST}(?!\w)")
_AT_HOME = re.compile(
    r"(?<![\w.,+\-/:(])(?:"
    r"\(\d{2,5}\)[ \-/]?\d[\d .\-/]{4,13}\d"  # (030) 1234567
    r"|1?[-. ]?\(?[2-9]\d{2}\)?[-. ] ?\d{3}[-. ]\d{4}"  # 212-555-0134
    r"|0\d[\d ().\-/]{5,15}\d"  # 030/1234567, with the trunk prefix of most countries
    r")(?![\w]|[.,]\d)"
)
_NEAR_WORD = re.compile(r"(?<![\w.,+])\(?\d[\d ().\-/]{5,18}\d(?![\w]|[.,]\d)")
_WORDS = re.compile(
    r"\b(?:tel|phone|telephone|telefon|téléphone|teléfono|telefono|telefone|telefoon|puhelin|handy|mobil|mobile|cell|"
    r"cellphone|portable|celular|móvil|cellulare|fax|call|hotline|whatsapp|sms|phone_number|rufnummer|durchwahl)\b|☎|📞"
)
_DIGITS = range(7, 16)
_TRUNK = frozenset({"US", "CA"})
"""Regions whose numbers do not begin with 0."""


def phones(text: str, begin: int, end: int, regions: Sequence[str]) -> Iterator[Found]:
    """`regions`: ISO 3166 codes of the countries whose numbers are found without + too."""
    for match in _ABROAD.finditer(text, begin, end):
        yield from _parsed(match, None, strict=False)
    if not regions:
        return
    for match in _AT_HOME.finditer(text, begin, end):
        if _plausible(match[0]):
            yield from _first(match, regions, strict=not _WORDS.search(near(text, *match.span())))
    if _WORDS.search(near(text, begin, end) + text[begin:end].lower()):
        for match in _NEAR_WORD.finditer(text, begin, end):
            if _plausible(match[0]) and _WORDS.search(near(text, match.start(), match.end(), 40, 15)):
                yield from _first(match, regions, strict=False)


def _plausible(shown: str) -> bool:
    return sum(character.isdigit() for character in shown) in _DIGITS


def _first(match: re.Match[str], regions: Sequence[str], strict: bool) -> Iterator[Found]:
    trunk = match[0].lstrip("(").startswith("0")
    for region in regions:
        if not (trunk and region in _TRUNK):
            found = list(_parsed(match, region, strict))
            if found:
                yield from found
                return


def _parsed(match: re.Match[str], region: str | None, strict: bool) -> Iterator[Found]:
    import phonenumbers

    shown = match[0]
    if region is None and not shown.startswith("+"):
        shown = " +" + shown[2:]  # as long as before: 00 is how + is dialled
    if not _exists(phonenumbers, shown, region):
        return
    leniency = phonenumbers.Leniency.STRICT_GROUPING if strict else phonenumbers.Leniency.VALID
    for number in phonenumbers.PhoneNumberMatcher(shown, region, leniency=leniency, max_tries=16):
        shift = 1 if shown.startswith(" +") and number.start == 1 else 0
        value = phonenumbers.format_number(number.number, phonenumbers.PhoneNumberFormat.E164)
        yield Found(match.start() + number.start - shift, match.start() + number.end, "phone", value)


def _exists(phonenumbers: Any, shown: str, region: str | None) -> bool:
    """Whether the country's plan has the number, or may have one that other digits follow: a quick no for most."""
    try:
        number = phonenumbers.parse(shown.strip(), region)
    except phonenumbers.NumberParseException:
        return False
    if phonenumbers.is_valid_number(number):
        return True
    return bool(phonenumbers.is_possible_number_with_reason(number) == phonenumbers.ValidationResult.TOO_LONG)
