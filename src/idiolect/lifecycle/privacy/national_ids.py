"""Numbers that a state gives a person: Presidio's recognisers, and what must be near for one to count.

A checksum of one digit lets a tenth of all numbers pass.  So an id of digits alone counts where its name is near,
and an id whose shape is its own, with letters, a date or separators, counts anywhere.
"""

import re
from collections.abc import Iterator
from typing import NamedTuple

from idiolect.lifecycle.privacy.entities import Found
from idiolect.lifecycle.privacy.numbers import JOINED, compact, near
from idiolect.lifecycle.privacy.recognisers import recogniser


class Kind(NamedTuple):
    """One row: where Presidio has it, its shape, the shape that needs no word near, those words.

    `checked` ids count only where the checksum holds.
    """

    module: str
    recogniser: str
    shape: str
    alone: str
    words: str
    checked: bool = True


KINDS = {
    "ES NIF": Kind("spain.es_nif", "EsNifRecognizer", r"\d{7,8}-?[A-Za-z]", r"\d{8}-?[A-Z]", "dni|nif|identidad"),
    "ES NIE": Kind("spain.es_nie", "EsNieRecognizer", r"[XYZ]\d{7}-?[A-Z]", r".+", "nie|extranjero"),
    "IT codice fiscale": Kind(
        "italy.it_fiscal_code", "ItFiscalCodeRecognizer", r"[A-Za-z]{6}[\dA-Za-z]{10}", r".+", "codice fiscale|cf"
    ),
    "FI henkilötunnus": Kind(
        "finland.fi_personal_identity_code", "FiPersonalIdentityCodeRecognizer",
        r"\d{6}[-+A-FU-Y]\d{3}[\dA-Ya-y]", r".+", "hetu|henkilötunnus|personbeteckning",
    ),
    "SE personnummer": Kind(
        "sweden.se_personnummer", "SePersonnummerRecognizer",
        r"\d{6}[-+]?\d{4}|(?:19|20)\d{6}[-+]?\d{4}", r"\d{6,8}[-+]\d{4}", "personnummer|samordningsnummer|svensk id",
    ),
    "PL PESEL": Kind("poland.pl_pesel", "PlPeselRecognizer", r"\d{11}", r"", "pesel"),
    "DE Steuer-ID": Kind(
        "germany.de_tax_id", "DeTaxIdRecognizer", r"\d{11}|\d{2} \d{3} \d{3} \d{3}", r"\d{2} .+",
        "steuer|idnr|steuerid|tin|tax id",
    ),
    "DE Rentenversicherungsnummer": Kind(
        "germany.de_social_security", "DeSocialSecurityRecognizer", r"\d{8}[A-Z]\d{3}|\d{2} \d{6} [A-Z] \d{3}", r".+",
        "rentenversicherung|sozialversicherung|versicherungsnummer|rvnr|svnr",
    ),
    "DE Krankenversichertennummer": Kind(
        "germany.de_health_insurance", "DeHealthInsuranceRecognizer", r"[A-Z]\d{9}", r"",
        "krankenvers|versichertennummer|kvnr|krankenkasse|gesundheitskarte",
    ),
    "DE Personalausweis": Kind(
        "germany.de_id_card", "DeIdCardRecognizer", r"[A-Z][A-Z0-9]{7}\d", r"", "ausweis|identity card",
    ),
    "DE Reisepass": Kind(
        "germany.de_passport", "DePassportRecognizer", r"[A-Z][A-Z0-9]{7}\d", r"",
        "reisepass|passnummer|passport|pass-nr",
    ),
    "GB NHS number": Kind(
        "uk.uk_nhs", "NhsRecognizer", r"\d{3}[- ]?\d{3}[- ]?\d{4}", r"", "nhs|national health service",
    ),
    "GB NINO": Kind(
        "uk.uk_nino", "UkNinoRecognizer", r"[A-Z]{2} ?\d{2} ?\d{2} ?\d{2} ?[A-D]", r"",
        "national insurance|ni number|nino|insurance no", checked=False,
    ),
    "US SSN": Kind(
        "us.us_ssn", "UsSsnRecognizer", r"\d{3}([- .]?)\d{2}\1\d{4}", r"\d{3}-\d{2}-\d{4}",
        "ssn|social security|soc sec", checked=False,
    ),
    "CA SIN": Kind(
        "canada.ca_sin", "CaSinRecognizer", r"[1-79]\d{2}([- ]?)\d{3}\1\d{3}", r"",
        "sin|social insurance|assurance sociale|nas", checked=False,
    ),
    "AU TFN": Kind("australia.au_tfn", "AuTfnRecognizer", r"\d{3} ?\d{3} ?\d{3}", r"", "tfn|tax file"),
    "AU Medicare": Kind("australia.au_medicare", "AuMedicareRecognizer", r"[2-6]\d{3} ?\d{5} ?\d", r"", "medicare"),
    "IN Aadhaar": Kind(
        "india.in_aadhaar", "InAadhaarRecognizer", r"\d{4}([- ]?)\d{4}\1\d{4}", r"", "aadhaar|aadhar|uidai|आधार"
    ),
    "IN PAN": Kind(
        "india.in_pan", "InPanRecognizer", r"[A-Z]{3}[ABCFGHJLPT][A-Z]\d{4}[A-Z]", r"", "pan|permanent account",
        checked=False,
    ),
    "KR RRN": Kind(
        "korea.kr_rrn", "KrRrnRecognizer", r"\d{6}-?[1-4]\d{6}", r"\d{6}-\d{7}",
        "rrn|resident registration|주민등록번호",
    ),
    "TR kimlik no": Kind(
        "turkey.tr_national_id", "TrNationalIdRecognizer", r"[1-9]\d{10}", r"", "kimlik|tckn|t\\.?c\\.? no|turkish id"
    ),
    "TH national id": Kind(
        "thai.th_tnin", "ThTninRecognizer", r"[1-9]\d{12}|[1-9]-\d{4}-\d{5}-\d{2}-\d", r"[1-9]-.+",
        "thai|tnin|บัตรประชาชน|ประจำตัวประชาชน"
    ),
    "NG NIN": Kind("nigeria.ng_nin", "NgNinRecognizer", r"\d{11}", r"", "nin|nimc|national identi"),
    "ZA id number": Kind(
        "south_africa.za_id_number", "ZaIdNumberRecognizer", r"\d{13}", r"", "id|identity|identiteit"
    ),
}  # fmt: skip

_BEFORE, _AFTER = rf"(?<!{JOINED})(?<!\d[.\-/])(?<!0,)", rf"(?!{JOINED}|[.\-/]\d)"
_SHAPES = {name: re.compile(_BEFORE + f"(?:{kind.shape})" + _AFTER) for name, kind in KINDS.items()}
_ANY = re.compile(
    _BEFORE + "(?:" + "|".join(kind.shape.replace(r"\1", "[- .]?") for kind in KINDS.values()) + ")" + _AFTER
)
_SHORT = 5  # letters up to which a word must stand by itself; a longer one may be part of a compound


def _word(word: str) -> str:
    return rf"(?<![^\W\d_]){word}(?![^\W\d_])" if len(word) <= _SHORT else word


_WORDS = {name: re.compile("|".join(map(_word, kind.words.split("|")))) for name, kind in KINDS.items()}


def national_ids(text: str, begin: int, end: int) -> Iterator[Found]:
    if not _ANY.search(text, begin, end):
        return
    for name, kind in KINDS.items():
        for match in _SHAPES[name].finditer(text, begin, end):
            if _counts(name, kind, match):
                yield Found(match.start(), match.end(), "national_id", compact(match[0]))


def _counts(name: str, kind: Kind, match: re.Match[str]) -> bool:
    shown = match[0]
    alone = re.fullmatch(kind.alone, shown) is not None
    if not alone and not _WORDS[name].search(near(match.string, *match.span())):
        return False
    judge = recogniser(f"country_specific.{kind.module}_recognizer", kind.recogniser)
    results = judge.analyze(shown, []) or judge.analyze(compact(shown), [])
    return any(not kind.checked or result.score == judge.MAX_SCORE for result in results)
