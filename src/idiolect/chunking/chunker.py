"""Documents to chunks: sections kept together where they fit, cut at sentences where they do not."""

from collections.abc import Callable
from functools import cache

import msgspec

from idiolect.chunking.headings import fitted
from idiolect.chunking.sections import Path, Section, sections
from idiolect.chunking.splitting import Span, split
from idiolect.chunking.tokens import TokenCounter, TokenMap
from idiolect.errors import ConfigError, InputError
from idiolect.readers.base import Parsed, has_words
from idiolect.records import Chunk

CONTEXT_SHARE = 4
"""Title and headings take at most one part in so many of a chunk's tokens."""

SMALL_SHARE = 4
"""A piece below one part in so many of a chunk's tokens is merged with a neighbour, if they fit."""


class Piece(msgspec.Struct, frozen=True):
    """A chunk in the making: a stretch of the text and the headings over all of it."""

    path: Path
    start: int
    end: int


def chunk_document(
    parsed: Parsed, counter: TokenCounter, prompt: str, chunk_tokens: int, overlap_tokens: int
) -> list[Chunk]:
    """The document's chunks in text order, each at most `chunk_tokens` as the encoder counts them.

    A document without a letter or digit has none.  Raises ConfigError where `prompt` alone
    takes half of a chunk.
    """
    if counter.count(prompt) * 2 > chunk_tokens:
        raise ConfigError(
            f"ingest.chunk_tokens = {chunk_tokens} is too small: the model's prompt for passages alone "
            f"takes {counter.count(prompt)} tokens"
        )
    found = sections(parsed)
    planner = _Planner(parsed, found, counter, prompt, chunk_tokens, overlap_tokens)
    # What a tokenizer makes of two stretches joined can be a token or so more than of each: then
    # the document is cut anew with that much less room.
    slack = 0
    while slack <= chunk_tokens:
        chunks = planner.chunks(slack)
        excess = max((chunk.tokens for chunk in chunks), default=0) - chunk_tokens
        if excess <= 0:
            return chunks
        slack += excess
    raise InputError(
        f"{parsed.document.path} cannot be cut into chunks of {chunk_tokens} tokens: raise ingest.chunk_tokens"
    )


class _Planner:
    def __init__(
        self,
        parsed: Parsed,
        found: list[Section],
        counter: TokenCounter,
        prompt: str,
        limit: int,
        overlap: int,
    ) -> None:
        self.document = parsed.document
        self.sections = found
        self.counter = counter
        self.prompt = prompt
        self.limit = limit
        self.overlap = overlap
        self.measure = TokenMap(
            counter, self.document.text, [block for part in found for block in part.blocks]
        )
        self.context: Callable[[Path], list[str]] = cache(self._context)
        self.overhead: Callable[[Path], int] = cache(self._overhead)

    def chunks(self, slack: int) -> list[Chunk]:
        """Chunks that are meant to stay `slack` tokens below the limit, with their exact counts."""
        pieces = [piece for section in self.sections for piece in self._pieces(section, slack)]
        spans = [(piece.path, *self._tidy(piece.start, piece.end)) for piece in self._merged(pieces, slack)]
        text = self.document.text
        drafts = [self._draft(path, start, end) for path, start, end in spans if has_words(text[start:end])]
        counts = self.counter.count_all([self.prompt + draft.passage.full_text for draft in drafts])
        return [
            msgspec.structs.replace(draft, id=f"{self.document.id}#{number}", tokens=tokens)
            for number, (draft, tokens) in enumerate(zip(drafts, counts, strict=True))
        ]

    def _draft(self, path: Path, start: int, end: int) -> Chunk:
        title, *headings = self.context(path)
        return Chunk(
            id="",
            document_id=self.document.id,
            title=title,
            headings=headings,
            text=self.document.text[start:end],
            start=start,
            end=end,
            tokens=0,
        )

    def _pieces(self, section: Section, slack: int) -> list[Piece]:
        start, end = section.blocks[0].start, section.blocks[-1].end
        room = max(self.limit - self.overhead(section.path) - slack, 1)
        spans: list[Span] = [(start, end)]
        if self.measure.cost(start, end) > room:
            spans = split(
                self.document.text, section.blocks, self.document.language, self.measure, room, self.overlap
            )
        return [Piece(section.path, start, end) for start, end in spans]

    def _merged(self, pieces: list[Piece], slack: int) -> list[Piece]:
        """Small neighbours joined, those with the most headings in common first."""
        for depth in range(max((len(piece.path) for piece in pieces), default=0), -1, -1):
            kept: list[Piece] = []
            for piece in pieces:
                joined = self._joined(kept[-1], piece, depth, slack) if kept else None
                if joined is None:
                    kept.append(piece)
                else:
                    kept[-1] = joined
            pieces = kept
        return pieces

    def _joined(self, one: Piece, other: Piece, depth: int, slack: int) -> Piece | None:
        path = _common(one.path, other.path)
        small = self.limit / SMALL_SHARE
        if len(path) < depth or min(self._cost(one), self._cost(other)) >= small:
            return None
        cost = self.overhead(path) + self.measure.cost(one.start, other.end)
        return Piece(path, one.start, other.end) if cost + slack <= self.limit else None

    def _cost(self, piece: Piece) -> int:
        return self.measure.cost(piece.start, piece.end)

    def _context(self, path: Path) -> list[str]:
        return fitted(self.counter, [self.document.title, *path], self.limit // CONTEXT_SHARE)

    def _overhead(self, path: Path) -> int:
        title, *headings = self.context(path)
        context = " › ".join(part for part in (title, *headings) if part)
        return self.counter.count(f"{self.prompt}{context} ")

    def _tidy(self, start: int, end: int) -> Span:
        """The span without white space round it; a line's indentation stays."""
        text = self.document.text
        end = start + len(text[start:end].rstrip())
        begin = start + len(text[start:end]) - len(text[start:end].lstrip())
        line = text.rfind("\n", 0, begin) + 1
        return (max(line, start) if line >= start or _at_line_start(text, start) else begin), end


def _at_line_start(text: str, position: int) -> bool:
    return position == 0 or text[position - 1] == "\n"


def _common(one: Path, other: Path) -> Path:
    count = 0
    while count < min(len(one), len(other)) and one[count] == other[count]:
        count += 1
    return one[:count]
