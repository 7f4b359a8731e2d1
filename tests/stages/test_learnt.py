"""prepare with what feedback taught: it trains, weighs, and measures nothing."""

import pytest
from builders import a_chunk
from prepared_work import prepared, questions
from small_corpus import chunks_of

from idiolect.evaluation.labels import normalised
from idiolect.files import read_jsonl, write_jsonl
from idiolect.lifecycle.feedback.learnt import LearntQuery, Passed, Positive
from idiolect.records import UNTRAINED, Split, TrainingExample
from idiolect.workspace import Workspace

pytestmark = pytest.mark.usefixtures("one_thread")


def learnt(number, text, *positives, negatives=()):
    """Positives as (document, weight), or (document, weight, chunk)."""
    return LearntQuery(
        id=f"f{number}",
        text=text,
        impressions=40,
        users=9,
        positives=[
            Positive(
                document=document,
                chunk=chunk[0] if chunk else "",
                weight=weight,
                users=5,
                clicks=5,
                impressions=40,
            )
            for document, weight, *chunk in positives
        ],
        negatives=[Passed(document=document, users=6) for document in negatives],
    )


def run(folder, base, rows, *settings, chunks=None):
    work = Workspace(folder)
    work.learnt.mkdir(parents=True, exist_ok=True)
    write_jsonl(work.learnt_queries, rows)
    _, summary, notes = prepared(folder, base, chunks or chunks_of(), questions(), *settings)
    return work, summary, notes


def of(work, name):
    return [example for example in read_jsonl(work.train, TrainingExample) if example.query_id == name]


@pytest.fixture(scope="module")
def plain(tiny_model, tmp_path_factory):
    """A WORK without feedback, and the documents that train there."""
    folder = tmp_path_factory.mktemp("plain")
    prepared(folder, tiny_model, chunks_of(), questions())
    work = Workspace(folder)
    sides = {row.group: row.split for row in read_jsonl(work.splits, Split)}
    return work, sorted({group for group, split in sides.items() if split == "train"}), sides


def test_positives_train_at_their_weights_and_what_was_passed_over_comes_first(tiny_model, plain, tmp_path):
    _, (a, b, c, d, *_), _ = plain
    rows = [
        learnt(1, "rattle at the river", (a, 0.9, f"{a}#2"), negatives=[c, d, a]),
        learnt(2, "cloudy again", (b, 0.3), (a, 0.6)),
    ]
    work, summary, notes = run(tmp_path, tiny_model, rows)
    (first,) = of(work, "f1")
    assert (first.positive.id, first.asked, first.objective) == (f"{a}#2", True, "contrastive")
    assert [one.id.partition("#")[0] for one in first.negatives[:2]] == [c, d]
    assert a not in {one.id.partition("#")[0] for one in first.negatives}, "of a document that answers, none"
    assert len(first.negatives) == 4 and len(first.teacher_scores) == 5
    assert first.teacher_scores[1:] == [one.score for one in first.negatives]
    assert len({one.id for one in first.negatives}) == 4
    weights = {example.positive.id.partition("#")[0]: example.weight for example in of(work, "f2")}
    assert weights[a] == pytest.approx(2 * weights[b]) and first.weight == pytest.approx(3 * weights[b])
    assert first.weight + sum(weights.values()) == pytest.approx(3.0, abs=1e-3), (
        "on average each counts as one"
    )
    others = [one for one in read_jsonl(work.train, TrainingExample) if not one.query_id.startswith("f")]
    assert others and all(one.weight == 1.0 for one in others)
    assert summary["feedback"] == {"train": 2, "negatives": 2, "left_out": {}}
    assert any("2 of 2 learnt queries train" in note for note in notes)


def test_it_never_tests_nor_selects_and_leaks_nothing(tiny_model, plain, tmp_path):
    """Queries over all documents, and those that dev and test ask in the same words."""
    before, _, sides = plain
    stems = sorted({chunk.document_id for chunk in chunks_of()})
    rows = [learnt(number, f"something about {stem}", (stem, 0.5)) for number, stem in enumerate(stems)]
    tested = {row.query_id for row in read_jsonl(before.splits, Split) if row.split in ("dev", "test")}
    asked = [query.text.upper() for query in questions() if query.id in tested]
    trains = next(stem for stem in stems if sides[stem] == "train")
    rows += [learnt(100 + number, text, (trains, 1.0)) for number, text in enumerate(asked)]
    work, summary, _ = run(tmp_path, tiny_model, rows)
    for name in ("test", "dev"):
        assert (getattr(work, name)).exists()
    assert (work.test / "queries.jsonl").read_bytes() == (before.test / "queries.jsonl").read_bytes()
    assert work.frozen_test.read_bytes() == before.frozen_test.read_bytes()
    dev = [example.query_id for example in read_jsonl(work.dev, TrainingExample)]
    assert not any(name.startswith("f") for name in dev)
    split = {row.query_id: row for row in read_jsonl(work.splits, Split) if row.query_id.startswith("f")}
    assert set(split) == {row.id for row in rows}
    for number, stem in enumerate(stems):
        assert split[f"f{number}"].split == ("train" if sides[stem] == "train" else "unused")
    assert all(split[f"f{100 + number}"].split == "unused" for number in range(len(asked))) and asked
    left = summary["feedback"]["left_out"]
    assert left["the words of a dev or test query"] == len(asked)
    assert left["held out for dev or test"] == sum(sides[stem] in ("dev", "test") for stem in stems)
    assert split["f0"].group == normalised(rows[0].text)


def test_what_may_not_train_or_is_not_there_gives_no_example(tiny_model, plain, tmp_path):
    _, (a, b, *_), _ = plain
    chunks = [
        a_chunk(chunk.id, chunk.text, title=chunk.title, headings=chunk.headings, start=chunk.start,
                verdicts=[UNTRAINED] if chunk.document_id == a else [])
        for chunk in chunks_of()
    ]  # fmt: skip
    rows = [
        learnt(1, "one thing", (a, 1.0)),
        learnt(2, "another thing", (a, 1.0), (b, 1.0, f"{b}#99")),
        learnt(3, "a third", ("gone", 1.0)),
        learnt(4, "a fourth", (b, 1.0), negatives=[a, "gone"]),
    ]
    work, summary, _ = run(tmp_path, tiny_model, rows, chunks=chunks)
    assert summary["feedback"]["left_out"]["no document that may train"] == 2
    trained = read_jsonl(work.train, TrainingExample)
    seen = {one.id for example in trained for one in (example.positive, *example.negatives)}
    assert not any(name.partition("#")[0] == a for name in seen)
    assert [example.positive.id.partition("#")[0] for example in of(work, "f2")] == [b], (
        "a chunk that is no more there: its document's best"
    )
    assert len(of(work, "f4")) == 1


def test_people_s_labels_of_the_same_words_stand(tiny_model, plain, tmp_path):
    _, (a, b, *_), _ = plain
    (tmp_path / "asked.csv").write_text(f"query;document\nhow to stop it?;{a}\n")
    settings = (f"prepare.queries={tmp_path / 'asked.csv'}", "prepare.labels_as=train")
    _, summary, _ = run(tmp_path / "work", tiny_model, [learnt(1, "How to stop it", (b, 1.0))], *settings)
    assert summary["feedback"]["left_out"] == {"labelled by people": 1}
    assert summary["labelled"]["train"] == 1


def test_a_setting_leaves_it_all_out(tiny_model, plain, tmp_path):
    before, (a, *_), _ = plain
    work, summary, _ = run(tmp_path, tiny_model, [learnt(1, "one", (a, 1.0))], "prepare.feedback=false")
    assert "feedback" not in summary
    assert work.train.read_bytes() == before.train.read_bytes()
    assert work.splits.read_bytes() == before.splits.read_bytes()
