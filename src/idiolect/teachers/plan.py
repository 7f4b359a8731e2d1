"""What is asked of the LLM: about which chunks, how many queries, in which styles and language.

All of it follows from the chunks, the settings and the seed.  What is drawn is drawn by document:
a document more or less leaves the questions about the others, and so their cached answers, as they are.
"""

import random
from collections import Counter
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from idiolect.config import Generate
from idiolect.records import Chunk
from idiolect.teachers.bundles import bundles
from idiolect.teachers.failure_rounds import Target
from idiolect.teachers.fitting import fits
from idiolect.teachers.information import information, terms
from idiolect.teachers.order import evenly

PARTS = ("beginning", "middle", "end")
"""Of a chunk, in which a query can be asked for."""


@dataclass(frozen=True)
class Ask:
    """One request: `count` queries about one chunk, or about the two or three of a bundle.

    `styles` has one entry a query, `parts` as well unless it is empty and the teacher chooses what to
    ask about; `language` is the ISO 639-1 code to write in, "" the chunk's own.  One about failures has
    the number of its `round`; none of the chunks `apart_from` is to answer its queries, and `before`
    counts earlier rounds that asked about its chunk.
    """

    id: str
    chunks: tuple[Chunk, ...]
    count: int
    styles: tuple[str, ...]
    language: str = ""
    parts: tuple[str, ...] = ()
    apart_from: tuple[Chunk, ...] = ()
    round: int = 0
    before: int = 0

    @property
    def is_multi_hop(self) -> bool:
        return len(self.chunks) > 1


def plan(
    chunks: Sequence[Chunk],
    settings: Generate,
    seed: int,
    styles: Sequence[str],
    *,
    weights: Mapping[str, float] | None = None,
    languages: Mapping[str, str] | None = None,
    paths: Mapping[str, str] | None = None,
    withheld: Collection[str] = frozenset(),
    targets: Iterable[Target] = (),
) -> list[Ask]:
    """The requests worth making, in the order in which to make them, as many as the chunks give.

    `styles` are the names to draw from, `weights` their shares relative to 1, the weight of those not
    named (0 leaves a style out).  `languages` and `paths` map document ids to ISO 639-1 codes and to
    paths in the folder; chunks of the documents `withheld` are in no request.  The requests about
    failures, `targets`, come first: they were asked for by name.
    """
    offered = [chunk for chunk in chunks if chunk.document_id not in withheld]
    counts = query_counts(offered, settings.per_chunk)
    told = [chunk for chunk in offered if counts[chunk.id]]
    singles = [(chunk,) for chunk in evenly(told, seed)]
    share = settings.multi_hop
    wanted = len(told) if share == 1 else round(share / (1 - share) * len(told))
    joined = bundles(told, wanted, seed, paths or {})
    shares = {style: (weights or {}).get(style, 1.0) for style in styles}
    draw = Draw(seed, shares, settings.languages)
    asks = list(_targeted(targets, seed, shares, settings.languages, languages or {}, withheld))
    for members in _interleaved(singles, joined, share):
        count = max(round(sum(counts[chunk.id] for chunk in members) / len(members)), 1)
        own = (languages or {}).get(members[0].document_id, "")
        asks.append(
            Ask(
                id="+".join(chunk.id for chunk in members),
                chunks=members,
                count=count,
                styles=draw.styles(members, count),
                language=draw.language(members[0].document_id) or own,
            )
        )
    return asks


def _targeted(
    targets: Iterable[Target],
    seed: int,
    shares: Mapping[str, float],
    turns: Sequence[str],
    own: Mapping[str, str],
    withheld: Collection[str],
) -> Iterator[Ask]:
    """Each round draws anew, so that it leaves what others ask as it is."""
    draws: dict[int, Draw] = {}
    for target in targets:
        chunk, document = target.chunk, target.chunk.document_id
        if document in withheld:
            continue
        draw = draws.setdefault(target.round, Draw(seed + target.round, shares, turns))
        yield Ask(
            id=f"round {target.round}: {chunk.id}",
            chunks=(chunk,),
            count=target.count,
            styles=draw.styles((chunk,), target.count),
            language=draw.language(document) or own.get(document, ""),
            apart_from=tuple(one for one in target.apart_from if one.document_id not in withheld),
            round=target.round,
            before=target.before,
        )


def query_counts(chunks: Sequence[Chunk], per_chunk: int) -> dict[str, int]:
    """Chunk id → queries to ask for: 1 to 2 × `per_chunk`, by information; 0 where there is hardly any."""
    amounts = information([terms(chunk) for chunk in chunks])
    told = [amount for amount in amounts if amount]
    mean = sum(told) / max(len(told), 1)
    return {
        chunk.id: min(max(round(per_chunk * amount / mean), 1), 2 * per_chunk) if amount else 0
        for chunk, amount in zip(chunks, amounts, strict=True)
    }


def _interleaved(
    singles: Sequence[tuple[Chunk, ...]], joined: Sequence[tuple[Chunk, ...]], share: float
) -> Iterator[tuple[Chunk, ...]]:
    """Bundles between single chunks, such that every stretch of the order holds about `share` of them."""
    if share == 1:
        yield from joined
        return
    taken = 0
    for number, single in enumerate(singles, 1):
        yield single
        while taken < len(joined) and taken < round(share / (1 - share) * number):
            yield joined[taken]
            taken += 1


class Draw:
    """Styles, languages and parts in turn, within each document, from where its own draw begins.

    A style's n-th turn comes at the time n / weight.  Its first turn is drawn from an exponential
    distribution of that mean: which style is first has then the probability that its weight gives,
    so that many documents of one chunk keep the weights as one document of many chunks does.
    """

    def __init__(self, seed: int, weights: Mapping[str, float], languages: Sequence[str]) -> None:
        self.seed, self.languages = seed, languages
        self.weights = {style: weight for style, weight in weights.items() if weight > 0}
        self._times: dict[str, dict[str, float]] = {}
        self._used: Counter[tuple[str, str]] = Counter()
        self._turns: dict[tuple[str, str], int] = {}

    def styles(self, members: Sequence[Chunk], count: int) -> tuple[str, ...]:
        """`count` styles that the texts allow, none twice before each has come once.

        One that weighs twice as much as the lightest may come twice by then, and so on.
        """
        document = members[0].document_id
        if document not in self._times:
            drawn = random.Random(f"{self.seed}/styles/{document}")
            self._times[document] = {
                style: drawn.expovariate(weight) for style, weight in self.weights.items()
            }
        times = self._times[document]
        allowed = [style for style in times if fits(style, members)]
        lightest = min((self.weights[style] for style in allowed), default=1.0)
        often = {style: int(self.weights[style] / lightest) for style in allowed}
        here: Counter[str] = Counter()
        for _ in range(count if allowed else 0):
            style = min(allowed, key=lambda name: (here[name] // often[name], times[name]))
            here[style] += 1
            self._used[document, style] += 1
            times[style] = (self._used[document, style] + 1) / self.weights[style]
        return tuple(here.elements())

    def language(self, document: str) -> str:
        """The document's next language in turn; "" where none are set."""
        return self._next("languages", document, self.languages) if self.languages else ""

    def parts(self, document: str, count: int) -> tuple[str, ...]:
        """The document's next `count` parts in turn, in the order in which they stand in a chunk."""
        drawn = [self._next("parts", document, PARTS) for _ in range(count)]
        return tuple(sorted(drawn, key=PARTS.index))

    def _next(self, kind: str, document: str, names: Sequence[str]) -> str:
        turn = self._turns.get((kind, document))
        if turn is None:
            turn = random.Random(f"{self.seed}/{kind}/{document}").randrange(len(names))
        self._turns[kind, document] = turn + 1
        return names[turn % len(names)]
