"""prepare's files as nodes: examples with their negatives, dev and test sets, judgments, what chose the fusion."""

from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path

import msgspec

from idiolect.evaluation.beir import read_qrels
from idiolect.files import digest_text, read_json, read_jsonl
from idiolect.lifecycle.lineage.corpus import passages_of
from idiolect.lifecycle.lineage.facts import Facts
from idiolect.lifecycle.lineage.writing import DIGITS, Node, Run
from idiolect.lifecycle.lineage.written import Written, query
from idiolect.records import PEOPLE, Objective, Record
from idiolect.workspace import Workspace

LABELLED = "labelled"
MASKED = "masked"


class _Ref(Record, frozen=True):
    id: str


class _Example(Record, frozen=True):
    query_id: str
    positive: _Ref
    negatives: list[_Ref]
    objective: Objective


class _Passed(Record, frozen=True):
    document: str
    chunk: str = ""


class _Learnt(Record, frozen=True):
    """Of a query that feedback taught."""

    id: str
    negatives: list[_Passed] = []

    def passed_over(self, chunk: str) -> bool:
        return any(chunk == one.chunk or chunk.rpartition("#")[0] == one.document for one in self.negatives)


class _Frozen(Record, frozen=True):
    queries: list[Written]


class _Mining(Record, frozen=True):
    masked: list[Written]
    weight_curves: dict[str, dict[str, float]] = {}


class _Line(msgspec.Struct):
    """Of a BEIR folder's corpus.jsonl or queries.jsonl."""

    id: str = msgspec.field(name="_id")


def read_prepare(work: Workspace, facts: Facts, run: Run) -> None:
    parts = _Parts(work, facts, run)
    for path in (work.train, work.dev):
        made = run.artefact("dataset", f"{facts.outputs[path.stem]}:{path.stem}", path.stem)
        for line in read_jsonl(path, _Example):
            run.edge(parts.example(line), made, "part-of")
    for folder in dev_sets(work):
        parts.dataset(folder, "dev", dataset(run, facts.outputs, "dev_sets", folder.name))
    parts.dataset(work.test, "test", dataset(run, facts.outputs, "test", "test"))
    for split in labelled_splits(work):
        parts.dataset(work.labelled, split, dataset(run, facts.outputs, "labelled", split))
    parts.fusion()


def dataset(run: Run, digests: Mapping[str, str], name: str, part: str) -> Node:
    """The node of a dev set, of the test, or of a split of what people asked: `part` of what `digests` call `name`."""
    folder = {"dev_sets": "dev/", "labelled": f"{LABELLED}/"}.get(name, "")
    return run.artefact("dataset", f"{digests[name]}:{part}", f"{folder}{part}")


def dev_sets(work: Workspace) -> list[Path]:
    return sorted(work.dev_sets.iterdir()) if work.dev_sets.is_dir() else []


def labelled_splits(work: Workspace) -> list[str]:
    return sorted(path.stem for path in (work.labelled / "qrels").glob("*.tsv"))


def fusion_sets(work: Workspace, digests: Mapping[str, str], run: Run) -> list[Node]:
    """What fusion weights are chosen on: masked queries, what people asked where that is enough, all passages."""
    mining = msgspec.convert(read_json(work.mining), _Mining)
    sets = [
        passages_of(run, digests["chunks"]),
        run.artefact("dataset", f"{digests['mining']}:{MASKED}", MASKED),
    ]
    if LABELLED in mining.weight_curves and (work.dev_sets / LABELLED).is_dir():
        sets.append(dataset(run, digests, "dev_sets", LABELLED))
    return sets


class _Parts:
    """What examples, queries and judgments are made of, and the datasets that they are part of."""

    def __init__(self, work: Workspace, facts: Facts, run: Run) -> None:
        self.work, self.facts, self.run = work, facts, run
        self.documents, self.chunks = run.known("document"), run.known("chunk")
        self.negatives = run.known("written-negative")
        self.queries = {**run.known("query"), **self._kept(), **self._masked()}
        taught = "learnt_queries" in facts.inputs and work.learnt_queries.is_file()
        self.learnt = {one.id: one for one in read_jsonl(work.learnt_queries, _Learnt)} if taught else {}

    def example(self, line: _Example) -> Node:
        """Of a copied query, all candidates are ranked; of others, the first answers and the rest do not.

        Of a query of which feedback taught what answers it, people have said so, or some of it.
        """
        learnt = self.learnt.get(line.query_id)
        positive, negative = (
            ("teacher-score", "teacher-score")
            if line.objective == "listwise"
            else ("satisfied" if learnt else "positive", "hard-negative")
        )
        parts = [(self._query(line.query_id), "asked")]
        parts += self._chunk(line.positive.id, positive)
        for one in line.negatives:
            if one.id in self.negatives:
                parts.append((self.negatives[one.id], "written-negative"))
            elif learnt and learnt.passed_over(one.id):
                parts += self._chunk(one.id, "passed-over")
            else:
                parts += self._chunk(one.id, negative)
        # neither id may stand in the key: people's ids of queries can say anything
        own = digest_text("\0".join([line.query_id, line.positive.id, *(one.id for one in line.negatives)]))
        return self.run.made_of("example", own[:DIGITS], parts)

    def dataset(self, folder: Path, split: str, made: Node) -> None:
        """A BEIR folder: its queries, or people's judgments of documents, and the passages that are searched."""
        run = self.run
        judged = folder.name == LABELLED
        for identifier, grades in read_qrels(folder / "qrels" / f"{split}.tsv").items():
            items = self._labels(identifier, grades) if judged else [self._query(identifier)]
            for item in items:
                run.edge(item, made, "part-of")
        passages = [line.id for line in read_jsonl(folder / "corpus.jsonl", _Line)]
        if len(passages) == len(self.chunks):
            run.edge(passages_of(run, self.facts.inputs["chunks"]), made, "searched")
            return
        for identifier in passages:
            if identifier in self.chunks:
                run.edge(self.chunks[identifier], made, "searched")

    def fusion(self) -> None:
        run, digests = self.run, {**self.facts.inputs, **self.facts.outputs}
        masked = run.artefact("dataset", f"{digests['mining']}:{MASKED}", MASKED)
        for identifier in self._masked():
            run.edge(self.queries[identifier], masked, "part-of")
        chosen = run.artefact("fusion", digests["mining"], "the base's")
        for one in fusion_sets(self.work, digests, run):
            run.edge(one, chosen, "fusion")

    def _masked(self) -> dict[str, Node]:
        return self._nodes(msgspec.convert(read_json(self.work.mining), _Mining).masked)

    def _kept(self) -> dict[str, Node]:
        """Of the frozen test, which can be older than the queries of this run."""
        return self._nodes(msgspec.convert(read_json(self.work.frozen_test), _Frozen).queries)

    def _nodes(self, queries: Iterable[Written]) -> dict[str, Node]:
        known = self.run.known("query")
        return {one.id: known.get(one.id) or query(self.run, one, self.chunks) for one in queries}

    def _query(self, identifier: str) -> Node:
        """A query that is none of the teacher's was asked by people: it is made of nothing."""
        found = self.queries.get(identifier)
        if found is None:
            found = self.run.made_of("query", f"{PEOPLE}-{digest_text(identifier)[:DIGITS]}", ())
            self.queries[identifier] = found
        return found

    def _chunk(self, identifier: str, role: str) -> list[tuple[Node, str]]:
        return [(self.chunks[identifier], role)] if identifier in self.chunks else []

    def _labels(self, identifier: str, grades: Mapping[str, int]) -> Iterator[Node]:
        asked = self._query(identifier)
        for document, grade in grades.items():
            if document in self.documents:
                own = digest_text(f"{identifier}\0{document}\0{grade}")[:DIGITS]
                yield self.run.made_of("label", own, [(asked, "asked"), (self.documents[document], "label")])
