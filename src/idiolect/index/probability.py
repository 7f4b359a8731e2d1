"""A bundle's calibration applied to the hits of a search."""

from collections.abc import Sequence

import numpy as np

from idiolect.errors import UsageError
from idiolect.evaluation.calibration import Calibration, leads
from idiolect.records import Chunk


class Probabilities:
    """That hits answer a query, over one corpus of chunks; `calibration` is None where the bundle has none."""

    def __init__(self, calibration: Calibration | None, chunks: Sequence[Chunk]) -> None:
        self.calibration = calibration
        whole = calibration is not None and calibration.unit == "document"
        self.owners = np.array([chunk.document_id if whole else chunk.id for chunk in chunks])

    def of(
        self, mode: str, scores: np.ndarray, cosines: np.ndarray, columns: Sequence[int]
    ) -> list[float | None]:
        """Of the hits `columns`, best first; `scores` and `cosines` are of all chunks.  None without a curve."""
        found = self.calibration.modes.get(mode) if self.calibration else None
        if found is None or not columns:
            return [None] * len(columns)
        best = self.owners == self.owners[columns[0]]
        others = scores[~best]
        rival = float(others.max()) if np.isfinite(others).any() else None
        hits = list(columns)
        ahead = leads(scores[hits], best[hits], rival)
        probabilities = found.curve.probability(cosines[hits], ahead)
        return [round(float(probability), 4) for probability in probabilities]

    def threshold(self, mode: str, given: float | None = None) -> float:
        """The best probability below which nothing answers: `given`, or the one that dev chose.

        Raises UsageError where the bundle or the mode has no calibration, or dev found no threshold.
        """
        if self.calibration is None:
            raise UsageError(
                "--abstain needs a calibrated bundle, and this one is not: run `idiolect run DOCS` again; "
                "where it says that no dev set is large enough, give it --queries"
            )
        if mode not in self.calibration.modes:
            known = " or ".join(self.calibration.modes)
            raise UsageError(f"--abstain needs probabilities, which {mode} search has none of: use {known}")
        if given is not None:
            return given
        abstention = self.calibration.modes[mode].abstention
        if abstention is None:
            raise UsageError(
                f"no threshold of {mode} search was precise enough on dev: give one, as in --abstain 0.5"
            )
        return abstention.threshold
