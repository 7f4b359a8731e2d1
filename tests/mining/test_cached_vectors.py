"""A vector that was paid for is never computed again, and a kill costs at most what it interrupted."""

import hashlib

import numpy as np
import pytest

from idiolect.mining.vectors import CachedEncoder
from idiolect.runtimes.model_files import ModelFiles

DIMENSION = 5
LOG = ["the pump stops", "a valve opens", "the tank is full"]


class Counting:
    """A runtime whose vector is drawn from the text; it remembers every text that it was asked for."""

    name = "counting"

    def __init__(self, tmp_path, digest="a" * 64, query_prompt="query: ", dies_at=None):
        self.files = ModelFiles(
            path=tmp_path,
            name="counting",
            max_tokens=48,
            dimension=DIMENSION,
            query_prompt=query_prompt,
            passage_prompt="",
            digest=digest,
        )
        self.asked = []
        self.dies_at = dies_at

    def encode(self, texts, kind, on_batch=None):
        self.asked += texts
        if self.dies_at in texts:
            raise KeyboardInterrupt
        if on_batch:
            on_batch(len(texts))
        return np.stack([self.vector(self.files.prompt(kind) + text) for text in texts])

    def vector(self, text):
        seed = int.from_bytes(hashlib.sha256((self.files.digest + text).encode()).digest()[:8], "big")
        drawn = np.random.default_rng(seed).normal(size=DIMENSION).astype(np.float32)
        return drawn / np.linalg.norm(drawn)


def opened(tmp_path, block=None, **settings):
    runtime = Counting(tmp_path, **settings)
    return CachedEncoder(runtime, tmp_path / "vectors", block), runtime


def expected(runtime, texts, kind="passage"):
    return np.stack([runtime.vector(runtime.files.prompt(kind) + text) for text in texts])


def test_no_text_is_encoded_twice_by_one_encoder_or_the_next(tmp_path):
    encoder, runtime = opened(tmp_path)
    first = encoder.encode(LOG, "passage")
    again = encoder.encode([LOG[2], LOG[0]], "passage")
    assert sorted(runtime.asked) == sorted(LOG)
    assert np.array_equal(first, expected(runtime, LOG))
    assert np.array_equal(again, first[[2, 0]])

    later, runtime = opened(tmp_path)
    grown = [*LOG, "a new line"]
    assert np.array_equal(later.encode(grown, "passage"), expected(runtime, grown))
    assert runtime.asked == ["a new line"]


def test_two_encoders_of_one_file_take_turns_and_neither_mistakes_a_row(tmp_path):
    """A linear map's model reads its base's vectors through an encoder of its own, beside the base's."""
    one, runtime = opened(tmp_path)
    other, _ = opened(tmp_path)
    for count, text in enumerate(["both of them", "one more line", "and the last"], start=1):
        for encoder in (one, other):
            assert np.array_equal(encoder.encode([text], "passage"), expected(runtime, [text]))
        assert len(one.rows.keys_path.read_bytes()) == 16 * count, "no key stands there twice"


def test_rows_that_an_older_version_wrote_twice_are_read_as_they_are(tmp_path):
    encoder, runtime = opened(tmp_path)
    encoder.encode(LOG, "passage")
    for path in (encoder.rows.keys_path, encoder.rows.rows_path):
        path.write_bytes(path.read_bytes() * 2)
    later, _ = opened(tmp_path)
    grown = [*LOG, "a new line"]
    assert np.array_equal(later.encode(grown, "passage"), expected(runtime, grown))
    assert np.array_equal(opened(tmp_path)[0].encode(grown, "passage"), expected(runtime, grown))


def test_a_text_that_comes_twice_is_encoded_once(tmp_path):
    encoder, runtime = opened(tmp_path)
    result = encoder.encode([LOG[0], LOG[1], LOG[0]], "passage")
    assert sorted(runtime.asked) == sorted(LOG[:2])
    assert np.array_equal(result[0], result[2])
    assert not np.array_equal(result[0], result[1])


def test_queries_and_passages_are_kept_apart_where_their_prompts_differ(tmp_path):
    encoder, runtime = opened(tmp_path)
    as_passage, as_query = encoder.encode(LOG, "passage"), encoder.encode(LOG, "query")
    assert len(runtime.asked) == 2 * len(LOG)
    assert np.array_equal(as_query, expected(runtime, LOG, "query"))
    assert not np.array_equal(as_query, as_passage)


def test_without_prompts_a_query_is_the_same_text_as_a_passage(tmp_path):
    encoder, runtime = opened(tmp_path, query_prompt="")
    assert np.array_equal(encoder.encode(LOG, "passage"), encoder.encode(LOG, "query"))
    assert len(runtime.asked) == len(LOG)


def test_another_model_has_vectors_of_its_own(tmp_path):
    first = opened(tmp_path)[0].encode(LOG, "passage")
    encoder, runtime = opened(tmp_path, digest="b" * 64)
    assert not np.array_equal(encoder.encode(LOG, "passage"), first)
    assert sorted(runtime.asked) == sorted(LOG)


def test_progress_is_told_of_every_text_known_or_new(tmp_path):
    encoder, _ = opened(tmp_path)
    encoder.encode(LOG[:1], "passage")
    told = []
    encoder.encode(LOG, "passage", on_batch=told.append)
    assert sum(told) == len(LOG)


def test_no_texts_give_no_vectors(tmp_path):
    assert opened(tmp_path)[0].encode([], "query").shape == (0, DIMENSION)


@pytest.mark.parametrize(
    ("suffix", "bytes_lost"),
    [(".keys", 16), (".keys", 5), (".f32", 4 * DIMENSION), (".f32", 3)],
    ids=["between the two writes", "in a key", "vector never written", "in a vector"],
)
def test_a_kill_loses_one_record_and_no_vector_is_mixed_up(tmp_path, suffix, bytes_lost):
    encoder, _ = opened(tmp_path)
    encoder.encode(LOG[:2], "passage")
    encoder.encode(LOG[2:], "passage")
    file = next((tmp_path / "vectors").glob(f"*{suffix}"))
    with file.open("ab") as tail:
        tail.truncate(file.stat().st_size - bytes_lost)

    survivor, runtime = opened(tmp_path)
    assert np.array_equal(survivor.encode(LOG, "passage"), expected(runtime, LOG))
    assert runtime.asked == [LOG[2]]
    last, runtime = opened(tmp_path)
    assert np.array_equal(last.encode(LOG, "passage"), expected(runtime, LOG))
    assert runtime.asked == []


def test_an_interrupted_encoding_keeps_the_blocks_that_were_done(tmp_path):
    texts = ["a", "bb", "ccc", "dddd", "eeeee"]
    encoder, _ = opened(tmp_path, block=2, dies_at="dddd")
    with pytest.raises(KeyboardInterrupt):
        encoder.encode(texts, "passage")
    survivor, runtime = opened(tmp_path)
    assert np.array_equal(survivor.encode(texts, "passage"), expected(runtime, texts))
    assert runtime.asked == ["ccc", "dddd", "eeeee"]


def test_what_would_be_computed_is_known_before(tmp_path):
    encoder, runtime = opened(tmp_path)
    encoder.encode(LOG[:1], "passage")
    assert encoder.missing([*LOG, LOG[2]], "passage") == LOG[1:]
    assert encoder.missing(LOG[:1], "query") == LOG[:1]
    assert runtime.asked == LOG[:1]


def test_two_encoders_of_one_model_at_once_give_each_its_own_vectors(tmp_path):
    """As where `idiolect search` encodes a query while a run encodes chunks in the same WORK."""
    run, runtime = opened(tmp_path)
    search, _ = opened(tmp_path)
    run.encode(LOG, "passage")
    assert np.array_equal(
        search.encode(["why does it stop"], "query"), expected(runtime, ["why does it stop"], "query")
    )
    assert np.array_equal(run.encode(["one more"], "passage"), expected(runtime, ["one more"]))
    assert np.array_equal(opened(tmp_path)[0].encode(LOG, "passage"), expected(runtime, LOG))
