"""A cross-encoder reads both texts of a pair; what is none is refused by name."""

import numpy as np
import pytest
from tiny_model import save_tiny_cross_encoder

from idiolect.errors import ModelError
from idiolect.files import write_json
from idiolect.runtimes.cross_encoder import CrossEncoder, cross_encoder_digest, resolve_cross_encoder

PAIRS = [
    ("when does the pump stop", "The pump stops when the tank is full."),
    ("valve", "The filter is full."),
]

pytestmark = pytest.mark.usefixtures("one_thread")


@pytest.fixture(scope="module")
def path(tmp_path_factory):
    return save_tiny_cross_encoder(tmp_path_factory.mktemp("cross") / "encoder")


def test_its_scores_are_the_heads_raw_output(path):
    import torch
    from transformers import AutoModelForSequenceClassification, AutoTokenizer

    tokenizer = AutoTokenizer.from_pretrained(path)
    with torch.no_grad():
        features = tokenizer(*map(list, zip(*PAIRS, strict=True)), padding=True, return_tensors="pt")
        expected = AutoModelForSequenceClassification.from_pretrained(path).eval()(**features).logits[:, 0]
    scores = CrossEncoder(str(path)).scores(PAIRS)
    assert scores.dtype == np.float32
    assert scores == pytest.approx(expected.numpy(), rel=0.05, abs=0.05), "bfloat16 where there is any"
    assert scores[0] != pytest.approx(scores[1], abs=0.1)


def test_as_sentence_transformers_saves_it_it_is_known_as_well(path, tmp_path):
    CrossEncoder(str(path)).model.save(str(tmp_path / "saved"))
    assert CrossEncoder(str(tmp_path / "saved")).scores(PAIRS) == pytest.approx(
        CrossEncoder(str(path)).scores(PAIRS), abs=0.05
    )


def test_other_weights_are_another_model(path, tmp_path):
    other = save_tiny_cross_encoder(tmp_path / "other", seed=1)
    same = save_tiny_cross_encoder(tmp_path / "same")
    assert (
        cross_encoder_digest(str(path)) == cross_encoder_digest(str(same)) != cross_encoder_digest(str(other))
    )


def test_an_embedding_model_is_refused(tiny_model):
    with pytest.raises(ModelError, match=r"train\.cross_encoder .*tiny is no cross-encoder"):
        resolve_cross_encoder(str(tiny_model))


def test_a_model_of_several_scores_is_refused(tmp_path):
    several = save_tiny_cross_encoder(tmp_path / "several", labels=3)
    with pytest.raises(ModelError, match="gives 3 scores a pair: one is needed"):
        CrossEncoder(str(several))


def test_a_folder_that_is_not_there_is_said(tmp_path):
    with pytest.raises(ModelError, match=r"train\.cross_encoder .*nowhere is no directory"):
        resolve_cross_encoder(str(tmp_path / "nowhere"))


def test_broken_weights_are_said(tmp_path):
    write_json(tmp_path / "broken" / "config.json", {"architectures": ["BertForSequenceClassification"]})
    with pytest.raises(ModelError, match=r"broken cannot be loaded \(.+\)"):
        CrossEncoder(str(tmp_path / "broken"))
