"""What further calls should ask more of, and less of: planned shares against kept ones, in steps."""

import math
from collections.abc import Mapping, Sequence

from idiolect.teachers.reporting.coverage import share
from idiolect.teachers.reporting.findings import FEWEST_ASKED
from idiolect.teachers.reporting.shares import Share

LEAST, MOST = 0.5, 2.0
"""No style, document or place is asked for less than half, or more than twice, as often as planned, and
between the two only as planned.  A judgement call: few queries make noisy shares, and a style that a
corpus cannot yield stays rare.  Steps, since other weights make other requests, whose answers are not in
the cache: from one to the next a share must change by 41%, which one failed call of dozens does not do."""


def style_weights(rows: Sequence[Share]) -> dict[str, float]:
    """Planned style → what to multiply its share by; 1 where too few were asked for to tell."""
    return {
        row.name: weight(row.asked_share, row.kept_share) if row.asked >= FEWEST_ASKED else 1.0
        for row in sorted(rows, key=lambda row: row.name)
        if row.asked
    }


def document_weights(asked: Mapping[str, float], kept: Mapping[str, float]) -> tuple[dict[str, float], float]:
    """Document → what to multiply its share by; and the same of all the others together.

    The others are those of which fewer than FEWEST_ASKED queries were asked and kept: each alone would
    be weighed by chance.
    """
    names = [name for name in sorted(asked) if max(asked[name], kept.get(name, 0)) >= FEWEST_ASKED]
    all_asked, all_kept = sum(asked.values()), sum(kept.values())
    own = {name: weight(share(asked[name], all_asked), share(kept.get(name, 0), all_kept)) for name in names}
    few_asked = all_asked - sum(asked[name] for name in names)
    few_kept = all_kept - sum(kept.get(name, 0) for name in names)
    return own, weight(share(few_asked, all_asked), share(few_kept, all_kept))


def fifth_weights(planned: Sequence[float], kept: Sequence[float]) -> list[float]:
    """For each fifth of the documents, by its shares, what to multiply it by; 1 where nothing was planned."""
    return [weight(due, seen) if due else 1.0 for due, seen in zip(planned, kept, strict=True)]


def weight(planned: float, kept: float) -> float:
    """`planned / kept`, or rather the nearest power of two from LEAST to MOST.

    MOST where there is none at all, 1 where none was planned either.
    """
    if not kept:
        return MOST if planned else 1.0
    if not planned:
        return LEAST
    return min(max(2.0 ** round(math.log2(planned / kept)), LEAST), MOST)
