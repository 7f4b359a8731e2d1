"""Haystack over `idiolect serve BUNDLE --store URI`: its embeddings for notes in memory, its search as a component.

pip install haystack-ai; python examples/rag/haystack_rag.py "how do I read a CSV file?"
"""

import argparse

import httpx
from haystack import Document, Pipeline, component
from haystack.components.builders import PromptBuilder
from haystack.components.embedders import OpenAIDocumentEmbedder, OpenAITextEmbedder
from haystack.components.retrievers.in_memory import InMemoryEmbeddingRetriever
from haystack.document_stores.in_memory import InMemoryDocumentStore
from haystack.utils import Secret

NOTES = [
    "Files from accounting are CSV with semicolons, in Latin-1.",
    "The nightly backup is read back once a month by whoever is on call.",
    "Readings are kept for ninety days.",
]
"""What the store does not hold, such as notes of the conversation."""

PROMPT = """Answer from what follows alone, and cite each passage that you use as [source].

{% for document in passages + notes %}[{{ document.meta.citation }}] {{ document.content }}

{% endfor %}Question: {{ question }}"""


@component
class IdiolectRetriever:
    """Hits of POST /v1/search; `where` are KEY=VALUE, such as language=en."""

    def __init__(
        self, url: str, api_key: str = "none", top: int = 4, mode: str = "hybrid", where: tuple[str, ...] = ()
    ) -> None:
        self._http = httpx.Client(base_url=url, headers={"authorization": f"Bearer {api_key}"}, timeout=30)
        self._asked = {"top": top, "mode": mode, "where": where}

    @component.output_types(documents=list[Document])
    def run(self, query: str) -> dict[str, list[Document]]:
        answer = self._http.post("/v1/search", json={"query": query, **self._asked}).raise_for_status()
        documents = [
            Document(
                id=hit["chunk_id"],
                content=hit["text"],
                score=hit["score"],
                meta={key: hit[key] for key in ("citation", "path", "start", "end")},
            )
            for hit in answer.json()["hits"]
        ]
        return {"documents": documents}


def pipeline(url: str, notes: list[str], api_key: str = "none") -> Pipeline:
    """From a question to its prompt: hits of the store, and the nearest note of Haystack's own."""
    keys = {"authorization": f"Bearer {api_key}"}
    model = httpx.get(f"{url}/v1/models", headers=keys).json()["data"][0]["id"]
    server = {"api_base_url": f"{url}/v1", "api_key": Secret.from_token(api_key)}
    for_passages = OpenAIDocumentEmbedder(model=model, raise_on_failure=True, progress_bar=False, **server)
    memory = InMemoryDocumentStore(embedding_similarity_function="cosine")
    documents = [Document(content=text, meta={"citation": f"note {n}"}) for n, text in enumerate(notes, 1)]
    memory.write_documents(for_passages.run(documents)["documents"])

    made = Pipeline()
    made.add_component("search", IdiolectRetriever(url, api_key))
    made.add_component("embedder", OpenAITextEmbedder(model=f"{model}-query", **server))
    made.add_component("notes", InMemoryEmbeddingRetriever(memory, top_k=1))
    made.add_component("prompt", PromptBuilder(PROMPT, required_variables="*"))
    made.connect("embedder.embedding", "notes.query_embedding")
    made.connect("search.documents", "prompt.passages")
    made.connect("notes.documents", "prompt.notes")
    return made


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("question")
    parser.add_argument("--url", default="http://127.0.0.1:8000")
    given = parser.parse_args()
    asked = {
        "search": {"query": given.question},
        "embedder": {"text": given.question},
        "prompt": {"question": given.question},
    }
    print(pipeline(given.url, NOTES).run(asked)["prompt"]["prompt"])


if __name__ == "__main__":
    main()
