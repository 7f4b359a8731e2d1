"""The `openai` client, sync and async, floats and base64."""

import asyncio

import openai
import pytest
from documented import python_block, run_block

KEY = "the-key"
TOO_LONG = "word " * 100


@pytest.fixture
def client(guarded):
    return openai.OpenAI(base_url=guarded.base_url, api_key=KEY, max_retries=0)


def test_the_block_of_the_docs(as_documented):
    as_documented("OpenAI")


def test_the_block_of_the_readme(server, same):
    code = python_block("README.md", "Search, score, serve")
    answer = run_block(code, **{"http://127.0.0.1:8000": server.url})["vectors"]
    same([item.embedding for item in answer.data], ["how do I rotate the keys?"], "passage")


@pytest.mark.parametrize("encoding", ["float", "base64", None])
@pytest.mark.parametrize("kind", ["query", "passage"])
def test_vectors_are_the_runtimes_own(client, same, encoding, kind, long_list):
    given = {} if encoding is None else {"encoding_format": encoding}
    answer = client.embeddings.create(
        model="tiny", input=long_list[:40], extra_body={"input_type": kind}, **given
    )
    vectors = [item.embedding for item in answer.data]
    if encoding == "base64":  # asked for by the user, it is handed on as it came
        import base64

        import numpy as np

        vectors = [np.frombuffer(base64.b64decode(vector), "<f4") for vector in vectors]
    same(vectors, long_list[:40], kind)


def test_async_requests_at_once_get_their_own_vectors(guarded, same, long_list):
    texts = long_list[:64]

    async def ask():
        async with openai.AsyncOpenAI(base_url=guarded.base_url, api_key=KEY, max_retries=0) as client:
            asked = [client.embeddings.create(model="tiny-query", input=text) for text in texts]
            return await asyncio.gather(*asked)

    same([answer.data[0].embedding for answer in asyncio.run(ask())], texts, "query")


def test_a_long_list_in_one_request(client, same, long_list):
    answer = client.embeddings.create(model="tiny", input=long_list)
    same([item.embedding for item in answer.data], long_list, "passage")


@pytest.mark.parametrize(
    ("wrong", "error", "message"),
    [
        ({"model": "huge"}, openai.NotFoundError, "'huge' is not served; there is tiny"),
        ({"input": ""}, openai.BadRequestError, "empty string"),
        ({"input": [[5, 6]]}, openai.BadRequestError, "send text instead"),
        ({"input": ["a"] * 2049}, openai.BadRequestError, "at most 2,048"),
        ({"dimensions": 48}, openai.BadRequestError, "there is 64, 32, 16"),
        ({"input": TOO_LONG, "extra_body": {"truncate": "NONE"}}, openai.BadRequestError, "shorten it or set truncate"),
    ],
)  # fmt: skip
def test_errors_are_the_clients_own_and_say_what_to_do(client, wrong, error, message):
    with pytest.raises(error, match=message):
        client.embeddings.create(**({"model": "tiny", "input": "a"} | wrong))


def test_a_wrong_key_is_said_so(client):
    with pytest.raises(openai.AuthenticationError, match="give a valid API key"):
        client.with_options(api_key="wrong").embeddings.create(model="tiny", input="a")
