"""Vectors of a byte or a bit a dimension."""

import numpy as np
import pytest
from test_dimensions import QUERIES, unit

from idiolect.evaluation.compression import compression_table, fit

WIDTH = 100


@pytest.fixture(scope="module")
def vectors():
    """Dimensions of unlike ranges, none of them round zero, one of them the same everywhere."""
    rng = np.random.default_rng(3)
    values = rng.standard_normal((QUERIES, WIDTH)) * rng.uniform(0.1, 2, WIDTH) + rng.uniform(-1, 1, WIDTH)
    values[:, 7] = 0.0
    return unit(values)


def test_a_byte_holds_a_dimension_to_half_a_step(vectors):
    quantiser = fit(vectors)
    codes = quantiser.int8(vectors)
    assert codes.dtype == np.int8
    assert codes.min() == -128 and codes.max() == 127
    error = np.abs(quantiser.from_int8(codes) - vectors)
    assert (error <= np.asarray(quantiser.step) * 0.51 + 1e-7).all()
    far = quantiser.int8(vectors * 100)
    assert far.min() == -128 and far.max() == 127, "values beyond the corpus's range are held at its ends"


def test_a_bit_halves_every_dimension_at_the_corpus_median(vectors):
    quantiser = fit(vectors)
    bits = quantiser.binary(vectors)
    assert bits.shape == (QUERIES, 13)
    back = quantiser.from_binary(bits)
    assert back.shape == vectors.shape
    shares = (np.delete(back, 7, axis=1) > 0).mean(axis=0)
    np.testing.assert_allclose(shares, 0.5, atol=0.01)
    assert ((back > 0) == (vectors > np.asarray(quantiser.middle, np.float32))).all()


def test_the_table_says_what_each_precision_costs_and_keeps(dataset):
    rng = np.random.default_rng(5)
    passages, noise = rng.standard_normal((2, QUERIES, 96))
    queries = unit(passages + 0.8 * noise)
    table, quantisers = compression_table(dataset, unit(passages), queries, (96, 24))
    assert {
        size: {name: row["bytes_per_vector"] for name, row in rows.items()} for size, rows in table.items()
    } == {
        "96": {"float32": 384, "int8": 96, "binary": 12},
        "24": {"float32": 96, "int8": 24, "binary": 3},
    }
    assert table["96"]["float32"]["kept"] == 1
    assert table["96"]["int8"]["kept"] > 0.99
    assert 0.9 < table["96"]["binary"]["kept"] <= 1
    assert table["24"]["binary"]["kept"] < table["24"]["int8"]["kept"]
    assert [len(quantiser.low) for quantiser in quantisers.values()] == [96, 24]
