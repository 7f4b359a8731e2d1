"""Parts that recur in a bill of materials, as CycloneDX 1.6 writes them."""

from collections.abc import Mapping
from typing import Any

from idiolect.lifecycle.cards.markdown import plain
from idiolect.lifecycle.licences.expressions import canonical

Part = dict[str, Any]


def licences(counted: Mapping[str, int]) -> list[Part]:
    """One SPDX expression as such; several licences, and those that SPDX does not know, by name.

    Where some have none, that is one of the names: NOASSERTION, as SPDX calls it.
    """
    names = sorted(counted)
    if not any(names):
        return []
    if len(names) == 1 and canonical(names[0]) == names[0]:
        return [{"expression": names[0]}]
    return [{"license": {"name": plain(name) or "NOASSERTION"}} for name in names]


def hashes(digest: str) -> list[Part]:
    return [{"alg": "SHA-256", "content": digest}]


def properties(told: Mapping[str, Any]) -> list[Part]:
    """In a name space of our own, as the standard asks; what is not known is none."""
    return [
        {"name": f"idiolect:{name}", "value": plain(str(value))}
        for name, value in told.items()
        if value is not None and value != ""
    ]


def known(**part: Any) -> Part:
    return {name: value for name, value in part.items() if value or value == 0}
