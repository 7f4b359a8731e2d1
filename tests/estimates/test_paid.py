"""What WORK has paid for already is not counted again, and looking at it changes no byte."""

import shutil

import numpy as np
import pytest
from builders import a_chunk

from idiolect.config import Generate
from idiolect.estimates.paid import answered, encoded, paid
from idiolect.files import tree_digests
from idiolect.mining.vectors import CachedEncoder
from idiolect.runtimes.model_files import describe
from idiolect.teachers.cache import AnswerCache, opened
from idiolect.teachers.protocol import Answer

CHUNKS = [
    a_chunk(f"d{number}#0", f"The pump number {number} stops when the tank is full.") for number in range(8)
]
MODEL = "writer"


def answer_to(cache, chunks, holding="queries"):
    for chunk in chunks:
        answer = Answer(text=f'{{"{holding}": []}}', prompt_tokens=500, completion_tokens=200)
        cache.put(AnswerCache.key(MODEL, [{"role": holding, "content": chunk.text}]), MODEL, answer)


def test_answers_that_were_paid_for_are_found(tmp_path):
    path = tmp_path / "llm.sqlite"
    with opened(path) as cache:
        answer_to(cache, CHUNKS[:6])
    before = tree_digests(tmp_path)
    found = answered(path, MODEL, "queries")
    assert (found.count, found.prompt_tokens, found.completion_tokens) == (6, 500, 200)
    assert answered(path, "other", "queries").count == 0
    assert tree_digests(tmp_path) == before


def test_one_model_that_writes_and_judges_has_two_kinds_of_answers(tmp_path):
    path = tmp_path / "llm.sqlite"
    with opened(path) as cache:
        answer_to(cache, CHUNKS[:6])
        answer_to(cache, CHUNKS[:2], "verdicts")
    found = paid(path, Generate(model=MODEL))
    assert {holding: answers.count for holding, answers in found.items()} == {
        "queries": 6,
        "verdicts": 2,
        "negatives": 0,
    }
    assert paid(path, Generate(model=MODEL, judge_model="other"))["verdicts"].count == 0


def test_answers_that_a_killed_run_left_in_the_log_are_found_too(tmp_path):
    path, left = tmp_path / "running" / "llm.sqlite", tmp_path / "left"
    with opened(path) as cache:
        answer_to(cache, CHUNKS[:2])
        shutil.copytree(path.parent, left)  # as a killed process leaves it: the log not yet merged
    (left / "llm.sqlite-shm").unlink()
    assert (left / "llm.sqlite-wal").stat().st_size
    before = tree_digests(left)
    assert answered(left / "llm.sqlite", MODEL, "queries").count == 2
    assert tree_digests(left) == before


@pytest.mark.parametrize("content", [b"", b"no database at all, but some text of a few bytes"])
def test_what_cannot_be_read_holds_nothing(tmp_path, content):
    path = tmp_path / "llm.sqlite"
    assert answered(path, MODEL, "queries").count == 0
    path.write_bytes(content)
    assert answered(path, MODEL, "queries").count == 0


class Constant:
    name = "constant"

    def __init__(self, files):
        self.files = files

    def encode(self, texts, kind, on_batch=None):
        return np.ones((len(texts), self.files.dimension), np.float32)


def test_vectors_are_found_by_the_keys_that_the_encoder_gave_them(tmp_path, tiny_model):
    files = describe(tiny_model)
    assert encoded(tmp_path / "vectors", files, CHUNKS) == 0
    encoder = CachedEncoder(Constant(files), tmp_path / "vectors")
    encoder.encode([chunk.passage.full_text for chunk in CHUNKS[:2]], "passage")
    encoder.encode([chunk.passage.full_text for chunk in CHUNKS[2:]], "query")
    before = tree_digests(tmp_path)
    assert encoded(tmp_path / "vectors", files, CHUNKS) == 0.25
    assert tree_digests(tmp_path) == before
