"""Which files of a folder are there to say under what licence the others stand."""

import re
from pathlib import Path

LICENSES = "LICENSES"
"""The folder of licence texts, each named by its SPDX id, that REUSE puts into a project's root."""

SIDECAR = ".license"
"""What REUSE appends to the name of a file that cannot say it itself."""

PACKAGES = ("package.json", "pyproject.toml")
"""Descriptions of packages that have a field for it."""

_NAMED = re.compile(
    r"(?:(?i:licen[cs]e|unlicense|copying)|(?:LICEN[CS]ES?|COPYING)[-._][\w.+-]*?)(?i:\.txt|\.md|\.markdown|\.rst)?"
)
"""LICENSE, license.md, COPYING.LESSER, LICENSE-APACHE: not license.py, nor license-fees.md."""


def states_a_licence(file: Path) -> bool:
    """Whether the file's name says that it is there to state a licence."""
    if file.suffix == SIDECAR or file.name in PACKAGES or file.parent.name == LICENSES:
        return True
    return _NAMED.fullmatch(file.name) is not None
