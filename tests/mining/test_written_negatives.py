"""A written negative stands beside the mined ones: in a chunk's form, with the score that a chunk would have."""

import numpy as np
import pytest
from builders import a_chunk

from idiolect.mining.lexical import BM25
from idiolect.mining.ranking import Corpus
from idiolect.mining.written_negatives import WrittenNegatives
from idiolect.records import Fusion, Negative, TextRef, TrainingExample, WrittenNegative

CHUNKS = [
    a_chunk("pump#0", "the pump draws raw water from the river", title="Manual", headings=["Pump"]),
    a_chunk("valve#0", "a valve opens at three bar, a valve", title="Manual", headings=["Valve"]),
    a_chunk("tower#0", "water for the night"),
    a_chunk("tank#0", "the tank"),
]
TEXTS = [chunk.passage.full_text for chunk in CHUNKS]
QUERY, VECTOR = "when does the valve draw water? water!", np.array([0.6, 0.8], np.float32)


class Encoder:
    """Vectors by a text's length, the same for every call."""

    def __init__(self):
        self.given = []

    def encode(self, texts, kind):
        self.given += [(kind, text) for text in texts]
        angles = [len(text) / 30 for text in texts]
        return np.array([[np.cos(angle), np.sin(angle)] for angle in angles], np.float32).reshape(-1, 2)


def corpus_of(weight):
    return Corpus(
        [chunk.passage for chunk in CHUNKS], Encoder().encode(TEXTS, "passage"), Fusion(weight=weight)
    )


def an_example(corpus, objective="contrastive", query_id="q1"):
    scores = [round(float(score), 4) for score in corpus.fused(QUERY, VECTOR)]
    return TrainingExample(
        query_id=query_id,
        query=QUERY,
        positive=TextRef(id="pump#0", text=TEXTS[0]),
        negatives=[Negative(id="tower#0", text=TEXTS[2], score=scores[2])],
        teacher_scores=[scores[0], scores[2]],
        objective=objective,
    )


def a_negative(text, source="pump#0", query_id="q1"):
    return WrittenNegative(
        id="n1", query_id=query_id, source=source, text=text, changed="what it draws", teacher="llm:tiny"
    )


@pytest.mark.parametrize("weight", [0.0, 0.5])
@pytest.mark.parametrize("column", range(4))
def test_a_text_of_the_corpus_would_score_what_it_does(weight, column):
    corpus = corpus_of(weight)
    chunk = CHUNKS[column]
    written = WrittenNegatives([a_negative(chunk.text, chunk.id)], CHUNKS, corpus, Encoder())
    added = written.beside(an_example(corpus), VECTOR)
    expected = float(corpus.fused(QUERY, VECTOR)[column])
    assert added.negatives[-1].score == pytest.approx(expected, abs=2e-4)
    assert added.negatives[-1].text == TEXTS[column], "title and headings are its source's"
    assert added.teacher_scores == [*an_example(corpus).teacher_scores, added.negatives[-1].score]
    assert added.negatives[:-1] == an_example(corpus).negatives
    assert written.added == 1


def test_bm25_of_a_text_outside_the_corpus():
    index = BM25(TEXTS, Fusion())
    for query in ("water valve", "valve valve bar", "nothing of it", ""):
        assert [index.score(query, text) for text in TEXTS] == pytest.approx(
            list(index.scores(query)), abs=1e-5
        )
    assert BM25(["", "…"], Fusion()).score("water", "water") == 0.0


def test_it_is_for_its_own_query_and_for_no_distilled_one():
    corpus = corpus_of(0.5)
    written = WrittenNegatives([a_negative("the pump draws nothing")], CHUNKS, corpus, Encoder())
    for example in (an_example(corpus, query_id="q2"), an_example(corpus, objective="listwise")):
        assert written.beside(example, VECTOR) is example
    assert written.added == 0


def test_where_nothing_was_written_nothing_is_encoded():
    encoder, corpus = Encoder(), corpus_of(0.5)
    gone = WrittenNegatives([a_negative("the pump", source="gone#0")], CHUNKS, corpus, encoder)
    assert (gone.passages, encoder.given) == ({}, [])
