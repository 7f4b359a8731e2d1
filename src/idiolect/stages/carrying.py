"""What generate takes over from an earlier round, and what is left to ask the teacher about."""

import math
from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace
from typing import Any

import msgspec

from idiolect.config import Generate
from idiolect.mining.carried import Carried, Places
from idiolect.records import Chunk, Query, RejectedQuery, WrittenNegative
from idiolect.stages.context import Context, Summary
from idiolect.teachers.base import Generated
from idiolect.teachers.filters import rejected

CHANGED = "carried over, but a passage of it changed or went"
OTHER_TEACHER = "carried over, but another teacher wrote it"

_CAPS = ("max_queries", "max_calls", "max_tokens")


@dataclass(frozen=True)
class TakenOver:
    """`about`: ids of the chunks to ask about, None for all; `trains`: how many chunks queries are written for;
    `rounds`: the rounds about failures that were asked before.
    """

    queries: Sequence[Query] = ()
    dropped: Sequence[RejectedQuery] = ()
    negatives: Sequence[WrittenNegative] = ()
    about: frozenset[str] | None = None
    trains: int = 0
    rounds: frozenset[str] = frozenset()

    def share(self, also: Collection[str] = ()) -> float:
        """The part of those chunks that is asked about: what is new, and `also` these, by id."""
        return 1.0 if self.about is None else len(self.about.union(also)) / max(self.trains, 1)

    def summary(self) -> Summary:
        if self.about is None:
            return {}
        counts = {"kept": len(self.queries), "dropped": len(self.dropped), "chunks": len(self.about)}
        return {"carried": counts}

    def beside(self, generated: Generated) -> Generated:
        """Both rounds' queries, those carried over first; of the new ones none that says what one of them says."""
        said = {query.text.casefold(): query.id for query in self.queries}
        known = {query.id for query in self.queries}
        fresh: list[Query] = []
        twice: list[RejectedQuery] = []
        for query in generated.queries:
            if query.id in known:
                continue
            if query.text.casefold() in said:
                twice.append(
                    rejected(query, f"the same text as query {said[query.text.casefold()]}, carried over")
                )
            else:
                fresh.append(query)
        return replace(
            generated,
            queries=[*self.queries, *fresh],
            rejected=[*self.dropped, *generated.rejected, *twice],
        )


def taken_over(carried: Carried | None, chunks: Sequence[Chunk], teacher: str) -> TakenOver:
    """Nothing, and all chunks to be asked about, where there is no earlier round, or another teacher wrote then."""
    if carried is None:
        return TakenOver()
    rounds = frozenset(carried.facts.rounds)
    if carried.facts.teacher != teacher:
        others = [rejected(query, OTHER_TEACHER) for query in carried.queries]
        about = frozenset(chunk.id for chunk in chunks)
        return TakenOver(dropped=others, about=about, trains=len(about), rounds=rounds)
    places = Places(carried, chunks)
    kept, gone = places.standing(carried.queries)
    about = frozenset(chunk.id for chunk in places.unknown(chunks) if chunk.trains)
    still = {query.id for query in kept}
    return TakenOver(
        queries=kept,
        dropped=[rejected(query, CHANGED) for query in gone],
        negatives=[
            msgspec.structs.replace(one, source=place)
            for one in carried.negatives
            if one.query_id in still and (place := places.place(one.source))
        ],
        about=about,
        trains=sum(chunk.trains for chunk in chunks),
        rounds=rounds,
    )


def shared_out(context: Context, share: float) -> Context:
    """The context whose caps on what is asked are this part of the config's, rounded up."""
    settings: Generate = context.config.generate
    caps: dict[str, Any] = {name: math.ceil(share * getattr(settings, name)) for name in _CAPS}
    generate = msgspec.structs.replace(settings, **caps)
    return replace(context, config=msgspec.structs.replace(context.config, generate=generate))
