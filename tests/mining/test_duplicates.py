"""Duplicates found from signatures are those that comparing every text with every other would find."""

import random
from collections import Counter, defaultdict
from itertools import combinations

import numpy as np
import pytest
from builders import a_chunk

from idiolect.mining.duplicates import band_width, near_duplicates, overlapping, saying_the_same
from idiolect.mining.fingerprints import PERMUTATIONS, shingles, signature

THRESHOLD = 0.8
VOCABULARY = [f"word{number}" for number in range(3_000)]


def perturbed(words, rate, generator):
    """Words replaced, dropped and doubled, each at a third of the rate."""
    result = []
    for word in words:
        edit = generator.random() / rate if rate else 1.0
        if edit < 1 / 3:
            result.append(generator.choice(VOCABULARY))
        elif edit < 2 / 3:
            continue
        else:
            result += [word, word] if edit < 1 else [word]
    return result


def couples(count, seed=5):
    """Texts, every second one an edit of the one before, at rates that give every similarity."""
    generator = random.Random(seed)
    texts = []
    for _ in range(count):
        words = generator.choices(VOCABULARY, k=generator.randint(40, 200))
        texts += [" ".join(words), " ".join(perturbed(words, generator.uniform(0, 0.06), generator))]
    return texts


def exact_similarities(texts):
    """(i, j) → Jaccard similarity of the texts' shingle sets, for every pair with a shingle in common."""
    sets = [shingles(text) for text in texts]
    holders = defaultdict(list)
    for number, members in enumerate(sets):
        for shingle in members:
            holders[shingle].append(number)
    shared = Counter(pair for numbers in holders.values() for pair in combinations(sorted(numbers), 2))
    return {(i, j): common / (len(sets[i]) + len(sets[j]) - common) for (i, j), common in shared.items()}


def signatures_of(texts):
    return np.stack([signature(text) for text in texts])


@pytest.fixture(scope="module")
def corpus():
    texts = couples(900)
    return texts, signatures_of(texts), exact_similarities(texts)


def test_pairs_that_are_similar_enough_are_found(corpus):
    _, signatures, exact = corpus
    first = near_duplicates(signatures, THRESHOLD)
    found = {pair: first[pair[0]] == first[pair[1]] for pair in exact}
    close = [pair for pair, similarity in exact.items() if similarity >= 0.85]
    near = [pair for pair in close if exact[pair] < 0.92]
    assert len(close) > 300 and len(near) > 100
    assert np.mean([found[pair] for pair in close]) >= 0.95
    # a pair at 0.85 is missed by banding once in two hundred, by its estimate once in fifteen
    assert np.mean([found[pair] for pair in near]) >= 0.92


def test_pairs_that_are_not_are_left_apart(corpus):
    _, signatures, exact = corpus
    first = near_duplicates(signatures, THRESHOLD)
    grouped = [exact.get((i, j), 0.0) for j, i in enumerate(first.tolist()) if i != j]
    assert len(grouped) > 300
    assert min(grouped) >= 0.6
    assert np.mean([similarity >= 0.75 for similarity in grouped]) >= 0.95
    assert sum(0.3 < similarity < 0.6 for similarity in exact.values()) > 70, "there were some to be taken"


@pytest.mark.parametrize("threshold", [0.5, 0.9])
def test_the_threshold_decides(corpus, threshold):
    _, signatures, exact = corpus
    first = near_duplicates(signatures, threshold)
    for (i, j), similarity in exact.items():
        if abs(similarity - threshold) > 0.16:
            assert (first[i] == first[j]) == (similarity > threshold), similarity


def test_copies_alone_are_duplicates_at_a_threshold_of_1(corpus):
    texts, signatures, _ = corpus
    first = near_duplicates(np.concatenate([signatures, signatures[:7]]), 1.0)
    assert first[-7:].tolist() == first[:7].tolist()
    for i, j in enumerate(first[: len(texts)].tolist()):
        assert shingles(texts[i]) == shingles(texts[j]) or (signatures[i] == signatures[j]).all()


@pytest.mark.parametrize("threshold", [0.3, 0.5, 0.8, 0.9, 0.99])
def test_bands_let_a_pair_at_the_threshold_be_found(threshold):
    width = band_width(threshold, PERMUTATIONS)
    chances = [1 - (1 - threshold**w) ** (PERMUTATIONS // w) for w in (width, width + 1)]
    assert chances[0] >= 0.95 > chances[1]


def test_the_first_of_a_group_stands_for_it():
    words = VOCABULARY[:100]
    versions = [" ".join([*words[:number], "changed", *words[number + 1 :]]) for number in (90, 50, 10)]
    texts = [CHINESE, versions[0], "a short one", versions[1], versions[2], CHINESE]
    assert near_duplicates(signatures_of(texts), THRESHOLD).tolist() == [0, 1, 2, 1, 1, 0]


def test_what_is_linked_through_another_is_one_group():
    words = [f"word{number}" for number in range(120)]
    versions = [" ".join(words[start : start + 100]) for start in (0, 10, 20)]
    signatures = signatures_of(versions)
    assert near_duplicates(signatures[[0, 2]], 0.7).tolist() == [0, 1]
    assert near_duplicates(signatures, 0.7).tolist() == [0, 0, 0]


CHINESE = "取水泵从河里抽取原水并送到沉淀池。工作人员每两周检查一次轴承和密封件的磨损情况。"


def test_chinese_texts_are_compared_by_their_characters():
    longer = CHINESE + "如果听到异常的响声，请立即停机并通知值班工程师，然后把时间和读数写进车间的记录簿。"
    edited = longer.replace("每两周", "每三周")
    other = "阀门在三巴时打开，在两巴时关闭。工作人员记录压力，并在交班时报告给下一班的同事。"
    assert near_duplicates(signatures_of([longer, other, edited]), THRESHOLD).tolist() == [0, 1, 0]


def test_tiny_texts_are_duplicates_only_where_they_are_the_same():
    texts = ["Stop.", "Go.", "stop", "停", "Stop the pump", "停"]
    assert near_duplicates(signatures_of(texts), THRESHOLD).tolist() == [0, 1, 0, 3, 4, 3]


@pytest.mark.parametrize("count", [0, 1])
def test_a_corpus_of_one_text_or_none_has_no_duplicates(count):
    signatures = signatures_of(["a text"])[:count]
    assert near_duplicates(signatures, THRESHOLD).tolist() == list(range(count))


def test_order_changes_who_stands_for_a_group_and_not_the_groups(corpus):
    _, signatures, _ = corpus
    first = near_duplicates(signatures, THRESHOLD)
    assert np.array_equal(near_duplicates(signatures, THRESHOLD), first)
    order = np.random.default_rng(3).permutation(len(signatures))
    shuffled = near_duplicates(signatures[order], THRESHOLD)
    pairs = {frozenset((i, j)) for i, j in combinations(range(len(first)), 2) if first[i] == first[j]}
    again = {
        frozenset((int(order[i]), int(order[j])))
        for i, j in combinations(range(len(first)), 2)
        if shuffled[i] == shuffled[j]
    }
    assert again == pairs


def test_a_thousand_copies_are_one_group_whatever_else_there_is(corpus):
    _, signatures, _ = corpus
    many = np.concatenate([signatures, np.repeat(signatures[:1], 1_000, axis=0)])
    first = near_duplicates(many, THRESHOLD)
    assert set(first[len(signatures) :].tolist()) == {0}
    assert np.array_equal(first[: len(signatures)], near_duplicates(signatures, THRESHOLD))


def test_many_of_one_template_are_one_group():
    """Each is near every other: far more pairs than are ever compared."""
    words = VOCABULARY[:150]
    texts = [" ".join([*words[:70], f"name{number}", *words[70:]]) for number in range(600)]
    assert set(near_duplicates(signatures_of(texts), THRESHOLD).tolist()) == {0}


def test_chunks_that_overlap_are_no_duplicates_of_one_another():
    same = signatures_of(["the pump draws water " * 20] * 4)
    documents = np.array([0, 0, 0, 1])
    spans = np.array([[0, 300], [280, 500], [600, 800], [0, 300]])
    apart = overlapping(documents, spans)
    assert near_duplicates(same[:2], THRESHOLD, apart).tolist() == [0, 1]
    assert near_duplicates(same[:3], THRESHOLD, apart).tolist() == [0, 0, 0], "both say what the third says"
    assert near_duplicates(
        same[[0, 3]], THRESHOLD, overlapping(documents[[0, 3]], spans[[0, 3]])
    ).tolist() == [0, 0]


def test_a_chunk_knows_all_that_say_the_same():
    chunks = [
        a_chunk("a#0", "text"),
        a_chunk("b#0", "other"),
        a_chunk("c#0", "text", duplicate_of="a#0"),
        a_chunk("d#0", "text", duplicate_of="a#0"),
    ]
    group = ["a#0", "c#0", "d#0"]
    assert saying_the_same(chunks) == {"a#0": group, "c#0": group, "d#0": group, "b#0": ["b#0"]}
