"""Which documents of the folder a chunk links to: by relative path, or by an address that ends in one."""

import posixpath
import re
from collections.abc import Mapping, Sequence
from pathlib import PurePosixPath
from urllib.parse import unquote, urlsplit

from idiolect.records import Chunk

_TARGET = re.compile(
    r"\]\(\s*<?([^)>\s]+)"  # [text](target)
    r"|^\s*\[[^\]]+\]:\s*<?([^>\s]+)"  # [name]: target
    r"|\bhref=[\"']([^\"']+)"
    r"|:doc:`(?:[^`<]*<)?([^`>]+)"
    r"|\[\[([^\]|#]+)"  # [[target|text]]
    r"|(https?://[^\s)>\]\"']+)",
    re.M,
)


def linked_documents(chunks: Sequence[Chunk], paths: Mapping[str, str]) -> list[list[str]]:
    """For each chunk the ids of the documents that its text links to, in text order, each once.

    `paths` maps document ids to paths in the folder. The suffix of a path makes no difference: a
    page that was written as install.md is linked to as install.html, or as install.
    """
    known = {_bare(path): document for document, path in paths.items() if path}
    if not known:
        return [[] for _ in chunks]
    return [_linked(chunk.text, paths.get(chunk.document_id, ""), known) for chunk in chunks]


def _linked(text: str, path: str, known: Mapping[str, str]) -> list[str]:
    found: dict[str, None] = {}
    for match in _TARGET.finditer(text):
        document = _document(next(filter(None, match.groups()), ""), path, known)
        if document:
            found[document] = None
    return list(found)


def _document(target: str, path: str, known: Mapping[str, str]) -> str:
    try:
        address = urlsplit(target)
    except ValueError:
        return ""
    place = unquote(address.path).rstrip("/.,;")
    if not place:
        return ""
    if not address.scheme:
        folder = "" if place.startswith("/") else posixpath.dirname(path)
        return known.get(_bare(posixpath.normpath(posixpath.join(folder, place.lstrip("/")))), "")
    if address.scheme not in ("http", "https"):
        return ""
    parts = _bare(place).strip("/").split("/")
    tails = ("/".join(parts[first:]) for first in range(len(parts)))
    return next((known[tail] for tail in tails if tail in known), "")


def _bare(path: str) -> str:
    """A path without its suffix, in lower case; an index page is its folder."""
    bare = str(PurePosixPath(path).with_suffix("")) if PurePosixPath(path).suffix else path
    folder, _, name = bare.rpartition("/")
    return (folder if name.lower() in ("index", "readme") and folder else bare).lower()
