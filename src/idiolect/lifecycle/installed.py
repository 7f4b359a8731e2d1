"""The packages of this environment, as a bill of materials names them."""

import re
from collections.abc import Iterator
from importlib import metadata
from urllib.parse import quote

from idiolect.lifecycle.hub_licences import spdx
from idiolect.records import Record

_CLASSIFIER = "License :: "
_LONGEST_NAME = 100
"""Characters of a licence's name; some packages have all of its text in that field."""


class Package(Record, frozen=True, kw_only=True):
    """`licence` is an SPDX expression, or else `licences` are the names that the package's metadata has for it."""

    name: str
    version: str
    licence: str = ""
    licences: list[str] = []

    @property
    def purl(self) -> str:
        """https://github.com/package-url/purl-spec, type pypi."""
        return f"pkg:pypi/{self.name}@{quote(self.version, safe='')}"


def installed() -> list[Package]:
    """Every installed distribution but idiolect itself, by name; of two with one name the one that is imported."""
    found: dict[str, Package] = {}
    for distribution in metadata.distributions():
        name = re.sub(r"[-_.]+", "-", distribution.metadata["Name"] or "").lower()
        if name and name != "idiolect" and name not in found:
            expression, names = _licence(distribution)
            found[name] = Package(name=name, version=distribution.version, licence=expression, licences=names)
    return [found[name] for name in sorted(found)]


def _licence(distribution: metadata.Distribution) -> tuple[str, list[str]]:
    """An SPDX expression, else the names of the classifiers, else what stands in its place."""
    told = [distribution.metadata[key] for key in ("License-Expression", "License")]
    for text in told:
        if text and (expression := spdx(text)):
            return expression, []
    names = list(dict.fromkeys(_classified(distribution)))
    free = [text.strip() for text in told if text and "\n" not in text.strip() and len(text) <= _LONGEST_NAME]
    return "", names or [text for text in free if text and text.upper() != "UNKNOWN"][:1]


def _classified(distribution: metadata.Distribution) -> Iterator[str]:
    for line in distribution.metadata.get_all("Classifier") or ():
        if line.startswith(_CLASSIFIER) and line != "License :: OSI Approved":
            yield line.rpartition(" :: ")[2]
