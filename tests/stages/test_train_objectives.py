"""Every objective and guide through the train stage, as --set asks for it, on a tiny model."""

import shutil
import subprocess
import sys

import msgspec
import numpy as np
import pytest
from tiny_model import save_tiny_cross_encoder

from idiolect import pipeline
from idiolect.files import read_json, read_jsonl
from idiolect.mining.fusion import standardise
from idiolect.mining.ranking import Corpus
from idiolect.records import Chunk, Mining, TrainingExample
from idiolect.runtimes.cross_encoder import CrossEncoder
from idiolect.runtimes.model_files import describe
from idiolect.stages.encoders import base_encoder
from idiolect.stages.train import _key, guide_of

pytestmark = pytest.mark.usefixtures("one_thread")


@pytest.mark.parametrize(
    "settings",
    [
        ("train.contrastive=0.5", "train.hardness=5"),
        ("train.guide=fused",),
        ("train.spread=0.1",),
        ("train.complementary=1.0", "train.contrastive=0", "train.target=retriever"),
        ("train.complementary=0.5", "train.guide=fused", "train.target=retriever", "train.spread=0.1"),
    ],
)
def test_each_objective_trains(trained, defaults, settings):
    _, training, _ = trained(*settings)
    assert training["steps"] > 0
    assert np.isfinite(training["loss"]) and training["loss"] > 0
    assert training["loss"] != defaults["loss"]
    assert ("complementary_temperature" in training) == any("complementary" in one for one in settings)
    assert "teacher" not in training, "none was to be checked"


def test_encoding_twice_trains_the_same_model(trained, defaults):
    _, training, _ = trained("train.micro_batch=3")
    assert training["loss"] == pytest.approx(defaults["loss"], rel=0.02), "but for the rounding of bfloat16"


def test_the_guide_of_the_stage_knows_the_whole_corpus(over, examples):
    context = over(None, "train.guide=fused")
    guide = guide_of(context, examples)
    chunks = list(read_jsonl(context.workspace.chunks, Chunk))
    fusion = msgspec.convert(read_json(context.workspace.mining), Mining).fusion
    vectors = base_encoder(context).encode([chunk.passage.full_text for chunk in chunks], "passage")
    corpus = Corpus([chunk.passage for chunk in chunks], vectors, fusion)
    example = next(one for one in examples if one.objective == "contrastive")
    names = [example.positive.id, chunks[0].id, chunks[7].id]
    expected = corpus.fused(example.query, guide.queries[example.query_id])
    columns = [corpus.columns[name] for name in names]
    assert np.allclose(guide.hybrid.fused(example.query_id, names), expected[columns], atol=1e-4)
    bm25 = fusion.weight * standardise(corpus.lexical(example.query))
    assert np.allclose(guide.hybrid.lexical(example.query_id, names), bm25[columns], atol=1e-4)


def test_a_cross_encoder_guides_and_each_pair_is_scored_once(trained, cross_encoder, monkeypatch):
    scored, scores = [], CrossEncoder.scores

    def watched(self, pairs):
        scored.extend(pairs)
        return scores(self, pairs)

    monkeypatch.setattr(CrossEncoder, "scores", watched)
    settings = ("train.guide=cross-encoder", f"train.cross_encoder={cross_encoder}")
    context, training, _ = trained(*settings, "train.epochs=2")
    assert training["steps"] > 0
    written = {
        one.query
        for one in read_jsonl(context.workspace.train, TrainingExample)
        if one.objective == "contrastive"
    }
    assert {query for query, _ in scored} == written
    assert len(scored) == len(set(scored))


def test_another_cross_encoder_at_the_same_place_trains_anew(over, tmp_path):
    path = save_tiny_cross_encoder(tmp_path / "encoder")
    context = over(None, "train.guide=cross-encoder", f"train.cross_encoder={path}")
    (train,) = pipeline.between("train", "train")
    before = pipeline.key_of(context, train)
    shutil.rmtree(path)
    save_tiny_cross_encoder(path, seed=1)
    assert pipeline.key_of(context, train)["inputs"]["cross-encoder"] != before["inputs"]["cross-encoder"]


@pytest.mark.parametrize("setting", ["train.spread=0.1", "train.guide=fused", "train.micro_batch=8"])
def test_checkpoints_are_those_of_their_objectives(over, tiny_model, examples, setting):
    def key(*settings):
        return _key(over(None, *settings), describe(tiny_model), examples)

    assert key() == key("train.max_minutes=5")
    assert key() != key(setting)


def test_checkpoints_are_those_of_their_teachers_scores(over, tiny_model, examples):
    others = [msgspec.structs.replace(one, teacher_scores=one.teacher_scores[::-1]) for one in examples]
    keys = {_key(over(None), describe(tiny_model), given) for given in (examples, others)}
    assert len(keys) == 2


def test_a_cross_encoder_that_is_none_is_said_before_anything_is_read(tiny_model, tmp_path):
    docs = tmp_path / "docs"
    docs.mkdir()
    command = [sys.executable, "-m", "idiolect", "run", docs, "-w", tmp_path / "work"]
    done = subprocess.run(
        [*command, "--set", f"train.cross_encoder={tiny_model}"], capture_output=True, text=True
    )
    assert done.returncode == 1
    assert f"train.cross_encoder {tiny_model} is no cross-encoder" in done.stderr
    assert not (tmp_path / "work").exists()
