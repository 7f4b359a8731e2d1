"""Made-up personal data and secrets with valid checksums, the same with wrong ones, and sentences to hold them.

Checksums are computed here by their published rules, not by the code that is tested.
"""

import base64
import json
import math
import random
import re
import string
import zlib
from collections.abc import Iterator

SENTENCES = (
    "Please use {} until the new form is there.",
    "The crew wrote {} into the station book.",
    "Bitte {} in das Formular eintragen, dann melden wir uns.",
    "Merci de noter {} avant lundi.",
    "Hay que anotar {} antes del lunes.",
    "Proszę wpisać {} do formularza.",
    "Kirjoita {} lomakkeeseen.",
    "He dictated it ({}), twice.",
    "Last entry: {}.",
    "| keeper | {} | open |",
    '    keeper = "{}"  # as the installer set it',
    "14;{};checked;yes",
    "**{}** is the one on file",
    "- {}\n- the other one is lost",
)
"""English, German, French, Spanish, Polish, Finnish; a table, code, a row of a CSV, Markdown."""


def luhn(digits: str) -> str:
    total = 0
    for place, digit in enumerate(map(int, reversed(digits))):
        double = digit * 2 if place % 2 == 0 else digit
        total += double - 9 if double > 9 else double
    return str(-total % 10)


def digits(rng: random.Random, count: int) -> str:
    return "".join(rng.choices(string.digits, k=count))


def grouped(text: str, *sizes: int, by: str = " ") -> str:
    parts, at = [], 0
    for size in sizes:
        parts.append(text[at : at + size])
        at += size
    return by.join(part for part in (*parts, text[at:]) if part)


def emails(rng: random.Random) -> Iterator[str]:
    given = (
        "mira",
        "jonas",
        "li.na",
        "o'brien",
        "j_keller",
        "anna-lena",
        "p.m.ward",
        "søren",
        "rk77",
        "t+news",
    )
    domains = ("werk-ost.de", "brunnen.co.uk", "quelle.fr", "acqua.it", "vesi.fi", "studna.com.pl",
               "pozo.es", "works.org", "xn--bcher-kva.ch", "mail.east.com", "pumps.local", "ops.internal")  # fmt: skip
    while True:
        address = f"{rng.choice(given)}{rng.choice(('', str(rng.randint(2, 999))))}@{rng.choice(domains)}"
        yield rng.choice((address, address, address.upper(), address.title()))


IBANS = {"DE": "18n", "GB": "4a14n", "FR": "10n11c2n", "NL": "4a10n", "ES": "20n", "IT": "1a10n12c", "PL": "24n",
         "AT": "16n", "CH": "5n12c", "BE": "12n", "SE": "20n", "MT": "4a5n18c", "NO": "11n"}  # fmt: skip


def ibans(rng: random.Random) -> Iterator[str]:
    while True:
        country = rng.choice(list(IBANS))
        body, spec = "", IBANS[country]
        while spec:
            number = "".join(c for c in spec[:2] if c.isdigit())
            kind, spec = spec[len(number)], spec[len(number) + 1 :]
            pool = {"n": string.digits, "a": string.ascii_uppercase, "c": string.digits + "ABCDE"}[kind]
            body += "".join(rng.choices(pool, k=int(number)))
        value = int("".join(str(int(c, 36)) for c in f"{body}{country}00"))
        iban = f"{country}{98 - value % 97:02d}{body}"
        yield rng.choice((iban, grouped(iban, *[4] * 9), grouped(iban, *[4] * 9, by="\u00a0"), iban.lower()))


def cards(rng: random.Random) -> Iterator[str]:
    while True:
        begin, length = rng.choice((("4", 16), ("51", 16), ("55", 16), ("2221", 16), ("2718", 16), ("34", 15),
                                    ("37", 15), ("6011", 16), ("3530", 16), ("36", 14), ("4", 13)))  # fmt: skip
        number = begin + digits(rng, length - len(begin) - 1)
        number += luhn(number)
        by = rng.choice(("", " ", "-"))
        sizes = {16: (4, 4, 4, 4), 15: (4, 6, 5), 14: (4, 6, 4), 13: (13,)}[length]
        yield grouped(number, *sizes, by=by)


def ips(rng: random.Random) -> Iterator[str]:
    while True:
        first = rng.choice((8, 10, 62, 85, 91, 172, 188, 193, 212))
        four = f"{first}.{rng.randint(16, 30)}.{rng.randint(0, 255)}.{rng.randint(1, 254)}"
        groups = [f"{rng.randint(4096, 65535):x}" for _ in range(6)]
        yield rng.choice((
            four, four, f"{four}:80", f"{four}/24", f"2a02:{rng.randint(256, 4095):x}:" + ":".join(groups),
            f"2a00:1450:{groups[0]}::{groups[1]}", f"fe80::{groups[0]}:{groups[1]}", f"fd12:{groups[0]}::1",
        ))  # fmt: skip


def phones(rng: random.Random) -> Iterator[str]:
    """Numbers that the countries' plans have, as they are written there and from abroad."""
    import phonenumbers
    from phonenumbers import PhoneNumberFormat as Form

    while True:
        region = rng.choice(("US", "GB", "DE", "FR", "IN", "BR", "IL", "IT", "ES", "PL", "SE", "JP"))
        number = phonenumbers.PhoneNumber(
            phonenumbers.country_code_for_region(region),
            int(rng.choice("123456789") + digits(rng, rng.randint(7, 9))),
        )
        kind = phonenumbers.number_type(number)
        if not phonenumbers.is_valid_number(number) or kind not in (0, 1, 2):
            continue
        abroad = phonenumbers.format_number(number, Form.INTERNATIONAL)
        shown = [
            abroad,
            abroad.replace(" ", "-"),
            abroad.replace(" ", "."),
            phonenumbers.format_number(number, Form.E164),
        ]
        if region in ("US", "GB", "DE", "FR", "IN", "BR", "IL"):
            home = phonenumbers.format_number(number, Form.NATIONAL)
            shown += [f"tel. {home}", f"Fax: {home.replace(' ', '-')}", "00" + abroad[1:]]
            shown += [home] if region in ("US", "GB", "FR") else []
        yield rng.choice(shown)


def national_ids(rng: random.Random) -> Iterator[str]:
    makers = [maker for name, maker in globals().items() if name.startswith("_id_")]
    while True:
        yield rng.choice(makers)(rng)


def _date(rng: random.Random) -> str:
    return f"{rng.randint(40, 99)}{rng.randint(1, 12):02d}{rng.randint(1, 28):02d}"


def _id_es(rng: random.Random) -> str:
    letters = "TRWAGMYFPDXBNJZSQVHLCKE"
    if rng.random() < 0.5:
        number = digits(rng, 8)
        return f"{number}{rng.choice(('', '-'))}{letters[int(number) % 23]}"
    first, number = rng.randint(0, 2), digits(rng, 7)
    return f"{'XYZ'[first]}{number}{letters[int(f'{first}{number}') % 23]}"


def _id_it(rng: random.Random) -> str:
    consonants = "BCDFGLMNPRSTVZ"
    code = "".join(rng.choices(consonants, k=6)) + f"{rng.randint(40, 99)}{rng.choice('ABCDEHLMPRST')}"
    code += f"{rng.randint(1, 28):02d}{rng.choice('ABCDEFGHL')}{rng.randint(100, 999)}"
    odd = dict(zip(string.digits + string.ascii_uppercase, (
        1, 0, 5, 7, 9, 13, 15, 17, 19, 21, 1, 0, 5, 7, 9, 13, 15, 17, 19, 21, 2, 4, 18, 20, 11, 3, 6, 8, 12, 14, 16, 10,
        22, 25, 24, 23), strict=True))  # fmt: skip
    total = sum(
        odd[c] if i % 2 == 0 else (int(c) if c.isdigit() else ord(c) - 65) for i, c in enumerate(code)
    )
    return code + chr(65 + total % 26)


def _id_fi(rng: random.Random) -> str:
    date = f"{rng.randint(1, 28):02d}{rng.randint(1, 12):02d}{rng.randint(40, 99)}"
    own = f"{rng.randint(2, 899):03d}"
    return f"{date}-{own}{'0123456789ABCDEFHJKLMNPRSTUVWXY'[int(date + own) % 31]}"


def _id_se(rng: random.Random) -> str:
    number = _date(rng) + digits(rng, 3)
    number += luhn(number)
    return rng.choice(
        (f"{number[:6]}-{number[6:]}", f"personnummer {number}", f"19{number[:6]}-{number[6:]}")
    )


def _id_pl(rng: random.Random) -> str:
    number = _date(rng) + digits(rng, 4)
    total = sum(int(d) * w for d, w in zip(number, (1, 3, 7, 9, 1, 3, 7, 9, 1, 3), strict=True))
    return f"PESEL {number}{-total % 10}"


def _id_de(rng: random.Random) -> str:
    """A Steuer-ID: of its first ten digits exactly one stands twice; ISO 7064 MOD 11,10."""
    pool = rng.sample(string.digits, 9)
    pool.append(pool[0])
    rng.shuffle(pool)
    while pool[0] == "0":
        rng.shuffle(pool)
    product = 10
    for digit in pool:
        product = _mod_11_10(int(digit), product)
    number = "".join(pool) + str((11 - product) % 10)
    return rng.choice((f"Steuer-ID {number}", f"Steuer-ID: {grouped(number, 2, 3, 3, 3)}", f"IdNr. {number}"))


def _mod_11_10(digit: int, product: int) -> int:
    total = (digit + product) % 10 or 10
    return total * 2 % 11


def _id_gb(rng: random.Random) -> str:
    while True:
        number = digits(rng, 9)
        check = 11 - sum(int(d) * (10 - i) for i, d in enumerate(number)) % 11
        if check != 10:
            number += str(check % 11)
            return f"NHS number {rng.choice((number, grouped(number, 3, 3, 4)))}"


def _id_kr(rng: random.Random) -> str:
    while True:
        number = _date(rng) + rng.choice("12") + f"{rng.randint(0, 95):02d}" + digits(rng, 3)
        check = (
            11
            - sum(int(d) * w for d, w in zip(number, (2, 3, 4, 5, 6, 7, 8, 9, 2, 3, 4, 5), strict=True)) % 11
        ) % 10
        return f"{number[:6]}-{number[6:]}{check}"


def _id_tr(rng: random.Random) -> str:
    number = rng.choice("123456789") + digits(rng, 8)
    odd, even = sum(map(int, number[0::2])), sum(map(int, number[1::2]))
    number += str((odd * 7 - even) % 10)
    return f"TC kimlik no {number}{sum(map(int, number)) % 10}"


def _id_au(rng: random.Random) -> str:
    while True:
        number = digits(rng, 9)
        if sum(int(d) * w for d, w in zip(number, (1, 4, 3, 7, 5, 8, 6, 9, 10), strict=True)) % 11 == 0:
            return f"TFN {rng.choice((number, grouped(number, 3, 3, 3)))}"


def _id_ca(rng: random.Random) -> str:
    number = rng.choice("1234567") + digits(rng, 7)
    number += luhn(number)
    return f"social insurance number {grouped(number, 3, 3, 3, by=rng.choice((' ', '-')))}"


def _id_us(rng: random.Random) -> str:
    number = f"{rng.randint(101, 665)}{rng.randint(11, 99)}{rng.randint(1001, 9999)}"
    return rng.choice((grouped(number, 3, 2, 4, by="-"), f"SSN {number}", f"SSN {grouped(number, 3, 2, 4)}"))


CHECKED_IDS = (_id_es, _id_it, _id_fi, _id_se, _id_pl, _id_de, _id_gb, _id_kr, _id_tr, _id_au, _id_ca)
"""Those that have a checksum."""


def secrets(rng: random.Random) -> Iterator[str]:
    letters = string.ascii_letters + string.digits

    def some(count: int, pool: str = letters) -> str:
        return "".join(rng.choices(pool, k=count))

    while True:
        yield rng.choice((
            lambda: "AKIA" + some(16, string.ascii_uppercase + "234567"),
            lambda: github(some(30), rng.choice(("ghp_", "gho_", "ghs_"))),
            lambda: f"github_pat_{some(22)}_{some(59)}",
            lambda: "glpat-" + some(20),
            lambda: f"xoxb-{some(12, string.digits)}-{some(12, string.digits)}-{some(24)}",
            lambda: "AIza" + some(35),
            lambda: "sk-proj-" + some(48),
            lambda: "sk-ant-api03-" + some(80),
            lambda: "sk_live_" + some(24),
            lambda: "hf_" + some(34),
            lambda: "nvapi-" + some(64),
            lambda: "npm_" + some(36),
            lambda: f"SG.{some(22)}.{some(43)}",
            lambda: "dop_v1_" + some(64, "0123456789abcdef"),
            lambda: web_token(some(43)),
            lambda: f"Authorization: Bearer {some(40)}",
            lambda: f'password = "{some(7)}!{some(6)}7"',
            lambda: f"DB_PASSWORD={some(16)}4a",
            lambda: f"api_key: '{some(32, '0123456789abcdef')}'",
            lambda: f"AccountName=eastern;AccountKey={base64.b64encode(rng.randbytes(64)).decode()}",
            lambda: f"postgres://keeper:{some(14)}@db.works.org/book",
            lambda: private_key(rng),
        ))()  # fmt: skip


def github(head: str, prefix: str = "ghp_") -> str:
    number, tail = zlib.crc32(head.encode()), ""
    alphabet = string.digits + string.ascii_uppercase + string.ascii_lowercase
    for _ in range(6):
        number, rest = divmod(number, 62)
        tail = alphabet[rest] + tail
    return prefix + head + tail


def web_token(signature: str) -> str:
    def part(value: dict[str, str]) -> str:
        return base64.urlsafe_b64encode(json.dumps(value).encode()).decode().rstrip("=")

    return f"{part({'alg': 'HS256', 'typ': 'JWT'})}.{part({'sub': 'keeper'})}.{signature}"


def private_key(rng: random.Random) -> str:
    kind = rng.choice(("RSA ", "EC ", "OPENSSH ", ""))
    body = "\n".join(grouped(base64.b64encode(rng.randbytes(144)).decode(), 64, 64).split(" "))
    return f"-----BEGIN {kind}PRIVATE KEY-----\n{body}\n-----END {kind}PRIVATE KEY-----"


VALUES = {
    "email": emails,
    "phone": phones,
    "iban": ibans,
    "card": cards,
    "ip": ips,
    "national_id": national_ids,
    "secret": secrets,
}


def written(entity: str, count: int, seed: int = 13) -> list[tuple[str, str]]:
    """So many sentences with a value of the kind in each, and the value."""
    rng, result = random.Random(f"{entity}{seed}"), []
    for value, sentence in zip(VALUES[entity](rng), SENTENCES * (count // len(SENTENCES) + 1), strict=False):
        if len(result) == count:
            break
        result.append((sentence.replace("{}", value), value))
    return result


def altered(value: str, rng: random.Random) -> str:
    """With the last digit or letter, which is or takes part in the checksum, changed to another."""
    place = max(i for i, c in enumerate(value) if c.isalnum())
    pool = string.digits if value[place].isdigit() else string.ascii_uppercase
    return value[:place] + rng.choice([c for c in pool if c != value[place].upper()]) + value[place + 1 :]


def remains(value: str, masked: str) -> bool:
    """Whether a part of `value` that tells something stands in `masked`: three digits in a row, an address's name."""
    tell = re.findall(r"[^\W_]*\d{3}[^\W_]*", value) + ([value.partition("@")[0]] if "@" in value else [])
    return value in masked or any(len(part) > 2 and part in masked for part in tell)


def interval(hits: int, trials: int, z: float = 1.959964) -> tuple[float, float]:
    """Wilson's 95% interval of a share (J. Am. Stat. Assoc. 22, 1927)."""
    share, square = hits / trials, z * z / trials
    middle = (share + square / 2) / (1 + square)
    half = z * math.sqrt(share * (1 - share) / trials + square / trials / 4) / (1 + square)
    return max(0.0, middle - half), min(1.0, middle + half)
