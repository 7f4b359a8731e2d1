"""What prepare does with the queries that people asked: documents found, split, made training queries and a set."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Literal

import msgspec

from idiolect.errors import InputError
from idiolect.evaluation.beir import Dataset, save_dataset
from idiolect.evaluation.facets import Origins
from idiolect.evaluation.label_documents import DocumentNames, RejectedLabel, resolve
from idiolect.evaluation.label_splits import split_labels
from idiolect.evaluation.labels import (
    FEWEST_STEERING,
    NAME,
    LabelledQuery,
    check_labels,
    normalised,
    read_labels,
)
from idiolect.files import read_jsonl, remove, write_jsonl
from idiolect.lifecycle.erasure import suppression
from idiolect.lifecycle.erasure.suppression import ERASED, Suppression
from idiolect.lifecycle.privacy import labels_masked, masker
from idiolect.mining.ranking import Corpus
from idiolect.mining.vectors import CachedEncoder
from idiolect.mining.weighting import Asked
from idiolect.progress import Progress
from idiolect.records import PEOPLE, Chunk, Document, Query, Split, SplitName
from idiolect.stages.context import Context, Summary
from idiolect.workspace import Workspace

STYLE = "labelled"

MOST_BANNED = 0.5
"""The share of all chunks that labelled test queries may ban from training's negatives: where they
test more of the corpus, nothing would be left to learn from, and none is banned."""

Judging = Literal["dev", "test"]


@dataclass
class Labelled:
    """Queries whose documents are known, by split ("unused": they may not train), and what was left out.

    `folder` stood before their paths and is left out of them.
    """

    queries: dict[SplitName, list[LabelledQuery]] = field(
        default_factory=lambda: {"train": [], "dev": [], "test": [], "unused": []}
    )
    rejected: list[RejectedLabel] = field(default_factory=list)
    folder: str = ""

    @property
    def steers(self) -> bool:
        return len(self.queries["dev"]) >= FEWEST_STEERING

    @property
    def held_out(self) -> set[str]:
        """The words of dev and test queries: no training query may have the same."""
        return {normalised(query.text) for query in (*self.queries["dev"], *self.queries["test"])}

    def keep_from_training(self, words: Collection[str], held: Collection[str]) -> None:
        """Make training queries unused whose words are among `words` or whose ids are in `held`."""
        train, self.queries["train"] = self.queries["train"], []
        for query in train:
            unused = query.id in held or normalised(query.text) in words
            self.queries["unused" if unused else "train"].append(query)


def read_labelled(
    context: Context,
    chunks: Sequence[Chunk],
    groups: Mapping[str, str],
    split_of: Mapping[str, SplitName],
    earlier: Mapping[str, SplitName] = {},
) -> Labelled:
    """The labelled queries that the config names, split; none where it names none.

    A query that documents held out for the synthetic dev and test answer does not train, or
    those would be no longer held out; one whose words stand in `earlier` keeps its split of the
    round before.  Raises UsageError and InputError as `read_labels`,
    InputError also where no query is left.
    """
    settings = context.config.prepare
    check_labels(settings)
    if not settings.queries:
        return Labelled()
    hide = masker(context.config.privacy, context.workspace.privacy_key)
    given = labels_masked(read_labels(settings), hide)
    searched = {chunk.document_id for chunk in chunks}
    documents = read_jsonl(context.workspace.documents, Document)
    names = DocumentNames((document for document in documents if document.id in searched), chunks)
    queries, rejected = resolve(given, names)
    if not queries:
        raise InputError(
            f"{settings.queries}: none of its {len(given)} queries is answered by a document that was ingested; "
            f"it names {_some([row.document for row in rejected if row.document])}"
        )
    free = not_held_out(chunks, groups, split_of)
    trainable = {query.id for query in queries if free.issuperset(query.relevant)}
    splits = split_labels(queries, settings.labels_as, trainable, context.config.seed)
    suppressed = suppression.read(context.workspace.suppressed)
    labelled = Labelled(rejected=_without_erased(rejected, suppressed), folder=names.folder)
    for query in queries:
        before = earlier.get(normalised(query.text), "unused")
        split = splits[query.id]
        if before != "unused" and not (before == "train" and query.id not in trainable):
            split = before
        labelled.queries[split].append(query)
    return labelled


def not_held_out(
    chunks: Iterable[Chunk], groups: Mapping[str, str], split_of: Mapping[str, SplitName]
) -> set[str]:
    """The documents of which a chunk at least is not kept for the synthetic dev and test."""
    return {chunk.document_id for chunk in chunks if split_of.get(groups[chunk.id]) not in ("dev", "test")}


def _without_erased(rejected: Sequence[RejectedLabel], suppressed: Suppression) -> list[RejectedLabel]:
    """What was left out, with no word of queries about an erased document: they may say what it said."""
    hidden = {row.query_id for row in rejected if suppressed.hidden(row.document) != row.document}
    return [
        msgspec.structs.replace(row, query="", document=suppressed.hidden(row.document), reason=ERASED)
        if row.query_id in hidden
        else row
        for row in rejected
    ]


def labelled_set(queries: Sequence[LabelledQuery], split: str, chunks: Sequence[Chunk]) -> Dataset:
    """Queries over all chunks; their documents are judged, and score what their best chunk does.

    A copy of a judged document is judged as it is, where nobody judged it otherwise.
    """
    copies = _copies(chunks)
    return Dataset(
        name=NAME,
        split=split,
        corpus={chunk.id: chunk.passage for chunk in chunks},
        queries={query.id: query.text for query in queries},
        qrels={
            query.id: query.judged
            | {
                copy: grade
                for document, grade in query.judged.items()
                for copy in copies[document]
                if copy not in query.judged
            }
            for query in queries
        },
        slices={query.id: query.style for query in queries},
        owners={chunk.id: chunk.document_id for chunk in chunks},
    )


def _copies(chunks: Sequence[Chunk]) -> dict[str, list[str]]:
    """Document → those whose chunks say the same, one by one, itself among them."""
    said: dict[str, list[str]] = {}
    for chunk in chunks:
        said.setdefault(chunk.document_id, []).append(chunk.duplicate_of or chunk.id)
    alike: dict[tuple[str, ...], list[str]] = {}
    for document, representatives in said.items():
        alike.setdefault(tuple(representatives), []).append(document)
    return {document: members for members in alike.values() for document in members}


def asked(dataset: Dataset) -> list[Asked]:
    return [Asked(text, dataset.relevant_passages(query)) for query, text in dataset.queries.items()]


def with_chunks(
    labelled: Labelled,
    corpus: Corpus,
    chunks: Sequence[Chunk],
    encoder: CachedEncoder,
    judged: Collection[str],
    groups: Mapping[str, str],
    split_of: Mapping[str, SplitName],
) -> dict[str, list[Query]]:
    """Train, dev and test as the miner takes them: the positive of each relevant document is its best chunk.

    The best is that of the fused ranking.  Training queries that repeat the words of a synthetic
    dev or test query (`judged`), or whose chunk is held out for those, become unused.
    """
    parts: dict[str, list[int]] = {}
    for column, chunk in enumerate(chunks):
        parts.setdefault(chunk.document_id, []).append(column)
    found = {
        name: _with_chunks(labelled.queries[name], parts, corpus, encoder)
        for name in ("train", "dev", "test")
    }
    held = {
        query.id
        for query in found["train"]
        if any(split_of.get(groups[identifier]) in ("dev", "test") for identifier in query.positives)
    }
    labelled.keep_from_training(judged, held)
    kept = {query.id for query in labelled.queries["train"]}
    return found | {"train": [query for query in found["train"] if query.id in kept]}


def _with_chunks(
    queries: Sequence[LabelledQuery],
    parts: Mapping[str, Sequence[int]],
    corpus: Corpus,
    encoder: CachedEncoder,
) -> list[Query]:
    vectors = encoder.encode([query.text for query in queries], "query")
    result = []
    for query, vector in zip(queries, vectors, strict=True):
        scores = corpus.fused(query.text, vector)
        best = [max(parts[document], key=scores.__getitem__) for document in query.relevant]
        positives = [corpus.ids[column] for column in best]
        result.append(
            Query(
                id=query.id,
                text=query.text,
                positives=positives,
                style=STYLE,
                teacher=PEOPLE,
                source=positives[0],
            )
        )
    return result


def banned(tested: Sequence[Query], chunks: Sequence[Chunk]) -> list[Query]:
    """The labelled test queries whose positives are no negatives in training."""
    passages = {identifier for query in tested for identifier in query.positives}
    return list(tested) if len(passages) <= MOST_BANNED * len(chunks) else []


def save_labelled(work: Workspace, labelled: Labelled, chunks: Sequence[Chunk], known: Origins) -> None:
    """WORK/labelled with a split each for train, dev and test, and what was left out."""
    splits: tuple[SplitName, ...] = ("train", "dev", "test")
    found = []
    for name in splits:
        if queries := labelled.queries[name]:
            facets = known.facets({query.id: query.relevant[0] for query in queries})
            found.append(replace(labelled_set(queries, name, chunks), facets=facets))
    if found:
        save_dataset(work.labelled, *found)
    else:
        remove(work.labelled)
    if labelled.rejected:
        write_jsonl(work.rejected_labels, labelled.rejected)
    else:
        remove(work.rejected_labels)


def split_records(labelled: Labelled) -> list[Split]:
    """A record for every query; what must stay together are queries of the same words."""
    found = [(query.id, query.text, name) for name, queries in labelled.queries.items() for query in queries]
    left: list[tuple[str, str, SplitName]] = [
        (row.query_id, row.query, "unused") for row in labelled.rejected if not row.document
    ]
    return [Split(query_id=id, split=name, group=normalised(text)) for id, text, name in (*found, *left)]


def tell(labelled: Labelled, progress: Progress) -> Summary:
    """What became of the labels, said and counted; nothing where none were given."""
    unknown = [row for row in labelled.rejected if row.document]
    left_out = len(labelled.rejected) - len(unknown)
    counts = {name: len(queries) for name, queries in labelled.queries.items()}
    if not sum(counts.values()):
        return {}
    progress.note(
        f"labelled queries: {counts['train']:,} train, {counts['dev']:,} dev, {counts['test']:,} test"
    )
    if labelled.folder:
        progress.note(f"the labels' paths are taken without {labelled.folder!r}")
    if unknown:
        progress.note(
            f"{len(unknown):,} judgments left out (rejected_labels.jsonl): "
            f"no one document is {_some([row.document for row in unknown])}"
        )
    if left_out:
        progress.note(f"{left_out:,} labelled queries left out: no document that answers them is known")
    if counts["unused"]:
        progress.note(
            f"{counts['unused']:,} labelled queries do not train: documents or queries held out for dev "
            "and test answer or repeat them"
        )
    if 0 < counts["dev"] < FEWEST_STEERING:
        progress.note(
            f"{counts['dev']} labelled dev queries are reported; it takes {FEWEST_STEERING} to choose by them"
        )
    return {"labelled": counts | {"left_out": left_out, "unknown_documents": len(unknown)}}


def _some(names: Sequence[str]) -> str:
    """The first three of some names, quoted."""
    different = list(dict.fromkeys(names))
    return (
        ", ".join(map(repr, different[:3])) + (", …" if len(different) > 3 else "") if different else "none"
    )
