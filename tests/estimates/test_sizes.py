"""Memory and disk that stages take, and what fills them."""

import json

import pytest
from known_sizes import sizes_of, train_mb


@pytest.fixture
def guard(tmp_path):
    """A BEIR folder of two million short passages; only its size is looked at."""
    line = json.dumps({"_id": "d", "title": "", "text": "A valve opens at three bar. " * 2}) + "\n"
    (tmp_path / "guard").mkdir()
    with (tmp_path / "guard" / "corpus.jsonl").open("w") as file:
        file.write(line * 20_000)
        file.truncate(100 * 20_000 * len(line))  # the rest is a hole in the file
    return tmp_path / "guard"


def test_memory_grows_with_what_fills_it():
    assert train_mb("train.batch_size=64") > train_mb()
    assert train_mb(tokens=128) > 1.5 * train_mb(tokens=64)
    assert sizes_of(chunks=10**6).memory("prepare") > 10**6 * 384 * 4 * 3 / 1e6
    assert train_mb(chunks=10**7) > 10**7 * 384 * 4 / 1e6, "the whole corpus is searched with the tuned model"
    assert sizes_of().memory("export") < train_mb()
    assert train_mb(halves=False) > 1.3 * train_mb(), "float32 activations"


def test_adapters_keep_less():
    by_adapter = [train_mb(f"train.adapter={name}") for name in ("full", "lora", "last-layers", "linear")]
    assert by_adapter == sorted(by_adapter, reverse=True)
    weights = sizes_of().model.float32_mb
    assert by_adapter[0] - by_adapter[1] > 2 * weights, "gradients and moments of 1 in 20 weights"
    assert by_adapter[2] < 0.6 * by_adapter[1], "two layers of six"


def test_micro_batches_take_what_their_own_texts_take():
    cached = [train_mb("train.micro_batch=16", f"train.batch_size={size}") for size in (32, 256)]
    assert cached[0] == pytest.approx(cached[1], rel=0.02), "whatever the batch"
    assert cached[0] < train_mb("train.micro_batch=64") < 0.7 * train_mb()
    assert train_mb("train.micro_batch=4096") == train_mb(), "larger than the batch"


def test_without_epochs_nothing_is_kept_for_steps():
    assert train_mb("train.epochs=0") == train_mb("train.epochs=0", "train.batch_size=999") < 0.3 * train_mb()


def test_a_guard_is_held_in_memory_whole(guard):
    setting = f"evaluate.guard=['{guard}']"
    vectors = 2 * 10**6 * 384 * 4 / 1e6
    for stage in ("train", "evaluate"):
        assert sizes_of(setting).memory(stage) > sizes_of(chunks=1).memory(stage) + vectors
    beir = f"evaluate.beir=['{guard}']"
    assert sizes_of(beir).memory("evaluate") == sizes_of(setting).memory("evaluate")
    assert train_mb(beir) == train_mb(), "what is reported on is read by evaluate"


def test_on_a_gpu_training_fills_that_and_not_the_host():
    gpu = sizes_of(free_gpu_mb=10_000.0)
    assert gpu.gpu_memory("train") > 3_000
    assert gpu.memory("train") == train_mb("train.batch_size=256", free_gpu_mb=10_000.0)
    assert gpu.gpu_memory("evaluate") == 0


def test_disk_grows_with_the_corpus_and_the_model():
    weights = sizes_of().model.weights_mb
    kept, passing = sizes_of().disk("train")
    assert kept > weights and passing > 3 * weights
    assert sizes_of("train.adapter=lora").disk("train")[1] < passing / 4
    assert sizes_of(chunks=10**6).disk("prepare")[0] > 1_500
