"""bench/serve.py's load generator, whose counts are only worth what it notices."""

import json
import os
import subprocess
import sys
from pathlib import Path
from urllib.parse import urlsplit

import _load
import msgspec
import numpy as np
import pytest

TEXTS = [f"a valve of {number} bar" for number in range(8)]


@pytest.fixture
def load(server, service, tmp_path):
    def run(references, **settings):
        (tmp_path / "texts.json").write_text(json.dumps(TEXTS))
        paths = [str(tmp_path / f"{number}.npy") for number in range(len(references))]
        for path, reference in zip(paths, references, strict=True):
            np.save(path, reference)
        plan = _load.Plan(
            port=urlsplit(server.url).port,
            path="/v1/embeddings",
            model=settings.pop("model", "tiny"),
            texts=str(tmp_path / "texts.json"),
            references=paths,
            cores=[min(os.sched_getaffinity(0))],
            seconds=0.3,
            **settings,
        )
        (tmp_path / "plan.json").write_bytes(msgspec.json.encode(plan))
        program = [
            sys.executable,
            str(Path(_load.__file__)),
            str(tmp_path / "plan.json"),
            str(tmp_path / "out.json"),
        ]
        subprocess.run(program, check=True)
        return msgspec.json.decode((tmp_path / "out.json").read_bytes(), type=_load.Result)

    return run


@pytest.fixture(scope="module")
def right(service):
    return service.models["tiny"].runtime.encode(TEXTS, "passage")


@pytest.mark.parametrize("settings", [{"concurrency": 3}, {"per_request": 4}, {"rate": 40.0}])
def test_right_answers_are_counted(load, right, settings):
    result = load([np.roll(right, 1, axis=0), right], **settings)
    assert set(result.outcomes) == {"200"}
    assert result.matching == [0, sum(result.answered)]
    assert (result.wrong, result.refused) == (0, 0)
    assert 0 < result.p50 <= result.p95 <= result.p99
    assert len(result.answered) == len(TEXTS) // settings.get("per_request", 1)


def test_another_texts_vector_is_wrong(load, right):
    result = load([np.roll(right, 1, axis=0)])
    assert result.wrong == sum(result.answered) > 0


def test_refusals_are_no_answers(load, right):
    result = load([right], model="huge")
    assert set(result.outcomes) == {"404"}
    assert (sum(result.answered), result.p50) == (0, None)
