"""Amounts that earlier stages have counted, in place of those that were only estimated."""

from collections.abc import Collection
from typing import Any

import msgspec

from idiolect.config import Config
from idiolect.estimates.amounts import Amounts
from idiolect.estimates.history import Earlier, manifests
from idiolect.teachers.extractive import TRAINING_STYLES
from idiolect.workspace import Workspace


def known_amounts(estimated: Amounts, work: Workspace, config: Config, stages: Collection[str]) -> Amounts:
    """`estimated` with the queries and examples that stages outside `stages` left in WORK."""
    latest = {manifest["stage"]: manifest["summary"] for manifest in manifests(work)}
    result = estimated
    if "generate" in latest and not {"ingest", "generate"} & set(stages):
        result = _generated(result, latest["generate"], config)
    if "prepare" in latest and not {"ingest", "generate", "prepare"} & set(stages):
        result = _prepared(result, latest["prepare"])
    return result


def then(before: Earlier, now: Amounts) -> Amounts | None:
    """The amounts of an earlier run; None where it cannot be told what it worked on."""
    ingested = before.ingested
    if not ingested.get("chunks") or not ingested.get("tokens"):
        return None
    left_out = sum(before.generated.get(f"chunks_{why}", 0) for why in ("duplicate", "boilerplate"))
    result = msgspec.structs.replace(
        now,
        documents=ingested.get("documents", 0),
        chunks=ingested["chunks"],
        tokens=ingested["tokens"],
        asked=ingested["chunks"] - left_out,
        characters=now.characters * ingested["tokens"] / max(now.tokens, 1),
        read_seconds=now.read_seconds * ingested["tokens"] / max(now.tokens, 1),
        encoded=0.0,
    )
    if before.generated:
        result = _generated(result, before.generated, before.config)
    if before.prepared:
        result = _prepared(result, before.prepared)
    return result


def _generated(amounts: Amounts, summary: dict[str, Any], config: Config) -> Amounts:
    queries = summary.get("queries", 0)
    train, test = 1 - config.prepare.test_fraction - config.prepare.dev_fraction, config.prepare.test_fraction
    if summary.get("teacher") == "extractive":
        copied = sum(summary.get("styles", {}).get(style, 0) for style in TRAINING_STYLES)
        return msgspec.structs.replace(
            amounts, queries=queries, examples=copied * train, judging=(queries - copied) * test, masked=True
        )
    return msgspec.structs.replace(
        amounts, queries=queries, examples=queries * train, judging=queries * test, masked=False
    )


def _prepared(amounts: Amounts, summary: dict[str, Any]) -> Amounts:
    return msgspec.structs.replace(
        amounts,
        examples=summary.get("train", amounts.examples),
        judging=summary.get("test", amounts.judging),
    )
