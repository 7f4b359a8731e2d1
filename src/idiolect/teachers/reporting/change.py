"""What the first queries of a run lean to, and how the requests that are still to be made answer it."""

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence

import msgspec

from idiolect.records import Chunk, Query, Record
from idiolect.teachers.reporting.coverage import coverage, share
from idiolect.teachers.reporting.findings import Finding, skews
from idiolect.teachers.reporting.lead_bias import FIFTHS, document_lengths, in_chunks, in_documents, spread
from idiolect.teachers.reporting.shares import shares
from idiolect.teachers.reporting.weights import document_weights, fifth_weights, style_weights

FEWEST_KEPT = 100
"""Queries below which nothing is changed: of four styles planned alike, one is then below half of its
share by chance in 4 of 1,000 runs."""

_SOURCES = ("concentration", "largest source")


class Change(Record, frozen=True, kw_only=True):
    """`findings` are those that it answers, none where nothing changes; weights are relative to the plan.

    `styles` and `documents` map names to weights, `others` is that of all further documents, `fifths`
    are those of the fifths of documents that chunks lie in.  `evenly`: the plan itself leans to some
    fifths, and further chunks are drawn from all alike.  `parts`: each request says which parts of
    its chunk to ask about.
    """

    findings: list[Finding] = []
    styles: dict[str, float] = {}
    documents: dict[str, float] = {}
    others: float = 1.0
    fifths: list[float] = []
    evenly: bool = False
    parts: bool = False


def change_against(
    kept: Sequence[Query],
    rejected: Sequence[Query],
    chunks: Sequence[Chunk],
    *,
    asked: Mapping[str, float],
    styles: Mapping[str, int],
) -> Change:
    """The change that answers the skews of `kept`; none for fewer than FEWEST_KEPT, or without a finding.

    Of the places within chunks, only a leaning to beginnings is answered: conclusions do stand at
    ends.  `chunks` are all that could be asked about; `asked` counts the queries asked for by the id of
    their chunk, `styles` by their style.
    """
    if len(kept) < FEWEST_KEPT:
        return Change()
    rows = shares(styles, [query.style for query in kept], [query.style for query in rejected])
    whole, within = in_documents(kept, chunks), in_chunks(kept, chunks)
    covered = coverage(kept, [chunk for chunk in chunks if chunk.id in asked])
    found = {
        finding.name: finding for finding in skews(covered, rows, {"documents": whole, "chunks": within})
    }
    got = Counter(query.source for query in kept)
    change = Change()
    if lost := [name for name in found if name.startswith("style ")]:
        change = _with(change, map(found.__getitem__, lost), styles=style_weights(rows))
    if concentrated := [name for name in _SOURCES if name in found]:
        own, others = document_weights(by_document(asked, chunks), by_document(got, chunks))
        if {*own.values(), others} != {1.0}:
            change = _with(change, map(found.__getitem__, concentrated), documents=own, others=others)
    if whole and "position in documents" in found:
        # by the chunks alone: where in these the answers stand, another draw does not change
        planned, drawn = (_over_fifths(counts, chunks) for counts in (asked, got))
        fifths, evenly = fifth_weights(planned, drawn), set(fifth_weights(whole.expected, planned)) != {1.0}
        if evenly or set(fifths) != {1.0}:
            change = _with(change, [found["position in documents"]], fifths=fifths, evenly=evenly)
    if within and within.fullest == 0 and "position in chunks" in found:
        change = _with(change, [found["position in chunks"]], parts=True)
    return change


def by_document(counts: Mapping[str, float], chunks: Sequence[Chunk]) -> dict[str, float]:
    """What is counted by chunk, by document."""
    totals: defaultdict[str, float] = defaultdict(float)
    for chunk in chunks:
        if chunk.id in counts:
            totals[chunk.document_id] += counts[chunk.id]
    return totals


def _over_fifths(counts: Mapping[str, float], chunks: Sequence[Chunk]) -> list[float]:
    """The share of what is counted by chunk that lies in each fifth of the documents."""
    lengths = document_lengths(chunks)
    total = sum(counts.get(chunk.id, 0) for chunk in chunks)
    shares = [0.0] * FIFTHS
    for chunk in chunks:
        fifths = spread(chunk.start, chunk.end, lengths[chunk.document_id])
        part = share(counts.get(chunk.id, 0), total)
        shares = [held + part * fifth for held, fifth in zip(shares, fifths, strict=True)]
    return shares


def _with(change: Change, findings: Iterable[Finding], **weights: object) -> Change:
    return msgspec.structs.replace(change, findings=[*change.findings, *findings], **weights)
