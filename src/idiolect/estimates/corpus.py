"""A sample of the documents, read and chunked in memory: what there is and how much, with nothing written."""

import io
import random
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from msgspec.structs import replace

from idiolect.chunking import TokenCounter, chunk_document
from idiolect.config import Config, Ingest
from idiolect.errors import InputError
from idiolect.lifecycle.licences.detecting import OwnWords, licensed, own_words
from idiolect.lifecycle.licences.folders import Folders
from idiolect.lifecycle.licences.permits import Permits
from idiolect.lifecycle.privacy import Masker, document_masked
from idiolect.mining.fingerprints import fingerprint, signature
from idiolect.mining.repetition import CorpusFingerprints
from idiolect.readers import Options, Parsed, Scan, scan
from idiolect.readers.base import paragraphs
from idiolect.readers.documents import parsed_entry, read_file
from idiolect.readers.formats import FORMATS, suffix_of
from idiolect.readers.jsonl import read_lines
from idiolect.readers.language import detect
from idiolect.readers.naming import relative_path
from idiolect.records import Chunk, Document, RejectedDocument
from idiolect.runtimes.model_files import ModelFiles, load_tokenizer

LARGE = 5_000_000
"""Bytes from which a file is sampled last: reading it takes as long as many others."""

_STRETCH = 100_000  # bytes of a JSONL corpus that are read together
_LEAST = 100  # chunks of a file of many documents, so that every kind is seen
_PLAIN_TABLES = (".csv", ".tsv")


@dataclass(frozen=True)
class Piece:
    """What is read in one go: a file, or the lines of a JSONL corpus that begin from `start` up to `end`."""

    file: Path
    suffix: str
    start: int
    end: int
    whole: bool

    @property
    def size(self) -> int:
        return self.end - self.start


@dataclass
class Kind:
    """One suffix: `files`, `pieces` and `bytes` are all there is, the rest what the read part of it held.

    `seconds` is the time that reading, chunking and fingerprints took in this process.
    """

    files: int = 0
    pieces: int = 0
    bytes: int = 0
    bytes_read: int = 0
    pieces_read: int = 0
    documents: int = 0
    characters: int = 0
    chunks: int = 0
    chunk_characters: int = 0
    tokens: int = 0
    rejected: int = 0
    seconds: float = 0.0

    def scaled(self, name: str) -> float:
        """A count of the read part, extrapolated to all of it by bytes."""
        value = float(getattr(self, name))
        return value * self.bytes / self.bytes_read if self.bytes_read else value


@dataclass
class CorpusSample:
    """What was read: all of the documents where `complete`, else a seeded sample of files and stretches."""

    found: Scan
    kinds: dict[str, Kind] = field(default_factory=dict)
    parsed: list[Parsed] = field(default_factory=list)
    chunks: list[Chunk] = field(default_factory=list)
    rejected: list[RejectedDocument] = field(default_factory=list)

    @property
    def documents(self) -> list[Document]:
        return [parsed.document for parsed in self.parsed]

    @property
    def complete(self) -> bool:
        return all(kind.pieces_read == kind.pieces for kind in self.kinds.values())

    def total(self, name: str) -> float:
        """A count (`documents`, `characters`, `chunks`, `tokens`, `seconds`, …) for the whole corpus."""
        known = [kind for kind in self.kinds.values() if kind.bytes_read or not kind.bytes]
        unread = sum(kind.bytes for kind in self.kinds.values()) - sum(kind.bytes for kind in known)
        value, size = sum(kind.scaled(name) for kind in known), sum(kind.bytes for kind in known)
        return value * (1 + unread / size) if size else value


def sample_corpus(
    source: Path,
    settings: Ingest,
    model: ModelFiles,
    seed: int,
    chunks: int,
    seconds: float,
    exclude: Path | None = None,
    permits: Permits | None = None,
    hide: Masker | None = None,
) -> CorpusSample:
    """Read files in an order drawn by `seed` until there are `chunks` chunks, or `seconds` are over.

    One file of each kind comes first, large ones last; `permits` sets aside what licences keep out, `hide` masks what
    is read.  Raises InputError where `source` is missing, or a file of a kind that is not read.
    """
    found = scan(source, exclude)
    pieces = [piece for file in found.files for piece in _pieces(file)]
    sample = CorpusSample(found, rejected=[*found.unreadable, *found.passed_over])
    for suffix in sorted({piece.suffix for piece in pieces}):
        own = [piece for piece in pieces if piece.suffix == suffix]
        files = len({piece.file for piece in own})
        sample.kinds[suffix] = Kind(files=files, pieces=len(own), bytes=sum(piece.size for piece in own))
    read = _Reading(settings, model, found, permits or Permits(Config()), hide)
    _warm_up()
    seen: set[str] = set()
    prints = CorpusFingerprints()
    deadline = time.monotonic() + seconds
    for piece in _drawn(pieces, seed):
        if len(sample.chunks) >= chunks or time.monotonic() > deadline:
            break
        _take(piece, read, sample, seen, prints, max(chunks, len(sample.chunks) + _LEAST), deadline)
    marks = prints.marks(settings.near_duplicate, settings.boilerplate_documents)
    sample.chunks = [marks.on(chunk) for chunk in sample.chunks]
    return sample


def _warm_up() -> None:
    """Load what the first document would load, so that no kind of file pays for it."""
    text = "What is loaded with the first document is loaded now."
    detect(text, list(paragraphs(text)))
    signature(text)


def _pieces(file: Path) -> Iterator[Piece]:
    suffix = suffix_of(file)
    try:
        size = file.stat().st_size if file.is_file() else 0
    except OSError:
        size = 0
    if suffix != ".jsonl" or size <= _STRETCH:
        yield Piece(file, suffix, 0, size, whole=True)
        return
    for start in range(0, size, _STRETCH):
        yield Piece(file, suffix, start, min(start + _STRETCH, size), whole=False)


def _drawn(pieces: Sequence[Piece], seed: int) -> list[Piece]:
    """Small pieces before large ones, within each a random order, the first of each kind in front."""
    order = list(pieces)
    random.Random(seed).shuffle(order)
    order.sort(key=lambda piece: piece.size > LARGE)
    first: dict[str, Piece] = {}
    for piece in order:
        first.setdefault(piece.suffix, piece)
    return [*first.values(), *(piece for piece in order if piece is not first[piece.suffix])]


class _Reading:
    """Reads and chunks one piece after another as ingest does, in this process."""

    def __init__(
        self, settings: Ingest, model: ModelFiles, found: Scan, permits: Permits, hide: Masker | None
    ) -> None:
        self.hide = hide
        self.counter = TokenCounter(load_tokenizer(model.path))
        self.prompt = model.passage_prompt
        self.limit = min(settings.chunk_tokens, model.max_tokens)
        self.overlap = min(settings.overlap_tokens, self.limit // 2)
        self.permits, self.folders = permits, Folders(found, permits.policy.assumed, hide)
        self.languages = {code.lower() for code in settings.languages}
        self.options = Options(
            text_columns=settings.text_columns,
            title_column=settings.title_column,
            id_column=settings.id_column,
            largest=int(settings.largest_mb * 1e6),
        )

    def documents(self, piece: Piece, path: str) -> Iterator[tuple[str, Parsed | str]]:
        """Each document with its licence and masked, unless one of these is why it is set aside."""
        own: OwnWords | None = None
        for place, outcome in self._parsed(piece, path):
            if isinstance(outcome, str):
                yield place, outcome
                continue
            own = own or own_words(piece.file, self.hide.text if self.hide else str)
            masked = document_masked(outcome, place, self.hide) if self.hide else outcome
            if isinstance(masked, str):
                yield place, masked
                continue
            document = licensed(masked.document, own, self.folders.of(piece.file))
            yield place, self.permits.refusal(document) or replace(masked, document=document)

    def _parsed(self, piece: Piece, path: str) -> Iterator[tuple[str, Parsed | str]]:
        if piece.whole:
            yield from read_file(piece.file, path, self.options)
            return
        for entry in read_lines(_lines(piece), self.options):
            yield parsed_entry(entry, path)

    def chunks(self, parsed: Parsed) -> list[Chunk] | str:
        """A document's chunks, or the reason why there are none."""
        language = parsed.document.language
        if self.languages and language and language not in self.languages:
            return f"language: {language} is not among {', '.join(sorted(self.languages))}"
        try:
            chunks = chunk_document(parsed, self.counter, self.prompt, self.limit, self.overlap)
        except InputError as error:
            return f"not cut: {error}"
        return self.permits.judged(parsed.document, chunks)[1] or "no text: it has no letter or digit"


def _lines(piece: Piece) -> io.BytesIO:
    """The lines that begin within the piece."""
    with piece.file.open("rb") as file:
        if piece.start:
            file.seek(piece.start - 1)
            file.readline()
        data = file.read(max(piece.end - file.tell(), 0))
        return io.BytesIO(data + (file.readline() if data and not data.endswith(b"\n") else b""))


def _take(
    piece: Piece,
    read: _Reading,
    sample: CorpusSample,
    seen: set[str],
    prints: CorpusFingerprints,
    chunks: int,
    deadline: float,
) -> None:
    """Read a piece; a file of many documents only until there are `chunks` chunks or it is too late."""
    kind = sample.kinds[piece.suffix]
    began = time.perf_counter()
    characters, whole = 0, True
    for place, outcome in read.documents(piece, relative_path(piece.file, sample.found.root)):
        found = outcome if isinstance(outcome, str) else read.chunks(outcome)
        if isinstance(outcome, str) or isinstance(found, str) or outcome.document.id in seen:
            reason = found if isinstance(found, str) else "duplicate id"
            sample.rejected.append(RejectedDocument(path=place, reason=reason))
            kind.rejected += 1
            continue
        seen.add(outcome.document.id)
        sample.parsed.append(outcome)
        sample.chunks.extend(found)
        prints.add(found, fingerprint(outcome, found))
        characters += len(outcome.document.text)
        kind.documents += 1
        kind.chunks += len(found)
        kind.chunk_characters += sum(len(chunk.text) for chunk in found)
        kind.tokens += sum(chunk.tokens for chunk in found)
        if len(sample.chunks) >= chunks or time.monotonic() > deadline:
            whole = FORMATS[piece.suffix].kind != "corpus" or not piece.whole
            if not whole:
                break
    kind.characters += characters
    kind.bytes_read += piece.size if whole else min(piece.size, int(characters / _packed(piece.suffix)) + 1)
    kind.pieces_read += whole
    kind.seconds += time.perf_counter() - began


def _packed(suffix: str) -> float:
    """Characters of text to a byte of a table or packed corpus: a judgement call where it is compressed."""
    return 1.0 if suffix in _PLAIN_TABLES else 3.0
