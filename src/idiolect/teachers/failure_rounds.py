"""Rounds of asking about failures: what each asks, kept in one file so that later runs ask the same."""

from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import msgspec

from idiolect.errors import InputError
from idiolect.files import digest_value, read_json, write_json
from idiolect.records import Chunk, Record
from idiolect.teachers.failures import MOST_CHUNKS, DevRow, Focus, allot


class Request(Record, frozen=True, kw_only=True):
    """So many queries that `chunk` answers and none of `apart_from` does; all are ids of chunks."""

    chunk: str
    queries: int
    apart_from: list[str]


class Round(Record, frozen=True, kw_only=True):
    """What one evaluation taught: `missed` of `dev_queries`, what they mix up, and what is asked for that.

    `evaluation` is a digest of the rankings that it rests on, `queries` how many it was to ask for.
    """

    evaluation: str
    queries: int
    dev_queries: int
    missed: int
    focuses: list[Focus]
    requests: list[Request]

    @property
    def figures(self) -> dict[str, int]:
        """What goes to the screen and to the manifest."""
        return {
            "dev_queries": self.dev_queries,
            "missed": self.missed,
            "clusters": len(self.focuses),
            "chunks": len(self.requests),
            "asked": sum(request.queries for request in self.requests),
        }


@dataclass(frozen=True)
class Target:
    """A request with its texts; `before` counts those of earlier rounds about the same chunk."""

    chunk: Chunk
    count: int
    apart_from: tuple[Chunk, ...]
    round: int
    before: int = 0


def evaluation_of(rows: Iterable[DevRow], run: str) -> str:
    """A digest of what `run` finds for the dev queries: equal where nothing was trained or judged anew."""
    found = [(row.dataset, row.query_id, row.positives, row.runs[run].top) for row in rows if run in row.runs]
    return digest_value([run, sorted(found)])


def requests(found: Sequence[Focus], queries: int, most: int) -> list[Request]:
    """`queries` in all where `most` of a chunk allow for that; a chunk of several focuses is asked about once."""
    apart: dict[str, dict[str, None]] = defaultdict(dict)
    for focus in found:
        for name, others in focus.chunks.items():
            apart[name] |= dict.fromkeys(others)
    return [
        Request(chunk=name, queries=count, apart_from=list(apart[name])[:MOST_CHUNKS])
        for name, count in allot(found, queries, most).items()
    ]


def read_rounds(path: Path) -> list[Round]:
    """The rounds of the file, the first one first; none where there is no file. Raises InputError as it stands."""
    if not path.exists():
        return []
    try:
        return msgspec.convert(read_json(path), dict[str, list[Round]])["rounds"]
    except (msgspec.ValidationError, KeyError) as error:
        raise InputError(
            f"{path} holds no rounds ({error}): delete it, and the next round starts it anew"
        ) from None


def add_round(path: Path, new: Round) -> None:
    """Write `new` behind the rounds of the file, or in place of the one of the same evaluation."""
    rounds = {one.evaluation: one for one in read_rounds(path)}
    write_json(path, {"rounds": list({**rounds, new.evaluation: new}.values())})


def targets(rounds: Iterable[Round], chunks: Iterable[Chunk]) -> Iterator[Target]:
    """The requests whose chunk is still there and trains, in the order of the rounds, numbered from 1."""
    known = {chunk.id: chunk for chunk in chunks}
    before: Counter[str] = Counter()
    for number, one in enumerate(rounds, 1):
        for request in one.requests:
            if (chunk := known.get(request.chunk)) is not None and chunk.trains:
                apart = tuple(known[name] for name in request.apart_from if name in known)
                yield Target(chunk, request.queries, apart, number, before[chunk.id])
            before[request.chunk] += 1
