"""From evaluate's rows to a round of questions, with the files that stages leave in WORK."""

import msgspec
import pytest
from builders import Listening, dev_row, documents_of
from teachers.chat_server import make_chunks

from idiolect.config import load
from idiolect.errors import UsageError, WorkspaceError
from idiolect.files import write_jsonl
from idiolect.records import WITHHELD, Split
from idiolect.stages.context import Context
from idiolect.stages.failures import plan_round, write_round
from idiolect.workspace import Workspace

LLM = ("generate.base_url=http://localhost:1/v1", "generate.model=m")


@pytest.fixture
def context(tmp_path):
    """WORK as evaluate leaves it: the document d1 tests, d2 is dev's, nothing of d3 may be sent, d4 says nothing."""
    work = Workspace(tmp_path / "work")
    chunks = [
        msgspec.structs.replace(chunk, text="1 2 3") if chunk.document_id == "d4" else chunk
        for chunk in make_chunks(12)
    ]
    documents = [
        msgspec.structs.replace(one, verdicts=[WITHHELD] if one.id == "d3" else [])
        for one in documents_of(chunks)
    ]
    write_jsonl(work.chunks, chunks)
    write_jsonl(work.documents, documents)
    splits = [Split(query_id="t1", split="test", group="d1"), Split(query_id="q1", split="dev", group="d2")]
    splits += [Split(query_id=f"p{n}", split="dev", group="how does it sort") for n in range(3)]
    write_jsonl(work.splits, splits)

    def given(*settings, rows):
        write_jsonl(work.per_query, rows)
        return Context(work, load(None, settings or LLM), Listening())

    return given


def requests(planned):
    return {one.chunk: one.apart_from for one in planned.round.requests}


def test_nothing_that_tests_or_is_withheld_is_asked_about_or_shown(context):
    rows = [
        dev_row("p0", ["d5"], ["d1", "d3", "d6"], dataset="labelled-dev"),
        dev_row("p1", ["d1"], ["d7"], dataset="labelled-dev"),
        dev_row("p2", ["d3"], ["d8"], dataset="labelled-dev"),
        dev_row("q1", ["d2-0"], ["d1-0", "d2-1", "d3-0", "d4-0", "d9-0"]),
    ]
    planned = plan_round(context(rows=rows))
    assert requests(planned) == {"d5-0": ["d6-0"], "d9-0": ["d2-0"]}
    assert planned.sentence() == (
        "4 of 4 dev queries are missed, in 2 clusters (2 mix up no chunk that may train): "
        "16 queries are asked for, about 2 chunks"
    )


def test_a_round_is_written_once_and_anew_where_more_is_asked_for(context):
    given = context(*LLM, "generate.failure_queries=3", rows=[dev_row("q1", ["d2-0"], ["d9-0"])])
    planned = plan_round(given)
    assert planned.round.figures == {"dev_queries": 1, "missed": 1, "clusters": 1, "chunks": 1, "asked": 3}
    write_round(given, planned)
    again = plan_round(given)
    assert again.known and again.round == planned.round
    more = plan_round(context(*LLM, "generate.failure_queries=5", rows=[dev_row("q1", ["d2-0"], ["d9-0"])]))
    assert not more.known and more.round.figures["asked"] == 5


def test_the_run_that_training_is_for_says_what_is_missed(context):
    row = dev_row("q1", ["d2-0"], ["d9-0"], run="hybrid-tuned")
    assert requests(plan_round(context(*LLM, "train.target=retriever", rows=[row]))) == {"d9-0": ["d2-0"]}
    with pytest.raises(UsageError, match="no run 'dense-tuned': it has hybrid-tuned"):
        plan_round(context(rows=[row]))


def test_where_only_held_out_chunks_are_mixed_up_nothing_is_asked(context):
    planned = plan_round(context(rows=[dev_row("q1", ["d2-0"], ["d1-0"])]))
    assert not planned.round.requests
    assert planned.sentence() == (
        "1 of 1 dev queries are missed, but no chunk that may train is mixed up with theirs: nothing to ask"
    )


def test_rows_that_are_no_longer_of_dev_are_of_no_use(context):
    with pytest.raises(WorkspaceError, match=r"no dev query of per_query.jsonl is one by splits.jsonl: run"):
        plan_round(context(rows=[dev_row("t1", ["d5-0"], ["d6-0"])]))


def test_an_extractive_teacher_cannot_be_asked(context):
    with pytest.raises(UsageError, match="--for-failures needs an LLM to ask"):
        plan_round(context("seed=13", rows=[dev_row("q1", ["d2-0"], ["d9-0"])]))
