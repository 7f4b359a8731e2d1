"""The fusion weight where people's queries and masked ones differ: neither is left out."""

import numpy as np
import pytest
from builders import a_chunk, copied

from idiolect.mining.fusion import WEIGHTS
from idiolect.mining.weighting import Asked, choose_weight
from idiolect.records import Fusion

CHUNKS = [
    a_chunk(f"d{number}#0", text)
    for number, text in enumerate(
        ["red pump stops", "blue pump runs", "green valve opens", "grey tank leaks"]
    )
]


class Planted:
    """Passages lie on the axes; each query on the axis that its first letter names."""

    def encode(self, texts, kind):
        axes = ["rbgt".index(text[0]) if kind == "query" else 0 for text in texts]
        return np.eye(4, dtype=np.float32)[axes]


VECTORS = np.eye(4, dtype=np.float32)
DENSE_ALONE = [Asked("r valve opens", ["d0#0"])]
LEXICAL_TOO = [Asked("b grey tank leaks", ["d3#0"])]


@pytest.mark.parametrize(("asked", "favours"), [(DENSE_ALONE, min), (LEXICAL_TOO, max)])
def test_people_s_queries_draw_the_weight_their_way(asked, favours):
    weighed = choose_weight(CHUNKS, VECTORS, (), asked, Fusion(), Planted())
    curve = {float(weight): value for weight, value in weighed.curve.items()}
    assert curve[favours(WEIGHTS)] == max(curve.values()) > curve[(max if favours is min else min)(WEIGHTS)]
    assert weighed.curves == {"labelled": weighed.curve}


def test_the_curve_that_chooses_is_the_mean_of_both():
    masked = [copied("green valve opens", "d2#0")]
    weighed = choose_weight(CHUNKS, VECTORS, masked, LEXICAL_TOO, Fusion(), Planted())
    assert set(weighed.curves) == {"masked", "labelled"}
    for weight, value in weighed.curve.items():
        assert value == pytest.approx(sum(curve[weight] for curve in weighed.curves.values()) / 2, abs=1e-5)


def test_without_any_query_the_weight_stays():
    fusion = Fusion(weight=0.35)
    assert choose_weight(CHUNKS, VECTORS, (), (), fusion, Planted()).fusion == fusion


def test_any_part_of_a_document_that_answers_will_do():
    asked = [Asked("r red pump", ["d3#0", "d0#0"])]
    curve = choose_weight(CHUNKS, VECTORS, (), asked, Fusion(), Planted()).curve
    assert set(curve.values()) == {1.0}


def test_bm25_s_own_settings_are_those_with_the_higher_curve():
    long = "pump " + "word " * 60
    chunks = [a_chunk("d0#0", long), a_chunk("d1#0", "pump"), *CHUNKS[2:]]
    asked = [Asked("r pump", ["d1#0"]), Asked("t pump", ["d1#0"])]
    tried = ((0.9, 0.0), (1.2, 0.75))
    weighed = choose_weight(chunks, VECTORS, (), asked, Fusion(), Planted(), tried)
    assert (weighed.fusion.k1, weighed.fusion.b) == (1.2, 0.75), "without b the long text ties"
    assert max(weighed.curve.values()) == 1.0
    kept = choose_weight(chunks, VECTORS, (), asked, Fusion(k1=0.9, b=0.0), Planted())
    assert (kept.fusion.k1, kept.fusion.b) == (0.9, 0.0)


def test_the_interval_is_wide_where_queries_disagree_and_narrow_where_they_agree():
    agreed = choose_weight(CHUNKS, VECTORS, (), LEXICAL_TOO * 20, Fusion(), Planted())
    assert agreed.interval == (agreed.fusion.weight, agreed.fusion.weight)
    torn = choose_weight(CHUNKS, VECTORS, (), [*DENSE_ALONE * 10, *LEXICAL_TOO * 10], Fusion(), Planted())
    low, high = torn.interval
    assert low <= torn.fusion.weight <= high and low < high
    assert choose_weight(CHUNKS, VECTORS, (), (), Fusion(), Planted()).interval is None


def test_the_documented_weight_is_taken_where_the_queries_allow_for_it():
    torn = choose_weight(CHUNKS, VECTORS, (), [*DENSE_ALONE * 10, *LEXICAL_TOO * 10], Fusion(), Planted())
    low, high = torn.interval
    nearest = min((weight for weight in WEIGHTS if low <= weight <= high), key=lambda one: abs(one - 0.5))
    assert torn.fusion.weight == nearest
    lexical = choose_weight(CHUNKS, VECTORS, (), LEXICAL_TOO * 20, Fusion(), Planted())
    assert lexical.fusion.weight == lexical.interval[0] == 1.5, "as near to it as they allow"
    easy = choose_weight(CHUNKS, VECTORS, (), [Asked("r red pump", ["d0#0"])] * 20, Fusion(), Planted())
    assert easy.fusion.weight == 0.5, "queries that every weight answers say nothing"
