"""The packages of this environment, as a bill of materials names them."""

import re
from collections.abc import Iterator
from functools import cache
from importlib import metadata
from urllib.parse import quote

from idiolect.lifecycle.licences.expressions import canonical
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


@cache
def installed() -> tuple[Package, ...]:
    """Every distribution but idiolect itself as this process found it, by name; of two with one name the first."""
    found: dict[str, Package] = {}
    for distribution in metadata.distributions():
        told = distribution.metadata
        name = re.sub(r"[-_.]+", "-", told["Name"] or "").lower()
        if name and name != "idiolect" and name not in found:
            expression, names = _licence(told)
            found[name] = Package(name=name, version=told["Version"], licence=expression, licences=names)
    return tuple(found[name] for name in sorted(found))


def _licence(told: metadata.PackageMetadata) -> tuple[str, list[str]]:
    """An SPDX expression, else the names of the classifiers, else what stands in its place."""
    texts = [told[key] for key in ("License-Expression", "License") if key in told]
    for text in texts:
        if expression := canonical(text):
            return expression, []
    names = list(dict.fromkeys(_classified(told)))
    free = [text.strip() for text in texts if "\n" not in text.strip() and len(text) <= _LONGEST_NAME]
    return "", names or [text for text in free if text and text.upper() != "UNKNOWN"][:1]


def _classified(told: metadata.PackageMetadata) -> Iterator[str]:
    for line in told.get_all("Classifier") or ():
        if line.startswith(_CLASSIFIER) and line != "License :: OSI Approved":
            yield line.rpartition(" :: ")[2]
