"""Which figures of the written queries pass a threshold, and what to do about each.

The thresholds are judgement calls: they say where a figure is worth a look, not where harm begins.
"""

from collections.abc import Iterator, Mapping, Sequence

from idiolect.records import Record
from idiolect.teachers.reporting.copying import Copying
from idiolect.teachers.reporting.coverage import Coverage, share
from idiolect.teachers.reporting.lead_bias import Position
from idiolect.teachers.reporting.likeness import Languages, Lengths
from idiolect.teachers.reporting.realness import FEWEST_REAL, Realness
from idiolect.teachers.reporting.shares import Share

DOCUMENTS_COVERED = 0.8
"""Of the documents that so many queries could cover, one each, the share that has any."""
GINI_EXCESS = 0.2
"""Gini over documents above what their lengths, or the number of queries, make unavoidable."""
LARGEST_SHARE = 0.25
"""Queries of one document among all, where that is also twice its share of the text."""
SHARE_LOST = 0.5
"""What is kept of a style's (or hop's) asked share."""
FEWEST_ASKED = 20
"""Queries of a style asked for, below which its share is too noisy to speak of."""
LEAD_P, LEAD_V = 0.01, 0.1
"""Answers are unevenly placed where chance is ruled out and Cramér's V, between Cohen's small (0.05) and
medium (0.15) for five classes, says that it matters."""
COPIES = 0.2
"""Share of written queries that are copies of their chunks."""
LENGTH_KS = 0.3
"""Largest gap between the distributions of lengths of real and written queries."""
LANGUAGE_DISTANCE = 0.2
"""Share of queries in other languages than real ones are."""
AUC = 0.9
"""What a classifier tells real from written queries with."""

ORDINALS = ("first", "second", "third", "fourth", "last")


class Finding(Record, frozen=True, kw_only=True):
    """`name` is for scripts; `text` says the figure, `advice` what to do; `value` passed `threshold`."""

    name: str
    text: str
    advice: str
    value: float
    threshold: float


def findings(
    coverage: Coverage,
    styles: Sequence[Share],
    hops: Sequence[Share],
    positions: Mapping[str, Position | None],
    copying: Copying | None,
    lengths: Lengths,
    languages: Languages,
    realness: Realness | None,
) -> list[Finding]:
    """In the order of the report; `positions`: what holds the answers ("documents", "chunks") → where."""
    found = [*skews(coverage, styles, positions), *_shares("hops", hops)]
    if copying:
        found += _copies(copying)
    return [*found, *_likeness(lengths, languages), *(_told(realness) if realness else ())]


def skews(
    coverage: Coverage, styles: Sequence[Share], positions: Mapping[str, Position | None]
) -> list[Finding]:
    """The findings that asking differently can answer: on sources, styles, and where answers stand."""
    return [*_spread(coverage), *_shares("style", styles), *_lead(positions)]


def _spread(held: Coverage) -> Iterator[Finding]:
    reachable = min(held.documents, held.queries)
    covered = share(held.documents_covered, reachable)
    if reachable and covered < DOCUMENTS_COVERED:
        yield Finding(
            name="coverage",
            text=f"{held.documents_covered:,} of {held.documents:,} documents have a query, where "
            f"{held.queries:,} queries could reach {reachable:,}",
            advice="see in rejected.jsonl why the others have none; raise generate.max_queries",
            value=covered,
            threshold=DOCUMENTS_COVERED,
        )
    unavoidable = max(held.gini_of_text, 1 - share(held.queries, held.documents))
    if held.gini_of_documents > unavoidable + GINI_EXCESS:
        yield Finding(
            name="concentration",
            text=f"queries are concentrated on few documents: Gini {held.gini_of_documents:.2f}, "
            f"where {unavoidable:.2f} was to be expected",
            advice="weigh documents against their share of the queries in the next call",
            value=held.gini_of_documents,
            threshold=unavoidable + GINI_EXCESS,
        )
    if held.largest_share > max(LARGEST_SHARE, 2 * held.largest_share_of_text):
        yield Finding(
            name="largest source",
            text=f"{held.largest} has {held.largest_share:.0%} of the queries and "
            f"{held.largest_share_of_text:.0%} of the text",
            advice="look whether the others were rejected, or could not be read",
            value=held.largest_share,
            threshold=max(LARGEST_SHARE, 2 * held.largest_share_of_text),
        )


def _shares(kind: str, rows: Sequence[Share]) -> Iterator[Finding]:
    for row in rows:
        kept = share(row.kept_share, row.asked_share)
        if row.asked >= FEWEST_ASKED and kept < SHARE_LOST:
            what = f"style {row.name}" if kind == "style" else f"queries of {row.name} hops"
            yield Finding(
                name=f"{kind} {row.name}",
                text=f"{what}: {row.asked_share:.0%} were planned, {row.kept_share:.0%} of those kept are",
                advice=(
                    "see in rejected.jsonl what they fail by"
                    if row.written > 2 * row.kept
                    else "the teacher seldom writes them: ask for more, or leave them out of the plan"
                ),
                value=kept,
                threshold=SHARE_LOST,
            )


def _lead(positions: Mapping[str, Position | None]) -> Iterator[Finding]:
    for where, position in positions.items():
        if position is None or position.p >= LEAD_P or position.cramers_v < LEAD_V:
            continue
        fullest = position.fullest
        if fullest == 0:
            later = "later chunks" if where == "documents" else "the whole passage"
            advice = f"a model trained on them may favour beginnings: ask about {later}"
        else:
            advice = "look whether answers do stand there, as conclusions do; else ask about the other parts"
        yield Finding(
            name=f"position in {where}",
            text=f"{position.observed[fullest]:.0%} of the answers stand in the {ORDINALS[fullest]} fifth of "
            f"their {where}, which has {position.expected[fullest]:.0%} of the text "
            f"(Cramér's V {position.cramers_v:.2f})",
            advice=advice,
            value=position.cramers_v,
            threshold=LEAD_V,
        )


def _copies(copying: Copying) -> Iterator[Finding]:
    if copying.copies > COPIES:
        yield Finding(
            name="copies",
            text=f"{copying.copies:.0%} of the queries repeat their chunk word for word for the most part",
            advice="they teach what BM25 knows already: ask for other words, or for other styles",
            value=copying.copies,
            threshold=COPIES,
        )


def _likeness(lengths: Lengths, languages: Languages) -> Iterator[Finding]:
    if lengths.ks > max(LENGTH_KS, lengths.ks_by_chance):
        yield Finding(
            name="length",
            text=f"half of the queries have more than {lengths.synthetic[2]:.0f} words, "
            f"half of the real ones more than {lengths.real[2]:.0f} "
            f"(Kolmogorov-Smirnov {lengths.ks:.2f})",
            advice="give real queries as generate.exemplars, or ask for styles of their length",
            value=lengths.ks,
            threshold=max(LENGTH_KS, lengths.ks_by_chance),
        )
    enough = min(languages.told, languages.real_told) >= FEWEST_REAL
    if enough and languages.distance > LANGUAGE_DISTANCE:
        yield Finding(
            name="language",
            text=f"{languages.distance:.0%} of the queries are in other languages than real ones are",
            advice="set generate.languages to those that people ask in",
            value=languages.distance,
            threshold=LANGUAGE_DISTANCE,
        )


def _told(realness: Realness) -> Iterator[Finding]:
    if realness.auc > AUC:
        low, high = realness.interval
        yield Finding(
            name="realness",
            text=f"a classifier tells the queries from real ones: AUC {realness.auc:.2f} "
            f"({low:.2f} to {high:.2f}), 0.50 by chance",
            advice="give real queries as generate.exemplars",
            value=realness.auc,
            threshold=AUC,
        )
