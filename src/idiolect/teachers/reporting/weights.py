"""What a next call should ask more of, and less of: asked shares against kept ones, within bounds."""

from collections import Counter
from collections.abc import Sequence

from idiolect.records import Chunk, Query
from idiolect.teachers.reporting.coverage import share
from idiolect.teachers.reporting.synthetic_report import SyntheticReport

LEAST, MOST = 0.5, 2.0
"""No style and no document is asked for less than half, or more than twice, as often as planned.  A
judgement call: few queries make noisy shares, and a style that a corpus cannot yield stays rare."""


def weights_against(report: SyntheticReport) -> dict[str, float]:
    """Style → what to multiply its asked share by; empty where nothing was planned, as without an LLM."""
    return {
        row.name: weight(row.asked_share, row.kept_share)
        for row in sorted(report.styles, key=lambda row: row.name)
        if row.asked
    }


def document_weights(queries: Sequence[Query], chunks: Sequence[Chunk]) -> dict[str, float]:
    """Document → what to multiply its chance to be asked about by: its share of text against that of queries."""
    documents = {chunk.id: chunk.document_id for chunk in chunks if chunk.trains}
    text = Counter(documents.values())
    got = Counter(documents[query.source] for query in queries if query.source in documents)
    return {
        name: weight(share(count, text.total()), share(got[name], got.total()))
        for name, count in text.items()
    }


def weight(asked: float, got: float) -> float:
    """`asked / got` within LEAST and MOST; MOST where there is none at all, 1 where none was wanted either."""
    if not got:
        return MOST if asked else 1.0
    return min(max(asked / got, LEAST), MOST)
