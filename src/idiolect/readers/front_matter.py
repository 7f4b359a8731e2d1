"""Metadata on top of a Markdown file: YAML between `---` lines, or TOML between `+++` lines."""

import re
import tomllib
from typing import Any

import msgspec

_FENCED = re.compile(r"(---|\+\+\+)[ \t]*\n(.*?)^(?:\1|\.\.\.)[ \t]*(?:\n|\Z)", re.DOTALL | re.MULTILINE)


def split(text: str) -> tuple[dict[str, Any], int]:
    """The metadata as JSON-able values, and the offset at which the body begins.

    A fenced top that is no mapping is metadata to nobody: two rulers with text between are text.
    """
    match = _FENCED.match(text)
    if match is None:
        return {}, 0
    try:
        values = tomllib.loads(match[2]) if match[1] == "+++" else msgspec.yaml.decode(match[2])
        plain = msgspec.to_builtins(values, str_keys=True)
    except (tomllib.TOMLDecodeError, msgspec.MsgspecError, TypeError, ValueError):
        return _lenient(match[2], match.end())
    if plain is None:
        return {}, match.end()
    return (plain, match.end()) if isinstance(plain, dict) else ({}, 0)


def _lenient(block: str, end: int) -> tuple[dict[str, Any], int]:
    """Of a broken block, the lines that read `key: value` or `key = value`."""
    pairs = re.findall(r"^([A-Za-z][\w .-]*?)[ \t]*[:=][ \t]*(\S.*?)[ \t]*$", block, re.MULTILINE)
    return ({key: value.strip("'\"") for key, value in pairs}, end) if pairs else ({}, 0)
