"""Licence texts and notices, told by a title or a few characteristic words; who wrote more than these is not asked."""

import re

from idiolect.lifecycle.licences.addresses import commons_in
from idiolect.lifecycle.licences.expressions import canonical, every

MOST = 200_000
"""Characters of a file that are looked at: the longest licences have 50,000."""

NOTICE = 1_500
"""Characters up to which a text is a notice, which may name several licences, and no licence's own text."""

_HEAD = 1_000
"""Characters within which a licence's own text has its title; further down it may name other licences."""

_V = r",? ?(?:\(\w+\),? ?)?(?:v\.? ?|version ?|-)?"

_TITLES: tuple[tuple[str, str], ...] = (
    (rf"\bapache (?:software )?licen[cs]e{_V}(2\.0|1\.1|1\.0)", r"Apache-\1"),
    (r"\b(?:the )?mit licen[cs]e\b", "MIT"),
    (r"\bmit no attribution", "MIT-0"),
    (r"\b(?:the )?isc licen[cs]e\b", "ISC"),
    (r"\bbsd zero[- ]clause", "0BSD"),
    (r"\b(?:bsd (2|3|4)[- ]clause|(2|3|4)[- ]clause bsd)", r"BSD-\1\2-Clause"),
    (r"\b(?:new|modified|revised) bsd licen[cs]e", "BSD-3-Clause"),
    (r"\b(?:simplified|freebsd) (?:bsd )?licen[cs]e", "BSD-2-Clause"),
    (rf"\bmozilla public licen[cs]e{_V}(1\.0|1\.1|2\.0)", r"MPL-\1"),
    (rf"\beclipse public licen[cs]e{_V}(1\.0|2\.0)", r"EPL-\1"),
    (rf"\beuropean union public licen[cs]e{_V}(1\.[012])", r"EUPL-\1"),
    (rf"\bcommon development and distribution licen[cs]e{_V}(1\.[01])", r"CDDL-\1"),
    (rf"\bboost software licen[cs]e(?: -)?{_V}(1\.0)", r"BSL-\1"),
    (rf"\bartistic licen[cs]e{_V}(1\.0|2\.0)", r"Artistic-\1"),
    (rf"\bserver side public licen[cs]e{_V}(1)\b", "SSPL-1.0"),
    (rf"\bbusiness source licen[cs]e{_V}(1\.1)", r"BUSL-\1"),
    (rf"\belastic licen[cs]e{_V}(2\.0)", r"Elastic-\1"),
    (rf"\bpolyform noncommercial licen[cs]e{_V}(1\.0\.0)", r"PolyForm-Noncommercial-\1"),
    (rf"\bsil open font licen[cs]e{_V}(1\.[01])", r"OFL-\1"),
    (rf"\bpython software foundation licen[cs]e{_V}(2)\b", r"PSF-\1.0"),
    (
        rf"\bopen government licen[cs]e(?: for public sector information)?{_V}([123])(?:\.0)?\b",
        r"OGL-UK-\1.0",
    ),
    (
        r"\bopen (?:data commons open )?database licen[cs]e(?: \(odbl\))?,? ?(?:v|version )?(?:1\.0)?",
        "ODbL-1.0",
    ),
    (r"\bopen data commons attribution licen[cs]e", "ODC-By-1.0"),
    (r"\bpublic domain dedication (?:and|&) licen[cs]e", "PDDL-1.0"),
    (r"\bcomputational use of data agreement", "C-UDA-1.0"),
    (rf"\bcommunity data licen[cs]e agreement ?[–-] ?(permissive|sharing){_V}(1\.0|2\.0)", r"CDLA-\1-\2"),
    (r"\bcc0(?: |-)?1\.0|\bcreative commons zero", "CC0-1.0"),
    (rf"\bgnu free documentation licen[cs]e{_V}(1\.[123])", r"GFDL-\1-only"),
    (r"\bwhat the fuck you want to public licen[cs]e", "WTFPL"),
)

_WORDS: tuple[tuple[str, tuple[str, ...], tuple[str, ...]], ...] = (
    (
        "MIT",
        ("free of charge, to any person obtaining a copy", "this permission notice shall be included"),
        (),
    ),
    ("MIT-0", ("free of charge, to any person obtaining a copy",), ("this permission notice",)),
    ("BSD-4-Clause", ("redistribution and use in source and binary forms", "all advertising materials"), ()),
    (
        "BSD-3-Clause",
        ("redistribution and use in source and binary forms", "endorse or promote products"),
        (),
    ),
    (
        "BSD-2-Clause",
        ("redistribution and use in source and binary forms",),
        ("endorse or promote", "apache"),
    ),
    ("ISC", ("for any purpose with or without fee is hereby granted", "permission notice appear"), ()),
    ("0BSD", ("for any purpose with or without fee is hereby granted",), ("permission notice appear",)),
    ("Zlib", ("altered source versions must be plainly marked", "must not be misrepresented"), ()),
    ("Unlicense", ("free and unencumbered software released into the public domain",), ()),
)
"""Licences whose texts often stand without a title: what must stand in them, and what must not."""

_GNU = re.compile(
    rf"\bgnu (affero |lesser |library )?general public licen[cs]e(?:[;,]? as published by[^.]{{0,80}}?either)?{_V}"
    r"(\d(?:\.\d)?)(.{0,60}any later version)?"
)
_GNU_NAMES = {"": "GPL", "affero": "AGPL", "lesser": "LGPL", "library": "LGPL"}

_COMMONS = re.compile(
    r"\b(?:creative commons |cc )(?:attribution|by)|\battribution(?=[- ]\w+[- ]?\w* ?[1-4]\.\d|[ -][1-4]\.\d)"
)
_COMMONS_TAIL = re.compile(
    r"(?:[- ](?:(non[- ]?commercial|nc)|(share[- ]?alike|sa)|(no[- ]?deriv(?:ative)?s?(?: works)?|nd)))*"
)
_COMMONS_PARTS = (
    ("nc", r"non[- ]?commercial|\bnc\b"),
    ("nd", r"no[- ]?deriv|\bnd\b"),
    ("sa", r"share[- ]?alike|\bsa\b"),
)
_COMMONS_VERSION = re.compile(r",? ?(?:licen[cs]e,? ?)?(?:v\.? ?|version )?([1-4]\.\d)")

_TITLED = [(re.compile(pattern), form) for pattern, form in _TITLES]


def recognise(text: str) -> str:
    """The SPDX expression of a licence's text, or of a notice that names licences; "" where none is known.

    In a long text the licence whose title or words come first is its own: it may name others.
    """
    plain = _plain(text[:MOST])
    if not plain:
        return ""
    if len(plain) <= NOTICE:
        found = [*dict.fromkeys(name for _, name in sorted(_named(plain)))]
        return every(found) or every(commons_in(text)) or _by_words(plain)
    first = min(_named(plain[:_HEAD]), default=None)
    return first[1] if first else _by_words(plain) or every(commons_in(text)[:1])


def of_name(name: str) -> str:
    """The id of a licence that is called by a name alone, such as "Apache License, Version 2.0"."""
    plain = _plain(name)
    found = {one for _, one in _named(plain)}
    return found.pop() if len(found) == 1 else ""


def _plain(text: str) -> str:
    """Lower case, one space for white space and comment marks at the beginnings of lines."""
    text = re.sub(r"^[ \t]*(?://+|/?\*+/?|#+|;+|--|>+)?[ \t]*", "", text.casefold(), flags=re.MULTILINE)
    return re.sub(r"[\s\"'`“”‘’_*=]+", " ", text).strip()


def _named(plain: str) -> list[tuple[int, str]]:
    """Where licences are named, and which."""
    found = []
    for pattern, form in _TITLED:
        if match := pattern.search(plain):
            found.append((match.start(), canonical(match.expand(form))))
    if match := _GNU.search(plain):
        kind = _GNU_NAMES[(match[1] or "").strip()]
        version = match[2] if "." in match[2] else f"{match[2]}.0"
        found.append((match.start(), canonical(f"{kind}-{version}-{'or-later' if match[3] else 'only'}")))
    for match in _COMMONS.finditer(plain):
        tail = _COMMONS_TAIL.match(plain, match.end())
        end = tail.end() if tail else match.end()
        if version_at := _COMMONS_VERSION.match(plain, end):
            stretch = plain[match.start() : end]
            parts = [part for part, words in _COMMONS_PARTS if re.search(words, stretch)]
            found.append((match.start(), canonical("-".join(["CC-BY", *parts, version_at[1]]).upper())))
    return [(place, name) for place, name in found if name]


def _by_words(plain: str) -> str:
    for name, present, absent in _WORDS:
        if all(words in plain for words in present) and not any(words in plain for words in absent):
            return name
    return ""
