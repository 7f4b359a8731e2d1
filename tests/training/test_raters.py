"""Raters: each pair is paid for once, and what is withheld is never sent."""

import json
import re

import numpy as np
import pytest
from teachers.chat_server import ChatServer, Reply, refusal
from tiny_model import save_tiny_cross_encoder

from idiolect.config import Generate
from idiolect.errors import ModelError, TeacherError
from idiolect.progress import Silent
from idiolect.records import TextRef
from idiolect.runtimes.cross_encoder import CrossEncoder
from idiolect.training.raters import CrossEncoderRater, LLMRater, Pair

pytestmark = pytest.mark.usefixtures("one_thread")

QUERIES = [TextRef(id="q1", text="when does the pump stop"), TextRef(id="q2", text="at how many bar?")]
PASSAGES = [
    TextRef(id="c1", text="The pump stops when the tank is full."),
    TextRef(id="c2", text="A valve opens at three bar."),
    TextRef(id="c3", text="The filter is cleaned once a week."),
]
PAIRS = [Pair(query, passage) for query in QUERIES for passage in PASSAGES]


@pytest.fixture(scope="module")
def path(tmp_path_factory):
    return str(save_tiny_cross_encoder(tmp_path_factory.mktemp("cross") / "encoder"))


@pytest.fixture
def scored(monkeypatch):
    """The pairs that were really scored."""
    seen, scores = [], CrossEncoder.scores

    def watched(self, pairs):
        seen.extend(pairs)
        return scores(self, pairs)

    monkeypatch.setattr(CrossEncoder, "scores", watched)
    return seen


def test_a_pair_is_scored_once_by_any_rater_of_the_same_model(path, tmp_path, scored):
    first = CrossEncoderRater(path, tmp_path / "pairs").rate(PAIRS[:4], Silent())
    again = CrossEncoderRater(path, tmp_path / "pairs").rate([*PAIRS[3:0:-1], *PAIRS, PAIRS[0]], Silent())
    assert sorted(scored) == sorted((pair.query.text, pair.passage.text) for pair in PAIRS)
    assert np.array_equal(again[:3], first[3:0:-1])
    assert np.array_equal(again[3:7], first)
    assert again[-1] == first[0]
    alone = CrossEncoder(path).scores([(pair.query.text, pair.passage.text) for pair in PAIRS])
    assert again[3:-1] == pytest.approx(alone, abs=0.05)
    assert np.ptp(alone) > 0.2


def test_another_model_has_scores_of_its_own(path, tmp_path):
    other = str(save_tiny_cross_encoder(tmp_path / "other", seed=1))
    ours, theirs = (
        CrossEncoderRater(name, tmp_path / "pairs").rate(PAIRS, Silent()) for name in (path, other)
    )
    assert np.abs(ours - theirs).max() > 0.1


def test_what_is_no_cross_encoder_is_refused_before_anything_is_scored(tiny_model, tmp_path):
    with pytest.raises(ModelError, match="is no cross-encoder"):
        CrossEncoderRater(str(tiny_model), tmp_path / "pairs")


def knowing(number, request):
    """A judge that gives each query its own passage."""
    shown = request["messages"][1]["content"]
    right = {QUERIES[0].text: "pump", QUERIES[1].text: "valve"}
    passage = shown.partition("</passage>")[0].lower()
    verdicts = []
    for query in re.findall(r"^- (.+)$", shown, re.MULTILINE):
        relevance = 9 if right[query] in passage else 2
        verdicts.append(
            {"query": query, "relevance": relevance, "accuracy": 5, "context_support": 5, "clarity": 5}
        )
    return Reply(json.dumps({"verdicts": verdicts}))


@pytest.fixture
def judge():
    pytest.importorskip("openai")
    server = ChatServer(knowing)
    yield server
    server.stop()


def rater(server, tmp_path, withheld=(), **settings):
    section = Generate(base_url=server.url, model="m", timeout=20.0, **settings)
    return LLMRater(section, tmp_path / "cache" / "llm.sqlite", withheld)


def test_the_judges_relevance_is_the_rating(judge, tmp_path):
    ratings = rater(judge, tmp_path).rate([*PAIRS, PAIRS[0]], Silent())
    assert ratings.tolist() == [9, 2, 2, 2, 9, 2, 9]
    assert len(judge.requests) == 3, "one a passage, with all queries that it is a candidate of"
    rater(judge, tmp_path).rate(PAIRS, Silent())
    assert len(judge.requests) == 3, "answers are kept"


def test_withheld_passages_are_never_sent(judge, tmp_path):
    ratings = rater(judge, tmp_path, {"c2"}).rate(PAIRS, Silent())
    assert np.isnan(ratings).tolist() == [False, True, False] * 2
    assert not any(PASSAGES[1].text in text for text in judge.asked_about())


def test_what_the_caps_leave_out_is_not_rated_and_said(judge, tmp_path):
    class Notes(Silent):
        said = ()

        def note(self, message):
            self.said = (*self.said, message)

    notes = Notes()
    ratings = rater(judge, tmp_path, max_calls=1, concurrency=1).rate(PAIRS, notes)
    assert np.isnan(ratings).sum() == 4
    assert notes.said == ("the judge left 4 of 6 pairs of query and passage unrated",)


def test_an_endpoint_that_refuses_ends_the_run(tmp_path):
    pytest.importorskip("openai")
    server = ChatServer(lambda number, request: refusal(401, "no such key"))
    try:
        with pytest.raises(TeacherError):
            rater(server, tmp_path).rate(PAIRS, Silent())
    finally:
        server.stop()
