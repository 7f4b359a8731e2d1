"""What people write where a licence is asked for, as an SPDX expression."""

import re
from collections.abc import Callable, Mapping
from typing import Any

from idiolect.lifecycle.licences.addresses import of_address
from idiolect.lifecycle.licences.expressions import UNKNOWN, canonical, every
from idiolect.lifecycle.licences.texts import of_name, recognise

RESERVED = "LicenseRef-all-rights-reserved"
"""What "proprietary", npm's UNLICENSED and "all rights reserved" stand for."""

_KEYS = ("license", "licence", "license_url", "licence_url", "licenseurl", "dcterms.license", "dc.license")
_RIGHTS = ("rights", "dc.rights", "dcterms.rights", "usage_rights")
"""What mostly names the owner: only a licence that is recognised counts."""

_NOTHING = re.compile(
    r"|none given|no ?assertion|unknown|other|undefined|unspecified|tbd|todo|n/?a|null|-+"
    r"|see (?:the )?(?:licen[cs]e|copying).*",
    re.I,
)
_RESERVED = re.compile(
    r"all rights reserved|^(?:proprietary|unlicensed|none|closed|confidential|internal)$", re.I
)
_PLAIN = {
    "apache": "Apache-2.0",
    "apache 2": "Apache-2.0",
    "apache2": "Apache-2.0",
    "apache 2.0": "Apache-2.0",
    "asl 2.0": "Apache-2.0",
    "bsd 2": "BSD-2-Clause",
    "bsd 3": "BSD-3-Clause",
    "expat": "MIT",
    "x11": "X11",
    "cc0": "CC0-1.0",
    "cc zero": "CC0-1.0",
    "mpl 2": "MPL-2.0",
    "mpl2": "MPL-2.0",
    "epl 2": "EPL-2.0",
    "eupl": "EUPL-1.2",
    "eupl 1.2": "EUPL-1.2",
    "boost": "BSL-1.0",
    "odc by": "ODC-By-1.0",
    "odbl": "ODbL-1.0",
    "pddl": "PDDL-1.0",
}
"""Names in use beside the ids, in lower case, without the words "the" and "licence" and with spaces for hyphens."""

_GNU = re.compile(r"(?:gnu )?([al]?gpl) ?v?\.? ?(\d)(?:\.(\d))?( ?\+| or later| or newer)?(?: only)?")
_FILLERS = re.compile(r"\b(?:the|licen[cs]ed?|version|software)\b|,")
_LONG = 200
_ADDRESS = 500  # characters: no address is longer
_LONGEST_NAME = 60


def spdx(statement: str) -> str:
    """The expression that a statement stands for: an expression, an address, a name or a whole notice.

    "" where it says nothing, as "see LICENSE"; a name that nobody knows becomes LicenseRef- and the name.
    """
    text = " ".join(statement.split()).strip("'\"")
    if _NOTHING.fullmatch(text):
        return ""
    if found := _known(text):
        return found
    if _RESERVED.search(text):
        return RESERVED
    if len(text) > _LONG or "://" in text:
        return UNKNOWN
    name = re.sub(r"[^A-Za-z0-9.]+", "-", text).strip("-.")[:_LONGEST_NAME].strip("-.")
    return canonical(f"LicenseRef-{name}") or UNKNOWN


def in_metadata(metadata: Mapping[str, Any], hidden: Callable[[str], str] = str) -> str:
    """The expression that a document's own metadata state; "" where they state none.

    `hidden` takes out of a statement what may not be told, before its words become a name.
    """
    named = {key.casefold().replace("-", "_"): value for key, value in metadata.items()}
    for key in _KEYS:
        if found := every(spdx(hidden(text)) for text in _statements(named.get(key))):
            return found
    for key in _RIGHTS:
        for text in _statements(named.get(key)):
            if found := _known(text) or (RESERVED if _RESERVED.search(text) else ""):
                return found
    return ""


def _known(text: str) -> str:
    if found := canonical(text) or of_address(text[:_ADDRESS]):
        return found
    if "/" in text and "://" not in text and (found := canonical(text.replace("/", " OR "))):
        return found  # as Cargo once wrote it
    if len(text) > _LONG:
        return recognise(text)
    plain = " ".join(_FILLERS.sub(" ", text.casefold()).replace("-", " ").split())
    if match := _GNU.fullmatch(plain):
        later = "or-later" if match[4] else "only"
        return canonical(f"{match[1].upper()}-{match[2]}.{match[3] or 0}-{later}")
    return canonical(_PLAIN.get(plain, "")) or canonical(plain.replace(" ", "-")) or of_name(text)


def _statements(value: Any) -> list[str]:
    """A field's statements: a text, a list of them, or an object that names the licence."""
    if isinstance(value, list):
        return [text for one in value for text in _statements(one)]
    if isinstance(value, dict):
        keys = ("spdx", "id", "type", "name", "text", "url", "title")
        return next((found for key in keys if (found := _statements(value.get(key)))), [])
    plain = isinstance(value, (str, int, float)) and not isinstance(value, bool)
    return [str(value)] if plain and str(value).strip() else []
