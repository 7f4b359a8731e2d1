"""What short vectors keep and save."""

import numpy as np
import pytest

from idiolect.evaluation.dimensions import dimension_table, dimension_warnings

QUERIES = 200


def unit(vectors):
    return (vectors / np.linalg.norm(vectors, axis=1, keepdims=True)).astype(np.float32)


def table_of(dataset, width):
    """Queries that are their passages and noise, in every dimension as much."""
    rng = np.random.default_rng(5)
    passages, noise = rng.standard_normal((2, QUERIES, width))
    queries = passages + 0.8 * noise
    return dimension_table(dataset, unit(passages), unit(queries), (width, width // 3, width // 12))


def test_the_table_says_what_is_kept_and_what_is_saved(dataset):
    table = table_of(dataset, 96)
    assert list(table) == ["96", "32", "8"]
    assert [row["bytes_per_vector"] for row in table.values()] == [384, 128, 32]
    assert [row["saved"] for row in table.values()] == pytest.approx([0, 2 / 3, 11 / 12])
    full = table["96"]["ndcg@10"]
    assert full > 0.9
    assert table["96"]["kept"] == 1
    for row in table.values():
        assert row["kept"] == pytest.approx(row["ndcg@10"] / full)
    assert table["8"]["kept"] < 0.9
    assert dimension_warnings(table) == [], "a twelfth may lose more"


def test_a_third_that_loses_too_much_is_warned_of(dataset):
    table = table_of(dataset, 24)
    assert table["8"]["kept"] < 0.95
    (warning,) = dimension_warnings(table)
    assert warning.startswith(
        f"the tuned model's vectors cut to 8 of 24 dimensions keep {table['8']['kept']:.1%}"
    )
    assert dimension_warnings({"24": table["24"]}) == []
