"""The licences of many documents, counted, with what the policy makes of them."""

from collections import Counter
from collections.abc import Iterator, Mapping

from idiolect.lifecycle.licences.policy import USES, Policy
from idiolect.records import Document

UNSTATED = "unknown"
"""What stands in tables for documents without a licence."""

_SHOWN = 6


class Rulings:
    """Counts over documents: by licence, and by use those to which it is denied."""

    def __init__(self, policy: Policy) -> None:
        self.policy = policy
        self._licences: Counter[str] = Counter()
        self._denied: Counter[str] = Counter()
        self._unfit = set(policy.paths)

    def add(self, document: Document) -> None:
        self._licences[document.licence or UNSTATED] += 1
        self._denied.update(self.policy.denied(document.licence, document.path, document.id))
        self._unfit.discard(self.policy.denied_path(document.path, document.id))

    @property
    def licences(self) -> dict[str, int]:
        """SPDX expression, or "unknown" → documents, the most frequent first."""
        return dict(self._licences.most_common())

    @property
    def denied(self) -> dict[str, int]:
        """Use → documents to which it is denied; uses that are denied to none are left out."""
        return {use: self._denied[use] for use in USES if self._denied[use]}

    def shares(self, counts: Mapping[str, int]) -> dict[str, float]:
        """Counts as shares of all documents."""
        total = max(self._licences.total(), 1)
        return {name: round(count / total, 4) for name, count in counts.items()}

    def notes(self) -> Iterator[str]:
        """What a person should hear: nothing where no licence is known and none denied."""
        if set(self._licences) - {UNSTATED}:
            yield f"licences: {listed(self.licences)}"
        if self.denied:
            yield f"denied by licence: {', '.join(f'{use} {count:,}' for use, count in self.denied.items())}"
        for pattern in sorted(self._unfit):
            yield f"licences.deny: {pattern!r} fits no document"


def listed(counts: Mapping[str, int]) -> str:
    """The most frequent ones with their counts, in one line."""
    shown = [f"{licence} {count:,}" for licence, count in list(counts.items())[:_SHOWN]]
    rest = sum(list(counts.values())[_SHOWN:])
    return ", ".join([*shown, f"others {rest:,}"] if rest else shown)
