"""LangChain's `NVIDIAEmbeddings`, which says `input_type` and `truncate` itself."""

import asyncio
import warnings

import pytest

HEADING = "LangChain, NVIDIAEmbeddings"

nvidia = pytest.importorskip("langchain_nvidia_ai_endpoints")


@pytest.fixture
def embeddings(guarded):
    def made(model="tiny", api_key="the-key", **settings):
        return nvidia.NVIDIAEmbeddings(base_url=guarded.base_url, api_key=api_key, model=model, **settings)

    return made


def test_the_block_of_the_docs(as_documented):
    as_documented(HEADING)


def test_a_long_list_is_sent_in_parts(embeddings, same, long_list):
    same(embeddings().embed_documents(long_list[:260]), long_list[:260], "passage")


def test_async(embeddings, same, long_list):
    texts = long_list[:60]

    async def ask():
        return await embeddings().aembed_documents(texts), await embeddings().aembed_query(texts[0])

    passages, query = asyncio.run(ask())
    same(passages, texts, "passage")
    same([query], texts[:1], "query")


def test_without_a_model_it_takes_the_first_that_is_served(embeddings):
    with warnings.catch_warnings(record=True):
        assert embeddings(model=None).model == "tiny"


def test_available_models_are_those_that_are_served(embeddings):
    assert [model.id for model in embeddings().available_models] == ["tiny"]


def test_a_text_too_long_is_cut_or_refused(embeddings, same):
    text = "valve " * 100
    same(embeddings(truncate="END").embed_documents([text]), [text], "passage")
    with pytest.raises(Exception, match="shorten it or set truncate to END"):
        embeddings().embed_documents([text])


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"model": "huge"}, "there is tiny"),
        ({"dimensions": 48}, "there is 64, 32, 16"),
        ({"api_key": "wrong"}, "give a valid API key"),
    ],
)
def test_what_is_wrong_is_said(embeddings, settings, message):
    with pytest.raises(Exception, match=message):
        embeddings(**settings).embed_documents(["a pump"])
