"""BEIR folders: `corpus.jsonl`, `queries.jsonl` and `qrels/SPLIT.tsv`, read and written.

The format is that of https://github.com/beir-cellar/beir; a query's `metadata` may hold a `style`
(its slice), further FACETS and a `cluster` (the document that it came from), a passage's a `document`
(the one that it is a part of, where documents are judged and their parts are ranked).
"""

from collections.abc import Container, Iterable, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any

import msgspec

from idiolect.errors import InputError
from idiolect.files import read_jsonl, replacing, write_jsonl
from idiolect.records import Passage

HEADER = "query-id\tcorpus-id\tscore"

FACETS = ("hops", "language", "source", "round")
"""What queries are told apart by beside their style."""

OLD, FRESH = "old", "fresh"
"""What the facet "round" says of test queries: earlier rounds drew them, or this one did (see `idiolect refresh`)."""

Qrels = dict[str, dict[str, int]]
"""Query id → document id → grade; relevant from 1 on, judged irrelevant at 0 or below."""


@dataclass(frozen=True)
class Dataset:
    """A test set; `queries`, `qrels`, `clusters` and `slices` share their query ids, in one order.

    `clusters`: query → what it came from; queries of one cluster are not independent.  Where it is
    not given, a query's first positive document stands for it.  `slices`: query → style, "" if none.
    `owners`: passage → document, where the qrels judge documents and the corpus holds their parts;
    empty where they judge the passages themselves.  `facets`: one of FACETS → query → value, for
    the queries that have one.
    """

    name: str
    split: str
    corpus: dict[str, Passage]
    queries: dict[str, str]
    qrels: Qrels
    clusters: dict[str, str] = field(default_factory=dict)
    slices: dict[str, str] = field(default_factory=dict)
    owners: dict[str, str] = field(default_factory=dict)
    facets: dict[str, dict[str, str]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        clusters = {query: self.clusters.get(query) or self._first_positive(query) for query in self.queries}
        object.__setattr__(self, "clusters", clusters)
        object.__setattr__(self, "slices", {query: self.slices.get(query, "") for query in self.queries})

    def _first_positive(self, query: str) -> str:
        return next((document for document, grade in self.qrels[query].items() if grade > 0), query)

    @property
    def sliced(self) -> dict[str, dict[str, str]]:
        """All that queries are told apart by: "style" or one of FACETS → query → value."""
        return {"style": self.slices, **self.facets}

    @cached_property
    def documents(self) -> dict[str, Passage]:
        """What is judged: document id → its passage, or the first of those that it owns."""
        if not self.owners:
            return self.corpus
        found: dict[str, Passage] = {}
        for identifier, passage in self.corpus.items():
            owner = self.owners[identifier]
            found.setdefault(owner, Passage(id=owner, title=passage.title, text=passage.text))
        return found

    def owners_of(self, passages: Iterable[str]) -> list[str] | None:
        """Each passage's document, as `retrieve` takes them; None where passages are judged themselves."""
        return [self.owners[identifier] for identifier in passages] if self.owners else None

    @cached_property
    def parts(self) -> dict[str, list[str]]:
        """Document id → the passages that it owns, itself where passages are judged."""
        found: dict[str, list[str]] = {}
        for identifier in self.corpus:
            found.setdefault(self.owners.get(identifier, identifier), []).append(identifier)
        return found

    def relevant_passages(self, query: str) -> list[str]:
        """The passages in which one of the query's relevant documents is found."""
        return [
            passage
            for document, grade in self.qrels[query].items()
            if grade > 0
            for passage in self.parts.get(document, ())
        ]

    @property
    def unreachable(self) -> int:
        """How many relevant judgments name documents that the corpus lacks: no run can find those."""
        return sum(
            grade > 0 and document not in self.documents
            for judged in self.qrels.values()
            for document, grade in judged.items()
        )

    def itself(self, query: str) -> str | None:
        """The document of the query's own id, which BEIR leaves out of that query's ranking.

        So it is in sets whose queries are documents (ArguAna, Quora); None where there is none, or
        where the qrels call it relevant.
        """
        return query if query in self.documents and self.qrels[query].get(query, 0) <= 0 else None


class QueryLine(msgspec.Struct):
    """One line of `queries.jsonl`; ids that are numbers are taken as their digits."""

    id: str | int = msgspec.field(name="_id")
    text: str
    metadata: Any = None

    def fact(self, key: str) -> str:
        """What the metadata says, numbers as their digits; "" where it says nothing."""
        value = self.metadata.get(key) if isinstance(self.metadata, dict) else None
        return str(value) if isinstance(value, (str, int)) and not isinstance(value, bool) else ""


class _PassageLine(msgspec.Struct):
    id: str | int = msgspec.field(name="_id")
    text: str
    title: str | None = None
    metadata: Any = None

    @property
    def owner(self) -> str:
        value = self.metadata.get("document") if isinstance(self.metadata, dict) else None
        return value if isinstance(value, str) else ""


def load_dataset(path: Path, split: str = "test") -> Dataset:
    """Read a BEIR folder; only the queries that stand in that split's qrels are kept.

    Raises InputError for a missing file, a bad line (with its number), an unknown split (naming those
    there are), a judged query that `queries.jsonl` lacks, or qrels that name no document of the corpus.
    """
    if not path.is_dir():
        raise InputError(f"BEIR folder {path} does not exist")
    qrels = read_qrels(_split_file(path, split))
    lines = read_queries(path / "queries.jsonl")
    corpus, owners = _corpus(path / "corpus.jsonl")
    refuse_unknown_queries(qrels, lines, path / "queries.jsonl")
    known = set(owners.values()) if owners else corpus.keys()
    if not any(document in known for judged in qrels.values() for document in judged):
        raise InputError(f"{path}: no document that qrels/{split}.tsv names is in corpus.jsonl")
    kept = [line for query, line in lines.items() if query in qrels]
    return Dataset(
        name=path.resolve().name,
        split=split,
        corpus=corpus,
        queries={str(line.id): line.text for line in kept},
        qrels={str(line.id): qrels[str(line.id)] for line in kept},
        clusters={str(line.id): line.fact("cluster") for line in kept},
        slices={str(line.id): line.fact("style") for line in kept},
        owners=owners,
        facets={
            name: found
            for name in FACETS
            if (found := {str(line.id): value for line in kept if (value := line.fact(name))})
        },
    )


def save_dataset(path: Path, *splits: Dataset) -> None:
    """Write the splits of one corpus as a BEIR folder, all of it or nothing; equal ones give equal bytes."""
    with replacing(path) as folder:
        passages = sorted(splits[0].corpus.values(), key=lambda passage: passage.id)
        write_jsonl(
            folder / "corpus.jsonl", (_passage_line(passage, splits[0].owners) for passage in passages)
        )
        lines = {query: _query_line(query, split) for split in splits for query in split.queries}
        write_jsonl(folder / "queries.jsonl", (line for _, line in sorted(lines.items())))
        (folder / "qrels").mkdir()
        for split in splits:
            rows = [HEADER]
            for query in sorted(split.queries):
                rows += [
                    f"{query}\t{document}\t{grade}" for document, grade in sorted(split.qrels[query].items())
                ]
            text = "\n".join(rows) + "\n"
            (folder / "qrels" / f"{split.split}.tsv").write_text(text, encoding="utf-8", newline="\n")


def _passage_line(passage: Passage, owners: Mapping[str, str]) -> dict[str, Any]:
    line: dict[str, Any] = {"_id": passage.id, "title": passage.title, "text": passage.text}
    return line | {"metadata": {"document": owners[passage.id]}} if owners else line


def _query_line(query: str, dataset: Dataset) -> dict[str, Any]:
    facts = {"style": dataset.slices[query], "cluster": dataset.clusters[query]}
    facts |= {name: value for name in FACETS if (value := dataset.facets.get(name, {}).get(query))}
    return {"_id": query, "text": dataset.queries[query], "metadata": facts}


def read_corpus(path: Path) -> dict[str, Passage]:
    """Document id → passage, in the file's order."""
    return _corpus(path)[0]


def _corpus(path: Path) -> tuple[dict[str, Passage], dict[str, str]]:
    """Passages, and the owners of all of them where any has one: a passage without owns itself."""
    passages: dict[str, Passage] = {}
    owners: dict[str, str] = {}
    if not path.is_file():
        raise InputError(f"{path} does not exist")
    for line in read_jsonl(path, _PassageLine):
        id = str(line.id)
        _refuse_twice(id, passages, path)
        passages[id] = Passage(id=id, title=line.title or "", text=line.text)
        if line.owner:
            owners[id] = line.owner
    return passages, {id: owners.get(id, id) for id in passages} if owners else {}


def read_queries(path: Path) -> dict[str, QueryLine]:
    """Query id → its line, in the file's order; UTF-8 with or without a byte order mark."""
    decoder = msgspec.json.Decoder(QueryLine)
    found: dict[str, QueryLine] = {}
    for number, text in enumerate(_text(path).split("\n"), 1):
        if not text.strip():
            continue
        try:
            line = decoder.decode(text)
        except msgspec.MsgspecError as error:
            raise InputError(f"{path}, line {number}: {error}") from None
        _refuse_twice(str(line.id), found, path)
        found[str(line.id)] = line
    return found


def read_qrels(path: Path) -> Qrels:
    """Read tab-separated `query-id corpus-id score` lines; the header is optional.

    Raises InputError with the line number for a line that is not of that form, and for a pair that is
    judged twice with different grades.
    """
    qrels: Qrels = {}
    for number, line in enumerate(_text(path).split("\n"), 1):
        if not line.strip() or (number == 1 and _is_header(line)):
            continue
        query, document, grade = _judgment(line, f"{path}, line {number}")
        judged = qrels.setdefault(query, {})
        if judged.setdefault(document, grade) != grade:
            raise InputError(
                f"{path}, line {number}: query {query!r} and document {document!r} are judged twice"
            )
    if not qrels:
        raise InputError(f"{path} holds no judgments")
    return qrels


def refuse_unknown_queries(qrels: Mapping[str, Any], queries: Mapping[str, Any], path: Path) -> None:
    """Raise InputError where `qrels` names queries that `queries`, read from `path`, lacks."""
    unknown = [query for query in qrels if query not in queries]
    if unknown:
        names = ", ".join(map(repr, unknown[:3])) + (", …" if len(unknown) > 3 else "")
        raise InputError(f"the qrels judge {len(unknown)} queries that {path} lacks: {names}")


def _split_file(path: Path, split: str) -> Path:
    file = path / "qrels" / f"{split}.tsv"
    if not file.is_file():
        known = sorted(other.stem for other in (path / "qrels").glob("*.tsv"))
        there = f"there is {', '.join(known)}" if known else "there is no qrels/*.tsv at all"
        raise InputError(f"{path} has no split {split!r}: {there}")
    return file


def _is_header(line: str) -> bool:
    return line.split("\t")[-1].strip().lower() in ("score", "relevance", "rel", "label", "grade")


def _judgment(line: str, where: str) -> tuple[str, str, int]:
    fields = [part.strip() for part in line.split("\t")]
    if len(fields) != 3 or not all(fields):
        raise InputError(f"{where}: not 'query-id<TAB>corpus-id<TAB>score': {line[:80]!r}")
    try:
        grade = float(fields[2])
    except ValueError:
        grade = 0.5
    if not grade.is_integer():
        raise InputError(f"{where}: the score {fields[2]!r} is no whole number")
    return fields[0], fields[1], int(grade)


def _text(path: Path) -> str:
    if not path.is_file():
        raise InputError(f"{path} does not exist")
    try:
        return path.read_text(encoding="utf-8-sig")
    except UnicodeDecodeError as error:
        raise InputError(f"{path} is not UTF-8 ({error.reason} at byte {error.start})") from None


def _refuse_twice(id: str, seen: Container[str], path: Path) -> None:
    if id in seen:
        raise InputError(f"{path}: the _id {id!r} stands there twice")
