"""Which queries train, select and test, in a first round and in further ones."""

from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from typing import Any

from idiolect.config import Config
from idiolect.evaluation.labels import normalised
from idiolect.mining.rounds import Round
from idiolect.mining.splits import assign
from idiolect.records import FrozenTest, Query, Split, SplitName
from idiolect.teachers.extractive import JUDGING_STYLES, TRAINING_STYLES

FEWEST_JUDGING = 50
"""With fewer headings and definitions than this, copied sentences join the queries that judge."""


def split_of_groups(
    queries: Sequence[Query],
    groups: Mapping[str, str],
    config: Config,
    frozen: FrozenTest | None,
    this_round: Round | None,
) -> dict[str, SplitName]:
    members = {groups[query.source] for query in queries if query.source in groups}
    if this_round is not None:
        return this_round.split(set(groups.values()), members, config.prepare, config.seed)
    kept = frozen.groups if frozen else ()
    return assign(
        members | (set(kept) & set(groups.values())),
        config.prepare.test_fraction,
        config.prepare.dev_fraction,
        config.seed,
        kept,
        Counter(groups.values()),
    )


def by_split_of(
    queries: Sequence[Query], split_of: Mapping[str, SplitName], groups: Mapping[str, str]
) -> dict[str, list[Query]]:
    """Split → its queries."""
    result: dict[str, list[Query]] = {"train": [], "dev": [], "test": [], "unused": []}
    for query in queries:
        splits = {split_of.get(groups.get(identifier, "")) for identifier in (query.source, *query.positives)}
        splits.discard(None)
        if query.source in groups:
            # a query whose positives stand on two sides would show one side the other's passages
            result[split_of[groups[query.source]] if len(splits) == 1 else "unused"].append(query)
    return result


def hold(by_split: dict[str, list[Query]], test: Sequence[Query]) -> None:
    """Let these queries be the test; others of its documents are unused."""
    kept = {query.id for query in test}
    by_split["unused"] += [query for query in by_split["test"] if query.id not in kept]
    by_split["test"] = list(test)


def keep_from_training(by_split: dict[str, list[Query]], words: Collection[str]) -> None:
    """Make training queries unused that say the same as a held-out one."""
    train, by_split["train"] = by_split["train"], []
    for query in train:
        by_split["unused" if normalised(query.text) in words else "train"].append(query)


def judging_of(queries: Sequence[Query]) -> list[Query]:
    """The queries of dev or test that judge: written ones, or copied ones of styles that nothing trains on."""
    written = [query for query in queries if not query.copied]
    if written:
        return written
    judging = [query for query in queries if query.style in JUDGING_STYLES]
    if len(judging) < FEWEST_JUDGING:
        judging += [query for query in queries if query.style == "sentence" and query.cut]
    return judging


def records_of(
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
    return records
