"""IBANs and payment cards: shapes, issuers, and the checksums that Presidio computes."""

import re
from collections.abc import Iterator
from functools import cache

from idiolect.lifecycle.privacy.entities import Found
from idiolect.lifecycle.privacy.numbers import JOINED, compact
from idiolect.lifecycle.privacy.recognisers import iban_formats, recogniser

_IBAN = re.compile(rf"(?<!{JOINED})[A-Za-z]{{2}}\d{{2}}(?:[ \n-]?[A-Za-z0-9]){{11,30}}")
_GOES_ON = re.compile(JOINED)

_CARD = re.compile(
    rf"(?<!{JOINED})(?<!\.)(?<!0,)"  # behind another comma stands a row's next value
    r"(?:\d{4}([ -])\d{4}\1\d{4}\1\d{4}(?:\1\d{3})?|\d{4}([ -])\d{6}\2\d{4,5}|\d{13,19})"
    rf"(?!{JOINED}|\.\d)"
)
_ISSUERS = re.compile(
    r"4(?:\d{12}|\d{15}|\d{18})"  # Visa
    r"|5[1-5]\d{14}|(?:222[1-9]|22[3-9]\d|2[3-6]\d\d|27[01]\d|2720)\d{12}"  # Mastercard
    r"|3[47]\d{13}"  # American Express
    r"|(?:6011|64[4-9]\d|65\d\d)\d{12}(?:\d{3})?|62\d{14}(?:\d{3})?"  # Discover, UnionPay
    r"|(?:352[89]|35[3-8]\d)\d{12}"  # JCB
    r"|3(?:0[0-5]|095|[689]\d)\d{11}"  # Diners Club
    r"|(?:50|56|57|58|6[0-9])\d{14}"  # Maestro
)
"""First digits and lengths as the networks publish them (ISO/IEC 7812's issuer numbers)."""


def ibans(text: str, begin: int, end: int) -> Iterator[Found]:
    while match := _IBAN.search(text, begin, end):
        begin = match.start() + 2  # what follows an IBAN looks like more of it: the next may begin within
        form = _format(match[0][:2].upper())
        if form is None:
            continue
        kept = [match.start() + at for at, character in enumerate(match[0]) if character.isalnum()]
        value = compact(match[0])
        fitting = form.match(value)
        if fitting is None:
            continue
        stop = kept[fitting.end() - 1] + 1
        judge = recogniser("generic.iban_recognizer", "IbanRecognizer")
        if not _GOES_ON.match(text, stop) and judge.validate_result(fitting[0]):
            yield Found(match.start(), stop, "iban", fitting[0])
            begin = stop


def cards(text: str, begin: int, end: int) -> Iterator[Found]:
    for match in _CARD.finditer(text, begin, end):
        number = compact(match[0])
        if not _ISSUERS.fullmatch(number) or len(set(number)) == 1:
            continue
        if recogniser("generic.credit_card_recognizer", "CreditCardRecognizer").validate_result(number):
            yield Found(match.start(), match.end(), "card", number)


@cache
def _format(country: str) -> re.Pattern[str] | None:
    formats = iban_formats()
    return re.compile(formats[country]) if country in formats else None
