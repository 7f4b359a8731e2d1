"""E-mail addresses: what stands around an @, judged by Presidio and the list of public suffixes."""

import re
from collections.abc import Iterator
from functools import cache
from typing import Any

from idiolect.lifecycle.privacy.entities import Found
from idiolect.lifecycle.privacy.numbers import JOINED
from idiolect.lifecycle.privacy.recognisers import recogniser

_LOCAL = rf"(?:{JOINED}|[_!#$%&'*+\-/=?^`{{|}}~.]|\\(?=[_*.\-]))"
_BEFORE = re.compile(_LOCAL + r"{1,64}\Z")  # Markdown's backslashes before _ and * are no part of an address
_AT = re.compile(r"(?:@|%40)(?=\w)")
_AFTER = re.compile(r"\w[\w-]{0,62}(?:\.\w[\w-]{0,62}){0,7}\.[^\W\d_](?:[^\W_]|-){1,62}")
_HEAD = re.compile(r"[A-Za-z]{2,}")
"""What may be the suffix where words go on behind it: "mira@works.de-Adresse", or Chinese without a space."""
_LONGEST = 64

_PRIVATE = re.compile(
    r"[\w.-]+\.(?:local|localdomain|internal|intranet|intra|lan|corp|home|private|test|invalid|example|localhost)"
)
"""Names that no public suffix ends: networks' own (RFC 6762, ICANN's .internal) and the reserved (RFC 2606)."""

_RESERVED = re.compile(r"(?:[\w-]+\.)*(?:example\.(?:com|net|org)|example|invalid|localhost)")

_PLACEHOLDERS = re.compile(
    r"a|b|abc|x|xyz|foo|bar|alice|bob|me|my|you|your|(?:your|my)[-._]?(?:e?mail|name|address)|address|contact|e?mail|"
    r"name|user(?:name)?\d*|someone|somebody|nobody|no-?reply|admin|hello|info|support|test\d*"
)

_SERVICES = frozenset({"git", "hg", "svn"})
"""Accounts that a repository is cloned as: git@host:path."""


def emails(text: str) -> Iterator[Found]:
    if "@" not in text and "%40" not in text:
        return
    for at in _AT.finditer(text):
        after = _AFTER.match(text, at.end())
        if after is None:
            continue
        before = _BEFORE.search(text[max(0, at.start() - _LONGEST) : at.start()])
        if before is None:
            continue
        local = before[0].replace("\\", "")
        if text[after.end() : after.end() + 1] == "_":
            local = local.lstrip("_")  # Markdown's emphasis
        found = _address(local, after[0])
        if found is None or _nobodys(found, text[at.end() + len(found.rpartition("@")[2]) :][:1]):
            continue
        own, _, domain = found.rpartition("@")
        start = at.start() - _source_length(before[0], len(own))
        yield Found(start, at.end() + len(domain), "email", found.lower())


def _address(local: str, domain: str) -> str | None:
    """The address that Presidio finds; without a space after a sentence's end, fewer of the labels are the domain."""
    labels = domain.split(".")
    for count in range(len(labels), 1, -1):
        *upper, last = labels[:count]
        head = _HEAD.match(last)
        for suffix in dict.fromkeys((last, head[0] if head else last)):
            whole = f"{local}@{'.'.join([*upper, suffix])}"
            for result in _judge().analyze(whole, []):
                if result.start <= len(local):
                    return whole[result.start : result.end]
    return None


def _source_length(source: str, kept: int) -> int:
    """How many characters of `source` hold its last `kept` ones, backslashes not counted among these."""
    length = 0
    for character in reversed(source):
        if character != "\\":
            if not kept:
                break
            kept -= 1
        length += 1
    return length


def _nobodys(address: str, following: str) -> bool:
    """Whether it is a placeholder at a domain that is reserved for examples, or a repository's account.

    Another name at example.com is masked: whoever changes an address for show may leave the name.
    """
    local, _, domain = address.lower().rpartition("@")
    if local.rpartition("/")[2] in _SERVICES:
        return following in (":", "/")
    return _PLACEHOLDERS.fullmatch(local) is not None and _RESERVED.fullmatch(domain) is not None


@cache
def _judge() -> Any:
    """Presidio's recogniser, with the suffixes that tldextract brings: it would fetch newer ones otherwise."""
    import tldextract

    extract = tldextract.TLDExtract(suffix_list_urls=(), cache_dir=None, fallback_to_snapshot=True)
    kind = type(recogniser("generic.email_recognizer", "EmailRecognizer"))

    class Offline(kind):  # type: ignore[misc, valid-type]
        def validate_result(self, pattern_text: str) -> bool:
            domain = pattern_text.rpartition("@")[2].lower()
            return bool(extract(domain).fqdn) or _PRIVATE.fullmatch(domain) is not None

    return Offline()
