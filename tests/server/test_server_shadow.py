"""A challenger beside the model: compared, never answered, never waited for."""

import threading
import time

import numpy as np
import pytest
from serving_fixture import Running, until

from idiolect.errors import UsageError
from idiolect.server.service import Service
from idiolect.server.shadow import Challenge, Shadow

TEXTS = [f"pump {number} and {'tank ' * (number % 5)}" for number in range(40)]


@pytest.fixture
def shadowed(alone, other_bundle_path):
    def make(share=1.0, bundle=other_bundle_path):
        return alone(shadow=(f"tiny={bundle}:{share}",), cache_mb=0)

    return make


def test_the_answer_is_the_models_own_and_the_challenger_is_compared(shadowed, service):
    expected = service.models["tiny"].runtime.encode(TEXTS, "passage")
    with Running(shadowed()) as server:
        for _ in range(2):
            answer = server.post(input=TEXTS).json()
            vectors = np.array([row["embedding"] for row in answer["data"]])
            assert np.sum(vectors * expected, axis=1).min() > 0.999
        until(lambda: server.count("shadow_texts_total") == 2 * len(TEXTS))
        assert server.count('texts_total{model="tiny"}') == 2 * len(TEXTS)
        assert server.count("shadow_cosine_count") == 2 * len(TEXTS)
        assert server.count("shadow_cosine_sum") / (2 * len(TEXTS)) < 0.9  # another model's
        overlap = server.count("shadow_rank_overlap_sum") / server.count("shadow_rank_overlap_count")
        assert 0 < overlap < 1


def test_a_challenger_that_is_the_same_agrees_wholly(shadowed, bundle_path):
    with Running(shadowed(bundle=bundle_path)) as server:
        server.post(input=TEXTS)
        until(lambda: server.count("shadow_texts_total") == len(TEXTS))
        assert server.count("shadow_cosine_sum") / len(TEXTS) > 0.999
        overlap = server.count("shadow_rank_overlap_sum") / server.count("shadow_rank_overlap_count")
        assert overlap > 0.98


def test_it_gets_its_share(shadowed):
    with Running(shadowed(share=0.25)) as server:
        for text in TEXTS:
            server.post(input=text)
            until(lambda: server.count("queue_tokens") == 0)
        until(lambda: server.count("shadow_texts_total") + server.count("shadow_dropped_texts_total") == 10)


def test_a_challenger_that_hangs_or_fails_delays_and_alters_nothing(shadowed, monkeypatch, caplog):
    service = shadowed()
    held = threading.Event()
    calls = []

    def stuck(*_):
        calls.append(1)
        assert held.wait(20)
        raise RuntimeError("broken")

    monkeypatch.setattr(service.shadows["tiny"].runtime, "encode_tokens", stuck)
    with Running(service) as server:
        for text in TEXTS:
            assert server.post(input=text).status_code == 200
        until(lambda: calls)
        assert server.count("shadow_dropped_texts_total") > 0  # they do not pile up
        held.set()
        until(lambda: "the challenger failed" in caplog.text)
        assert server.post(input="a pump").status_code == 200


def test_it_waits_while_answers_are_in_work(service):
    busy = True
    passes = []

    class Metrics:
        def __getattr__(self, _):
            return self

        def inc(self, *_): ...
        def observe(self, *_): ...

    class Runtime:
        def tokens(self, texts, kind, truncate):
            return service.models["tiny"].runtime.tokens(texts, kind, truncate)

        def encode_tokens(self, tokens):
            passes.append(tokens)
            return service.models["tiny"].runtime.encode_tokens(tokens)

    shadow = Shadow(Runtime(), 1, Metrics(), lambda: not busy)
    shadow.offer("digest", ["a"], "query", "END", np.ones((1, 64), np.float32))
    time.sleep(0.2)
    assert passes == []
    busy = False
    until(lambda: passes)
    shadow.stop()


@pytest.mark.parametrize(
    "text", ["", "tiny", "tiny=b", "tiny=b:", "tiny=b:0", "tiny=b:1.5", "=b:0.5", "tiny=:0.5"]
)
def test_what_is_no_shadow_is_refused(text):
    with pytest.raises(UsageError, match="NAME=BUNDLE:SHARE"):
        Challenge.parse(text)


def test_a_shadow_of_nobody_is_refused(bundle_path, alone):
    from idiolect.config import Serve

    with pytest.raises(UsageError, match="'huge'"):
        Service([bundle_path], config=Serve(shadow=(f"huge={bundle_path}:0.5",)))
