"""A further round of asking about failures: from what evaluate found on dev to what generate then asks."""

from collections.abc import Sequence
from dataclasses import dataclass

from idiolect.errors import UsageError, WorkspaceError
from idiolect.files import read_jsonl
from idiolect.mining.permitted import permitted
from idiolect.records import WITHHELD, Chunk, Document, Split
from idiolect.stages.context import Context
from idiolect.teachers.failure_rounds import Round, add_round, evaluation_of, read_rounds, requests
from idiolect.teachers.failures import DEPTH, DevRow, focuses, held_for_test, missed, read_dev_rows, trainable
from idiolect.teachers.information import information, terms

RUNS = {"embedding": "dense-tuned", "retriever": "hybrid-tuned"}
"""`train.target` → the run whose failures count."""


@dataclass(frozen=True)
class Planned:
    """A round, and whether an earlier call wrote down the same."""

    round: Round
    known: bool

    def sentence(self) -> str:
        """What was missed and what is asked for that, in one line."""
        one, figures = self.round, self.round.figures
        if not one.missed:
            return f"all {one.dev_queries:,} dev queries have their passage among the first {DEPTH}: nothing to ask"
        found = f"{one.missed:,} of {one.dev_queries:,} dev queries are missed"
        if not one.requests:
            return f"{found}, but no chunk that may train is mixed up with theirs: nothing to ask"
        covered = sum(focus.count for focus in one.focuses)
        left_out = (
            f" ({one.missed - covered:,} mix up no chunk that may train)" if covered < one.missed else ""
        )
        asked = (
            f"{found}, in {figures['clusters']:,} clusters{left_out}: {figures['asked']:,} queries are asked for, "
            f"about {figures['chunks']:,} chunks"
        )
        return f"{asked}, as before: train and evaluate for a further round" if self.known else asked


def plan_round(context: Context) -> Planned:
    """The round that the last evaluation gives, not yet written down.

    Raises UsageError without an LLM to ask; WorkspaceError where an earlier stage's file is missing,
    or holds no query that is a dev query still.
    """
    work, settings = context.workspace, context.config.generate
    if settings.teacher != "llm":
        raise UsageError(
            "--for-failures needs an LLM to ask, and the teacher is extractive: "
            "set generate.base_url and generate.model"
        )
    run = RUNS[context.config.train.target]
    rows = read_dev_rows(work.require(work.per_query, "evaluate"))
    evaluation = evaluation_of(rows, run)
    for one in read_rounds(work.focuses):
        if (one.evaluation, one.queries) == (evaluation, settings.failure_queries):
            return Planned(one, known=True)
    chunks = permitted(read_jsonl(work.require(work.chunks, "ingest"), Chunk))
    splits = list(read_jsonl(work.require(work.splits, "prepare"), Split))
    rows = _still_dev(rows, splits, context)
    withheld = {one.id for one in read_jsonl(work.documents, Document) if WITHHELD in one.verdicts}
    unseen = {chunk.id for chunk in chunks if chunk.document_id in withheld}
    tells = {chunk.id for chunk in chunks if any(information([terms(chunk)]))}
    found = focuses(
        rows,
        chunks,
        run,
        trains=(trainable(chunks, splits) & tells) - unseen,
        hidden=held_for_test(chunks, splits) | unseen,
    )
    new = Round(
        evaluation=evaluation,
        queries=settings.failure_queries,
        dev_queries=len(rows),
        missed=len(missed(rows, run)),
        focuses=found,
        requests=requests(found, settings.failure_queries, most=2 * settings.per_chunk),
    )
    return Planned(new, known=False)


def write_round(context: Context, planned: Planned) -> None:
    """Put the round behind those that are asked for already; one that is known stays where it is."""
    if not planned.known:
        with context.workspace.held():
            add_round(context.workspace.focuses, planned.round)


def _still_dev(rows: Sequence[DevRow], splits: Sequence[Split], context: Context) -> list[DevRow]:
    """The rows whose queries the present splits, too, call dev's: what tests by now is not learnt from."""
    dev = {split.query_id for split in splits if split.split == "dev"}
    kept = [row for row in rows if row.query_id in dev]
    if not kept:
        work = context.workspace
        raise WorkspaceError(
            f"no dev query of {work.per_query.name} is one by {work.splits.name}: "
            f"run `idiolect train` and `idiolect evaluate -w {work.root}` again"
        )
    return kept
