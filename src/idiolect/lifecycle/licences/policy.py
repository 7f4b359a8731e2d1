"""What the section [licences] makes of each licence: which uses of a document are allowed, denied or unknown."""

import difflib
import re
from collections.abc import Callable, Mapping, Sequence
from fnmatch import translate
from functools import lru_cache, partial
from typing import get_args

import msgspec

from idiolect.config import Licences, Use
from idiolect.errors import ConfigError
from idiolect.lifecycle.licences.expressions import UNKNOWN, Ruling, canonical, known_ids, weigh
from idiolect.lifecycle.licences.statements import spdx
from idiolect.records import UNINDEXED, UNSHARED, UNTRAINED, WITHHELD, Document

USES: tuple[Use, ...] = get_args(Use)

VERDICTS: Mapping[Use, str] = {
    "train": UNTRAINED,
    "index": UNINDEXED,
    "send": WITHHELD,
    "redistribute": UNSHARED,
}
"""What stands in a document's verdicts where a use is denied."""

NEEDED: tuple[Use, ...] = ("train", "index")
"""Uses of which one must be allowed: a document that neither trains nor is searched is set aside."""

_UNTOLD = "LicenseRef-"  # an id of somebody's own: nobody but they know what it says


class Policy:
    """The section [licences], checked. Raises ConfigError for a pattern that fits no licence of the SPDX list."""

    def __init__(self, settings: Licences) -> None:
        self.settings = settings
        self.assumed = canonical(settings.assumed)
        if settings.assumed and not self.assumed:
            raise ConfigError(
                f"licences.assumed {settings.assumed!r} is no SPDX expression{_near(settings.assumed)}"
            )
        self.patterns = {use: [_pattern(use, one) for one in getattr(settings, use)] for use in USES}
        self.paths = {one: _path_pattern(one) for one in settings.deny}
        self.ruling = lru_cache(maxsize=4096)(self._ruling)

    def denied_path(self, path: str, identifier: str = "") -> str:
        """The pattern of licences.deny that a document's path or id fits; "" where none does."""
        fits = (
            one for one, found in self.paths.items() if found.fullmatch(path) or found.fullmatch(identifier)
        )
        return next(fits, "")

    def denied(self, licence: str, path: str = "", identifier: str = "") -> tuple[Use, ...]:
        """The uses that are denied to a document; `licence` is an SPDX expression, or ""."""
        if self.denied_path(path, identifier):
            return USES
        return tuple(use for use in USES if self.permission(licence, use) == "denied")

    def permission(self, licence: str, use: Use) -> Ruling:
        """What the policy says of a licence: "unknown" only where licences.unknown does not deny that."""
        found: Ruling = self.ruling(licence, use)
        return "denied" if found == "unknown" and use in self.settings.unknown else found

    def judged(self, document: Document) -> Document:
        """The document with the verdicts that the policy has on it, beside those that it has already."""
        denied = self.denied(document.licence, document.path, document.id)
        verdicts = [VERDICTS[use] for use in denied if VERDICTS[use] not in document.verdicts]
        return (
            msgspec.structs.replace(document, verdicts=[*document.verdicts, *verdicts])
            if verdicts
            else document
        )

    def refusal(self, document: Document, needed: Sequence[Use] = NEEDED) -> str:
        """Why nothing can be done with a document, so that it is set aside; "" where something can."""
        if pattern := self.denied_path(document.path, document.id):
            return f"licence: licences.deny = {pattern!r} denies every use"
        denied = self.denied(document.licence, document.path, document.id)
        if not set(needed) <= set(denied):
            return ""
        uses = ", ".join(use for use in denied if use != "redistribute")
        return f"licence: {document.licence or 'unknown'} is denied for {uses}"

    def _ruling(self, licence: str, use: Use) -> Ruling:
        return weigh(licence or UNKNOWN, partial(_one, self.patterns[use]))


Pattern = tuple[Callable[[str], object], Ruling]


def _one(patterns: Sequence[Pattern], licence: str) -> Ruling:
    """The last pattern that fits decides, as in .gitignore; one of the licence alone fits it with any exception."""
    names = (licence, licence.partition(" WITH ")[0])
    for fits, ruling in reversed(patterns):
        if any(map(fits, names)):
            return ruling
    return "unknown" if licence.startswith((_UNTOLD, "DocumentRef-")) else "allowed"


def _pattern(use: Use, text: str) -> Pattern:
    glob = text.removeprefix("!").strip()
    fits = re.compile(translate(glob), re.IGNORECASE).match
    if (
        not any(map(fits, known_ids()))
        and not canonical(glob)
        and not glob.casefold().startswith("licenseref-")
    ):
        plain = glob.partition(" WITH ")[0]
        if plain == glob or not any(map(re.compile(translate(plain), re.IGNORECASE).match, known_ids())):
            raise ConfigError(f"licences.{use}: {text!r} fits no licence of the SPDX list{_near(glob)}")
    return fits, "allowed" if text.startswith("!") else "denied"


def _near(text: str) -> str:
    meant = spdx(text)
    near = difflib.get_close_matches(text, known_ids(), n=1, cutoff=0.5)
    if meant and not meant.startswith(_UNTOLD):
        near = [meant]
    return f"; the nearest is {near[0]!r}" if near else ""


def _path_pattern(glob: str) -> re.Pattern[str]:
    """`*` and `?` within a folder's name, `**` over folders; a folder stands for all that lies in it."""
    special = {"**/": "(?:.*/)?", "**": ".*", "*": "[^/]*", "?": "[^/]"}
    parts = re.split(r"(\*\*/|\*\*|\*|\?)", glob.strip().removeprefix("./").rstrip("/"))
    pattern = "".join(special.get(part) or re.escape(part) for part in parts)
    return re.compile(rf"{pattern}(?:/.*)?", re.DOTALL)
