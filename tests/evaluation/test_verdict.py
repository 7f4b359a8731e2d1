"""The verdict follows its rule to the letter, and says why and what to try next."""

import msgspec
import pytest

from idiolect.evaluation.advice import what_next
from idiolect.evaluation.significance import Comparison
from idiolect.evaluation.slices import SliceResult
from idiolect.evaluation.verdict import Guard, decide, sentence


def comparison(delta: float, low: float, high: float, p: float = 0.01, mde: float = 0.03) -> Comparison:
    return Comparison(
        a="dense-base",
        b="dense-tuned",
        metric="ndcg@10",
        delta=delta,
        relative=delta / 0.6,
        ci95=(low, high),
        p=p,
        n=300,
        clusters=120,
        mde=mde,
        a_mean=0.6,
        b_mean=0.6 + delta,
    )


GAIN = comparison(0.04, 0.01, 0.07)
UNSURE = comparison(0.02, -0.01, 0.05, p=0.2)
HOLDS = Guard(name="nano", metric="ndcg@10", base=0.600, tuned=0.595)
FALLS = Guard(name="nano", metric="ndcg@10", base=0.600, tuned=0.590)


def a_slice(delta: float, p: float) -> SliceResult:
    return SliceResult(name="claim", comparison=comparison(delta, -0.1, 0.1), p_adjusted=p)


@pytest.mark.parametrize(
    ("found", "guards", "slices", "verdict"),
    [
        (GAIN, [], [], "promote"),
        (GAIN, [HOLDS], [a_slice(-0.05, 0.06), a_slice(0.05, 0.001)], "promote"),
        (comparison(0.002, 0.001, 0.003), [], [], "promote"),
        (GAIN, [FALLS], [], "inconclusive"),
        (GAIN, [HOLDS], [a_slice(-0.05, 0.04)], "inconclusive"),
        (UNSURE, [], [], "inconclusive"),
        (comparison(0.001, -0.003, 0.0049), [], [], "keep-base"),
        (comparison(0.001, -0.003, 0.005), [], [], "inconclusive"),
        (comparison(0.0, -0.05, 0.05), [], [], "keep-base"),
        (comparison(-0.02, -0.07, 0.03), [], [], "keep-base"),
        (comparison(0.01, 0.0, 0.02), [], [], "inconclusive"),
    ],
)
def test_the_verdict(found: Comparison, guards: list[Guard], slices: list[SliceResult], verdict: str) -> None:
    assert decide(found, guards, slices) == verdict


def test_a_guard_may_fall_by_one_percent() -> None:
    assert (HOLDS.fails, FALLS.fails) == (False, True)
    assert FALLS.relative == pytest.approx(-1 / 60)
    nothing = Guard(name="n", metric="ndcg@10", base=0.0, tuned=0.0)
    assert (nothing.fails, nothing.relative) == (False, None)


ASKED = {
    "falls": comparison(-0.10, -0.18, -0.02),
    "may fall": comparison(-0.10, -0.22, 0.02, p=0.2),
    "gains": comparison(0.10, 0.02, 0.18),
}


@pytest.mark.parametrize(
    ("asked", "found", "verdict"),
    [
        ("falls", GAIN, "inconclusive"),
        ("may fall", GAIN, "promote"),
        ("gains", GAIN, "promote"),
        ("gains", UNSURE, "inconclusive"),
        ("falls", comparison(-0.02, -0.07, 0.03), "keep-base"),
    ],
)
def test_few_queries_that_people_asked_can_only_stop_a_promotion(
    asked: str, found: Comparison, verdict: str
) -> None:
    assert decide(found, [], [], ASKED[asked]) == verdict
    if (asked, verdict) == ("falls", "inconclusive"):
        assert "but falls on the queries that people asked (−0.100)" in sentence(found, [], [], ASKED[asked])


def test_the_sentence_carries_verdict_reason_and_figures() -> None:
    assert sentence(GAIN, [], []) == (
        "Promote: dense-tuned gains +0.040 nDCG@10 over dense-base (0.600 → 0.640, +6.7%; "
        "95% interval +0.010 to +0.070, p = 0.010; 300 queries from 120 documents)."
    )
    assert sentence(GAIN, [FALLS], [a_slice(-0.05, 0.04)]).startswith(
        "Inconclusive, so the base is kept: dense-tuned gains +0.040 nDCG@10 over dense-base "
        "but falls on the guard nano (−1.7%) and claim queries (−0.050) ("
    )
    assert "which may be chance" in sentence(UNSURE, [], [])
    assert "below 0.005 nDCG@10" in sentence(comparison(0.001, -0.003, 0.004), [], [])
    assert "has no more nDCG@10 than dense-base (−0.020)" in sentence(comparison(-0.02, -0.07, 0.03), [], [])
    assert "has the same nDCG@10" in sentence(comparison(0.0, 0.0, 0.0, p=1.0), [], [])


def test_nothing_is_suggested_after_a_gain() -> None:
    assert what_next("promote", GAIN, {}, teacher="extractive", labelled=0, target="embedding") == []


def test_suggestions_rest_on_the_run_s_figures() -> None:
    runs = {"dense-base": {"ndcg@10": 0.6}, "hybrid-base": {"ndcg@10": 0.7}}
    fuse, more, llm, labels = what_next(
        "inconclusive", UNSURE, runs, teacher="extractive", labelled=0, target="embedding"
    )
    assert "hybrid-base has 0.700 nDCG@10 against 0.600 (+0.100)" in fuse
    assert "300 queries from 120 documents find only gains of about 0.030 or more" in more
    assert "settling the +0.020 seen here would take about 675 queries" in more
    assert "generate.base_url" in llm
    assert "--queries FILE --qrels FILE" in labels


def test_suggestions_already_followed_are_not_made() -> None:
    runs = {"dense-base": {"ndcg@10": 0.6}, "hybrid-base": {"ndcg@10": 0.601}}
    sure = comparison(-0.01, -0.02, 0.0, mde=0.01)
    assert (
        what_next(
            "keep-base", sure, runs, teacher="llm", labelled=100, target="embedding", people_decide=True
        )
        == []
    )


def test_a_base_that_is_nearly_perfect_and_a_guard_that_fell_are_named() -> None:
    easy = msgspec.structs.replace(GAIN, a_mean=0.95)
    texts = " ".join(
        what_next("inconclusive", easy, {}, teacher="llm", labelled=1, target="retriever", guards=[FALLS])
    )
    assert "train.learning_rate" in texts
    assert "already has 0.950" in texts


def test_more_labels_are_asked_for_until_they_decide() -> None:
    few = what_next("inconclusive", UNSURE, {}, teacher="llm", labelled=30, target="embedding")
    assert "of 30 given: 20 for dev" in few[-1] and "50 for test" in few[-1]
    (more,) = what_next(
        "inconclusive", UNSURE, {}, teacher="llm", labelled=90, target="embedding", people_decide=True
    )
    assert more.endswith("give more queries with --queries.")
    fell = what_next(
        "inconclusive", GAIN, {}, teacher="llm", labelled=30, target="embedding", asked=ASKED["falls"]
    )
    assert any("train.learning_rate" in text for text in fell)
