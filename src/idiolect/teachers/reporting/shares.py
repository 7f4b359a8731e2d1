"""What was asked for, what was written and what was kept, style by style and hop by hop."""

from collections import Counter
from collections.abc import Mapping, Sequence

from idiolect.records import Record
from idiolect.teachers.reporting.coverage import share


class Share(Record, frozen=True, kw_only=True):
    """Queries of one style, or of one number of hops.

    `asked_share` is of all that were asked for, `kept_share` of all that were kept; without a plan
    (`asked` all 0), `asked_share` is 0 throughout.
    """

    name: str
    asked: int
    written: int
    kept: int
    asked_share: float
    kept_share: float


def shares(asked: Mapping[str, int], kept: Sequence[str], rejected: Sequence[str]) -> list[Share]:
    """One row a name, as asked for first, then by how many were kept."""
    got = Counter(kept)
    written = got + Counter(rejected)
    names = [*asked, *sorted(set(written) - set(asked), key=lambda name: (-got[name], name))]
    planned = sum(asked.values())
    return [
        Share(
            name=name,
            asked=asked.get(name, 0),
            written=written[name],
            kept=got[name],
            asked_share=share(asked.get(name, 0), planned),
            kept_share=share(got[name], len(kept)),
        )
        for name in names
    ]
