"""What is kept of the training is lowered until the guards hold."""

import pytest
from builders import Listening

from idiolect.config import load
from idiolect.evaluation.beir import Dataset, save_dataset
from idiolect.evaluation.selection import DevJudge, Measured
from idiolect.records import Fusion, Passage
from idiolect.stages.context import Context
from idiolect.stages.encoders import base_encoder
from idiolect.stages.guarding import FINER, choose_guarded
from idiolect.workspace import Workspace

pytestmark = pytest.mark.usefixtures("one_thread")

WORDS = (
    "pump",
    "stops",
    "tank",
    "full",
    "valve",
    "opens",
    "three",
    "bar",
    "manual",
    "says",
    "filter",
    "word",
)
GAINS = {0.0: 0.60, FINER: 0.605, 0.25: 0.61, 0.5: 0.63, 0.75: 0.62, 1.0: 0.64}
"""Share → dev nDCG@10 of the simulated training."""


def a_guard(folder, passages=120):
    corpus = {
        f"d{n}": Passage(id=f"d{n}", text=f"{WORDS[n % 12]} {WORDS[n // 12]} {WORDS[n % 7]}")
        for n in range(passages)
    }
    chosen = list(corpus)[::5]
    queries = {f"q{id}": corpus[id].text for id in chosen}
    qrels = {f"q{id}": {id: 1} for id in chosen}
    save_dataset(folder, Dataset(name=folder.name, split="test", corpus=corpus, queries=queries, qrels=qrels))
    return folder


class Forgetful:
    """The base's encoder, or one that finds the opposite of what is asked; remembers how much it encoded."""

    def __init__(self, encoder, forgets):
        self.encoder, self.forgets, self.passages = encoder, forgets, 0

    def encode(self, texts, kind):
        vectors = self.encoder.encode(texts, kind)
        self.passages += len(texts) if kind == "passage" else 0
        return -vectors if kind == "query" and self.forgets else vectors


@pytest.fixture
def chosen(tiny_model, tmp_path):
    """The share that is kept where the guards fall above `holds`; scores, notes and encoders of each share tried."""

    def choose(holds, guards=("nano",), target="embedding"):
        folders = [a_guard(tmp_path / f"{number}" / name) for number, name in enumerate(guards)]
        settings = [f"train.base={tiny_model}", "prepare.dev_corpus=50", f"train.target={target}"]
        settings.append(f"evaluate.guard={[str(folder) for folder in folders]}")
        progress = Listening()
        context = Context(Workspace(tmp_path / "work"), load(None, settings), progress)
        judge = DevJudge({"masked": None}, Fusion(weight=0.5), target)
        planted = {share: _planted(gain) for share, gain in GAINS.items()}
        judge.measure = lambda encoder: planted[encoder.share]
        curve = {share: found for share, found in planted.items() if share != FINER}
        tried = {}

        def kept(share):
            tried[share] = Forgetful(base_encoder(context), share > holds)
            tried[share].share = share
            return tried[share]

        share, scores = choose_guarded(context, judge, curve, kept)
        assert set(curve) >= {share}
        return share, scores, progress.notes, tried

    return choose


def _planted(gain):
    return Measured({"masked/dense": gain, "masked/hybrid": gain}, {})


@pytest.mark.parametrize(
    ("holds", "share", "tried"),
    [
        (1.0, 1.0, [1.0]),
        (0.8, 0.5, [1.0, 0.5]),
        (0.5, 0.5, [1.0, 0.5]),
        (0.3, 0.25, [1.0, 0.5, 0.25]),
        (0.2, FINER, [1.0, 0.5, 0.25, FINER]),
        (0.1, 0.0, [1.0, 0.5, 0.25, FINER]),
    ],
)
def test_the_best_share_on_dev_that_the_guard_allows_is_kept(chosen, holds, share, tried):
    found, scores, notes, asked = chosen(holds)
    assert found == share
    assert [name for name in scores if name != "0"] == [f"{each:g}" for each in tried]
    assert set(asked) == set(tried)
    falls = [note for note in notes if "falls" in note]
    assert len(falls) == len(tried) - (share > 0)
    if share == FINER:
        assert "with 25% of the change the guard falls on nano/dense (−" in falls[-1]


def test_without_guards_dev_chooses_and_nothing_is_encoded(chosen):
    assert chosen(0.0, guards=())[:2] == (1.0, {})


def test_a_guard_is_measured_over_a_pool_of_its_corpus(chosen):
    *_, asked = chosen(1.0)
    assert 50 <= asked[1.0].passages <= 60


def test_guards_of_one_name_are_told_apart_and_each_must_hold(chosen, tmp_path):
    _, scores, _, _ = chosen(1.0, guards=("nano", "nano"), target="retriever")
    names = ["nano", str(tmp_path / "1" / "nano")]
    assert set(scores["0"]) == {f"{name}/{kind}" for name in names for kind in ("dense", "hybrid")}
