"""What each stage reads, writes and depends on."""

import importlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from idiolect.errors import UsageError
from idiolect.stages.context import Context, Summary


@dataclass(frozen=True)
class Stage:
    """One row: `reads` and `writes` name paths of the Workspace, `settings` dotted config keys.

    `ignores` are settings that change how a stage gets its result, not the result; `scratch` are
    paths that a killed run continues from, removed once the stage is done.
    """

    name: str
    version: int
    reads: tuple[str, ...]
    writes: tuple[str, ...]
    settings: tuple[str, ...]
    ignores: tuple[str, ...] = ()
    scratch: tuple[str, ...] = ()

    def run(self, context: Context) -> Summary:
        function: Callable[[Context], Summary] = importlib.import_module(f"idiolect.stages.{self.name}").run
        return function(context)


STAGES = (
    Stage(
        name="ingest",
        version=4,
        reads=(),
        writes=("documents", "rejected_documents", "chunks"),
        settings=("ingest", "licences", "privacy", "train.base"),
        ignores=("ingest.workers", "privacy.key"),
        scratch=("reading",),
    ),
    Stage(
        name="generate",
        version=2,
        reads=("documents", "chunks", "focuses", "carried"),
        writes=("queries", "rejected", "negatives", "generate_report"),
        settings=("seed", "generate", "privacy", "prepare.queries", "prepare.qrels"),
        ignores=(
            "privacy.key",
            "generate.concurrency",
            "generate.timeout",
            "generate.base_url",
            "generate.api_key_env",
            "generate.prices",
            "generate.judge_base_url",
            "generate.judge_api_key_env",
            "generate.failure_queries",
        ),
    ),
    Stage(
        name="prepare",
        version=4,
        reads=("documents", "chunks", "queries", "negatives", "carried", "learnt_queries"),
        writes=(
            "splits",
            "train",
            "dev",
            "dev_sets",
            "test",
            "frozen_test",
            "mining",
            "labelled",
            "rejected_labels",
        ),
        settings=("seed", "prepare", "privacy", "train.base"),
        ignores=("privacy.key",),
    ),
    Stage(
        name="train",
        version=3,
        reads=("chunks", "queries", "train", "dev_sets", "mining"),
        writes=("model", "selection"),
        settings=("seed", "train", "prepare.margin", "prepare.dev_corpus", "evaluate.guard"),
        scratch=("checkpoints",),
    ),
    Stage(
        name="evaluate",
        version=4,
        reads=("chunks", "queries", "generate_report", "dev_sets", "test", "labelled", "model", "selection"),
        writes=("report", "report_page", "per_query", "calibration", "compression"),
        settings=("seed", "evaluate", "train.base", "train.target"),
    ),
    Stage(
        name="export",
        version=4,
        reads=(
            "documents",
            "chunks",
            "queries",
            "test",
            "model",
            "selection",
            "report",
            "calibration",
            "compression",
        ),
        writes=("bundle",),
        settings=("export", "ingest.chunk_tokens", "ingest.overlap_tokens", "train.base"),
    ),
)

NAMES = tuple(stage.name for stage in STAGES)


def between(first: str | None, last: str | None) -> Sequence[Stage]:
    """The stages from `first` to `last`, both included; None is the pipeline's own end."""
    for name in (first, last):
        if name is not None and name not in NAMES:
            raise UsageError(f"unknown stage {name!r}: the stages are {', '.join(NAMES)}")
    start = NAMES.index(first) if first else 0
    end = NAMES.index(last) + 1 if last else len(STAGES)
    if start >= end:
        raise UsageError(f"--from {first} comes after --to {last}")
    return STAGES[start:end]
