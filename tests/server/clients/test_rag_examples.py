"""The scripts of examples/rag, run as they are: their prompts cite what the server finds."""

import runpy
import subprocess
import sys
from pathlib import Path

import pytest
from documented import python_block, run_block

EXAMPLES = Path(__file__).parents[3] / "examples" / "rag"

QUESTION = "What are gaps in the log of the telemetry unit due to?"

FRAMEWORKS = {
    "langchain": "langchain_openai",
    "llama_index": "llama_index.embeddings.openai_like",
    "haystack": "haystack",
}


def answered(framework, url):
    pytest.importorskip(FRAMEWORKS[framework])
    command = [sys.executable, EXAMPLES / f"{framework}_rag.py", "--url", url, QUESTION]
    done = subprocess.run(command, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    return done.stdout


@pytest.mark.parametrize("framework", FRAMEWORKS)
def test_a_prompt_cites_hits_and_a_note(searched, framework):
    hits = searched.http.post("/v1/search", json={"query": QUESTION, "top": 4}).json()["hits"]
    prompt = answered(framework, searched.url)
    cited = [prompt.index(f"[{hit['citation']}] {hit['text']}") for hit in hits]
    assert cited == sorted(cited) and len(cited) == 4
    assert "telemetry-unit.txt" in {hit["path"] for hit in hits}
    assert "[note " in prompt[cited[-1] :] and prompt.rstrip().endswith(f"Question: {QUESTION}")


def found_by(framework, url):
    """What a framework's retriever gives: the text, score and metadata of each."""
    pytest.importorskip(FRAMEWORKS[framework])
    retriever = runpy.run_path(str(EXAMPLES / f"{framework}_rag.py"))["IdiolectRetriever"]
    asked = {"url": url, "top": 2, "mode": "lexical", "where": ("licence=CC-BY-4.0",)}
    if framework == "langchain":
        found = retriever(**asked | {"where": list(asked["where"])}).invoke("valve")
        return [(one.page_content, one.metadata["score"], one.metadata) for one in found]
    if framework == "llama_index":
        return [(one.node.text, one.score, one.node.metadata) for one in retriever(**asked).retrieve("valve")]
    return [(one.content, one.score, one.meta) for one in retriever(**asked).run("valve")["documents"]]


@pytest.mark.parametrize("framework", FRAMEWORKS)
def test_documents_say_where_they_are_from(searched, framework):
    asked = {"query": "valve", "top": 2, "mode": "lexical", "where": ["licence=CC-BY-4.0"]}
    hits = searched.http.post("/v1/search", json=asked).json()["hits"]
    found = found_by(framework, searched.url)
    assert [text for text, _, _ in found] == [hit["text"] for hit in hits] != []
    assert [score for _, score, _ in found] == [hit["score"] for hit in hits]
    for (_, _, metadata), hit in zip(found, hits, strict=True):
        assert {key: metadata[key] for key in ("citation", "path", "start", "end")}.items() <= hit.items()


def test_the_block_of_the_docs(searched, capsys):
    code = python_block("docs/clients.md", "Search")
    names = run_block(code, **{"http://127.0.0.1:8000": searched.url})
    assert len(names["answer"]["hits"]) == 3
    assert names["answer"]["hits"][0]["citation"] in capsys.readouterr().out
