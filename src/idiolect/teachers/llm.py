"""The teacher that asks a large language model, behind any OpenAI-compatible endpoint."""

import asyncio
from collections import Counter
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import replace
from pathlib import Path

from idiolect.config import Generate
from idiolect.progress import Progress
from idiolect.records import Chunk, Query, RejectedQuery
from idiolect.teachers import cache
from idiolect.teachers.asking import Asker
from idiolect.teachers.base import Generated, query_id
from idiolect.teachers.budget import Budget
from idiolect.teachers.client import ChatClient
from idiolect.teachers.correction import divide, found, queries_by_style, replan
from idiolect.teachers.endpoint import of_teacher
from idiolect.teachers.exemplars import read_exemplars
from idiolect.teachers.failure_rounds import Target
from idiolect.teachers.filters import Filters, rejected
from idiolect.teachers.gate import Gate
from idiolect.teachers.plan import Ask, Draw, plan
from idiolect.teachers.prompt import Prompts, make_prompts
from idiolect.teachers.protocol import UnsupportedQueryError, WrittenQuery, supporting
from idiolect.teachers.reporting.before_and_after import Corrected
from idiolect.teachers.retry import Backoff
from idiolect.teachers.spending import Spending
from idiolect.teachers.style_texts import LONGEST_STYLE, load_style_texts
from idiolect.teachers.tally import Priced, no_price
from idiolect.teachers.writing import Writing


class LLMTeacher:
    """Asks for about `settings.per_chunk` queries a chunk; every answer is kept in the SQLite file `cache_path`.

    What the file already holds is not asked again and counts against no cap; what was spent counts
    until `idiolect.teachers.spending.settle` ends the run. `seed` draws styles,
    bundles and exemplars, and orders the documents where the caps do not allow for every chunk.

    Of the documents, by id: `languages` are their ISO 639-1 codes, `paths` where they lie in the
    folder, `withheld` those of which nothing is ever sent. The files NAME.md in `styles_folder`
    change or add styles; `weights` are the styles' shares, 1 where it names none. `targets` are
    requests about failures, made besides those that the chunks give. `priced` says in the progress
    what tokens cost.
    """

    def __init__(
        self,
        settings: Generate,
        cache_path: Path,
        seed: int,
        backoff: Backoff | None = None,
        *,
        languages: Mapping[str, str] | None = None,
        paths: Mapping[str, str] | None = None,
        withheld: Collection[str] = frozenset(),
        styles_folder: Path | None = None,
        weights: Mapping[str, float] | None = None,
        targets: Sequence[Target] = (),
        priced: Priced = no_price,
        hidden: Callable[[str], str] = str,
    ) -> None:
        self.settings, self.cache_path, self.seed = settings, cache_path, seed
        self.backoff = backoff or Backoff()
        self.languages, self.paths, self.withheld = languages, paths, withheld
        self.styles_folder, self.weights, self.targets = styles_folder, weights, targets
        self.priced, self.hidden = priced, hidden

    @property
    def name(self) -> str:
        return f"llm:{self.settings.model}"

    def write(
        self, chunks: Sequence[Chunk], progress: Progress, about: Collection[str] | None = None
    ) -> Generated:
        """Queries for `chunks`, in their order. Blocks; not for use inside a running event loop.

        Raises TeacherError where the endpoint cannot be used, or gave no usable answer for more
        than half of the requests; ConfigError and UsageError for styles and exemplars that cannot be
        used; MissingExtra without the openai package.
        """
        texts = load_style_texts(self.styles_folder)
        styles = list(texts.chosen(self.settings.styles))
        exemplars = read_exemplars(self.settings.exemplars, self.seed)
        prompts = make_prompts(texts, styles, [self.hidden(query) for query in exemplars])
        if about is not None:
            targeted = {target.chunk.id for target in self.targets}
            chunks = [chunk for chunk in chunks if chunk.id in about or chunk.id in targeted]
        asks = plan(
            [chunk for chunk in chunks if about is None or chunk.id in about],
            self.settings,
            self.seed,
            styles,
            weights=self.weights,
            languages=self.languages,
            paths=self.paths,
            withheld=self.withheld,
            targets=self.targets,
        )
        with cache.opened(self.cache_path) as answers:
            return asyncio.run(self._write(chunks, asks, styles, prompts, answers, progress))

    async def _write(
        self,
        chunks: Sequence[Chunk],
        asks: Sequence[Ask],
        styles: Sequence[str],
        prompts: Prompts,
        answers: cache.AnswerCache,
        progress: Progress,
    ) -> Generated:
        account = Spending(answers.connection, "queries")
        budget = Budget(self.settings.max_calls, self.settings.max_tokens, account)
        async with ChatClient(of_teacher(self.settings)) as client:
            asker = Asker(client, answers, budget, Gate(self.settings.concurrency), self.backoff)
            writing = Writing(self.settings, prompts, asker, progress, self.priced)
            with writing.told(asks):
                made, corrected = await self._ask(chunks, asks, styles, writing)
        writing.check()
        for note in writing.notes():
            progress.note(note)
        generated = self._sort(chunks, made, writing)
        answers.show(self._brought(made, writing))
        if corrected:
            corrected = replace(corrected, aside=frozenset(generated.rounds))
        return replace(generated, summary=generated.summary | {"asked": _asked(asks)}, corrected=corrected)

    async def _ask(
        self, chunks: Sequence[Chunk], asks: Sequence[Ask], styles: Sequence[str], writing: Writing
    ) -> tuple[Sequence[Ask], Corrected | None]:
        """Make the first requests, then the rest against what the queries so far lean to; and say which they were.

        Requests about failures come before, and are neither corrected nor what is corrected by.

        Nothing is changed where the caps cut the first ones short: what can still be had is then what
        earlier runs have paid for.
        """
        targeted = [ask for ask in asks if ask.round]
        planned = [ask for ask in asks if not ask.round]
        await writing.run_on_top(targeted)
        division = divide(planned, self.settings, self.seed)
        if not division.first:
            await writing.run(planned)
            return asks, None
        await writing.run(division.first)
        corrected = None
        if not writing.unasked:
            sendable = [chunk for chunk in chunks if chunk.document_id not in self.withheld]
            corrected = found(division.first, self._sort(chunks, division.first, writing), sendable)
        rest = division.rest
        if corrected:
            shares = dict.fromkeys(styles, 1.0) | dict(self.weights or {})
            weights = {style: shares[style] * corrected.change.styles.get(style, 1.0) for style in styles}
            draw = Draw(self.seed, weights, self.settings.languages)
            rest = replan(division, corrected.change, chunks, draw, self.settings.per_chunk)
        made = [*division.first, *rest]
        await writing.run(made, len(division.first))
        return ([*targeted, *made], corrected) if corrected else (asks, None)

    def _sort(self, chunks: Sequence[Chunk], asks: Sequence[Ask], writing: Writing) -> Generated:
        """Filter in the order of the chunks, so that the order of the answers changes nothing.

        What was asked about failures comes last: it leaves the rest as it is.
        """
        filters = Filters(self.settings.min_quality)
        places = {chunk.id: place for place, chunk in enumerate(chunks)}
        known = {chunk.id: chunk for chunk in chunks if chunk.document_id not in self.withheld}
        kept: list[Query] = []
        refused: list[RejectedQuery] = []
        rounds: dict[str, int] = {}
        empty_texts = unsupported = 0
        for ask, queries in sorted(
            writing.kept(asks),
            key=lambda item: (item[0].round, item[0].is_multi_hop, places[item[0].chunks[0].id]),
        ):
            for written in queries:
                try:
                    query = self._query(ask, written, known)
                except UnsupportedQueryError as problem:
                    unsupported += 1
                    refused.append(rejected(self._record(ask, written, []), str(problem)))
                    continue
                if not query.text:
                    empty_texts += 1
                elif reason := filters.reason(query, *_sources(ask, query)):
                    refused.append(rejected(query, reason))
                else:
                    kept.append(query)
                    rounds |= {query.id: ask.round} if ask.round else {}
        summary = writing.summary() | {
            "chunks_unplanned": len(known.keys() - {chunk.id for ask in asks for chunk in ask.chunks}),
            "bundles_answered": sum(ask.is_multi_hop and ask.id in writing.written for ask in asks),
            "unsupported": unsupported,
            "empty_texts": empty_texts,
            "kept": len(kept),
            "rejected": dict(sorted(filters.counts.items())),
            "styles": dict(sorted(Counter(query.style for query in kept).items())),
        }
        return Generated(kept, refused, summary, rounds)

    def _brought(self, asks: Sequence[Ask], writing: Writing) -> Iterator[tuple[str, cache.Shown]]:
        """Which queries each answer holds, whatever became of them."""
        for ask, queries in writing.kept(asks):
            for written in queries:
                text = " ".join(written.query.split())
                for chunk in ask.chunks:  # one of which is its source
                    yield writing.keys[ask.id], cache.Shown("query", query_id(chunk.id, text), "wrote")

    def _query(self, ask: Ask, written: WrittenQuery, known: Collection[str]) -> Query:
        """The record of a written query. Raises UnsupportedQueryError where a bundle's names no passage of it."""
        if ask.is_multi_hop:
            return self._record(ask, written, supporting(written, [chunk.id for chunk in ask.chunks]))
        others = [other for other in written.named if other in known and other != ask.chunks[0].id]
        return self._record(ask, written, [ask.chunks[0].id, *others])

    def _record(self, ask: Ask, written: WrittenQuery, positives: list[str]) -> Query:
        text = " ".join(written.query.split())
        style = " ".join((written.style or "").lower().split())
        source = positives[0] if positives else ask.chunks[0].id
        return Query(
            id=query_id(source, text),
            text=text,
            positives=positives,
            style=style if 0 < len(style) <= LONGEST_STYLE else "other",
            hops=len(positives) if ask.is_multi_hop else max(written.hops or 1, 1),
            answer=" ".join((written.answer or "").split()),
            teacher=self.name,
            score=written.quality / 10,
            scores={"quality": written.quality},
            source=source,
        )


def _asked(asks: Sequence[Ask]) -> dict[str, dict[str, int]]:
    """How many queries of each style and of how many passages were planned."""
    styles = queries_by_style(asks)
    hops: Counter[str] = Counter()
    for ask in asks:
        hops[str(len(ask.chunks))] += ask.count
    return {"styles": dict(sorted(styles.items())), "hops": dict(sorted(hops.items()))}


def _sources(ask: Ask, query: Query) -> list[Chunk]:
    """The chunks that a query was written from, its source first; single ones only from the one shown."""
    shown = {chunk.id: chunk for chunk in ask.chunks}
    return [shown[name] for name in query.positives if name in shown]
