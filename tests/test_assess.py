"""`assess`: figures of the documents and the base, and an advice that follows from them."""

import json

import msgspec
import pytest
from builders import a_chunk
from click.testing import CliRunner
from small_corpus import write_small_corpus

from idiolect.assessment.assess import Assessment
from idiolect.assessment.recommendation import FEWEST_CHUNKS, STRONG, WEAK, recommend
from idiolect.assessment.repetition import Repetition, repetition
from idiolect.assessment.searching import Score, Searching, some_chunks
from idiolect.assessment.vocabulary import Vocabulary, vocabulary
from idiolect.assessment.wording import lines
from idiolect.cli import idiolect
from idiolect.evaluation.significance import Comparison
from idiolect.files import tree_digests, write_text
from idiolect.records import Document
from idiolect.runtimes.model_files import load_tokenizer, resolve


def searched(dense=0.6, gain=0.1, spread=0.04, queries=300, passages=2_000):
    """Figures of a search in which fusing gains `gain`, give or take `spread`."""
    comparison = Comparison(
        a="dense",
        b="hybrid",
        metric="mrr",
        delta=gain,
        relative=gain / dense,
        ci95=(gain - spread, gain + spread),
        p=0.5,
        n=queries,
        clusters=100,
        mde=0.05,
        a_mean=dense,
        b_mean=dense + gain,
    )
    scores = {"dense": dense, "bm25": dense, "hybrid": dense + gain}
    return Searching(
        queries=queries,
        documents=100,
        passages=passages,
        runs={run: Score(mrr=mrr, ci95=(mrr - spread, mrr + spread)) for run, mrr in scores.items()},
        gain=comparison,
        weight=0.5,
        curve={"0": dense, "0.5": dense + gain},
    )


WORDS = Vocabulary(
    words=1_000,
    distinct=300,
    pieces_a_word=1.2,
    split_occurrences=0.05,
    split_distinct=0.3,
    unknown=0.0,
    most_frequent=[],
)
PLAIN = Repetition(
    exact_documents=0.0,
    near_chunks=0.0,
    boilerplate_characters=0.0,
    boilerplate_chunks=0.0,
    training_chunks=1.0,
)


def advice(searching, words=WORDS, repeated=PLAIN, chunks=5_000, documents=500, complete=True):
    return recommend(searching, words, repeated, chunks, documents, complete)


@pytest.mark.parametrize(
    ("searching", "expected"),
    [
        (searched(dense=WEAK - 0.1, gain=0.1), "tune"),
        (searched(dense=WEAK - 0.1, gain=0.0), "tune"),
        (searched(dense=WEAK + 0.1, gain=0.1), "hybrid"),
        (searched(dense=WEAK + 0.1, gain=0.02), "hybrid"),
        (searched(dense=WEAK + 0.1, gain=0.002), "leave"),
        (searched(dense=STRONG + 0.05, gain=-0.02), "leave"),
        (searched(dense=STRONG + 0.05, gain=0.06), "hybrid"),
        (None, "leave"),
    ],
)
def test_the_advice_follows_from_how_weak_the_base_is_and_what_fusion_gains(searching, expected):
    found = advice(searching)
    assert found.advice == expected
    assert found.reasons


def test_too_few_chunks_are_never_tuned_on():
    weak = searched(dense=0.2, gain=0.0)
    assert advice(weak, chunks=FEWEST_CHUNKS - 1).advice == "leave"
    assert advice(weak, documents=5).advice == "leave"
    assert advice(searched(dense=0.2, gain=0.1), documents=5).advice == "hybrid"
    copies = Repetition(
        exact_documents=0.5,
        near_chunks=0.95,
        boilerplate_characters=0.0,
        boilerplate_chunks=0.0,
        training_chunks=0.05,
    )
    assert advice(weak, repeated=copies).advice == "leave"
    assert "too few" in " ".join(advice(weak, documents=5).reasons)


def test_doubts_are_told():
    near = " ".join(advice(searched(dense=WEAK + 0.01)).uncertainty)
    assert f"threshold of {WEAK:g}" in near
    sampled = " ".join(advice(searched(), complete=False).uncertainty)
    assert "a sample of 2,000 chunks" in sampled
    assert "not asked by people" in sampled
    few = " ".join(advice(searched(dense=0.7, gain=0.0)).uncertainty)
    assert "may still gain up to 0.040" in few
    chance = advice(searched(dense=0.7, gain=0.02))
    assert "may be chance" in " ".join(chance.uncertainty)
    assert "probably enough" in chance.sentence


def test_words_that_the_base_cannot_read_are_told_first():
    unreadable = msgspec.structs.replace(WORDS, unknown=0.4)
    assert "take a base that does" in " ".join(advice(searched(), words=unreadable).reasons)


def test_words_are_split_as_the_base_splits_them():
    tokenizer = load_tokenizer(resolve("auto"))
    found = vocabulary(
        ["The opentelemetry collector. Opentelemetry is here!", "An opentelemetry span"], tokenizer
    )
    (word,) = found.most_frequent
    assert (word.word, word.count) == ("opentelemetry", 3)
    assert "".join(piece.removeprefix("##") for piece in word.pieces) == "opentelemetry"
    assert found.words == 9
    assert found.split_occurrences == pytest.approx(3 / 9)
    assert found.distinct == 7
    assert found.unknown == 0
    assert vocabulary(["☃☃ snow 😀x"], tokenizer).unknown <= 0.5
    assert vocabulary([], tokenizer).words == 0


def test_whole_documents_are_searched_and_a_copy_still_has_one_that_trains():
    chunks = [
        a_chunk(f"d{document}#{number}", f"text {document} {number}")
        for document in range(30)
        for number in range(4)
    ]
    taken = some_chunks(chunks, 40, seed=1)
    assert len(taken) == 40
    assert len({chunk.document_id for chunk in taken}) == 10
    assert some_chunks(chunks, 40, seed=1) == taken
    assert some_chunks(chunks, 500, seed=1) == chunks
    copies = [msgspec.structs.replace(chunk, duplicate_of="d0#0" * (chunk.id != "d0#0")) for chunk in chunks]
    assert sum(chunk.trains for chunk in some_chunks(copies, 40, seed=1)) == 1


def test_repetition_is_counted():
    def document(name, digest):
        return Document(id=name, path=name, title="", text="x", sha256=digest)

    marked = [a_chunk("a#0", "word " * 20), a_chunk("b#0", "word " * 20)]
    marked[1] = msgspec.structs.replace(marked[1], duplicate_of="a#0", boilerplate=[(0, 50)])
    found = repetition([document("a", "1"), document("b", "1"), document("c", "2")], marked)
    assert found.exact_documents == pytest.approx(1 / 3)
    assert (found.near_chunks, found.boilerplate_characters, found.training_chunks) == (0.5, 0.25, 0.5)


def assess(*arguments):
    return CliRunner().invoke(idiolect, ["assess", *map(str, arguments)], catch_exceptions=False)


def test_a_small_corpus_is_assessed_and_nothing_is_written_but_out(tmp_path, monkeypatch, one_thread):
    docs = write_small_corpus(tmp_path / "docs")
    monkeypatch.chdir(tmp_path)
    before = tree_digests(docs)
    result = assess("docs", "--json", "--out", tmp_path / "figures.json", "-q")
    assert result.exit_code == 0, result.output
    assert tree_digests(docs) == before
    assert sorted(path.name for path in tmp_path.iterdir()) == ["docs", "figures.json"]
    figures = json.loads(result.stdout)
    assert figures == json.loads((tmp_path / "figures.json").read_text())
    assert figures["complete"]
    assert figures["documents"] == 16
    assert figures["files"][".md"]["files"] == 3
    assert figures["languages"] == {"en": 1.0}
    assert figures["recommendation"]["advice"] in ("leave", "hybrid")  # too small to tune on
    assert set(figures["searching"]["runs"]) == {"dense", "bm25", "hybrid"}
    assert [cost["teacher"] for cost in figures["costs"]] == ["extractive", "llm"]
    assert figures["costs"][1]["llm_calls"] == figures["chunks"]
    assert figures["costs"][1]["price"] is None

    shown = lines(msgspec.convert(figures, Assessment), 80)
    assert shown[0].split(":")[0] in ("Leave it", "Hybrid search alone is enough")
    assert max(map(len, shown)) <= 80
    titles = (
        "Why:",
        "Documents in docs:",
        "Words, as all-MiniLM-L6-v2 splits them:",
        "What tuning would cost:",
    )
    assert set(titles) <= set(shown)


def test_a_base_with_very_short_chunks_is_told_that_nothing_could_be_measured(
    tmp_path, tiny_model, one_thread
):
    docs = write_small_corpus(tmp_path / "docs")
    result = assess(docs, "--set", f"train.base={tiny_model}", "-q")
    assert result.exit_code == 0, result.output
    assert result.stdout.startswith("Leave it:")
    assert "nothing could be measured" in result.stdout


def test_nothing_to_read_is_refused_with_what_was_met(tmp_path):
    from idiolect.errors import InputError

    write_text(tmp_path / "docs" / "empty.md", "")
    with pytest.raises(InputError, match="1 empty"):
        assess(tmp_path / "docs", "-q")
