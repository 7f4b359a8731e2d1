"""LangChain over `idiolect serve BUNDLE --store URI`: its embeddings for notes in memory, its search as a retriever.

pip install langchain-openai; python examples/rag/langchain_rag.py "how do I read a CSV file?"
"""

import argparse

import httpx
from langchain_core.callbacks import CallbackManagerForRetrieverRun
from langchain_core.documents import Document
from langchain_core.prompts import ChatPromptTemplate
from langchain_core.retrievers import BaseRetriever
from langchain_core.runnables import RunnableLambda, RunnablePassthrough
from langchain_core.vectorstores import InMemoryVectorStore
from langchain_openai import OpenAIEmbeddings

NOTES = [
    "Files from accounting are CSV with semicolons, in Latin-1.",
    "The nightly backup is read back once a month by whoever is on call.",
    "Readings are kept for ninety days.",
]
"""What the store does not hold, such as notes of the conversation."""

PROMPT = ChatPromptTemplate.from_template(
    "Answer from what follows alone, and cite each passage that you use as [source].\n\n"
    "{passages}\n\n{notes}\n\nQuestion: {question}"
)


class IdiolectRetriever(BaseRetriever):
    """Hits of POST /v1/search; `where` are KEY=VALUE, such as language=en."""

    url: str
    api_key: str = "none"
    top: int = 4
    mode: str = "hybrid"
    where: list[str] = []

    def _get_relevant_documents(
        self, query: str, *, run_manager: CallbackManagerForRetrieverRun
    ) -> list[Document]:
        asked = {"query": query, "top": self.top, "mode": self.mode, "where": self.where}
        keys = {"authorization": f"Bearer {self.api_key}"}
        answer = httpx.post(f"{self.url}/v1/search", json=asked, headers=keys, timeout=30).raise_for_status()
        return [
            Document(
                hit["text"],
                id=hit["chunk_id"],
                metadata={key: hit[key] for key in ("citation", "path", "start", "end", "score")},
            )
            for hit in answer.json()["hits"]
        ]


def memory_of(notes: list[str], url: str, api_key: str = "none") -> RunnableLambda[str, list[Document]]:
    """The note that is nearest to a question, found in LangChain's own vector store."""
    model = httpx.get(f"{url}/v1/models", headers={"authorization": f"Bearer {api_key}"}).json()["data"][0][
        "id"
    ]
    server = {"base_url": f"{url}/v1", "api_key": api_key, "check_embedding_ctx_length": False}
    for_passages = OpenAIEmbeddings(model=model, **server)
    for_queries = OpenAIEmbeddings(model=f"{model}-query", **server)
    store = InMemoryVectorStore(for_passages)
    store.add_documents(
        [Document(text, metadata={"citation": f"note {n}"}) for n, text in enumerate(notes, 1)]
    )

    def nearest(question: str) -> list[Document]:
        return store.similarity_search_by_vector(for_queries.embed_query(question), k=1)

    return RunnableLambda(nearest)


def cited(documents: list[Document]) -> str:
    return "\n\n".join(f"[{document.metadata['citation']}] {document.page_content}" for document in documents)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("question")
    parser.add_argument("--url", default="http://127.0.0.1:8000")
    given = parser.parse_args()
    chain = {
        "passages": IdiolectRetriever(url=given.url) | cited,
        "notes": memory_of(NOTES, given.url) | cited,
        "question": RunnablePassthrough(),
    } | PROMPT  # | your model
    print(chain.invoke(given.question).to_string())


if __name__ == "__main__":
    main()
