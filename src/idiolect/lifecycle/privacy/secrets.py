"""Secrets: private keys, API keys in their vendors' documented formats, tokens, and passwords that are assigned.

Every pattern is bounded, so that time grows with the text alone; most texts hold none of the strings that they
begin with, and are not searched at all.
"""

import base64
import binascii
import math
import re
import zlib
from collections import Counter
from collections.abc import Callable, Iterator
from typing import NamedTuple

import msgspec

from idiolect.lifecycle.privacy.entities import Found


class Kind(NamedTuple):
    """`begins`: strings without one of which the pattern is not searched for; `holds` judges what it matches."""

    begins: tuple[str, ...]
    pattern: str
    holds: Callable[[str], bool] = lambda shown: True


def _github(token: str) -> bool:
    """Whether the last six characters are the CRC-32 of the thirty before, in base 62 (GitHub, April 2021)."""
    head, checksum = token[4:-6], token[-6:]
    number = zlib.crc32(head.encode())
    digits = ""
    while number:
        number, rest = divmod(number, 62)
        digits = _BASE62[rest] + digits
    return digits.rjust(6, "0") == checksum


_BASE62 = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"


def _json_web_token(token: str) -> bool:
    """Whether its first part is a JSON object with an algorithm (RFC 7519)."""
    head = token.partition(".")[0]
    try:
        header = msgspec.json.decode(base64.urlsafe_b64decode(head + "=" * (-len(head) % 4)))
    except (binascii.Error, msgspec.DecodeError, UnicodeDecodeError):
        return False
    return isinstance(header, dict) and "alg" in header


def _no_example(shown: str) -> bool:
    """AWS's own documentation ends its keys so."""
    return not shown.endswith("EXAMPLE")


def _random(shown: str) -> bool:
    return entropy(shown) >= _LEAST_BITS and not _PLACEHOLDER.search(shown)


_W = r"[A-Za-z0-9_-]"
KINDS = {
    "AWS access key": Kind(("AKIA", "ASIA", "ABIA", "ACCA"), r"A(?:KIA|SIA|BIA|CCA)[A-Z2-7]{16}", _no_example),
    "GitHub token": Kind(("ghp_", "gho_", "ghu_", "ghs_", "ghr_"), r"gh[pousr]_[A-Za-z0-9]{36}", _github),
    "GitHub fine-grained token": Kind(("github_pat_",), r"github_pat_[A-Za-z0-9]{22}_[A-Za-z0-9]{59}"),
    "GitLab token": Kind(("glpat-", "gldt-", "glrt-"), rf"gl(?:pat|dt|rt)-{_W}{{20,64}}", _random),
    "Slack token": Kind(("xox", "xapp-"), r"xox[abeoprs]-[A-Za-z0-9-]{10,200}|xapp-\d-[A-Za-z0-9-]{20,200}", _random),
    "Slack webhook": Kind(("hooks.slack.com",), r"hooks\.slack\.com/services/T\w{6,12}/B\w{6,12}/\w{20,28}"),
    "Google API key": Kind(("AIza",), rf"AIza{_W}{{35}}", _random),
    "Google OAuth secret": Kind(("GOCSPX-", "ya29."), rf"GOCSPX-{_W}{{28}}|ya29\.{_W}{{30,400}}", _random),
    "OpenAI or Anthropic key": Kind(("sk-",), rf"sk-(?:(?:proj|svcacct|admin|ant|or)-)?{_W}{{20,220}}", _random),
    "Stripe key": Kind(("_live_", "_test_", "whsec_"), r"(?:[rs]k_(?:live|test)_|whsec_)[A-Za-z0-9]{16,200}", _random),
    "Hugging Face token": Kind(("hf_",), r"hf_[A-Za-z0-9]{30,40}", _random),
    "NVIDIA key": Kind(("nvapi-",), rf"nvapi-{_W}{{40,100}}", _random),
    "npm token": Kind(("npm_",), r"npm_[A-Za-z0-9]{36}", _random),
    "PyPI token": Kind(("pypi-AgE",), rf"pypi-AgE{_W}{{50,400}}"),
    "SendGrid key": Kind(("SG.",), rf"SG\.{_W}{{22}}\.{_W}{{43}}"),
    "Twilio key": Kind(("SK",), r"SK[0-9a-f]{32}", _random),
    "DigitalOcean token": Kind(("do",), r"do[opr]_v1_[0-9a-f]{64}"),
    "Shopify token": Kind(("shp",), r"shp(?:at|ca|pa|ss)_[0-9a-fA-F]{32}"),
    "Databricks token": Kind(("dapi",), r"dapi[0-9a-f]{32}(?:-\d)?", _random),
    "Vault token": Kind(("hvs.", "hvb."), rf"hv[sb]\.{_W}{{24,200}}", _random),
    "Atlassian token": Kind(("ATATT3",), r"ATATT3[A-Za-z0-9_=-]{60,250}"),
    "Telegram bot token": Kind((":AA",), rf"\d{{8,10}}:AA{_W}{{33}}"),
    "Azure storage key": Kind(("AccountKey=",), r"(?<=AccountKey=)[A-Za-z0-9+/]{86}=="),
    "Azure shared access key": Kind(("AccessKey=",), r"(?<=AccessKey=)[A-Za-z0-9+/]{43}="),
    "Azure client secret": Kind(("Q~",), r"[A-Za-z0-9_~.-]{3}\dQ~[A-Za-z0-9_~.-]{31,34}", _random),
    "JSON web token": Kind(("eyJ",), rf"eyJ{_W}{{10,2000}}\.eyJ{_W}{{4,6000}}\.{_W}{{10,1400}}", _json_web_token),
    "bearer token": Kind(("earer ",), r"(?<=earer )[A-Za-z0-9_.~+/-]{20,2000}={0,2}", _random),
}  # fmt: skip
_PATTERNS = {
    name: re.compile(rf"(?<![A-Za-z0-9-])(?:{kind.pattern})(?!_?[A-Za-z0-9])") for name, kind in KINDS.items()
}

_KEY_BEGINS = re.compile(r"-----BEGIN (?:[A-Z0-9]{1,12} ){0,4}PRIVATE KEY(?: BLOCK)?-----")
_KEY_ENDS = re.compile(r"-----END (?:[A-Z0-9]{1,12} ){0,4}PRIVATE KEY(?: BLOCK)?-----")
_LONGEST_KEY = 20_000  # characters; RSA's with 16,384 bits takes 13,000
_KEY_BODY = re.compile(r"(?:\s|\\n|[A-Za-z0-9+/=]){0,20000}")

_IN_URL = re.compile(r"(?<=://)[^\s/:@\"'<>]{0,64}:([^\s/@\"'<>]{3,128}+)(?=@[\w\[])")
_NAMES = (
    "password", "passwd", "pwd", "passphrase", "passwort", "kennwort", "contraseña", "mot de passe", "secret", "token",
    "api_key", "apikey", "api-key", "access_key", "accesskey", "access-key", "private_key", "auth_key",
)  # fmt: skip
_ASSIGNED = re.compile(
    rf"(?<!public.key)(?<!publickey)(?:{'|'.join(_NAMES)})[\w.-]{{0,24}}[\"']?\]?\s{{0,3}}(?:=>|:=|[:=])\s{{0,3}}"
    r"(?:\"([^\"\s]{6,200})\"|'([^'\s]{6,200})'|`([^`\s]{6,200})`|([^\s\"'`,;<>(){}\[\]]{8,200}))",
    re.IGNORECASE,
)
_PLACEHOLDER = re.compile(
    r"^[$<{%]|^\W*$|(.)\1{5}|x{4}|\*{3}|\.{3}|change.?me|your|example|placeholder|redacted|dummy|insert|replace|"
    r"<[a-z_]+:[a-z]+>",
    re.IGNORECASE,
)
_LEAST_BITS = 2.8
"""Shannon's entropy of a character: English words of ten letters have less, random strings of twelve more."""


def secrets(text: str) -> Iterator[Found]:
    yield from _private_keys(text)
    for name, kind in KINDS.items():
        if any(begin in text for begin in kind.begins):
            for match in _PATTERNS[name].finditer(text):
                if kind.holds(match[0]):
                    yield Found(match.start(), match.end(), "secret", match[0])
    if "://" in text:
        for match in _IN_URL.finditer(text):
            if not _PLACEHOLDER.search(match[1]):
                yield Found(match.start(1), match.end(1), "secret", match[1])
    lower = text.lower()
    if any(name in lower for name in _NAMES):
        yield from _assigned(text)


def entropy(text: str) -> float:
    """Bits a character, of the text's own distribution of characters."""
    counts = Counter(text)
    return -sum(count / len(text) * math.log2(count / len(text)) for count in counts.values())


def _private_keys(text: str) -> Iterator[Found]:
    """From the line that begins a key to the one that ends it, or to the end of what can be base 64."""
    at = 0
    while (begin := text.find("-----BEGIN ", at)) >= 0:
        at = begin + 1
        match = _KEY_BEGINS.match(text, begin)
        if match is None:
            continue
        ends = _KEY_ENDS.search(text, match.end(), min(len(text), match.end() + _LONGEST_KEY))
        body = _KEY_BODY.match(text, match.end())
        end = ends.end() if ends else (body.end() if body else match.end())
        yield Found(begin, end, "secret", text[begin:end])
        at = end


def _assigned(text: str) -> Iterator[Found]:
    for match in _ASSIGNED.finditer(text):
        number = next(group for group in range(1, 5) if match[group] is not None)
        value = match[number]
        if _PLACEHOLDER.search(value) or not _unlike_words(value, quoted=number < 4):
            continue
        end = match.end(number)
        if number == 4:
            value = value.rstrip(".:!?")
            end = match.start(number) + len(value)
        yield Found(match.start(number), end, "secret", value)


def _unlike_words(value: str, quoted: bool) -> bool:
    """Whether it has the entropy of a password, and no shape of a word, a path or an identifier of code."""
    classes = sum(bool(re.search(one, value)) for one in (r"[a-z]", r"[A-Z]", r"\d", r"[^\w\s]"))
    if re.fullmatch(r"[A-Za-z]+(?:[._/:-][A-Za-z]+)*\W?", value) or "/" in value[:2] or "://" in value:
        return False
    digits = bool(re.search(r"\d", value))
    return entropy(value) >= (_LEAST_BITS if digits else 3.0) - (0.4 if quoted else 0) and (
        classes >= 2 if digits or quoted else classes >= 3
    )
