"""Phone numbers that exist in a country's plan (libphonenumber's), written as numbers are written there.

With + or 00 in front a number of any country is found; without, one of the regions that the user names, where it is
grouped as that country groups it, or a word such as "tel" stands near.
"""

import re
from collections.abc import Iterator, Sequence
from functools import cache, lru_cache

from idiolect.lifecycle.privacy.entities import Found
from idiolect.lifecycle.privacy.numbers import JOINED, near

_REST = r"[\d ().\-/]{5,20}\d"
_ABROAD = re.compile(rf"(?<!{JOINED})(?<!\+)(?:\+ ?|(?<!\.)00(?=[1-9]))\(?\d{_REST}(?!{JOINED})")
_AT_HOME = re.compile(
    rf"(?<!{JOINED})(?<![.,+\-/:(])(?:"
    r"\(\d{2,5}\)[ \-/]?\d[\d .\-/]{4,13}\d"  # (030) 1234567
    r"|1?[-. ]?\(?[2-9]\d{2}\)?[-. ] ?\d{3}[-. ]\d{4}"  # 212-555-0134
    r"|0\d[\d ().\-/]{5,15}\d"  # 030/1234567, with the trunk prefix of most countries
    rf")(?!{JOINED}|[.,]\d)"
)
_NEAR_WORD = re.compile(rf"(?<!{JOINED})(?<![.,+])\(?\d[\d ().\-/]{{5,18}}\d(?!{JOINED}|[.,]\d)")
_WORDS = re.compile(
    r"\b(?:tel|phone|telephone|telefon|téléphone|teléfono|telefono|telefone|telefoon|puhelin|handy|mobil|mobile|"
    r"cellphone|celular|móvil|cellulare|fax|call|hotline|whatsapp|sms|phone_number|rufnummer|durchwahl)\b|☎|📞"
)
_DIGITS, _LONG = range(7, 16), range(9, 16)
"""How many digits count where a word or brackets say what they are, and where nothing does."""

_TRUNK = frozenset({"US", "CA"})
"""Regions whose numbers do not begin with 0."""


def phones(text: str, begin: int, end: int, regions: Sequence[str]) -> Iterator[Found]:
    """`regions`: ISO 3166 codes of the countries whose numbers are found without + too."""
    for match in _ABROAD.finditer(text, begin, end):
        yield from _parsed(match, None, strict=False)
    if not regions:
        return
    for match in _AT_HOME.finditer(text, begin, end):
        named = _WORDS.search(near(text, *match.span())) is not None
        bare = match[0].isdigit()
        if _digits(match[0]) in (_DIGITS if named or match[0][0] == "(" else _LONG) and (named or not bare):
            yield from _first(match, regions, strict=not named)
    if _WORDS.search(near(text, begin, end) + text[begin:end].lower()):
        for match in _NEAR_WORD.finditer(text, begin, end):
            if _digits(match[0]) in _DIGITS and _WORDS.search(near(text, match.start(), match.end(), 40, 15)):
                yield from _first(match, regions, strict=False)


def _digits(shown: str) -> int:
    return sum(character.isdigit() for character in shown)


def _first(match: re.Match[str], regions: Sequence[str], strict: bool) -> Iterator[Found]:
    trunk = match[0].lstrip("(").startswith("0")
    for region in regions:
        if not (trunk and region in _TRUNK):
            found = list(_parsed(match, region, strict))
            if found:
                yield from found
                return


def _parsed(match: re.Match[str], region: str | None, strict: bool) -> Iterator[Found]:
    for start, end, number in _numbers(match[0], region, strict):
        yield Found(match.start() + start, match.start() + end, "phone", number)


@lru_cache(10_000)
def _numbers(shown: str, region: str | None, strict: bool) -> tuple[tuple[int, int, str], ...]:
    """Start, end and international form of each number in what looks like one; None: it begins with + or 00."""
    import phonenumbers

    shift = 0
    if region is None and not shown.startswith("+"):
        shown, shift = "+" + shown[2:], 1
    if region is not None and not _may_exist(shown, region):
        return ()
    leniency = phonenumbers.Leniency.STRICT_GROUPING if strict else phonenumbers.Leniency.VALID
    found = phonenumbers.PhoneNumberMatcher(shown, region, leniency=leniency, max_tries=16)
    return tuple(
        (
            one.start and one.start + shift,
            one.end + shift,
            phonenumbers.format_number(one.number, phonenumbers.PhoneNumberFormat.E164),
        )
        for one in found
    )


def _may_exist(shown: str, region: str) -> bool:
    """Whether a number of the region's plan begins so: a quick no for most."""
    import phonenumbers

    plan = _plan(region)
    digits = "".join(character for character in shown if character.isdigit())
    if plan is None or not any(plan.match(digits[cut:]) for cut in (0, 1)):
        return False
    try:
        number = phonenumbers.parse(shown, region)
    except phonenumbers.NumberParseException:
        return False
    if phonenumbers.is_valid_number(number):
        return True
    why = phonenumbers.is_possible_number_with_reason(number)
    return bool(why == phonenumbers.ValidationResult.TOO_LONG)


@cache
def _plan(region: str) -> re.Pattern[str] | None:
    """What libphonenumber says of all the region's numbers, without the trunk prefix; None for no region."""
    from phonenumbers import PhoneMetadata

    plan = PhoneMetadata.metadata_for_region(region.upper(), None)
    pattern = plan.general_desc.national_number_pattern if plan and plan.general_desc else None
    return re.compile(pattern) if pattern else None
