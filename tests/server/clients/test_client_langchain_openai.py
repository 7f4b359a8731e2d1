"""LangChain's `OpenAIEmbeddings`, with the setting that it needs, and without."""

import asyncio

import openai
import pytest
import tiktoken

HEADING = "LangChain, OpenAIEmbeddings"

langchain_openai = pytest.importorskip("langchain_openai")


@pytest.fixture
def embeddings(guarded):
    def made(model="tiny", **settings):
        settings = {"api_key": "the-key", "check_embedding_ctx_length": False, "max_retries": 0} | settings
        return langchain_openai.OpenAIEmbeddings(model=model, base_url=guarded.base_url, **settings)

    return made


def test_the_block_of_the_docs(as_documented):
    as_documented(HEADING)


def test_a_long_list_is_sent_in_parts(embeddings, same, long_list):
    same(embeddings(chunk_size=500).embed_documents(long_list), long_list, "passage")


def test_async(embeddings, same, long_list):
    texts = long_list[:20]

    async def ask():
        return await embeddings().aembed_documents(texts), await embeddings("tiny-query").aembed_query(
            texts[0]
        )

    passages, query = asyncio.run(ask())
    same(passages, texts, "passage")
    same([query], texts[:1], "query")


def test_trained_dimensions(embeddings):
    assert len(embeddings(dimensions=32).embed_query("a pump")) == 32


def test_without_the_setting_the_error_names_it(embeddings, monkeypatch):
    """LangChain would download an encoding: one of single bytes takes its place."""
    single = {bytes([byte]): byte for byte in range(256)}
    encoding = tiktoken.Encoding("bytes", pat_str=r"[\s\S]", mergeable_ranks=single, special_tokens={})
    monkeypatch.setattr(tiktoken, "encoding_for_model", lambda name: encoding)
    with pytest.raises(openai.BadRequestError, match="set check_embedding_ctx_length=False"):
        embeddings(check_embedding_ctx_length=True).embed_documents(["a pump"])


@pytest.mark.parametrize(
    ("settings", "error", "message"),
    [
        ({"model": "huge"}, openai.NotFoundError, "there is tiny"),
        ({"dimensions": 48}, openai.BadRequestError, "there is 64, 32, 16"),
        ({"api_key": "wrong"}, openai.AuthenticationError, "give a valid API key"),
    ],
)
def test_what_is_wrong_is_said(embeddings, settings, error, message):
    with pytest.raises(error, match=message):
        embeddings(**settings).embed_documents(["a pump"])
