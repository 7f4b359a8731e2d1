"""BM25 is the textbook's, and its terms are words in every script."""

import math
import unicodedata
from collections import Counter

import numpy as np
import pytest

from idiolect.mining.lexical import BM25, analyser
from idiolect.records import Fusion

LOGBOOK = [
    "the pump stops when the tank is full",
    "a valve opens at three bar and closes again at two",
    "the tank holds water for the night",
    "pump pump pump",
    "nothing to report",
]


def by_hand(corpus, query, k1, b):
    """Robertson and Zaragoza's formula with Lucene's idf, ln(1 + (N - n + 0.5) / (n + 0.5)), term by term."""
    lengths = [len(text.split()) for text in corpus]
    average = sum(lengths) / len(lengths)
    scores = []
    for text, length in zip(corpus, lengths, strict=True):
        counts, score = Counter(text.split()), 0.0
        for term in query.split():
            holders = sum(term in other.split() for other in corpus)
            idf = math.log(1 + (len(corpus) - holders + 0.5) / (holders + 0.5))
            score += idf * counts[term] / (counts[term] + k1 * (1 - b + b * length / average))
        scores.append(score)
    return scores


@pytest.mark.parametrize("query", ["pump", "the pump", "tank tank night", "pump turbine", "turbine", ""])
@pytest.mark.parametrize(("k1", "b"), [(0.9, 0.4), (1.2, 0.75), (0.9, 0.0)])
def test_scores_are_those_computed_by_hand(query, k1, b):
    index = BM25(LOGBOOK, Fusion(k1=k1, b=b, language="none"))
    scores = index.scores(query)
    assert scores.dtype == np.float32
    assert scores == pytest.approx(by_hand(LOGBOOK, query, k1, b), abs=1e-5)


def test_the_default_parameters_are_those_of_the_findings():
    assert (Fusion().k1, Fusion().b) == (0.9, 0.4)


def test_english_words_match_whatever_their_ending_and_case():
    index = BM25(["He was cleaning the FILTERS.", "A pump."], Fusion(language="en"))
    scores = index.scores("clean filter")
    assert scores[0] > 0
    assert scores[1] == 0
    assert BM25(["He was cleaning the FILTERS."], Fusion(language="none")).scores("clean filter")[0] == 0


def test_a_corpus_without_a_word_scores_nothing():
    assert BM25(["?!", ""], Fusion()).scores("pump").tolist() == [0, 0]


@pytest.mark.parametrize(
    ("language", "text", "terms"),
    [
        ("en", "Running pumps, run!", ["run", "pump", "run"]),
        ("en", "max_queue_tokens=5", ["max", "queue", "token", "5"]),
        ("de", "Die Pumpen laufen", ["die", "pump", "lauf"]),
        ("zh", "水泵停止运行", ["水泵", "泵停", "停止", "止运", "运行"]),
        ("zh", "水", ["水"]),
        ("ja", "ポンプ室", ["ポン", "ンプ", "プ室"]),
        ("en", "iPhone手机壳 v2型", ["iphon", "手机", "机壳", "v2", "型"]),
        ("ko", "펌프가 멈춘다", ["펌프가", "멈춘다"]),
        ("none", "Running pumps", ["running", "pumps"]),
    ],
)
def test_terms(language, text, terms):
    assert analyser(language)(text) == terms


def test_chinese_is_found_by_a_part_of_what_it_says():
    index = BM25(["水泵在水箱满时停止运行。", "阀门在三巴时打开。"], Fusion(language="zh"))
    scores = index.scores("水箱满了")
    assert scores[0] > 0
    assert scores[1] == 0


@pytest.mark.parametrize(("language", "text"), [("", "हिन्दी भाषा"), ("", "தமிழ் மொழி"), ("", "ശരി വാക്ക്")])
def test_words_keep_their_vowel_signs(language, text):
    assert analyser(language)(text) == text.split()


def test_accents_match_however_they_are_encoded():
    composed = "Le débit à l'entrée"
    decomposed = unicodedata.normalize("NFD", composed)
    assert analyser("fr")(decomposed) == analyser("fr")(composed)
