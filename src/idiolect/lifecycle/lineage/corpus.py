"""ingest's files as nodes: versions of documents, their chunks, and what is searched."""

from collections import defaultdict

from idiolect.files import digest_text, read_jsonl
from idiolect.lifecycle.lineage.facts import Facts
from idiolect.lifecycle.lineage.writing import DIGITS, Node, Run
from idiolect.records import UNINDEXED, UNTRAINED, Record
from idiolect.workspace import Workspace


class _Document(Record, frozen=True):
    id: str
    path: str
    sha256: str


class _Chunk(Record, frozen=True):
    id: str
    document_id: str
    title: str
    headings: list[str]
    text: str
    duplicate_of: str = ""
    verdicts: list[str] = []

    @property
    def own(self) -> str:
        """Its id with a digest of what it says."""
        said = "\0".join([self.title, *self.headings, self.text])
        return f"{self.id}@{digest_text(said)[:DIGITS]}"


def read_ingest(work: Workspace, facts: Facts, run: Run) -> None:
    documents = {
        one.id: run.named("document", f"{one.id}@{one.sha256[:DIGITS]}", one.path)
        for one in read_jsonl(work.documents, _Document)
    }
    chunks: dict[str, Node] = {}
    ranked: list[Node] = []
    found: list[Node] = []
    copies: dict[str, list[tuple[Node, str]]] = defaultdict(list)
    for duplicates in (True, False):  # what stands for others is made of them
        for chunk in read_jsonl(work.chunks, _Chunk):
            if bool(chunk.duplicate_of) != duplicates:
                continue
            parts = [(documents[chunk.document_id], "cut-from"), *copies.pop(chunk.id, ())]
            chunks[chunk.id] = run.made_of("chunk", chunk.own, parts)
            if UNTRAINED not in chunk.verdicts:
                ranked.append(chunks[chunk.id])
            if UNINDEXED not in chunk.verdicts:
                found.append(chunks[chunk.id])
            if duplicates and UNTRAINED not in chunk.verdicts:
                copies[chunk.duplicate_of].append((chunks[chunk.id], "duplicate-of"))
    digest = facts.outputs["chunks"]
    searched, indexed = passages_of(run, digest), indexed_of(run, work, digest)
    for node in ranked:
        run.edge(node, searched, "searched")
    for node in found if indexed != searched else ():
        run.edge(node, indexed, "searched")
    run.remember("document", documents.items())
    run.remember("chunk", chunks.items())


def passages_of(run: Run, digest: str) -> Node:
    """All chunks that may train, as what a run searches; `digest` is that of chunks.jsonl."""
    return run.artefact("dataset", f"{digest}:corpus", "corpus")


def indexed_of(run: Run, work: Workspace, digest: str) -> Node:
    """All chunks that may be found, as what an index searches: the same, where no licence keeps any apart."""
    return (
        run.artefact("dataset", f"{digest}:index", "index") if _are_judged(work) else passages_of(run, digest)
    )


def _are_judged(work: Workspace) -> bool:
    return any(chunk.verdicts for chunk in read_jsonl(work.chunks, _Chunk))
