"""A new model's vectors as an old one's."""

from collections import Counter

import numpy as np
import pytest
from scipy.stats import ortho_group
from stores import DIGEST, Looked, a_manifest, entry, indexed, vectors

from idiolect.errors import StoreError
from idiolect.index.bridge import fit, lay
from idiolect.index.searching import Searcher
from idiolect.index.store import Batch
from idiolect.index.stores.opening import open_store
from idiolect.progress import Silent
from idiolect.runtimes.encoder import unit


def test_a_planted_rotation_is_recovered_exactly():
    new = vectors(400, 24)
    rotation = ortho_group.rvs(24, random_state=5).astype(np.float32)
    matrix, recall = fit(new, new @ rotation)
    np.testing.assert_allclose(matrix, rotation, atol=1e-5)
    assert recall == 1.0


def test_a_rotation_keeps_angles_whatever_it_is_fitted_to():
    new = vectors(2000, 16)
    matrix, _ = fit(new, unit(new @ vectors(16, 16, seed=4)))
    np.testing.assert_allclose(matrix @ matrix.T, np.eye(16), atol=1e-5)


def test_models_of_different_dimensions_are_mapped_as_well_as_they_can_be():
    old = vectors(2000, 12)
    new = unit(old @ vectors(12, 32, seed=8))
    matrix, recall = fit(new, old)
    assert matrix.shape == (32, 12)
    assert recall > 0.6
    assert np.sum(unit(new @ matrix) * old, axis=1).mean() > 0.95


def test_vectors_that_have_nothing_to_do_with_each_other_say_so():
    assert fit(vectors(500, 24, seed=1), vectors(500, 24, seed=2))[1] < 0.1


def test_too_few_pairs_are_refused():
    with pytest.raises(ValueError, match="50"):
        fit(vectors(20), vectors(20))


@pytest.fixture
def stored(uri):
    """A store of 2,000 chunks by an old model, their texts and vectors."""
    entries = [entry(number, f"chunk {number}") for number in range(2000)]
    given = vectors(2000, 16)
    store = open_store(uri)
    store.put(Batch(entries, given, [Counter(one.full_text.split()) for one in entries]), DIGEST)
    store.commit(indexed(dimension=16), {one.key for one in entries})
    return store, entries, given


def test_the_new_model_searches_the_old_vectors_until_its_own_are_there(stored):
    store, entries, given = stored
    rotated = given @ ortho_group.rvs(16, random_state=5).astype(np.float32)
    new = Looked([one.full_text for one in entries], rotated)
    told = indexed("e" * 64, 16)
    manifest = a_manifest(told)
    with pytest.raises(StoreError, match="model_digest differ"):
        Searcher(store, manifest, new)
    assert lay(store, told, new, 0.5, Silent()).recall > 0.99
    searcher = Searcher(store, manifest, new)
    hits = searcher.search("chunk 7", 5, "dense")
    assert hits[0].chunk_id == "one#7" and hits[0].score == pytest.approx(1, abs=1e-3)
    store.put(Batch(entries, rotated, [Counter(one.full_text.split()) for one in entries]), "e" * 64)
    assert searcher.search("chunk 8", 5, "dense")[0].chunk_id == "one#8", "while its own are written"
    store.commit(told, {one.key for one in entries})
    assert store.bridge() is None
    assert Searcher(store, manifest, new).search("chunk 9", 5, "dense")[0].chunk_id == "one#9"
    with pytest.raises(StoreError, match="model_digest differ"):
        Searcher(store, a_manifest(indexed(dimension=16)), new)


@pytest.mark.parametrize("uri", ["lance"], indirect=True)
def test_a_bridge_below_the_floor_is_not_laid(stored):
    store, entries, _ = stored
    strange = Looked([one.full_text for one in entries], vectors(2000, 16, seed=9))
    measured = lay(store, indexed("e" * 64, 16), strange, 0.5, Silent())
    assert measured.recall < 0.5 and measured.pairs == 500
    assert store.bridge() is None
    assert lay(store, indexed(dimension=16), strange, 0.5, Silent()) is None, "the same model needs none"


def test_a_floor_that_is_raised_takes_the_bridge_away(stored):
    store, entries, given = stored
    new = Looked([one.full_text for one in entries], unit(given + 0.2 * vectors(2000, 16, seed=3)))
    told = indexed("e" * 64, 16)
    recall = lay(store, told, new, 0.1, Silent()).recall
    assert 0.1 < recall < 0.99 and store.bridge().recall == recall
    store.commit(indexed(dimension=16), {one.key for one in entries})
    assert store.bridge() is not None, "the vectors are the old model's as before"
    assert lay(store, told, new, 0.99, Silent()).recall == recall
    assert store.bridge() is None
