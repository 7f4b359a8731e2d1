"""A teacher's ranking is distilled where it beats the base on dev, and nowhere else."""

import json
import re

import msgspec
import pytest
from prepared_work import questions
from small_corpus import chunks_of
from teachers.chat_server import ChatServer, Reply, queries_of

from idiolect.evaluation.beir import load_dataset
from idiolect.evaluation.selection import DevJudge
from idiolect.files import read_json, read_jsonl, write_jsonl
from idiolect.mining.vectors import CachedEncoder
from idiolect.records import WITHHELD, Document, Mining, Query
from idiolect.runtimes.cross_encoder import CrossEncoder
from idiolect.runtimes.model_files import describe
from idiolect.runtimes.torch import TorchRuntime
from idiolect.stages.distilling import lessons
from idiolect.stages.encoders import base_encoder

pytestmark = pytest.mark.usefixtures("one_thread")


def oracle(good):
    """A judge that knows each question's own chunk by its answer, or one that has it backwards."""
    right = {}
    for query in questions():
        right.setdefault(query.text, set()).update(query.positives)
    texts = {chunk.id: chunk.text for chunk in chunks_of()}

    def answer(number, request):
        shown = request["messages"][1]["content"]
        passage = " ".join(shown.partition("</passage>")[0].split())
        verdicts = []
        for query in re.findall(r"^- (.+)$", shown, re.MULTILINE):
            found = any(" ".join(texts[name].split()) in passage for name in right.get(query, ()))
            score = 9 if found == good else 2
            verdicts.append(
                {"query": query, "relevance": score, "accuracy": 5, "context_support": 5, "clarity": 5}
            )
        return Reply(json.dumps({"verdicts": verdicts}))

    return answer


@pytest.fixture
def judge():
    pytest.importorskip("openai")
    servers = []

    def start(good):
        servers.append(ChatServer(oracle(good)))
        return servers[-1], (
            "train.teacher=llm",
            f"generate.judge_base_url={servers[-1].url}",
            "generate.judge_model=m",
        )

    yield start
    for server in servers:
        server.stop()


def test_a_good_teacher_is_used(trained, defaults, judge):
    _, settings = judge(good=True)
    _, training, notes = trained(*settings, "train.distill=1.0")
    outcome = training["teacher"]
    assert (outcome["name"], outcome["set"], outcome["used"]) == ("llm", "queries", True)
    assert outcome["teacher"] > outcome["base"]
    figures = (
        f"nDCG@10 {outcome['teacher']:.4f} against {outcome['base']:.4f} on {outcome['queries']} dev queries"
    )
    assert f"teacher 'llm' ranks better than the base ({figures})" in notes
    assert {"distill_temperature", "distill_teacher_temperature"} <= set(training)
    assert training["teacher_temperature"] != defaults["teacher_temperature"], (
        "copied queries have its scores too"
    )


def test_a_bad_teacher_is_refused_and_training_is_what_it_is_without(trained, defaults, judge):
    server, settings = judge(good=False)
    _, training, notes = trained(*settings, "train.distill=1.0")
    outcome = training.pop("teacher")
    assert outcome["used"] is False
    assert outcome["teacher"] < outcome["base"]
    assert any(note.startswith("teacher 'llm' is not used: it does not rank better") for note in notes)
    assert training == defaults
    assert server.requests


def taught(context, examples):
    """What would be trained on, and how, without training."""
    dev = {path.name: load_dataset(path, "dev") for path in context.workspace.dev_sets.iterdir()}
    fusion = msgspec.convert(read_json(context.workspace.mining), Mining).fusion
    judge = DevJudge(dev, fusion, "embedding")
    return lessons(context, examples, judge, judge.measure(base_encoder(context)))


def test_where_only_a_refused_teacher_would_teach_written_queries_they_are_left_out(
    over, tmp_path, examples, judge
):
    _, settings = judge(good=False)
    context = over(tmp_path, *settings, "train.distill=1.0", "train.contrastive=0")
    found = taught(context, examples)
    assert list(found.examples) == [one for one in examples if one.objective == "listwise"]


def test_a_teacher_that_nothing_would_be_distilled_from_is_not_asked(over, tmp_path, examples, judge):
    server, settings = judge(good=True)
    written = [one for one in examples if one.objective == "contrastive"]
    found = taught(over(tmp_path, *settings), written)
    assert not server.requests
    assert (found.examples, found.outcome) == (written, {})


def test_only_what_is_distilled_is_rated(over, tmp_path, examples, judge):
    server, settings = judge(good=True)
    found = taught(over(tmp_path, *settings), examples)
    assert found.outcome["used"]
    assert found.asked["calls"] == len(server.requests), "what the manifest bills"
    for before, after in zip(examples, found.examples, strict=True):
        if before.objective == "contrastive":
            assert after == before
        else:
            assert set(after.teacher_scores) <= {2.0, 9.0}
            assert msgspec.structs.replace(after, teacher_scores=before.teacher_scores) == before


def test_documents_that_no_llm_may_see_are_not_shown_to_the_teacher(over, tmp_path, examples, judge):
    server, settings = judge(good=True)
    context = over(tmp_path, *settings, "train.distill=1.0")
    documents = list(read_jsonl(context.workspace.documents, Document))
    secret = documents[0].id
    text = next(chunk.text for chunk in chunks_of() if chunk.document_id == secret)
    write_jsonl(
        context.workspace.documents,
        [msgspec.structs.replace(one, verdicts=[WITHHELD] if one.id == secret else []) for one in documents],
    )
    taught(context, examples)
    assert server.requests
    assert not any(text in shown for shown in server.asked_about())
    queries = list(read_jsonl(context.workspace.queries, Query))
    own = {query.text for query in queries if query.source.partition("#")[0] == secret}
    asked = {query for request in server.requests for query in queries_of(request)}
    assert any(query.text in asked for query in queries)
    assert own and own.isdisjoint(asked), "a query cut out of it is a stretch of it"


def test_the_fused_ranking_is_checked_before_written_queries_learn_from_it(trained):
    context, training, _ = trained("train.distill=0.5")
    outcome = training["teacher"]
    scores = read_json(context.workspace.selection)["shares"]["0"]
    assert (outcome["base"], outcome["teacher"]) == (scores["queries/dense"], scores["queries/hybrid"])
    assert outcome["used"] == (outcome["teacher"] > outcome["base"])
    assert outcome["used"] == ("distill_temperature" in training)


def test_a_cross_encoder_is_checked_on_the_first_passages_of_the_fused_ranking(
    over, tiny_model, tmp_path, examples, cross_encoder, monkeypatch
):
    """With scores that are those of the base's own cosines the two rank alike, and a tie is no gain."""
    encoder = CachedEncoder(TorchRuntime(describe(tiny_model)), tmp_path / "vectors")

    def cosines(self, pairs):
        queries = encoder.encode([query for query, _ in pairs], "query")
        return (queries * encoder.encode([passage for _, passage in pairs], "passage")).sum(axis=1)

    monkeypatch.setattr(CrossEncoder, "scores", cosines)
    settings = ("train.teacher=cross-encoder", f"train.cross_encoder={cross_encoder}", "train.distill=1.0")
    outcome = taught(over(tmp_path, *settings), examples).outcome
    assert outcome["name"] == "cross-encoder"
    assert outcome["teacher"] == outcome["base"] > 0
    assert outcome["used"] is False
