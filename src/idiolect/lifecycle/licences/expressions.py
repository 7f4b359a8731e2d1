"""SPDX licence expressions: read, written in their canonical form, and weighed licence by licence.

The form is that of the SPDX specification 2.3, annex D: ids of the SPDX list or LicenseRef-…, with AND, OR and WITH.
"""

import re
from collections.abc import Callable, Iterable
from functools import cache, lru_cache
from typing import Any, Literal

Ruling = Literal["allowed", "denied", "unknown"]
"""What is said of one use: "unknown" where nobody has said what the licence is, or what it means."""

UNKNOWN = "LicenseRef-unknown"
"""What a document stands under where its licence is a text that is not recognised."""

_LONGEST = 1_000
_PREFIX = re.compile(r"\b(?:licenseref|documentref)-", re.IGNORECASE)
_OWN = re.compile(r"(?:DocumentRef-[\w.-]+:)?LicenseRef-[A-Za-z0-9.-]+")


def canonical(expression: str) -> str:
    """The expression as SPDX writes it; "" where it is none, or names an id that is not on the list."""
    tree = _parsed(expression)
    return tree.render() if tree is not None else ""


def every(expressions: Iterable[str]) -> str:
    """One expression under which all of some hold; "" of none."""
    different = list(dict.fromkeys(one for one in expressions if one))
    if len(different) == 1:
        return different[0]
    return " AND ".join(f"({one})" if " OR " in one else one for one in different)


def ids(expression: str) -> list[str]:
    """The licences that an expression names, each once, exceptions with theirs."""
    tree = _parsed(expression)
    return list(dict.fromkeys(_name(one) for one in _leaves(tree))) if tree is not None else []


def known_ids() -> list[str]:
    """The ids of the SPDX list, exceptions and withdrawn ones left out."""
    symbols = _licensing().known_symbols
    return [key for key, one in symbols.items() if not one.is_exception and not key.startswith("LicenseRef-")]


def weigh(expression: str, of: Callable[[str], Ruling]) -> Ruling:
    """What an expression allows, by what each of its licences does: OR is the best of them, AND the worst.

    `of` is given one licence, "GPL-2.0-only WITH Classpath-exception-2.0" being one.
    """
    tree = _parsed(expression)
    return _weigh(tree, of) if tree is not None else "unknown"


_WORST: tuple[Ruling, ...] = ("denied", "unknown", "allowed")


def _weigh(tree: Any, of: Callable[[str], Ruling]) -> Ruling:
    if not _is_joined(tree):
        return of(_name(tree))
    found = {_weigh(one, of) for one in tree.args}
    order = _WORST if isinstance(tree, _licensing().AND) else _WORST[::-1]
    return next(one for one in order if one in found)


def _leaves(tree: Any) -> Iterable[Any]:
    if not _is_joined(tree):
        yield tree
        return
    for one in tree.args:
        yield from _leaves(one)


def _is_joined(tree: Any) -> bool:
    licensing = _licensing()
    return isinstance(tree, (licensing.AND, licensing.OR))


def _name(leaf: Any) -> str:
    return str(leaf.render())


@lru_cache(maxsize=4096)
def _parsed(expression: str) -> Any:
    """The tree of a valid expression; None of any other text."""
    from license_expression import ExpressionError

    expression = _PREFIX.sub(_as_written, " ".join(expression.split()))
    if not expression or len(expression) > _LONGEST:
        return None
    licensing = _licensing()
    try:
        tree = licensing.parse(expression)
    except (ExpressionError, RecursionError):
        return None
    known = licensing.known_symbols
    unlisted = licensing.unknown_license_keys(tree)
    return tree if all(_OWN.fullmatch(key) or key.removesuffix("+") in known for key in unlisted) else None


def _as_written(prefix: re.Match[str]) -> str:
    return "LicenseRef-" if prefix[0][0] in "lL" else "DocumentRef-"


@cache
def _licensing() -> Any:
    from license_expression import get_spdx_licensing

    return get_spdx_licensing()
