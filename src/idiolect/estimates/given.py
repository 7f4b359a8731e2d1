"""How much the BEIR folders hold that a run is given to report on or to guard."""

from collections.abc import Iterable
from pathlib import Path

from idiolect.records import Record

_SAMPLED = 1_000_000
"""Bytes of a corpus that are looked at."""


class GivenCorpus(Record, frozen=True, kw_only=True):
    """A corpus.jsonl: its `bytes`, and about how many passages they are."""

    bytes: float
    passages: float

    @property
    def tokens(self) -> float:
        """At 4.5 bytes a token."""
        return self.bytes / 4.5


def given_corpora(folders: Iterable[str]) -> list[GivenCorpus]:
    """One for each BEIR folder that is there."""
    files = (Path(folder) / "corpus.jsonl" for folder in folders)
    return [_given(file) for file in files if file.is_file()]


def _given(file: Path) -> GivenCorpus:
    size = file.stat().st_size
    with file.open("rb") as lines:
        seen = lines.read(_SAMPLED)
    return GivenCorpus(bytes=size, passages=max(seen.count(b"\n"), 1) * size / max(len(seen), 1))
