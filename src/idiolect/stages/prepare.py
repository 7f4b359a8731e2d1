"""prepare: queries → splits, training examples with negatives and teacher scores, dev sets, the frozen test."""

import random
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import msgspec
import numpy as np

from idiolect.config import Config
from idiolect.errors import WorkspaceError
from idiolect.evaluation.beir import Dataset, save_dataset
from idiolect.files import read_jsonl, remove, write_json, write_jsonl
from idiolect.mining.examples import Miner
from idiolect.mining.frozen_test import freeze, still_frozen
from idiolect.mining.fusion import best_weight
from idiolect.mining.masking import masked_passages, with_masks
from idiolect.mining.ranking import Corpus, top
from idiolect.mining.splits import assign, group_of
from idiolect.mining.vectors import CachedEncoder
from idiolect.mining.weighting import masked_curve
from idiolect.progress import Progress, track
from idiolect.records import (
    Chunk,
    Document,
    FrozenTest,
    Fusion,
    Mining,
    Passage,
    Query,
    Split,
    SplitName,
)
from idiolect.stages.context import Context, Summary
from idiolect.stages.encoders import base_encoder, encode
from idiolect.teachers.extractive import JUDGING_STYLES, TRAINING_STYLES, masked_queries

FEWEST_JUDGING = 50
"""With fewer headings and definitions than this, copied sentences join the queries that judge."""

_POOL_DEPTH = 30


def run(context: Context) -> Summary:
    work, config, progress = context.workspace, context.config, context.progress
    chunks = list(read_jsonl(work.require(work.chunks, "ingest"), Chunk))
    queries = list(read_jsonl(work.require(work.queries, "generate"), Query))
    if not queries:
        raise WorkspaceError(f"{work.queries} is empty: the teacher wrote no query that could be kept")
    language = _language(read_jsonl(work.require(work.documents, "ingest"), Document))

    groups = group_of(chunks)
    frozen = still_frozen(work.frozen_test, config, queries, chunks, groups, progress)
    split_of = _split(queries, groups, config, frozen)
    encoder = base_encoder(context)
    by_split = _by_split(queries, split_of, groups, frozen)
    vectors = encode(
        encoder, [chunk.passage.full_text for chunk in chunks], "passage", progress, "encoding chunks"
    )

    test_groups = {group for group, split in split_of.items() if split == "test"}
    dev_chunks = [chunk for chunk in chunks if split_of.get(groups[chunk.id]) == "dev"]
    other_chunks = [chunk for chunk in chunks if split_of.get(groups[chunk.id], "train") == "train"]
    masked = masked_queries([*dev_chunks], config.prepare.masked_queries, config.seed, language)
    missing = config.prepare.masked_queries - len(masked)
    if missing > 0:
        masked += masked_queries(other_chunks, missing, config.seed, language)

    mining = _choose_fusion(chunks, vectors, masked, language, encoder)
    corpus = Corpus([chunk.passage for chunk in chunks], vectors, mining.fusion)

    miner = Miner(chunks, corpus, config.prepare, config.seed, by_split["test"])
    counts: Summary = {
        "fusion_weight": mining.fusion.weight,
        "masked_queries": len(masked),
        "language": language,
    }
    for name, path in (("train", work.train), ("dev", work.dev)):
        trained = [query for query in by_split[name] if not query.copied or query.style in TRAINING_STYLES]
        texts = [query.text for query in trained]
        query_vectors = encode(encoder, texts, "query", progress, f"encoding {name} queries")
        rows = track(
            progress, zip(trained, query_vectors, strict=True), f"mining {name}", len(trained), "queries"
        )
        counts[name] = write_jsonl(path, (example for row in rows for example in miner.examples(*row)))
    counts["shortfalls"] = dict(miner.shortfalls)

    judging = {
        name: _judging(by_split[name], name == "test" and frozen is not None) for name in ("dev", "test")
    }
    remove(work.dev_sets)
    for name, members in (("queries", judging["dev"]), ("masked", masked)):
        dataset = _dataset(name, "dev", members, chunks, groups)
        counts[f"dev_{name}"] = len(dataset.queries)
        if dataset.queries:
            pool = _pool(dataset, corpus, encoder, config.prepare.dev_corpus, config.seed, progress)
            save_dataset(work.dev_sets / name, pool)

    test = _dataset("test", "test", judging["test"], chunks, groups)
    if not test.queries:
        raise WorkspaceError(
            "no query is left to test on: give more documents, or a larger prepare.test_fraction"
        )
    save_dataset(work.test, test)
    used = freeze(work.frozen_test, config, judging["test"], chunks, test_groups)
    splits = _split_records(by_split, judging, groups)
    write_jsonl(work.splits, splits)
    write_json(work.mining, mining)
    counts |= {"test": len(test.queries), "test_digest": used.digest[:12], "test_kept": frozen is not None}
    _tell(progress, counts, miner)
    return counts


def _language(documents: Iterator[Document]) -> str:
    """The corpus's most frequent language, weighted by text; English where none was recognised."""
    weights: Counter[str] = Counter()
    for document in documents:
        if document.language:
            weights[document.language] += len(document.text)
    return weights.most_common(1)[0][0] if weights else "en"


def _split(
    queries: Sequence[Query], groups: Mapping[str, str], config: Config, frozen: FrozenTest | None
) -> dict[str, SplitName]:
    members = {groups[query.source] for query in queries if query.source in groups}
    kept = frozen.groups if frozen else ()
    return assign(
        members | (set(kept) & set(groups.values())),
        config.prepare.test_fraction,
        config.prepare.dev_fraction,
        config.seed,
        kept,
    )


def _by_split(
    queries: Sequence[Query],
    split_of: Mapping[str, SplitName],
    groups: Mapping[str, str],
    frozen: FrozenTest | None,
) -> dict[str, list[Query]]:
    """Split → its queries; beside a frozen test, other queries of its documents are "unused"."""
    result: dict[str, list[Query]] = {"train": [], "dev": [], "test": [], "unused": []}
    for query in queries:
        splits = {split_of.get(groups.get(identifier, "")) for identifier in (query.source, *query.positives)}
        splits.discard(None)
        if query.source in groups:
            # a query whose positives stand on two sides would show one side the other's passages
            result[split_of[groups[query.source]] if len(splits) == 1 else "unused"].append(query)
    if frozen is not None:
        kept = {query.id for query in frozen.queries}
        result["unused"] += [query for query in result["test"] if query.id not in kept]
        result["test"] = list(frozen.queries)
    return result


def _judging(queries: Sequence[Query], frozen: bool) -> list[Query]:
    """The queries of dev or test that judge: written ones, or copied ones of styles that nothing trains on."""
    if frozen:
        return list(queries)
    written = [query for query in queries if not query.copied]
    if written:
        return written
    judging = [query for query in queries if query.style in JUDGING_STYLES]
    if len(judging) < FEWEST_JUDGING:
        judging += [query for query in queries if query.style == "sentence" and query.cut]
    return judging


def _choose_fusion(
    chunks: Sequence[Chunk],
    vectors: np.ndarray,
    masked: Sequence[Query],
    language: str,
    encoder: CachedEncoder,
) -> Mining:
    """The fusion weight at which masked pseudo-queries find their cut chunks best."""
    fusion = Fusion(language=language)
    curve = masked_curve(chunks, vectors, masked, fusion, encoder)
    if masked:
        fusion = msgspec.structs.replace(fusion, weight=best_weight(curve))
    return Mining(
        fusion=fusion,
        weight_curve={f"{weight:g}": round(value, 5) for weight, value in curve.items()},
        masked=list(masked),
    )


def _dataset(
    name: str, split: str, queries: Sequence[Query], chunks: Sequence[Chunk], groups: Mapping[str, str]
) -> Dataset:
    """Queries over the whole corpus, copied ones cut out of it."""
    changed = masked_passages(chunks, queries)
    corpus = {passage.id: passage for passage in with_masks(chunks, changed)}
    return Dataset(
        name=name,
        split=split,
        corpus=corpus,
        queries={query.id: query.text for query in queries},
        qrels={query.id: dict.fromkeys(query.positives, 1) for query in queries},
        clusters={query.id: groups[query.source] for query in queries},
        slices={query.id: query.style for query in queries},
    )


def _pool(
    dataset: Dataset, corpus: Corpus, encoder: CachedEncoder, size: int, seed: int, progress: Progress
) -> Dataset:
    """The dataset over at most about `size` passages: what is hard for its queries, what is right, and a sample."""
    if len(dataset.corpus) <= size:
        return dataset
    texts = list(dataset.queries.values())
    vectors = encode(encoder, texts, "query", progress, f"encoding dev {dataset.name}")
    kept = {identifier for judged in dataset.qrels.values() for identifier in judged}
    ranked = [
        top(corpus.fused(text, vector), _POOL_DEPTH) for text, vector in zip(texts, vectors, strict=True)
    ]
    for depth in range(_POOL_DEPTH):
        if len(kept) >= size:
            break
        kept |= {corpus.ids[int(columns[depth])] for columns in ranked if depth < len(columns)}
    sample = list(dataset.corpus)
    random.Random(seed).shuffle(sample)  # the same order for every dev set: what they share is encoded once
    kept |= set([identifier for identifier in sample if identifier not in kept][: max(size - len(kept), 0)])
    passages: dict[str, Passage] = {key: value for key, value in dataset.corpus.items() if key in kept}
    return Dataset(
        name=dataset.name,
        split=dataset.split,
        corpus=passages,
        queries=dataset.queries,
        qrels=dataset.qrels,
        clusters=dataset.clusters,
        slices=dataset.slices,
    )


def _split_records(
    by_split: Mapping[str, Sequence[Query]], judging: Mapping[str, Sequence[Query]], groups: Mapping[str, str]
) -> list[Split]:
    """Every query's split; "unused" where its style neither trains nor judges there."""
    records = []
    for name, queries in by_split.items():
        judges = {query.id for query in judging.get(name, ())}
        for query in queries:
            trains = name in ("train", "dev") and (not query.copied or query.style in TRAINING_STYLES)
            split: Any = name if trains or query.id in judges else "unused"
            records.append(Split(query_id=query.id, split=split, group=groups[query.source]))
    return sorted(records, key=lambda record: record.query_id)


def _tell(progress: Progress, counts: Summary, miner: Miner) -> None:
    progress.note(
        f"{counts['train']:,} training examples, {counts['dev']:,} dev, {counts['test']:,} test queries; "
        f"fusion weight {counts['fusion_weight']:g}"
    )
    for reason, count in miner.shortfalls.items():
        progress.note(f"{count:,} queries with {reason}")
