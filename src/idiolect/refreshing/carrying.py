"""WORK as its last run left it becomes what the next round carries over."""

from collections.abc import Sequence

from idiolect.errors import WorkspaceError
from idiolect.files import digest_text, read_jsonl, replacing, write_json, write_jsonl
from idiolect.mining.carried import Facts, read_carried
from idiolect.mining.frozen_test import read_test
from idiolect.mining.permitted import permitted
from idiolect.mining.rounds import Round
from idiolect.mining.splits import group_of
from idiolect.records import CarriedChunk, Chunk, FrozenTest, Query, Split, SplitName, WrittenNegative
from idiolect.refreshing.news import asks_about_failures
from idiolect.stages.context import Context
from idiolect.stages.failures import plan_round, write_round
from idiolect.teachers.failure_rounds import read_rounds
from idiolect.workspace import Workspace


def carry(context: Context) -> None:
    """Write WORK/carried, all of it or nothing, and the round about failures where one is wanted.

    A killed one is done again: nothing else that it reads is changed before the refresh has begun.  Raises
    WorkspaceError where the test is gone that the champion was never trained on.
    """
    work = context.workspace
    asked = {one.evaluation for one in read_rounds(work.focuses)}
    if asks_about_failures(context):
        planned = plan_round(context)
        asked.discard(planned.round.evaluation)
        if planned.round.requests:
            write_round(context, planned)
        context.progress.note(planned.sentence())
    with work.held():
        _write(work, asked)


def _write(work: Workspace, asked: set[str]) -> None:
    test = read_test(work.frozen_test)
    if test is None:
        raise WorkspaceError(
            f"{work.frozen_test} is gone or was edited, and any other test may hold what the champion was trained on: "
            "put it back, or train from the base with `idiolect run`"
        )
    queries, splits = list(read_jsonl(work.queries, Query)), list(read_jsonl(work.splits, Split))
    negatives = read_jsonl(work.negatives, WrittenNegative) if work.negatives.is_file() else ()
    teachers = {query.id for query in (*queries, *test.queries)}
    chunks = _chunks(work, test, splits)
    with replacing(work.carried) as draft:
        write_jsonl(draft / work.carried_chunks.name, chunks)
        write_jsonl(draft / work.carried_queries.name, queries)
        write_jsonl(draft / work.carried_negatives.name, negatives)
        write_jsonl(draft / work.carried_labels.name, (one for one in splits if one.query_id not in teachers))
        write_json(draft / work.carried_test.name, test)
        facts = Facts(teacher=queries[0].teacher if queries else "", rounds=sorted(asked))
        write_json(draft / work.carried_facts.name, facts)


def _chunks(work: Workspace, test: FrozenTest, splits: Sequence[Split]) -> list[CarriedChunk]:
    """Each chunk with its group's split; that of a group about which nothing was asked is "train": it may have been
    trained against.
    """
    chunks = permitted(read_jsonl(work.chunks, Chunk))
    groups, split_of = group_of(chunks), dict[str, SplitName]()
    before = read_carried(work)
    if before is not None:
        last = Round.of(before, chunks, groups)
        groups = last.groups
        split_of |= last.earlier
    split_of |= {one.group: one.split for one in splits if one.split in ("train", "dev")}
    split_of |= dict.fromkeys(test.groups, "test")
    return [
        CarriedChunk(
            id=chunk.id,
            document_id=chunk.document_id,
            digest=digest_text(chunk.passage.full_text),
            said=digest_text(chunk.text),
            split=split_of.get(groups[chunk.id], "train"),
        )
        for chunk in chunks
    ]
