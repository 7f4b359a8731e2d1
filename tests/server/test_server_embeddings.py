"""The embeddings route as its clients use it."""

import concurrent.futures

import numpy as np
import openai
import pytest
from tiny_model import DIMENSION, MAX_TOKENS, TEXTS

GIVEN = [text for text in TEXTS if text]


@pytest.fixture(scope="module")
def client(server):
    return openai.OpenAI(base_url=f"{server.url}/v1", api_key="none", max_retries=0)


@pytest.fixture(scope="module")
def runtime(service):
    return service.models["tiny"].runtime


def refused(response, status, param=None):
    """The message of a refusal, which has OpenAI's shape."""
    assert response.status_code == status
    error = response.json()["error"]
    assert set(error) == {"message", "type", "param", "code"}
    assert error["param"] == param
    return error["message"]


def test_the_openai_client_gets_the_runtimes_vectors(client, runtime):
    answer = client.embeddings.create(model="tiny", input=GIVEN)  # asks for base64
    vectors = np.array([item.embedding for item in answer.data])
    expected = runtime.encode(GIVEN, "passage")
    assert [item.index for item in answer.data] == list(range(len(GIVEN)))
    assert np.sum(vectors * expected, axis=1).min() > 0.9999


def test_floats_and_base64_are_the_same_vectors(client):
    floats = client.embeddings.create(model="tiny", input="a pump", encoding_format="float").data[0].embedding
    base64 = client.embeddings.create(model="tiny", input="a pump").data[0].embedding
    np.testing.assert_array_equal(np.float32(floats), np.float32(base64))


def test_usage_counts_the_tokens_that_were_encoded(client, runtime):
    answer = client.embeddings.create(model="tiny", input=["the pump", "word " * 500])
    first = len(runtime.tokens(["the pump"], "passage")[0])
    assert answer.usage.prompt_tokens == answer.usage.total_tokens == first + MAX_TOKENS


def test_explicit_nulls_are_accepted(server):
    nulls = dict.fromkeys(["encoding_format", "dimensions", "user", "input_type", "truncate"])
    assert server.post(input="a pump", **nulls).status_code == 200


@pytest.mark.parametrize("dimension", [DIMENSION, 32, 16])
def test_trained_dimensions_are_cut_and_renormalised(client, dimension):
    whole = np.array(client.embeddings.create(model="tiny", input="a pump").data[0].embedding)
    cut = np.array(
        client.embeddings.create(model="tiny", input="a pump", dimensions=dimension).data[0].embedding
    )
    assert cut.shape == (dimension,)
    expected = whole[:dimension] / np.linalg.norm(whole[:dimension])
    np.testing.assert_allclose(cut, expected, atol=1e-3)


@pytest.mark.parametrize("dimension", [48, 0, -1, 1024])
def test_other_dimensions_are_refused(server, dimension):
    assert "64, 32, 16" in refused(server.post(input="a pump", dimensions=dimension), 400, "dimensions")


@pytest.mark.parametrize("value", [[5, 6], [[5, 6], [7]], 5])
def test_token_ids_are_refused_with_the_cure(server, value):
    assert "check_embedding_ctx_length=False" in refused(server.post(input=value), 400, "input")


@pytest.mark.parametrize(
    ("value", "message"),
    [
        ("", "empty string"),
        (["a", ""], "empty string"),
        ([], "empty list"),
        (["a"] * 2049, "2,049 texts"),
        ({"a": 1}, "a string or a list"),
        (None, "required"),
        ([None], "a string or a list"),
    ],
)
def test_unusable_input_is_refused(server, value, message):
    assert message in refused(server.post(input=value), 400, "input")


def test_a_whole_list_of_2048_texts_is_taken(server):
    answer = server.post(input=["a"] * 2048).json()
    assert len(answer["data"]) == 2048


@pytest.mark.parametrize(
    "field", ["encoding_format", "input_type", "truncate", "dimensions", "model", "user"]
)
def test_a_wrong_value_names_its_field(server, field):
    refused(server.post(**{"input": "a", field: ["wrong"]}), 400, field)


@pytest.mark.parametrize("body", [b"", b"{", b"[]", b"\xff", b"{} 1", b"5 6", b'{"input": "a"}'])
def test_a_broken_body_is_refused(server, body):
    assert server.http.post("/v1/embeddings", content=body).status_code == 400


def test_lone_surrogates_are_no_failure(server):
    body = b'{"model": "tiny", "input": "broken \\ud800 text"}'
    assert server.http.post("/v1/embeddings", content=body).status_code in (200, 400)


def test_an_unknown_model_is_not_found(client):
    with pytest.raises(openai.NotFoundError, match="'huge' is not served; there is tiny"):
        client.embeddings.create(model="huge", input="a")


def test_input_type_and_suffix_choose_the_prompt(client, runtime):
    def ask(model, **extra):
        answer = client.embeddings.create(
            model=model, input="pump", encoding_format="float", extra_body=extra
        )
        return answer.data[0].embedding

    query, passage = runtime.encode(["pump"], "query")[0], runtime.encode(["pump"], "passage")[0]
    assert query @ passage < 0.9999
    for vector in (ask("tiny-query"), ask("tiny", input_type="query")):
        assert vector @ query > 0.9999
    for vector in (ask("tiny"), ask("tiny-passage"), ask("tiny", input_type="passage")):
        assert vector @ passage > 0.9999


def test_suffix_and_input_type_may_not_contradict(server):
    refused(server.post(model="tiny-query", input="a", input_type="passage"), 400, "input_type")


def test_truncate_none_refuses_what_is_too_long(server):
    assert "tokens" in refused(server.post(input="word " * 100, truncate="NONE"), 400, "input")
    assert server.post(input="word", truncate="NONE").status_code == 200


def test_truncate_chooses_the_end_that_is_kept(server):
    def vector(text, truncate=None):
        return server.post(input=text, truncate=truncate).json()["data"][0]["embedding"]

    beginning, end = "pump " * 100 + "tank " * 30, "valve " * 100 + "tank " * 30
    assert vector(beginning) == vector("pump " * 200, "END")
    assert np.dot(vector(beginning, "START"), vector(end)) < 0.9999
    assert vector("valve " * 10 + "tank " * 200, "START") == vector("tank " * 200)


def test_requests_in_flight_share_batches_and_keep_their_vectors(server, runtime):
    texts = [f"{text} {number}" for number in range(16) for text in GIVEN]
    expected = runtime.encode(texts, "passage")
    with concurrent.futures.ThreadPoolExecutor(16) as pool:
        answers = list(pool.map(lambda text: server.post(input=text).json(), texts))
    vectors = np.array([answer["data"][0]["embedding"] for answer in answers])
    assert np.sum(vectors * expected, axis=1).min() > 0.9999


def test_a_full_queue_is_refused_with_a_time_to_retry(server, service, gate, monkeypatch):
    engine = service.models["tiny"].engine
    monkeypatch.setattr(engine, "max_queue_tokens", 100)
    with concurrent.futures.ThreadPoolExecutor(1) as pool:
        first = pool.submit(server.post, input=["word " * 30 + letter for letter in "abcdefgh"])
        while not engine.waiting:
            pass
        response = server.post(input="a pump")
        refused(response, 429)
        assert int(response.headers["retry-after-ms"]) > 0
        gate.set()
        assert first.result().status_code == 200
    assert server.post(input="a pump").status_code == 200
    assert engine.waiting == 0


def test_a_failure_of_the_model_is_an_error_object_and_not_the_end(server, service, monkeypatch):
    def broken(tokens, on_batch=None):
        raise RuntimeError("out of memory")

    with monkeypatch.context() as patched:
        patched.setattr(service.models["tiny"].runtime, "encode_tokens", broken)
        assert "RuntimeError" in refused(server.post(input="a"), 500)
    assert server.post(input="a").status_code == 200
    assert service.models["tiny"].engine.waiting == 0
