"""Ids and titles that are made from file names."""

import os
import re
from pathlib import Path

_NAMELESS = {"index", "_index", "readme"}


def document_id(path: str) -> str:
    """A relative POSIX path with white space, control characters and undecodable bytes percent-encoded.

    Such an id can stand in a TSV file, and the same file has the same id on every system.
    """
    return "".join(
        "".join(f"%{byte:02X}" for byte in os.fsencode(character))
        if character.isspace() or not (character.isprintable() or character == "\u00ad")
        else character
        for character in path
    )


def relative_path(file: Path, root: Path) -> str:
    """The path below `root` in POSIX form; the name alone where `root` is the file itself."""
    return (Path(file.name) if file == root else file.relative_to(root)).as_posix()


def printable(path: str) -> str:
    """A path that can be written as UTF-8: bytes of no known encoding become U+FFFD."""
    return os.fsencode(path).decode("utf-8", "replace")


def title_from(path: str) -> str:
    """ "guide/setting_up.md" → "Setting up"; an index or readme is named after its folder."""
    *folders, name = printable(path).split("/")
    stem = name.rpartition(".")[0] or name
    if stem.lower() in _NAMELESS and folders:
        stem = folders[-1]
    words = re.sub(r"[\s_.-]+", " ", stem).strip()
    return words[:1].upper() + words[1:]
