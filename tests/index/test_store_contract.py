"""What every vector store does alike."""

import threading
from collections import Counter

import msgspec
import numpy as np
import pytest
from stores import DIGEST, entry, indexed, vectors

from idiolect.errors import StoreError, UsageError
from idiolect.index.building import recall
from idiolect.index.store import Batch, Candidates
from idiolect.index.stores.opening import open_store
from idiolect.mining.lexical import BM25, analyser
from idiolect.records import Fusion
from idiolect.runtimes.encoder import unit

WORDS = ["pump", "valve", "filter", "river", "water", "tank", "seal", "probe", "o'ring", "pumps"]


def texts_of(count, seed=3):
    random = np.random.default_rng(seed)
    return [" ".join(random.choice(WORDS, random.integers(2, 12))) for _ in range(count)]


def batch(entries, given):
    terms = analyser("en")
    return Batch(entries, given, [Counter(terms(one.full_text)) for one in entries])


@pytest.fixture
def filled(uri):
    """Sixty chunks of ten documents in two languages, written in three parts, and their vectors."""
    store = open_store(uri)
    texts, given = texts_of(60), vectors(60)
    entries = [
        entry(
            number % 6,
            text,
            f"doc{number // 6}",
            tags=[f"language={'de' if number % 4 else 'en'}", f"part={number % 6}"],
        )
        for number, text in enumerate(texts)
    ]
    for start in range(0, 60, 20):
        store.put(batch(entries[start : start + 20], given[start : start + 20]), DIGEST)
    store.commit(indexed(), {one.key for one in entries})
    return store.read(), entries, given


def found(reader, hits):
    return [one.id for one in reader.entries(hits.rows)]


def test_a_new_store_is_empty_and_says_how_to_fill_it(uri):
    store = open_store(uri)
    assert store.indexed() is None
    assert store.held(DIGEST) == set()
    with pytest.raises(StoreError, match="idiolect index"):
        store.read()


def test_it_tells_what_it_was_made_with_and_how_much_it_holds(uri, filled):
    told = open_store(uri).indexed()
    assert (told.model_digest, told.chunks, told.documents) == (DIGEST, 60, 10)
    lengths = [len(one.text.split()) for one in filled[1]]
    assert told.mean_length == pytest.approx(np.mean(lengths), rel=0.2)


def test_dense_search_is_the_highest_cosines(filled):
    store, entries, given = filled
    query = vectors(1, seed=9)[0]
    hits = store.dense(query, 7)
    cosines = given @ query
    assert found(store, hits) == [entries[place].id for place in np.argsort(-cosines)[:7]]
    np.testing.assert_allclose(hits.scores, np.sort(cosines)[::-1][:7], atol=1e-5)


def test_lexical_search_is_bm25_of_the_corpus(filled):
    store, entries, _ = filled
    reference = BM25([one.full_text for one in entries], Fusion())
    terms = analyser("en")
    for query in ("pump water", "o'ring seal seal", "river", "pumps in the tank"):
        scores = reference.scores(query)
        hits = store.lexical(terms(query), 60)
        held = dict(zip(found(store, hits), hits.scores.tolist(), strict=True))
        expected = {one.id: score for one, score in zip(entries, scores.tolist(), strict=True) if score > 0}
        assert held == pytest.approx(expected, rel=1e-4)
        assert list(hits.scores) == sorted(hits.scores, reverse=True)


def test_lexical_search_for_what_is_nowhere_finds_nothing(filled):
    store, _, _ = filled
    assert len(store.lexical(["zebra"], 5).rows) == 0
    assert len(store.lexical([], 5).rows) == 0


def test_scores_of_given_rows(filled):
    store, entries, given = filled
    query, terms = vectors(1, seed=9)[0], analyser("en")("pump water")
    rows = store.dense(query, 60).rows
    places = [
        [one.id for one in entries].index(name)
        for name in found(store, type(store.dense(query, 1))(rows, rows))
    ]
    np.testing.assert_allclose(store.cosines(query, rows), (given @ query)[places], atol=1e-5)
    reference = BM25([one.full_text for one in entries], Fusion()).scores("pump water")[places]
    np.testing.assert_allclose(store.bm25(terms, rows), reference, rtol=1e-4, atol=1e-6)


@pytest.mark.parametrize(
    ("where", "fits"),
    [
        ([["language=en"]], lambda tags: "language=en" in tags),
        ([["part=1", "part=2"]], lambda tags: "part=1" in tags or "part=2" in tags),
        ([["language=de"], ["part=3"]], lambda tags: {"language=de", "part=3"} <= set(tags)),
        ([["it's=x"]], lambda tags: False),
    ],
)
def test_a_filter_holds_before_the_best_are_taken(filled, where, fits):
    store, entries, _ = filled
    allowed = {one.id for one in entries if fits(one.tags)}
    assert set(found(store, store.dense(vectors(1)[0], 60, where))) == allowed
    lexical = set(found(store, store.lexical(analyser("en")("pump water tank river"), 60, where)))
    assert lexical <= allowed
    assert bool(lexical) == bool(allowed)


def test_neighbours_are_in_their_order(filled):
    store, _, _ = filled
    assert [one.id for one in store.around("doc2", 1, 3)] == ["doc2#1", "doc2#2", "doc2#3"]
    assert [one.position for one in store.around("doc2", -1, 99)] == list(range(6))


def test_entries_come_back_as_they_were(filled):
    store, entries, given = filled
    rows = store.dense(given[17], 1).rows
    assert store.entries(rows) == [entries[17]]


def test_what_is_written_is_seen_only_after_the_commit(uri, filled):
    before, entries, given = filled
    store = open_store(uri)
    added = entry(9, "pump pump pump", "doc99")
    store.put(batch([added], given[:1]), DIGEST)
    reader = open_store(uri).read()
    assert "doc99#9" not in found(reader, reader.dense(given[0], 60))
    assert reader.indexed.chunks == 60 and before.current()
    assert added.key in open_store(uri).held(DIGEST), "a second run need not encode it again"
    store.commit(indexed(), {one.key for one in [*entries, added]})
    reader = open_store(uri).read()
    assert "doc99#9" in found(reader, reader.dense(given[0], 3))
    assert reader.indexed.chunks == 61
    assert not before.current()


def test_changed_chunks_replace_and_missing_ones_disappear(uri, filled):
    before, entries, given = filled
    wanted = before.dense(given[0], 5)
    store = open_store(uri)
    changed = entry(0, "a wholly new text about ducks", "doc0", version="2")
    store.put(batch([changed], given[:1]), DIGEST)
    store.commit(indexed(), {one.key for one in [changed, *entries[6:]]})
    reader = open_store(uri).read()
    assert reader.indexed.chunks == 55
    names = found(reader, reader.dense(given[0], 60))
    assert names.count("doc0#0") == 1 and "doc0#1" not in names
    assert found(reader, reader.lexical(["duck"], 5)) == ["doc0#0"]
    reference = BM25([one.full_text for one in [changed, *entries[6:]]], Fusion()).scores("pump water")
    hits = reader.lexical(analyser("en")("pump water"), 1)
    assert hits.scores[0] == pytest.approx(reference.max(), rel=1e-4), "what went counts no more"
    assert found(before, wanted) == [one.id for one in before.entries(wanted.rows)], "hits can still be read"


def test_rows_of_another_model_go_with_the_commit(uri, filled):
    _, entries, _ = filled
    store, other = open_store(uri), "e" * 64
    assert store.held(other) == set()
    store.put(batch(entries, vectors(60, seed=5)), other)
    store.commit(indexed(other), {one.key for one in entries})
    reader = open_store(uri).read()
    assert reader.indexed.chunks == 60 and reader.indexed.model_digest == other
    np.testing.assert_allclose(reader.dense(vectors(60, seed=5)[3], 1).scores, [1.0], atol=1e-5)


def test_a_model_of_another_dimension_can_take_its_place(uri, filled):
    _, entries, given = filled
    store = open_store(uri)
    store.put(batch(entries, vectors(60, 16)), "e" * 64)
    reader = open_store(uri).read()
    assert found(reader, reader.dense(given[5], 1)) == [entries[5].id]
    store.commit(indexed("e" * 64, 16), {one.key for one in entries})
    reader = open_store(uri).read()
    assert reader.indexed.dimension == 16
    assert len(reader.dense(vectors(1, 16)[0], 60).rows) == 60


def test_a_key_written_twice_is_read_once(uri, filled):
    _, entries, given = filled
    store = open_store(uri)
    store.put(batch(entries[:5], given[:5]), DIGEST)
    store.commit(indexed(), {one.key for one in entries})
    reader = open_store(uri).read()
    names = found(reader, reader.dense(given[0], 99))
    assert len(names) == len(set(names)) == 60


@pytest.mark.parametrize(
    "candidates",
    [Candidates(precision="int8"), Candidates(precision="binary", oversample=20), Candidates(dimension=8)],
    ids=lambda one: f"{one.precision}-{one.dimension}",
)
def test_candidates_of_less_precision_are_ranked_by_whole_vectors(uri, candidates):
    store = open_store(uri)
    if candidates.precision == "int8" and uri.startswith("postgres"):
        with pytest.raises(UsageError, match="binary"):
            store.supports(candidates)
        return
    store.supports(candidates)
    given = unit(vectors(600, 32) * np.geomspace(2, 0.1, 32, dtype=np.float32))
    entries = [entry(number, f"pump {number}", tags=[f"odd={number % 2}"]) for number in range(600)]
    store.put(batch(entries, given), DIGEST)
    told = msgspec.structs.replace(indexed(dimension=32), candidates=candidates)
    store.commit(told, {one.key for one in entries})
    reader = open_store(uri).read()
    queries = unit(given[:40] + 0.1 * vectors(40, 32, seed=5))
    shares = []
    for query in queries:
        hits, exact = reader.dense(query, 10), reader.dense(query, 10, exact=True)
        np.testing.assert_allclose(hits.scores, given[_numbers(reader, hits)] @ query, atol=1e-5)
        np.testing.assert_allclose(exact.scores, np.sort(given @ query)[::-1][:10], atol=1e-5)
        shares.append(len(np.intersect1d(hits.rows, exact.rows)) / 10)
    assert np.mean(shares) > 0.6
    assert reader.approximate
    told = recall(reader, queries=40)
    assert (told.queries, told.depth) == (40, 10) and 0.5 < told.share <= 1
    odd = reader.dense(queries[0], 10, [["odd=1"]])
    assert set(_numbers(reader, odd) % 2) == {1}


def _numbers(reader, hits):
    return np.array([one.position for one in reader.entries(hits.rows)])


def test_candidates_may_be_found_otherwise_from_the_next_commit_on(uri, filled):
    _, entries, given = filled
    told = msgspec.structs.replace(indexed(), candidates=Candidates(dimension=4, oversample=30))
    open_store(uri).commit(told, {one.key for one in entries})
    reader = open_store(uri).read()
    assert reader.indexed.candidates.dimension == 4
    assert found(reader, reader.dense(given[7], 1)) == [entries[7].id]


def test_exact_search_reports_no_recall(filled):
    reader, _, _ = filled
    assert not reader.approximate and recall(reader) is None


def test_documents_are_told_with_their_paths(filled):
    reader, entries, _ = filled
    assert reader.documents() == {one.document_id: one.path for one in entries}


def test_many_small_writes_read_as_one(uri):
    """Segments of terms are merged: what was read before the merge stays, what went counts no more."""
    store = open_store(uri)
    texts, given = texts_of(60, seed=8), vectors(60)
    entries = [entry(number, text) for number, text in enumerate(texts)]
    for start in range(0, 60, 3):
        store.put(batch(entries[start : start + 3], given[start : start + 3]), DIGEST)
    store.commit(indexed(), {one.key for one in entries})
    first = store.read()
    terms = analyser("en")("pump river o'ring")
    lexical = BM25([one.full_text for one in entries], Fusion()).scores("pump river o'ring")
    hits = first.lexical(terms, 60)
    np.testing.assert_allclose(lexical[_numbers(first, hits)], hits.scores, rtol=1e-4)
    assert len(hits.rows) == np.count_nonzero(lexical)
    kept = entries[:20]
    store.commit(indexed(), {one.key for one in kept})
    lexical = BM25([one.full_text for one in kept], Fusion()).scores("pump river o'ring")
    second = store.read()
    hits = second.lexical(terms, 60)
    np.testing.assert_allclose(lexical[_numbers(second, hits)], hits.scores, rtol=1e-4)
    added = entry(60, "pump", "late")
    store.put(batch([added], given[:1]), DIGEST)
    store.commit(indexed(), {one.key for one in [*kept, added]})
    third = store.read()
    assert "late#60" in found(third, third.lexical(["pump"], 60))
    names = found(third, third.lexical(["river", "pump"], 60))
    assert len(names) == len(set(names))


@pytest.mark.parametrize(
    "uri", ["lance", "postgres"], indirect=True
)  # Qdrant's writers are told when they commit
def test_one_process_writes_at_a_time(uri):
    with open_store(uri).writing(), pytest.raises(StoreError, match="another idiolect run"):
        open_store(uri).writing().__enter__()
    with open_store(uri).writing():
        pass


def test_searches_from_several_threads_agree(filled):
    store, _, given = filled
    expected = store.dense(given[3], 5).rows.tolist()
    wrong = []

    def search():
        for _ in range(10):
            if store.dense(given[3], 5).rows.tolist() != expected:
                wrong.append(1)

    threads = [threading.Thread(target=search) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not wrong


def test_a_chunk_without_a_term_has_a_number_of_its_own(uri, filled):
    _, entries, given = filled
    silent, late = entry(0, "★★★ ---", "silent"), entry(0, "late pump", "late")
    for one in (silent, late):
        store = open_store(uri)
        store.put(batch([one], given[:1]), DIGEST)
    store.commit(indexed(), {one.key for one in [*entries, silent, late]})
    reader = open_store(uri).read()
    rows = reader.sample(99)
    assert len(set(rows.tolist())) == 62
    assert {one.id for one in reader.entries(rows)} == {one.id for one in [*entries, silent, late]}
    store.commit(indexed(), {one.key for one in [*entries, late]})
    assert found(open_store(uri).read(), open_store(uri).read().lexical(["late"], 5)) == ["late#0"]


def test_back_at_the_model_before_words_are_found_again(uri, filled):
    _, entries, given = filled
    store, other = open_store(uri), "e" * 64
    for start in range(0, 60, 3):
        store.put(batch(entries[start : start + 3], vectors(3, 16)), other)
    store.commit(indexed(other, 16), {one.key for one in entries})
    missing = [place for place, one in enumerate(entries) if one.key not in store.held(DIGEST)]
    if missing:
        store.put(batch([entries[place] for place in missing], given[missing]), DIGEST)
    store.commit(indexed(), {one.key for one in entries})
    lexical = BM25([one.full_text for one in entries], Fusion()).scores("pump")
    reader = open_store(uri).read()
    assert len(reader.lexical(["pump"], 60).rows) == np.count_nonzero(lexical) > 10


@pytest.mark.parametrize("uri", ["postgres", "qdrant"], indirect=True)  # LanceDB's lock cannot be lost
def test_who_commits_last_of_two_writers_is_refused(uri, filled):
    _, entries, given = filled
    first, second = open_store(uri), open_store(uri)
    late, later = entry(0, "late pump", "late"), entry(0, "later pump", "later")
    with first.writing():
        first.put(batch([late], given[:1]), DIGEST)
        second.put(batch([later], given[:1]), DIGEST)
        second.commit(indexed(), {one.key for one in [*entries, later]})
        with pytest.raises(StoreError, match="written by another meanwhile: index again"):
            first.commit(indexed(), {one.key for one in [*entries, late]})
    reader = open_store(uri).read()
    assert found(reader, reader.lexical(["later"], 5)) == ["later#0"]


def test_long_words_and_odd_names_are_kept(uri, filled):
    _, entries, given = filled
    odd = entry(0, f"{'f0' * 3000} pump", 'it\'s "odd"\n{1} \\', tags=["a=" + "x" * 400, "b='\"\n{}\\"])
    store = open_store(uri)
    store.put(batch([odd], given[:1]), DIGEST)
    store.commit(indexed(), {one.key for one in [*entries, odd]})
    reader = open_store(uri).read()
    assert reader.entries(reader.lexical(["f0" * 3000], 5).rows) == [odd]
    assert reader.around(odd.document_id, 0, 0) == [odd]
    assert found(reader, reader.dense(given[0], 5, [["b='\"\n{}\\"]])) == [odd.id]


def test_a_store_that_is_emptied_says_so_and_finds_nothing(uri, filled):
    store = open_store(uri)
    store.commit(indexed(), set())
    reader = open_store(uri).read()
    assert (reader.indexed.chunks, reader.indexed.documents, reader.documents()) == (0, 0, {})
    assert len(reader.dense(vectors(1)[0], 5).rows) == len(reader.lexical(["pump"], 5).rows) == 0
    assert recall(reader) is None
