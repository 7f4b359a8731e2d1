"""Shuffled or random text teaches nothing, and is never promoted: the stages as they are, on a tiny model."""

import pytest
from given_chunks import given, manuals, questions, trained_and_evaluated
from nulls import letters, shuffled

from idiolect.evaluation.report import read_report

pytestmark = pytest.mark.usefixtures("one_thread")


@pytest.mark.parametrize("kind", [shuffled, letters])
def test_what_means_nothing_keeps_its_lengths(kind):
    before = manuals()
    after = kind(before, 1)
    assert after != before
    assert kind(before, 1) == after != kind(before, 2)
    lengths = [(len(title.split()), len(text.split())) for title, text in before]
    assert [(len(title.split()), len(text.split())) for title, text in after] == lengths


@pytest.fixture
def evaluated(tiny_model, tmp_path):
    """What train counted and evaluate reported, over texts and what was asked of them (none: cut out of them)."""

    def run(texts, asked, seed):
        context = given(tmp_path / "work", tiny_model, texts, asked, f"seed={seed}")
        return trained_and_evaluated(context), read_report(context.workspace.report)

    return run


@pytest.mark.parametrize("kind", [shuffled, letters])
def test_queries_cut_from_text_without_meaning_promote_nothing(kind, evaluated):
    _, report = evaluated(kind(manuals(), 1), [], 1)
    assert report.decided.queries >= 10
    assert report.verdict != "promote", report.sentence


@pytest.mark.parametrize("seed", [1, 2])
@pytest.mark.parametrize("kind", [shuffled, letters])
def test_queries_written_without_meaning_train_and_promote_nothing(kind, seed, evaluated):
    real = manuals()
    drawn = kind([*real, *(("", text) for text in questions(real))], seed)
    trained, report = evaluated(drawn[: len(real)], [text for _, text in drawn[len(real) :]], seed)
    assert trained["steps"] > 0
    assert report.decided.queries >= 40
    assert report.verdict != "promote", report.sentence
