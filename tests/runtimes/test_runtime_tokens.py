import shutil

import msgspec
import numpy as np
import pytest
from tiny_model import MAX_TOKENS

from idiolect.runtimes.layout import WEIGHTS
from idiolect.runtimes.model_files import describe
from idiolect.runtimes.tokens import TextTokenizer, batches, pad


@pytest.fixture(scope="module")
def tokenizer(exported):
    return TextTokenizer(describe(exported / WEIGHTS))


def test_tokens_are_cut_at_the_models_length(tokenizer):
    (ids,) = tokenizer.tokens(["word " * 100], "passage")
    assert len(ids) == MAX_TOKENS


def test_without_truncation_tokens_are_all_there(tokenizer):
    (ids,) = tokenizer.tokens(["word " * 100], "passage", truncate=None)
    prompt = len(tokenizer.tokens([""], "passage")[0])
    assert len(ids) == 100 + prompt


def test_cutting_the_start_keeps_the_prompt_and_the_end(tokenizer):
    text = "word " * 100 + "pump"
    (end,) = tokenizer.tokens([text], "passage", "END")
    (start,) = tokenizer.tokens([text], "passage", "START")
    (pump,) = tokenizer.tokens(["pump"], "passage", None)
    prompt = len(tokenizer.tokens([""], "passage")[0]) - 1
    assert len(start) == len(end) == MAX_TOKENS
    assert start[:prompt].tolist() == end[:prompt].tolist()
    assert start[-2:].tolist() == pump[-2:].tolist()


def test_batches_stay_within_the_budget_and_hold_every_text_once():
    lengths = np.random.default_rng(0).integers(1, 60, 200).tolist()
    plan = list(batches(lengths, 256))
    assert sorted(index for batch in plan for index in batch) == list(range(200))
    assert all(len(batch) * max(lengths[index] for index in batch) <= 256 for batch in plan)


def test_a_text_above_the_budget_is_a_batch_of_its_own():
    assert list(batches([10, 500, 10], 256)) == [[1], [0, 2]]


def test_padding_is_masked():
    ids, mask = pad([np.array([5, 6, 7], np.int32), np.array([8], np.int32)], padding=0)
    assert ids.tolist() == [[5, 6, 7], [8, 0, 0]]
    assert mask.tolist() == [[1, 1, 1], [1, 0, 0]]


def test_models_with_the_same_tokenizer_hold_it_once(exported, tokenizer, tmp_path):
    """Many adapters of one base, each in a folder of its own; what cuts elsewhere, or lowers case, is another's."""
    files = describe(shutil.copytree(exported / WEIGHTS, tmp_path / "copy"))
    assert TextTokenizer(files)._whole is tokenizer._whole
    shorter = TextTokenizer(msgspec.structs.replace(files, max_tokens=8))
    assert len(shorter.tokens(["word " * 100], "passage")[0]) == 8
    settings = files.path / "sentence_bert_config.json"
    settings.write_text(settings.read_text().replace("{", '{"do_lower_case": true,', 1))
    assert TextTokenizer(files)._whole is not tokenizer._whole
