"""The report on the written queries, as one record: `generate_report.json` holds it, the page shows it."""

from collections import Counter
from collections.abc import Mapping, Sequence
from pathlib import Path

import msgspec

from idiolect.errors import InputError, MissingExtra
from idiolect.records import Chunk, Query, Record
from idiolect.teachers.reporting import lead_bias
from idiolect.teachers.reporting.before_and_after import Corrected, Correction, before_and_after
from idiolect.teachers.reporting.copying import Copying, copying
from idiolect.teachers.reporting.coverage import Coverage, coverage
from idiolect.teachers.reporting.findings import Finding, findings
from idiolect.teachers.reporting.lead_bias import Position
from idiolect.teachers.reporting.likeness import Languages, Lengths, languages, lengths
from idiolect.teachers.reporting.realness import FEWEST_REAL, Realness, realness
from idiolect.teachers.reporting.shares import Share, shares


class SyntheticReport(Record, frozen=True, kw_only=True):
    """What `queries` kept queries are like as a set; `rejected` were written and not kept.

    `hops` has a row for each number of chunks that a query needs.  `findings` are the figures that
    passed a threshold; `notes` say what was not measured, and why.  What `styles` and `hops` call
    asked is what was planned: what a `correction` asked for instead, it says itself.
    """

    teacher: str
    queries: int
    rejected: int
    real: int
    coverage: Coverage
    styles: list[Share]
    hops: list[Share]
    in_documents: Position | None
    in_chunks: Position | None
    copying: Copying | None
    lengths: Lengths
    languages: Languages
    realness: Realness | None
    findings: list[Finding]
    notes: list[str]
    correction: Correction | None = None


def synthetic_report(
    queries: Sequence[Query],
    rejected: Sequence[Query],
    chunks: Sequence[Chunk],
    asked: Mapping[str, int] | None = None,
    real: Sequence[str] = (),
    *,
    asked_hops: Mapping[int, int] | None = None,
    corrected: Corrected | None = None,
) -> SyntheticReport:
    """Measure what a teacher wrote.

    `chunks` are all chunks, those that get no queries too.  `asked`: style → queries asked for,
    `asked_hops`: chunks a query → queries asked for, both empty without a plan.  `real`: texts of
    queries that people asked.  `corrected`: what was changed on the way, where anything was.
    """
    texts = [query.text for query in queries]
    real = list(dict.fromkeys(real))
    likely, notes = _realness(queries, chunks, real)
    if not real:
        notes.append("No real queries were given, so lengths and languages stand alone: give --queries.")
    measured = SyntheticReport(
        teacher=next((query.teacher for query in queries), ""),
        queries=len(queries),
        rejected=len(rejected),
        real=len(real),
        coverage=coverage(queries, chunks),
        styles=shares(asked or {}, [q.style for q in queries], [q.style for q in rejected]),
        hops=shares(
            {str(hops): count for hops, count in (asked_hops or {}).items()},
            [str(q.hops) for q in queries],
            [str(q.hops) for q in rejected],
        ),
        in_documents=lead_bias.in_documents(queries, chunks),
        in_chunks=lead_bias.in_chunks(queries, chunks),
        copying=copying(queries, chunks),
        lengths=lengths(texts, real),
        languages=languages(texts, real),
        realness=likely,
        findings=[],
        notes=notes,
        correction=before_and_after(corrected, queries, chunks) if corrected else None,
    )
    found = findings(
        measured.coverage,
        measured.styles,
        measured.hops,
        {"documents": measured.in_documents, "chunks": measured.in_chunks},
        measured.copying,
        measured.lengths,
        measured.languages,
        measured.realness,
    )
    return msgspec.structs.replace(measured, findings=found)


def read_synthetic_report(path: Path) -> SyntheticReport | None:
    """None where `path` is missing; raises InputError where it is no such report."""
    try:
        return msgspec.json.decode(path.read_bytes(), type=SyntheticReport)
    except FileNotFoundError:
        return None
    except msgspec.MsgspecError as error:
        raise InputError(f"{path} is no report on queries ({error}): run `idiolect generate` again") from None


def _realness(
    queries: Sequence[Query], chunks: Sequence[Chunk], real: Sequence[str]
) -> tuple[Realness | None, list[str]]:
    """The classifier's word, or a note on why there is none."""
    if not real:
        return None, []
    counts = Counter({"real": len(real), "written": len(queries)})
    few = [f"{count:,} {kind}" for kind, count in counts.items() if count < FEWEST_REAL]
    if few:
        return None, [
            f"No classifier tells real from written: {FEWEST_REAL} of each are needed, of {few[0]}."
        ]
    documents = {chunk.id: chunk.document_id for chunk in chunks}
    try:
        return realness([(q.text, documents.get(q.source, q.id)) for q in queries], real), []
    except MissingExtra as missing:
        return None, [f"No classifier tells real from written: {missing}."]
