"""LlamaIndex's `OpenAILikeEmbedding`, alone and in an index."""

import asyncio

import openai
import pytest

openai_like = pytest.importorskip("llama_index.embeddings.openai_like")


@pytest.fixture
def embedding(guarded):
    def made(model_name="tiny", **settings):
        settings = {"api_key": "the-key", "max_retries": 0} | settings
        return openai_like.OpenAILikeEmbedding(model_name=model_name, api_base=guarded.base_url, **settings)

    return made


def test_the_block_of_the_docs_and_an_index_over_both_kinds(as_documented, same):
    from llama_index.core import VectorStoreIndex
    from llama_index.core.schema import TextNode

    names = as_documented("LlamaIndex")
    nodes = [TextNode(text=text, id_=str(number)) for number, text in enumerate(names["texts"])]
    index = VectorStoreIndex(nodes, embed_model=names["for_passages"])
    found = index.as_retriever(embed_model=names["for_queries"], similarity_top_k=2).retrieve("the keys")
    assert {hit.node_id for hit in found} == {"0", "1"}
    (query,) = [names["for_queries"].get_query_embedding("the keys")]
    cosines = [sum(a * b for a, b in zip(query, row, strict=True)) for row in names["passages"]]
    assert [hit.score for hit in found] == pytest.approx(sorted(cosines, reverse=True), abs=1e-3)


def test_a_long_list_is_sent_in_parts(embedding, same, long_list):
    vectors = embedding(embed_batch_size=100).get_text_embedding_batch(long_list[:350])
    same(vectors, long_list[:350], "passage")


def test_async(embedding, same, long_list):
    texts = long_list[:30]

    async def ask():
        passages = await embedding().aget_text_embedding_batch(texts)
        return passages, await embedding("tiny-query").aget_query_embedding(texts[0])

    passages, query = asyncio.run(ask())
    same(passages, texts, "passage")
    same([query], texts[:1], "query")


@pytest.mark.parametrize(
    ("settings", "error", "message"),
    [
        ({"model_name": "huge"}, openai.NotFoundError, "there is tiny"),
        ({"dimensions": 48}, openai.BadRequestError, "there is 64, 32, 16"),
        ({"api_key": "wrong"}, openai.AuthenticationError, "give a valid API key"),
    ],
)
def test_what_is_wrong_is_said(embedding, settings, error, message):
    with pytest.raises(error, match=message):
        embedding(**settings).get_text_embedding("a pump")
