"""Files to documents: decoded, parsed, named, titled, and their language told."""

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from idiolect.errors import InputError
from idiolect.files import digest_text
from idiolect.readers.base import Content, Entry, Options, Parsed, huge
from idiolect.readers.decoding import decode
from idiolect.readers.formats import FORMATS, parser, reader, suffix_of
from idiolect.readers.language import detect
from idiolect.readers.naming import document_id, printable, relative_path, title_from
from idiolect.readers.scan import Scan, scan
from idiolect.records import Document, RejectedDocument


def read_documents(
    source: Path | Scan, options: Options | None = None
) -> Iterator[Parsed | RejectedDocument]:
    """Every document under `source`, in the order of paths and places; or why there is none.

    Reads in this process, without limits on time and memory.
    Raises InputError where `source` is missing, or a file of a kind that is not read.
    """
    found = scan(source) if isinstance(source, Path) else source
    yield from found.unreadable
    yield from found.passed_over
    seen: dict[str, str] = {}
    for file in found.files:
        for place, outcome in read_file(file, relative_path(file, found.root), options or Options()):
            if isinstance(outcome, str):
                yield RejectedDocument(path=place, reason=outcome)
            elif outcome.document.id in seen:
                yield RejectedDocument(path=place, reason=same_id(outcome.document.id, seen))
            else:
                seen[outcome.document.id] = place
                yield outcome


def same_id(identifier: str, seen: Mapping[str, str]) -> str:
    """The reason for setting aside a document whose id another one has; `seen`: id → place."""
    return f"duplicate id: {identifier!r} is that of {seen[identifier]} too"


def read_file(file: Path, path: str, options: Options) -> Iterator[tuple[str, Parsed | str]]:
    """Where each document of a file stands, with the document or the reason why there is none.

    `path` is the file's below DOCS.
    """
    shown = printable(path)
    try:
        if not file.is_file():
            yield shown, "unreadable: no regular file, or a link to nowhere"
            return
        if file.stat().st_size == 0:
            yield shown, "empty"
            return
        for entry in _entries(file, options):
            yield parsed_entry(entry, path)
    except InputError as error:
        yield shown, str(error)
    except OSError as error:
        yield shown, f"unreadable: {error.strerror or error}"
    except MemoryError:
        yield shown, "too much memory: more than ingest.memory_mb"
    except RecursionError:
        yield shown, "corrupt: nested too deeply to be read"


def parsed_entry(entry: Entry, path: str) -> tuple[str, Parsed | str]:
    """What `read_file` says of one entry of the file at `path`."""
    place = printable(path) + entry.place
    if entry.content is None:
        return place, entry.reason
    if not entry.content.text.strip():
        return place, "empty"
    if not entry.content.blocks:
        return place, "no text: it holds no words besides markup and metadata"
    identifier = entry.id or document_id(path + entry.place)
    fallback = "" if entry.place else title_from(path)
    return place, _parsed(identifier, printable(path), fallback, entry.content)


def _entries(file: Path, options: Options) -> Iterator[Entry]:
    form = FORMATS[suffix_of(file)]
    size = file.stat().st_size
    if form.kind != "corpus" and size > options.largest:
        raise InputError(huge(size, options.largest))
    if form.kind == "text":
        text = decode(file.read_bytes(), declared=form.declaring)
        yield Entry(content=parser(form)(text)) if text.strip() else Entry(reason="empty")
    else:
        yield from reader(form)(file, options)


def _parsed(identifier: str, path: str, fallback: str, content: Content) -> Parsed:
    """The document: titled as it says, else by its first topmost heading, else by `fallback`."""
    first = next((block.heading for block in content.blocks if block.level == 1 and block.heading), "")
    document = Document(
        id=identifier,
        path=path,
        title=content.title or first or fallback,
        text=content.text,
        sha256=digest_text(content.text),
        language=detect(content.text, content.blocks),
        licence=_licence(content.metadata),
        metadata=content.metadata,
    )
    return Parsed(document=document, blocks=content.blocks)


def _licence(metadata: dict[str, Any]) -> str:
    for key, value in metadata.items():
        if key.lower() in ("licence", "license") and isinstance(value, (str, int, float)):
            return str(value)
    return ""
