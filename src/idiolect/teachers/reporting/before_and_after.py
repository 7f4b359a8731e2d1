"""What a correction changed: the queries written before it, those written after it, and all, side by side."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from idiolect.records import Chunk, Query, Record
from idiolect.teachers.reporting.change import Change, by_document
from idiolect.teachers.reporting.copying import copying
from idiolect.teachers.reporting.coverage import share
from idiolect.teachers.reporting.findings import ORDINALS
from idiolect.teachers.reporting.lead_bias import FIFTHS, in_chunks, in_documents

OFF_PLAN = "queries off the planned styles"
UNEVEN = "unevenness over {} (Cramér's V)"
COPIES = "copies"
OTHERS = "all other documents"
_MOST_DOCUMENTS = 5
"""Documents that get a row, those with most queries before the change."""


@dataclass(frozen=True)
class Corrected:
    """A run that was corrected: queries with the ids `first` were written before its `change`, all others after.

    `styles` and `asked` count the queries that were asked for until then, as planned, by style and by chunk.
    Those `aside` were asked for because of failures, and count as neither.
    """

    change: Change
    first: frozenset[str]
    styles: Mapping[str, int]
    asked: Mapping[str, float]
    aside: frozenset[str] = frozenset()


class Row(Record, frozen=True, kw_only=True):
    """A figure of the queries kept `before` the change, `after` it, and of all; None where it cannot be had.

    `planned` is the share that was to be met, `weight` what the plan was multiplied by: None of what is
    no share of the queries, and `weight` also where it was not weighed.
    """

    name: str
    before: float | None
    after: float | None
    whole: float | None
    planned: float | None = None
    weight: float | None = None


class Correction(Record, frozen=True, kw_only=True):
    """`before` and `after` count kept queries; `shares` are those that were to change, `figures` are 0 at best."""

    change: Change
    before: int
    after: int
    shares: list[Row]
    figures: list[Row]

    @property
    def sentence(self) -> str:
        """The figures of the skews that were acted on; of documents, the share of the one with most queries."""
        change = self.change
        acted = {
            OFF_PLAN: bool(change.styles),
            UNEVEN.format("documents"): bool(change.fifths),
            UNEVEN.format("chunks"): change.parts,
        }
        rows = [row for row in self.figures if acted.get(row.name)]
        rows += [row for row in self.shares if row.name.startswith("document ")][:1]
        told = ", ".join(f"{row.name} {_number(row.before)} → {_number(row.after)}" for row in rows)
        return f"corrected after {self.before:,} queries, for the {self.after:,} that followed: {told}"


def before_and_after(done: Corrected, queries: Sequence[Query], chunks: Sequence[Chunk]) -> Correction:
    """Compare the `queries` that were kept in the end; `chunks` are all chunks."""
    queries = [query for query in queries if query.id not in done.aside]
    before = [query for query in queries if query.id in done.first]
    after = [query for query in queries if query.id not in done.first]
    measured = [_measured(done, held, chunks) for held in (before, after, queries)]

    def row(name: str, planned: float | None = None, weight: float | None = None) -> Row:
        first, second, whole = (figures.get(name) for figures in measured)
        return Row(name=name, before=first, after=second, whole=whole, planned=planned, weight=weight)

    change = done.change
    rows = [row(f"style {name}", _of(done.styles, name), weight) for name, weight in change.styles.items()]
    if change.documents:
        asked = by_document(done.asked, chunks)
        most = sorted(change.documents, key=lambda name: (-measured[0].get(_document(name), 0.0), name))
        rows += [
            row(_document(name), _of(asked, name), change.documents[name]) for name in most[:_MOST_DOCUMENTS]
        ]
        others = 1 - sum(_of(asked, name) for name in change.documents)
        rows.append(row(OTHERS, others, change.others))
    if change.fifths and (held := in_documents(before, chunks)):
        rows += [
            row(_fifth(fifth, "documents"), held.expected[fifth], weight)
            for fifth, weight in enumerate(change.fifths)
        ]
    if change.parts and (held := in_chunks(before, chunks)):
        rows.append(row(_fifth(held.fullest, "chunks"), held.expected[held.fullest]))
    names = (OFF_PLAN, UNEVEN.format("documents"), UNEVEN.format("chunks"), COPIES)
    return Correction(
        change=change,
        before=len(before),
        after=len(after),
        shares=rows,
        figures=[row(name) for name in names],
    )


def _measured(done: Corrected, queries: Sequence[Query], chunks: Sequence[Chunk]) -> dict[str, float]:
    """Every figure of some kept queries that a row may show, by its name; nothing without queries."""
    if not queries:
        return {}
    styles = Counter(query.style for query in queries)
    documents = by_document(Counter(query.source for query in queries), chunks)
    own = {_document(name): _of(documents, name) for name in done.change.documents}
    figures = {f"style {name}": _of(styles, name) for name in done.styles}
    figures |= own | {OTHERS: 1 - sum(own.values())}
    figures[OFF_PLAN] = (
        sum(abs(_of(styles, name) - _of(done.styles, name)) for name in {*styles, *done.styles}) / 2
    )
    for where, place in (("documents", in_documents), ("chunks", in_chunks)):
        if position := place(queries, chunks):
            figures |= {_fifth(fifth, where): position.observed[fifth] for fifth in range(FIFTHS)}
            figures[UNEVEN.format(where)] = position.cramers_v
    if copied := copying(queries, chunks):
        figures[COPIES] = copied.copies
    return figures


def _of(counts: Mapping[str, float], name: str) -> float:
    return share(counts.get(name, 0), sum(counts.values()))


def _document(name: str) -> str:
    return f"document {name}"


def _fifth(fifth: int, where: str) -> str:
    return f"{ORDINALS[fifth]} fifth of their {where}"


def _number(value: float | None) -> str:
    return "none" if value is None else f"{value:.2f}"
