"""What says the same as a positive, or as a passage that is tested, is trained against nowhere."""

import numpy as np
import pytest
from builders import a_chunk, copied, written

from idiolect.config import Prepare
from idiolect.mining.examples import Miner
from idiolect.mining.ranking import Corpus
from idiolect.records import Fusion

SENTENCE = "Close the supply before the cover of the pump is lifted."
CHUNKS = [
    a_chunk("pump#0", f"The pump draws raw water from the river. {SENTENCE}"),
    a_chunk("pump-v2#0", "The pump draws raw water from the river and stops.", duplicate_of="pump#0"),
    a_chunk("pump-v3#0", "The pump draws raw water from the river, and stops.", duplicate_of="pump#0"),
    a_chunk("valve#0", "The valve opens at three bar and draws nothing."),
    a_chunk("valve-v2#0", "The valve opens at 3 bar and draws nothing.", duplicate_of="valve#0"),
    *(a_chunk(f"note-{number}#0", f"Note {number} on the water of the river pump.") for number in range(12)),
]


def mined(query, test=()):
    """All candidates of the query, where every chunk is near enough to be one."""
    vectors = np.tile(np.array([[1.0, 0.0]], np.float32), (len(CHUNKS), 1))
    vectors[5:, 0] = 0.5
    corpus = Corpus([chunk.passage for chunk in CHUNKS], vectors, Fusion(weight=0.5))
    miner = Miner(CHUNKS, corpus, Prepare(negatives=12, listwise=17, candidates=30, margin=1.0), 13, test)
    examples = list(miner.examples(query, np.array([1.0, 0.0], np.float32)))
    assert examples
    return {negative.id for example in examples for negative in example.negatives} | {
        example.positive.id for example in examples if example.objective == "listwise"
    }


PUMPS, VALVES = {"pump#0", "pump-v2#0", "pump-v3#0"}, {"valve#0", "valve-v2#0"}


@pytest.mark.parametrize("positive", ["pump#0", "pump-v2#0"])
def test_duplicates_of_a_positive_are_no_negatives(positive):
    negatives = mined(written("what draws raw water?", positive))
    assert negatives
    assert not negatives & PUMPS


def test_duplicates_of_a_copied_querys_source_are_no_candidates():
    candidates = mined(copied(SENTENCE, "pump#0"))
    assert candidates & VALVES
    assert not candidates & PUMPS


@pytest.mark.parametrize(
    "query",
    [
        written("what does note 1 say on the water of the river pump?", "note-1#0"),
        copied("the water of the river", "note-1#0"),
    ],
)
def test_duplicates_of_what_is_tested_are_no_candidates(query):
    candidates = mined(query, test=[written("when does the valve open?", "valve-v2#0")])
    assert candidates
    assert not candidates & VALVES
