"""What every teacher is: chunks in, queries and rejected queries out."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol

from idiolect.files import digest_text
from idiolect.progress import Progress
from idiolect.records import Chunk, Query, RejectedQuery
from idiolect.teachers.reporting.before_and_after import Corrected


@dataclass(frozen=True)
class Generated:
    """Queries kept and rejected, both in the order of the chunks, and what was counted on the way.

    `rounds`: of the queries kept that were asked for because of failures, by id, the number of the round.
    `corrected` says what was asked differently from some point on, where anything was.
    """

    queries: list[Query]
    rejected: list[RejectedQuery]
    summary: dict[str, Any]
    rounds: Mapping[str, int] = field(default_factory=dict)
    corrected: Corrected | None = None


class Teacher(Protocol):
    @property
    def name(self) -> str:
        """Stands in `Query.teacher`, e.g. "extractive" or "llm:MODEL"."""

    def write(
        self, chunks: Sequence[Chunk], progress: Progress, about: Collection[str] | None = None
    ) -> Generated:
        """Write queries for `chunks`, or for those of them whose ids are in `about`: the others are context.

        Raises TeacherError where nothing usable can be had.
        """


def query_id(chunk_id: str, text: str) -> str:
    """ "q" and 12 hexadecimal digits of the digest of where a query comes from and what it says."""
    return "q" + digest_text(f"{chunk_id}\0{text}")[:12]
