"""What requests that come together share, seen from outside."""

import base64
import concurrent.futures

import numpy as np
import pytest
from serving_fixture import Running, until


@pytest.fixture
def caching(alone):
    with Running(alone(cache_mb=1)) as server:
        yield server


def test_identical_texts_in_flight_are_encoded_once(server, service, gate):
    before = server.count('texts_total{model="tiny"}')
    with concurrent.futures.ThreadPoolExecutor(9) as pool:
        first = pool.submit(server.post, input="something else")
        engine = service.models["tiny"].engine
        until(lambda: engine.waiting)
        answers = [pool.submit(server.post, input=["the same", f"text {index}"]) for index in range(8)]
        until(lambda: any(len(text.rows) == 8 for text in list(engine._flying.values())))
        gate.set()
        vectors = [answer.result().json()["data"][0]["embedding"] for answer in answers]
        assert first.result().status_code == 200
    assert vectors == [vectors[0]] * 8
    assert server.count('texts_total{model="tiny"}') - before == 1 + 1 + 8
    assert server.count('joined_texts_total{model="tiny"}') >= 7


def test_a_text_asked_for_again_comes_from_the_cache(caching):
    first = caching.post(input=["a pump", "a tank"]).json()
    again = caching.post(input=["a tank", "a pump", "a valve"]).json()
    assert [again["data"][row]["embedding"] for row in (1, 0)] == [row["embedding"] for row in first["data"]]
    assert caching.count("texts_total") == 3
    assert caching.count("cached_texts_total") == 2
    assert again["usage"]["prompt_tokens"] > first["usage"]["prompt_tokens"]  # what it has is counted too


def test_a_prompt_makes_another_text_of_it(caching):
    query = caching.post(input="a pump", input_type="query").json()["data"][0]["embedding"]
    passage = caching.post(input="a pump", input_type="passage").json()["data"][0]["embedding"]
    assert np.dot(query, passage) < 0.9999


def test_padding_efficiency_can_be_told_from_the_metrics(caching):
    caching.post(input=[f"pump {'tank ' * length}" for length in range(1, 40)])
    tokens, padded = caching.count("tokens_total"), caching.count("padded_tokens_total")
    assert 0.7 < tokens / padded <= 1
    assert caching.count("engine_seconds_count") == 1


@pytest.mark.parametrize("texts", [1, 3, 300])
def test_numbers_are_the_float32s_themselves(caching, service, texts):
    given = [f"text {number}" for number in range(texts)]
    floats = caching.post(input=given, encoding_format="float")
    encoded = caching.post(input=given, encoding_format="base64").json()
    rows = np.float32([row["embedding"] for row in floats.json()["data"]])
    bytes_ = [base64.b64decode(row["embedding"]) for row in encoded["data"]]
    np.testing.assert_array_equal(rows, np.stack([np.frombuffer(row, "<f4") for row in bytes_]))
    assert [row["index"] for row in floats.json()["data"]] == list(range(texts))
    assert max(map(len, floats.text.split(","))) < 60  # no float32 written with 17 digits
