"""The shape of a model, read from its files."""

import json
import shutil

import pytest

from idiolect.estimates.model_size import model_size
from idiolect.runtimes.model_files import describe, resolve


def test_the_default_base_is_six_layers_of_384():
    model = model_size(describe(resolve("auto")))
    assert (model.layers, model.hidden, model.inner, model.heads, model.dimension) == (6, 384, 1536, 12, 384)
    assert model.weights_mb == model.float32_mb == pytest.approx(90.9, abs=1)


def test_a_tiny_model_is_read_as_it_was_written(tiny_model):
    model = model_size(describe(tiny_model))
    assert (model.layers, model.hidden, model.inner, model.heads, model.dimension) == (2, 64, 128, 4, 64)


def test_weights_stored_in_halves_take_twice_as_much_in_memory(tiny_model, tmp_path):
    shutil.copytree(tiny_model, tmp_path / "halves")
    config = tmp_path / "halves" / "config.json"
    config.write_text(json.dumps(json.loads(config.read_text()) | {"dtype": "bfloat16"}))
    model = model_size(describe(tmp_path / "halves"))
    assert model.float32_mb == 2 * model.weights_mb > 0
