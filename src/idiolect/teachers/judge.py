"""The LLM that judges: verdicts on queries and chunks, cached and capped as the teacher's answers are."""

from collections import Counter
from collections.abc import Sequence
from pathlib import Path

from idiolect.config import Generate
from idiolect.errors import TeacherError
from idiolect.progress import Progress
from idiolect.teachers.endpoint import of_judge
from idiolect.teachers.retry import Backoff
from idiolect.teachers.rounds import Rounds
from idiolect.teachers.tally import Priced, no_price
from idiolect.teachers.verdicts import Question, Verdict

Verdicts = dict[tuple[str, str], Verdict]
"""(query id, chunk id) → what the judge says of the two."""


class Judge:
    """Judges in rounds, within what the rest of an unfinished run has left of the caps.

    `counts` are those of `idiolect.teachers.rounds.Rounds`.
    """

    def __init__(
        self,
        settings: Generate,
        cache_path: Path,
        backoff: Backoff | None = None,
        priced: Priced = no_price,
    ) -> None:
        self.endpoint = of_judge(settings)
        self.rounds: Rounds[Verdict] = Rounds(
            self.endpoint, "the judge", settings, cache_path, "judge", backoff, priced
        )

    @property
    def counts(self) -> Counter[str]:
        return self.rounds.counts

    def ask(self, questions: Sequence[Question], progress: Progress, task: str) -> Verdicts:
        """Verdicts on the queries of each question, but for those that no usable answer was had on.

        Blocks; not for use inside a running event loop.  Raises TeacherError where the endpoint
        cannot be used, or gave no usable answer to most questions.
        """
        answers = self.rounds.ask(questions, progress, task)
        if self.rounds.trouble:
            raise TeacherError(
                f"{self.rounds.trouble}; name another with generate.judge_model, or look at the server's log"
            )
        return {
            (query, question.chunk.id): verdict
            for question, found in zip(questions, answers, strict=True)
            for query, verdict in found.items()
        }
