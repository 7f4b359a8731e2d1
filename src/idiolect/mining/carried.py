"""What an earlier round of a WORK left for the next one, and where in the corpus of now it stands.

A round begins with `idiolect refresh`; without one there is nothing in WORK/carried, and nothing here applies.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cached_property

import msgspec

from idiolect.errors import InputError
from idiolect.files import digest_text, read_json, read_jsonl
from idiolect.mining.boilerplate import is_mostly_boilerplate
from idiolect.mining.duplicates import saying_the_same
from idiolect.mining.fingerprints import is_substantial
from idiolect.records import CarriedChunk, Chunk, FrozenTest, Query, Record, Split, SplitName, WrittenNegative
from idiolect.workspace import Workspace

STRICTEST: tuple[SplitName, ...] = ("test", "dev", "train", "unused")
"""What counts where texts that are the same stand in several splits."""


class Facts(Record, frozen=True, kw_only=True):
    """carried/facts.json: who wrote the queries, and the rounds about failures that were asked by then."""

    teacher: str
    rounds: list[str] = []


@dataclass(frozen=True)
class Carried:
    """The earlier round: all its chunks, queries and written negatives, its test, and the splits of people's queries.

    `labels`: the words of a query that somebody asked → its split.
    """

    facts: Facts
    chunks: list[CarriedChunk]
    queries: list[Query]
    negatives: list[WrittenNegative]
    test: FrozenTest
    labels: dict[str, SplitName]

    @cached_property
    def digests(self) -> dict[str, str]:
        return {chunk.id: chunk.digest for chunk in self.chunks}

    @cached_property
    def splits(self) -> dict[str, SplitName]:
        return {chunk.id: chunk.split for chunk in self.chunks}


def read_carried(work: Workspace) -> Carried | None:
    """None where WORK has had one round only. Raises InputError for files that cannot be read."""
    if not work.carried.is_dir():
        return None
    try:
        return Carried(
            facts=msgspec.convert(read_json(work.carried_facts), Facts),
            chunks=list(read_jsonl(work.carried_chunks, CarriedChunk)),
            queries=list(read_jsonl(work.carried_queries, Query)),
            negatives=list(read_jsonl(work.carried_negatives, WrittenNegative)),
            test=msgspec.convert(read_json(work.carried_test), FrozenTest),
            labels=_labels(read_jsonl(work.carried_labels, Split)),
        )
    except (msgspec.ValidationError, FileNotFoundError) as error:
        raise InputError(
            f"{work.carried} is not what a refresh carried over ({error}): delete it to begin anew without it"
        ) from None


def _labels(splits: Iterable[Split]) -> dict[str, SplitName]:
    """Of words that somebody labelled and others clicked for, both stand there: what held them out counts."""
    found: dict[str, SplitName] = {}
    for one in splits:
        found[one.group] = min(found.get(one.group, one.split), one.split, key=STRICTEST.index)
    return found


class Places:
    """Where the chunks of the earlier round stand in the corpus of now: by id or, where a file was renamed, by text."""

    def __init__(self, carried: Carried, chunks: Sequence[Chunk]) -> None:
        self._now = {chunk.id: digest_text(chunk.passage.full_text) for chunk in chunks}
        unknown = [chunk for chunk in chunks if carried.digests.get(chunk.id) != self._now[chunk.id]]
        telling = [one for one in unknown if is_substantial(one.text) and not is_mostly_boilerplate(one)]
        first: dict[str, str] = {}
        for chunk in telling:
            first.setdefault(self._now[chunk.id], chunk.id)
        self._moved = {
            one.id: place
            for one in carried.chunks
            if (place := one.id if self._now.get(one.id) == one.digest else first.get(one.digest))
        }
        self.known = frozenset(self._moved.values())
        """The chunks of now that say what one of the earlier round said."""
        went = {one.said: one.id for one in carried.chunks if self._now.get(one.id) != one.digest}
        self.renamed = {
            chunk.id: went[said] for chunk in telling if (said := digest_text(chunk.text)) in went
        }
        """Those whose text another chunk of the earlier round had, which is no longer there: that one's id."""

    def place(self, identifier: str) -> str:
        """Where a chunk of the earlier round stands now; "" where none says the same."""
        return self._moved.get(identifier, "")

    def moved(self, query: Query) -> Query | None:
        """The query with the chunks of now; None where its source or a positive no longer says the same."""
        source, *positives = (self.place(name) for name in (query.source, *query.positives))
        if not (source and all(positives)):
            return None
        return msgspec.structs.replace(query, source=source, positives=list(dict.fromkeys(positives)))

    def standing(self, queries: Iterable[Query]) -> tuple[list[Query], list[Query]]:
        """Those that can still be asked, with the chunks of now, and the others as they were."""
        kept, gone = [], []
        for query in queries:
            now = self.moved(query)
            if now is None:
                gone.append(query)
            else:
                kept.append(now)
        return kept, gone

    def unknown(self, chunks: Sequence[Chunk]) -> list[Chunk]:
        """The chunks that neither say what one of the earlier round said nor repeat one that does."""
        same = saying_the_same(chunks)
        return [chunk for chunk in chunks if self.known.isdisjoint(same[chunk.id])]
