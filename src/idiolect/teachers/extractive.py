"""The teacher that needs no LLM: queries copied from the corpus itself.

Copies are easy to find, and a model trained to find them unlearns meaning.  So each query here
is marked `copied`: training leaves its source out of the candidates and learns which *other*
passages belong to it; dev and test cut it out of every passage that holds it.
"""

import random
from collections import Counter, defaultdict
from collections.abc import Collection, Iterator, Mapping, Sequence
from typing import Any

from idiolect.mining.boilerplate import own_text
from idiolect.mining.masking import remove_stretches
from idiolect.progress import Progress
from idiolect.records import Chunk, Query, RejectedQuery
from idiolect.teachers import snippets
from idiolect.teachers.base import Generated, query_id
from idiolect.teachers.filters import rejected as rejection

TRAINING_STYLES = ("keywords", "sentence", "window")
JUDGING_STYLES = ("heading", "definition")
"""Styles that are never trained on: what judges a model trained on the others."""

_MOST_POSITIVES = 6  # a heading over more chunks than this is too broad to be a query
_LEAST_LEFT = 12  # words that a passage keeps when a query is cut from it


class ExtractiveTeacher:
    """Writes about `max_queries` queries to train on, and as many more to judge by."""

    name = "extractive"

    def __init__(self, max_queries: int, seed: int, languages: Mapping[str, str]) -> None:
        """`languages` maps document ids to ISO 639-1 codes: how their sentences end."""
        self.max_queries = max_queries
        self.seed = seed
        self.languages = languages

    def write(
        self, chunks: Sequence[Chunk], progress: Progress, about: Collection[str] | None = None
    ) -> Generated:
        progress.start("copying queries out of the corpus", None, "queries")
        told = {chunk.id for chunk in chunks} if about is None else frozenset(about)
        accepted: dict[str, Query] = {}
        rejected: list[RejectedQuery] = []
        budgets = {"training": self.max_queries, "judging": self.max_queries}
        for purpose, source in (("training", self._training(chunks)), ("judging", self._judging(chunks))):
            taken = 0
            for query in (query for query in source if not told.isdisjoint(query.positives)):
                known = accepted.get(query.text.casefold())
                if known is not None:
                    if known.source != query.source:
                        rejected.append(rejection(query, f"the same text as query {known.id}"))
                    continue
                accepted[query.text.casefold()] = query
                taken += 1
                progress.advance()
                if taken == budgets[purpose]:
                    break
        progress.finish()
        queries = list(accepted.values())
        summary: dict[str, Any] = {"styles": dict(Counter(query.style for query in queries))}
        return Generated(queries=queries, rejected=rejected, summary=summary)

    def _language(self, chunk: Chunk) -> str:
        return self.languages.get(chunk.document_id, "")

    def _training(self, chunks: Sequence[Chunk]) -> Iterator[Query]:
        """Rounds over all chunks, documents in turn, each chunk giving one style a round."""
        frequencies = snippets.document_frequencies(chunks)
        order = spread(chunks, self.seed)
        for turn in range(2 * len(TRAINING_STYLES)):
            for position, chunk in enumerate(order):
                generator = random.Random(f"{self.seed}/{turn}/{chunk.id}")
                style = TRAINING_STYLES[(position + turn) % len(TRAINING_STYLES)]
                if style == "keywords":
                    text, cut = " ".join(snippets.key_terms(chunk, frequencies, len(chunks), generator)), ""
                else:
                    stretch = _stretch(chunk, style, self._language(chunk), generator)
                    text, cut = snippets.plain(stretch), stretch
                if text:
                    yield _copied(text, [chunk.id], style, chunk.id, cut)

    def _judging(self, chunks: Sequence[Chunk]) -> Iterator[Query]:
        queries = [*self._headings(chunks), *self._definitions(chunks)]
        random.Random(self.seed).shuffle(queries)
        return iter(queries)

    def _headings(self, chunks: Sequence[Chunk]) -> Iterator[Query]:
        """Titles and headings that only one document has, with the chunks that stand under them."""
        holders: dict[tuple[str, str], list[Chunk]] = defaultdict(list)
        documents: dict[str, set[str]] = defaultdict(set)
        for chunk in chunks:
            for heading in filter(None, dict.fromkeys([chunk.title, *snippets.headings(chunk)])):
                holders[chunk.document_id, heading].append(chunk)
                documents[snippets.plain(heading).casefold()].add(chunk.document_id)
        for (_, heading), under in holders.items():
            text = snippets.plain(heading)
            specific = (
                len(documents[text.casefold()]) == 1 and snippets.word_count(text) >= 2 and len(text) >= 6
            )
            if (
                specific
                and len(under) <= _MOST_POSITIVES
                and all(_leaves_enough(chunk, heading) for chunk in under)
            ):
                yield _copied(text, [chunk.id for chunk in under], "heading", under[0].id, heading)

    def _definitions(self, chunks: Sequence[Chunk]) -> Iterator[Query]:
        for chunk in chunks:
            text, cut = snippets.docstring(chunk)
            if not text:
                defining = (
                    (snippets.definition(s), s) for s in snippets.sentences(chunk, self._language(chunk))
                )
                text, cut = next(((d, s) for d, s in defining if d), ("", ""))
            if snippets.word_count(text) >= 3 and _leaves_enough(chunk, cut):
                yield _copied(text, [chunk.id], "definition", chunk.id, cut)


def masked_queries(chunks: Sequence[Chunk], count: int, seed: int, language: str) -> list[Query]:
    """At most `count` pseudo-queries, one a chunk that trains: its docstring, a sentence of it, or a window.

    Each is to be cut from its chunk; the chunk without it is then the positive.
    """
    queries: dict[str, Query] = {}
    for chunk in spread([chunk for chunk in chunks if chunk.trains], seed):
        if len(queries) == count:
            break
        generator = random.Random(f"{seed}/masked/{chunk.id}")
        text, cut = snippets.docstring(chunk)
        if not (text and _leaves_enough(chunk, cut)):
            cut = _stretch(chunk, "sentence", language, generator) or _stretch(
                chunk, "window", language, generator
            )
            text = snippets.plain(cut)
        if text:
            queries.setdefault(text.casefold(), _copied(text, [chunk.id], "masked", chunk.id, cut))
    return list(queries.values())


def spread(chunks: Sequence[Chunk], seed: int) -> list[Chunk]:
    """Chunks in an order that takes one of every document (shuffled) before the second of any."""
    generator = random.Random(seed)
    documents: dict[str, list[Chunk]] = defaultdict(list)
    for chunk in chunks:
        documents[chunk.document_id].append(chunk)
    keyed = []
    for members in documents.values():
        generator.shuffle(members)
        keyed += [(turn, generator.random(), chunk) for turn, chunk in enumerate(members)]
    return [chunk for _, _, chunk in sorted(keyed, key=lambda item: item[:2])]


def _stretch(chunk: Chunk, style: str, language: str, generator: random.Random) -> str:
    """A sentence or window of the chunk that leaves enough of it behind; empty where there is none."""
    if style == "sentence":
        found = snippets.sentences(chunk, language)
        generator.shuffle(found)
    else:
        found = [snippets.window(snippets.longest_stretch(chunk), generator)]
    return next((stretch for stretch in found if stretch and _leaves_enough(chunk, stretch)), "")


def _leaves_enough(chunk: Chunk, stretch: str) -> bool:
    return snippets.word_count(remove_stretches(own_text(chunk), [stretch])) >= _LEAST_LEFT


def _copied(text: str, positives: list[str], style: str, source: str, cut: str) -> Query:
    return Query(
        id=query_id(source, text),
        text=text,
        positives=positives,
        style=style,
        teacher="extractive",
        source=source,
        copied=True,
        cut=cut,
    )
