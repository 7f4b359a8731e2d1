"""LlamaIndex over `idiolect serve BUNDLE --store URI`: its embeddings for notes in memory, its search as a retriever.

pip install llama-index-core llama-index-embeddings-openai-like
python examples/rag/llama_index_rag.py "how do I read a CSV file?"
"""

import argparse

import httpx
from llama_index.core import PromptTemplate, VectorStoreIndex
from llama_index.core.base.base_retriever import BaseRetriever
from llama_index.core.llms import MockLLM
from llama_index.core.query_engine import RetrieverQueryEngine
from llama_index.core.schema import NodeWithScore, QueryBundle, TextNode
from llama_index.embeddings.openai_like import OpenAILikeEmbedding

NOTES = [
    "Files from accounting are CSV with semicolons, in Latin-1.",
    "The nightly backup is read back once a month by whoever is on call.",
    "Readings are kept for ninety days.",
]
"""What the store does not hold, such as notes of the conversation."""

PROMPT = PromptTemplate(
    "Answer from what follows alone, and cite each passage that you use as [source].\n\n"
    "{context_str}\n\nQuestion: {query_str}"
)


class IdiolectRetriever(BaseRetriever):
    """Hits of POST /v1/search; `where` are KEY=VALUE, such as language=en."""

    def __init__(
        self, url: str, api_key: str = "none", top: int = 4, mode: str = "hybrid", where: tuple[str, ...] = ()
    ) -> None:
        super().__init__()
        self._http = httpx.Client(base_url=url, headers={"authorization": f"Bearer {api_key}"}, timeout=30)
        self._asked = {"top": top, "mode": mode, "where": where}

    def _retrieve(self, query_bundle: QueryBundle) -> list[NodeWithScore]:
        asked = {"query": query_bundle.query_str, **self._asked}
        answer = self._http.post("/v1/search", json=asked).raise_for_status()
        return [
            node(
                hit["chunk_id"],
                hit["text"],
                hit["score"],
                {key: hit[key] for key in ("citation", "path", "start", "end", "score")},
            )
            for hit in answer.json()["hits"]
        ]


class WithNotes(BaseRetriever):
    """What another retriever finds, and the note that is nearest in LlamaIndex's own vector store."""

    def __init__(self, retriever: BaseRetriever, notes: list[str], url: str, api_key: str = "none") -> None:
        super().__init__()
        keys = {"authorization": f"Bearer {api_key}"}
        model = httpx.get(f"{url}/v1/models", headers=keys).json()["data"][0]["id"]
        server = {"api_base": f"{url}/v1", "api_key": api_key}
        for_passages = OpenAILikeEmbedding(model_name=model, **server)
        for_queries = OpenAILikeEmbedding(model_name=f"{model}-query", **server)
        nodes = [
            node(f"note {n}", text, 0.0, {"citation": f"note {n}"}).node for n, text in enumerate(notes, 1)
        ]
        index = VectorStoreIndex(nodes, embed_model=for_passages)
        self._retriever = retriever
        self._notes = index.as_retriever(embed_model=for_queries, similarity_top_k=1)

    def _retrieve(self, query_bundle: QueryBundle) -> list[NodeWithScore]:
        return [*self._retriever.retrieve(query_bundle), *self._notes.retrieve(query_bundle.query_str)]


def node(name: str, text: str, score: float, metadata: dict[str, object]) -> NodeWithScore:
    """One that an LLM is shown as [citation] text."""
    hidden = [key for key in metadata if key != "citation"]
    made = TextNode(
        id_=name,
        text=text,
        metadata=metadata,
        excluded_llm_metadata_keys=hidden,
        excluded_embed_metadata_keys=list(metadata),
        metadata_template="[{value}]",
        text_template="{metadata_str} {content}",
    )
    return NodeWithScore(node=made, score=score)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("question")
    parser.add_argument("--url", default="http://127.0.0.1:8000")
    given = parser.parse_args()
    engine = RetrieverQueryEngine.from_args(
        WithNotes(IdiolectRetriever(given.url), NOTES, given.url),
        llm=MockLLM(),  # answers with its prompt: put yours here
        text_qa_template=PROMPT,
    )
    print(engine.query(given.question))


if __name__ == "__main__":
    main()
