"""Haystack's OpenAI embedders: documents as passages, texts as queries."""

import asyncio

import openai
import pytest

haystack = pytest.importorskip("haystack")


@pytest.fixture
def made(guarded):
    from haystack.components.embedders import OpenAIDocumentEmbedder, OpenAITextEmbedder
    from haystack.utils import Secret

    def embedder(kind, model="tiny", key="the-key", **settings):
        given = {"api_base_url": guarded.base_url, "api_key": Secret.from_token(key), "max_retries": 0}
        if kind == "text":
            return OpenAITextEmbedder(model=model, **given, **settings)
        settings = {"raise_on_failure": True, "progress_bar": False} | settings
        return OpenAIDocumentEmbedder(model=model, **given, **settings)

    return embedder


def documents(texts):
    return [haystack.Document(content=text) for text in texts]


def test_the_block_of_the_docs(as_documented):
    as_documented("Haystack")


def test_a_long_list_is_sent_in_parts(made, same, long_list):
    found = made("document").run(documents(long_list[:100]))["documents"]
    same([document.embedding for document in found], long_list[:100], "passage")


def test_async(made, same, long_list):
    texts = long_list[:40]

    async def ask():
        passages = await made("document").run_async(documents(texts))
        return passages["documents"], (await made("text", "tiny-query").run_async(texts[0]))["embedding"]

    passages, query = asyncio.run(ask())
    same([document.embedding for document in passages], texts, "passage")
    same([query], texts[:1], "query")


@pytest.mark.parametrize("kind", ["text", "document"])
@pytest.mark.parametrize(
    ("settings", "error", "message"),
    [
        ({"model": "huge"}, openai.NotFoundError, "there is tiny"),
        ({"dimensions": 48}, openai.BadRequestError, "there is 64, 32, 16"),
        ({"key": "wrong"}, openai.AuthenticationError, "give a valid API key"),
    ],
)
def test_what_is_wrong_is_said(made, kind, settings, error, message):
    with pytest.raises(error, match=message):
        made(kind, **settings).run("a pump" if kind == "text" else documents(["a pump"]))
