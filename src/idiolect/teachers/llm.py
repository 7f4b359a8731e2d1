"""The teacher that asks a large language model, behind any OpenAI-compatible endpoint."""

import asyncio
from collections import Counter
from collections.abc import Sequence
from pathlib import Path

from idiolect.config import Generate
from idiolect.progress import Progress
from idiolect.records import Chunk, Query, RejectedQuery
from idiolect.teachers import cache
from idiolect.teachers.asking import Asker
from idiolect.teachers.base import Generated, query_id
from idiolect.teachers.budget import Budget
from idiolect.teachers.client import ChatClient
from idiolect.teachers.filters import Filters, rejected
from idiolect.teachers.gate import Gate
from idiolect.teachers.order import evenly
from idiolect.teachers.protocol import WrittenQuery
from idiolect.teachers.retry import Backoff
from idiolect.teachers.writing import Writing

_LONGEST_STYLE = 32


class LLMTeacher:
    """Asks for `settings.per_chunk` queries a chunk; every answer is kept in the SQLite file `cache_path`.

    What the file already holds is not asked again and counts against no cap. `seed` orders the
    documents where the caps do not allow for every chunk.
    """

    def __init__(
        self, settings: Generate, cache_path: Path, seed: int, backoff: Backoff | None = None
    ) -> None:
        self.settings, self.cache_path, self.seed = settings, cache_path, seed
        self.backoff = backoff or Backoff()

    @property
    def name(self) -> str:
        return f"llm:{self.settings.model}"

    def write(self, chunks: Sequence[Chunk], progress: Progress) -> Generated:
        """Queries for `chunks`, in their order. Blocks; not for use inside a running event loop.

        Raises TeacherError where the endpoint cannot be used, or gave no usable answer for more
        than half of the chunks that it was asked about; MissingExtra without the openai package.
        """
        with cache.opened(self.cache_path) as answers:
            return asyncio.run(self._write(chunks, answers, progress))

    async def _write(
        self, chunks: Sequence[Chunk], answers: cache.AnswerCache, progress: Progress
    ) -> Generated:
        budget = Budget(self.settings.max_calls, self.settings.max_tokens)
        async with ChatClient(self.settings) as client:
            asker = Asker(client, answers, budget, Gate(self.settings.concurrency), self.backoff)
            writing = Writing(self.settings, asker, progress)
            await writing.run(evenly(chunks, self.seed))
        writing.check()
        for note in writing.notes():
            progress.note(note)
        return self._sort(chunks, writing)

    def _sort(self, chunks: Sequence[Chunk], writing: Writing) -> Generated:
        """Filter in the order of the chunks, so that the order of the answers changes nothing."""
        filters = Filters(self.settings.min_quality)
        known_ids = {chunk.id for chunk in chunks}
        kept: list[Query] = []
        refused: list[RejectedQuery] = []
        empty_texts = 0
        for chunk in chunks:
            for written in writing.written.get(chunk.id, ()):
                query = self._query(chunk, written, known_ids)
                if not query.text:
                    empty_texts += 1
                elif reason := filters.reason(query, chunk):
                    refused.append(rejected(query, reason))
                else:
                    kept.append(query)
        summary = writing.summary() | {
            "empty_texts": empty_texts,
            "kept": len(kept),
            "rejected": dict(sorted(filters.counts.items())),
            "styles": dict(sorted(Counter(query.style for query in kept).items())),
        }
        return Generated(kept, refused, summary)

    def _query(self, chunk: Chunk, written: WrittenQuery, known_ids: set[str]) -> Query:
        text = " ".join(written.query.split())
        style = " ".join((written.style or "").lower().split())
        others = [other for other in written.positives or () if other in known_ids and other != chunk.id]
        return Query(
            id=query_id(chunk.id, text),
            text=text,
            positives=[chunk.id, *dict.fromkeys(others)],
            style=style if 0 < len(style) <= _LONGEST_STYLE else "other",
            hops=max(written.hops or 1, 1),
            answer=" ".join((written.answer or "").split()),
            teacher=self.name,
            score=written.quality / 10,
            scores={"quality": written.quality},
            source=chunk.id,
        )
