"""prepare: queries → splits, training examples with negatives and teacher scores, dev sets, the frozen test."""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace

from idiolect.errors import WorkspaceError
from idiolect.evaluation.beir import FRESH, OLD, Dataset, save_dataset
from idiolect.evaluation.facets import Origins, origins
from idiolect.evaluation.labels import normalised
from idiolect.files import read_jsonl, remove, write_json, write_jsonl
from idiolect.mining.carried import read_carried
from idiolect.mining.duplicates import saying_the_same
from idiolect.mining.examples import Miner
from idiolect.mining.frozen_test import freeze, is_test, still_frozen
from idiolect.mining.masking import masked_passages, with_masks
from idiolect.mining.permitted import permitted
from idiolect.mining.ranking import Corpus
from idiolect.mining.rounds import Round
from idiolect.mining.splits import group_of
from idiolect.mining.weighting import LEXICAL_SETTINGS, choose_weight
from idiolect.mining.written_negatives import WrittenNegatives
from idiolect.progress import Progress, track
from idiolect.readers.language import most_frequent
from idiolect.records import (
    Chunk,
    Document,
    Fusion,
    Mining,
    Query,
    WrittenNegative,
)
from idiolect.stages.context import Context, Summary
from idiolect.stages.dev_pool import pool
from idiolect.stages.dividing import (
    by_split_of,
    hold,
    judging_of,
    keep_from_training,
    records_of,
    split_of_groups,
)
from idiolect.stages.encoders import base_encoder, encode
from idiolect.stages.labelled import (
    asked,
    banned,
    labelled_set,
    read_labelled,
    save_labelled,
    split_records,
    tell,
    with_chunks,
)
from idiolect.stages.learnt import Taught
from idiolect.teachers.extractive import TRAINING_STYLES, masked_queries
from idiolect.workspace import Workspace


def run(context: Context) -> Summary:
    work, config, progress = context.workspace, context.config, context.progress
    chunks = permitted(read_jsonl(work.require(work.chunks, "ingest"), Chunk))
    queries = list(read_jsonl(work.require(work.queries, "generate"), Query))
    if not queries:
        raise WorkspaceError(f"{work.queries} is empty: the teacher wrote no query that could be kept")
    language = most_frequent(read_jsonl(work.require(work.documents, "ingest"), Document))
    known = origins(read_jsonl(work.documents, Document))

    groups = group_of(chunks)
    carried = read_carried(work)
    this_round = Round.of(carried, chunks, groups) if carried else None
    groups = this_round.groups if this_round else groups
    frozen = None
    if carried is None or not is_test(work.frozen_test, carried.test):
        frozen = still_frozen(work.frozen_test, config, queries, chunks, groups, progress)
    split_of = split_of_groups(queries, groups, config, frozen, this_round)
    labelled = read_labelled(context, chunks, groups, split_of, carried.labels if carried else {})
    taught = Taught(context, chunks, groups, split_of)
    encoder = base_encoder(context)
    by_split = by_split_of(queries, split_of, groups)
    if frozen is not None:
        hold(by_split, frozen.queries)
    elif this_round is not None:
        fresh = [query for query in by_split["test"] if query.id not in this_round.kept]
        hold(by_split, [*this_round.test, *judging_of(fresh)])
    fixed = frozen is not None or this_round is not None
    judging = {
        "dev": judging_of(by_split["dev"]),
        "test": by_split["test"] if fixed else judging_of(by_split["test"]),
    }
    keep_from_training(by_split, labelled.held_out)
    if this_round is not None:  # what is asked anew may say what was held out before
        keep_from_training(by_split, {normalised(query.text) for held in judging.values() for query in held})
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

    asked_dev = labelled_set(labelled.queries["dev"], "dev", chunks)
    steering = asked(asked_dev) if labelled.steers else ()
    fusion = Fusion(language=language)
    weighed = choose_weight(chunks, vectors, masked, steering, fusion, encoder, LEXICAL_SETTINGS)
    mining = Mining(
        fusion=weighed.fusion,
        weight_curve=weighed.curve,
        masked=list(masked),
        weight_curves=weighed.curves,
        weight_interval=weighed.interval,
    )
    corpus = Corpus([chunk.passage for chunk in chunks], vectors, mining.fusion)

    judged = {normalised(query.text) for queries in judging.values() for query in queries}
    given = with_chunks(labelled, corpus, chunks, encoder, judged, groups, split_of)
    tested = [*judging["test"], *banned(given["test"], chunks)]
    miner = Miner(chunks, corpus, config.prepare, config.seed, tested)
    labelled_words = {normalised(query.text) for query in given["train"]}
    taught.take(miner, encoder, judged | labelled.held_out, labelled_words)
    written = WrittenNegatives(_negatives(work), chunks, corpus, encoder)
    counts: Summary = {
        "fusion_weight": mining.fusion.weight,
        "masked_queries": len(masked),
        "language": language,
    }
    for name, path in (("train", work.train), ("dev", work.dev)):
        trained = [query for query in by_split[name] if not query.copied or query.style in TRAINING_STYLES]
        trained += given[name] + (taught.queries if name == "train" else [])
        texts = [query.text for query in trained]
        query_vectors = encode(encoder, texts, "query", progress, f"encoding {name} queries")
        rows = track(
            progress, zip(trained, query_vectors, strict=True), f"mining {name}", len(trained), "queries"
        )
        examples = (
            taught.beside(written.beside(example, vector), vector, corpus) if name == "train" else example
            for query, vector in rows
            for example in miner.examples(query, vector)
        )
        counts[name] = write_jsonl(path, examples)
    counts["shortfalls"] = dict(miner.shortfalls)
    if written.added:
        counts["written_negatives"] = written.added

    remove(work.dev_sets)
    dev_sets = [replace(asked_dev, slices={})]  # people's queries weigh as they come, whatever their styles
    for name, members in (("queries", judging["dev"]), ("masked", masked)):
        dev_sets.append(_dataset(name, "dev", members, chunks, groups))
    for dataset in dev_sets:
        counts[f"dev_{dataset.name}"] = len(dataset.queries)
        if dataset.queries:
            part = pool(dataset, corpus, encoder, config.prepare.dev_corpus, config.seed, progress)
            save_dataset(work.dev_sets / dataset.name, part)

    test = _dataset("test", "test", judging["test"], chunks, groups)
    test = replace(test, facets=_facets(judging["test"], chunks, known, this_round))
    if not test.queries:
        raise WorkspaceError(
            "no query is left to test on: give more documents, or a larger prepare.test_fraction"
        )
    save_dataset(work.test, test)
    used = freeze(work.frozen_test, config, judging["test"], chunks, test_groups)
    save_labelled(work, labelled, chunks, known)
    splits = [*records_of(by_split, judging, groups), *split_records(labelled), *taught.splits]
    write_jsonl(work.splits, sorted(splits, key=lambda record: record.query_id))
    write_json(work.mining, mining)
    counts |= {"test": len(test.queries), "test_digest": used.digest[:12], "test_kept": frozen is not None}
    if this_round is not None:
        held = Counter(test.facets["round"].values())
        counts["round"] = {OLD: held[OLD], FRESH: held[FRESH], "gone": len(this_round.gone)}
        progress.note(
            f"test: {held[OLD]:,} queries of earlier rounds and {held[FRESH]:,} fresh ones; "
            f"{len(this_round.gone):,} can no longer be asked"
        )
    counts |= tell(labelled, progress) | taught.tell(progress)
    _tell(progress, counts, miner)
    return counts


def _negatives(work: Workspace) -> Iterable[WrittenNegative]:
    return read_jsonl(work.negatives, WrittenNegative) if work.negatives.exists() else ()


def _dataset(
    name: str, split: str, queries: Sequence[Query], chunks: Sequence[Chunk], groups: Mapping[str, str]
) -> Dataset:
    """Queries over the whole corpus, copied ones cut out of it; duplicates of a positive answer as well."""
    changed = masked_passages(chunks, queries)
    same = saying_the_same(chunks)
    corpus = {passage.id: passage for passage in with_masks(chunks, changed)}
    return Dataset(
        name=name,
        split=split,
        corpus=corpus,
        queries={query.id: query.text for query in queries},
        qrels={
            query.id: {member: 1 for positive in query.positives for member in same.get(positive, [positive])}
            for query in queries
        },
        clusters={query.id: groups[query.source] for query in queries},
        slices={query.id: query.style for query in queries},
    )


def _facets(
    queries: Sequence[Query], chunks: Sequence[Chunk], known: Origins, this_round: Round | None
) -> dict[str, dict[str, str]]:
    document = {chunk.id: chunk.document_id for chunk in chunks}
    answers = {query.id: document[query.source] for query in queries if query.source in document}
    facets = {"hops": {query.id: str(query.hops) for query in queries}, **known.facets(answers)}
    if this_round is not None:
        facets["round"] = {query.id: OLD if query.id in this_round.old else FRESH for query in queries}
    return facets


def _tell(progress: Progress, counts: Summary, miner: Miner) -> None:
    progress.note(
        f"{counts['train']:,} training examples, {counts['dev']:,} dev, {counts['test']:,} test queries; "
        f"fusion weight {counts['fusion_weight']:g}"
    )
    if "written_negatives" in counts:
        progress.note(f"{counts['written_negatives']:,} training examples have a written negative")
    for reason, count in miner.shortfalls.items():
        progress.note(f"{count:,} queries with {reason}")
