"""The pipeline as a table: what each stage reads, writes and depends on; and the loop that runs what is stale."""

import datetime
import importlib
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

from idiolect.config import is_endpoint
from idiolect.errors import UsageError, WorkspaceError
from idiolect.estimates.spent import spent
from idiolect.files import digest_path, read_json, remove, write_json
from idiolect.lifecycle.audit.chain import Chain
from idiolect.lifecycle.audit.manifests import Ran, record
from idiolect.lifecycle.erasure.settling import settle
from idiolect.lifecycle.lineage import recording
from idiolect.runtimes.layout import ADDED
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
        version=3,
        reads=(),
        writes=("documents", "rejected_documents", "chunks"),
        settings=("ingest", "licences", "privacy", "train.base"),
        ignores=("ingest.workers", "privacy.key"),
        scratch=("reading",),
    ),
    Stage(
        name="generate",
        version=2,
        reads=("documents", "chunks", "focuses"),
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
        version=3,
        reads=("documents", "chunks", "queries", "negatives"),
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
        version=2,
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

_UNFINISHED: dict[str, Any] = {"unfinished": True}
"""What the lock file says of a stage that has begun; a killed one leaves it there."""


@dataclass(frozen=True)
class Done:
    """What became of a stage: `reason` says why it ran, and is empty where it was up to date."""

    stage: str
    reason: str
    seconds: float = 0.0
    summary: Summary | None = None

    @property
    def skipped(self) -> bool:
        return not self.reason


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


def run(
    context: Context, stages: Sequence[Stage], before: Callable[[Sequence[str]], None] | None = None
) -> list[Done]:
    """Run what is stale, in order; each stage's outputs, lock entry and manifest are on disk before the next.

    `before` is called with the names of the first stage that is stale and of those after it, before
    that one runs; what it raises stops the run.
    """
    done: list[Done] = []
    with context.workspace.held():
        _refuse_unfinished_erasure(context)
        Chain(context.workspace.audit).ready()
        for number, stage in enumerate(stages):
            check = before and partial(before, [one.name for one in stages[number:]])
            done.append(_run_stage(context, stage, check))
            if not done[-1].skipped:
                before = None
    return done


def plan(context: Context, stages: Sequence[Stage]) -> list[Done]:
    """What `run` would do now, without doing it; what depends on a stale stage is stale."""
    result: list[Done] = []
    changed: set[str] = set()
    for stage in stages:
        stale_inputs = [name for name in stage.reads if name in changed]
        if stale_inputs:
            reason = f"depends on {', '.join(stale_inputs)}"
        else:
            reason = _staleness(context, stage, _key(context, stage))
        if reason:
            changed.update(stage.writes)
        result.append(Done(stage.name, reason))
    return result


def given(inputs: Mapping[str, str]) -> dict[str, str]:
    """Those of a stage's inputs that no stage wrote: DOCS, models, labels, prompts, guards."""
    written = {"focuses", *(name for stage in STAGES for name in stage.writes)}
    return {name: digest for name, digest in inputs.items() if name not in written}


def given_now(context: Context, stage: Stage) -> dict[str, str]:
    """The same as they are now. Raises as what looks at them does: a model or DOCS that is not there."""
    return given(_key(context, stage)["inputs"])


def _run_stage(context: Context, stage: Stage, before: Callable[[], None] | None) -> Done:
    key = _key(context, stage)
    reason = _staleness(context, stage, key)
    number = f"[{NAMES.index(stage.name) + 1}/{len(STAGES)}]"
    if not reason:
        context.progress.note(f"{number} {stage.name}: up to date")
        return Done(stage.name, "")
    if before is not None:
        before()
    context.progress.note(f"{number} {stage.name} ({reason})")
    _refuse_unfinished(context, stage)
    locks = _locks(context)
    locks[stage.name] = _UNFINISHED
    write_json(context.workspace.stage_lock, locks)
    started, clock = datetime.datetime.now(datetime.UTC), time.monotonic()
    summary = stage.run(context)
    seconds = round(time.monotonic() - clock, 2)
    outputs = _digests(context, stage.writes)
    ran = Ran(
        stage=stage.name,
        key=key,
        outputs=outputs,
        summary=summary,
        started=started,
        seconds=seconds,
        source=context.source,
        cost=spent(context.config.generate, summary),
    )
    record(context.workspace, context.config, ran)
    settle(context.workspace, stage.name, outputs)
    locks[stage.name] = {**key, "outputs": outputs}
    write_json(context.workspace.stage_lock, locks)
    for name in stage.scratch:
        remove(getattr(context.workspace, name))
    for left, why in recording.record(context.workspace, fresh=stage.name).items():
        context.progress.note(f"the lineage of {left} is not recorded: {why}")
    context.progress.note(f"{number} {stage.name} done in {_duration(seconds)}")
    return Done(stage.name, reason, seconds, summary)


def _refuse_unfinished_erasure(context: Context) -> None:
    if context.workspace.erasing.exists():
        raise WorkspaceError(
            f"an erasure did not finish in {context.workspace.root}: `idiolect audit erase --resume` goes on with it"
        )


def _refuse_unfinished(context: Context, stage: Stage) -> None:
    """Raise WorkspaceError where a stage that makes what this one reads was killed or failed: old and new would mix."""
    locks = _locks(context)
    for maker in STAGES:
        if locks.get(maker.name) == _UNFINISHED and not set(maker.writes).isdisjoint(stage.reads):
            raise WorkspaceError(
                f"`idiolect {maker.name}` did not finish in {context.workspace.root}: run it again before "
                f"`idiolect {stage.name}`"
            )


def _key(context: Context, stage: Stage) -> dict[str, Any]:
    """All that the stage's result depends on: its version, its settings, the digests of its inputs."""
    settings = {name: _setting(context, stage, name) for name in stage.settings}
    inputs = _digests(context, stage.reads)
    if stage.name == "ingest":
        from idiolect.stages.ingest import source_digest

        if context.source is None:
            raise UsageError("ingest needs DOCS: a folder, a file or a JSONL corpus")
        inputs["DOCS"] = source_digest(context.source, context.workspace.root)
        inputs |= _digests(context, ["suppressed"])
    if stage.name == "generate" and context.config.generate.teacher == "llm":
        from idiolect.teachers.roundtrip import ranks

        ranked = ranks(context.config.generate)
    else:
        ranked = False
    if ranked or "train.base" in stage.settings or "train" in stage.settings:
        from idiolect.runtimes.starting import base_digest

        inputs["base model"] = base_digest(context.config.train.base)
    if stage.name == "generate" and context.config.generate.teacher == "llm":
        inputs["prompts"] = digest_path(Path(__file__).parent / "teachers" / "styles")
        given = {"styles": context.workspace.styles, "exemplars": Path(context.config.generate.exemplars)}
        inputs |= {name: digest_path(path) for name, path in given.items() if path.name and path.exists()}
    if stage.name in ("generate", "prepare"):
        labels = [context.config.prepare.queries, context.config.prepare.qrels]
        inputs |= {name: digest_path(Path(name)) for name in labels if name and Path(name).is_file()}
    if stage.name == "train":
        inputs |= _raters(context)
        if context.config.train.start:
            from idiolect.runtimes.starting import base_digest

            inputs["start"] = base_digest(context.config.train.start)
    if stage.name in ("train", "evaluate"):
        evaluate = context.config.evaluate
        reported = (*evaluate.beir, *evaluate.against, *evaluate.tasks) if stage.name == "evaluate" else ()
        named = (*evaluate.guard, *reported)
        inputs |= {name: digest_path(Path(name)) for name in named if Path(name).exists()}
    if stage.name == "evaluate" and any(map(is_endpoint, context.config.evaluate.against)):
        inputs |= _digests(context, ["documents"])  # which say what an endpoint may be sent
    return {"version": stage.version, "settings": settings, "inputs": inputs}


def _raters(context: Context) -> dict[str, str]:
    """What guides and teachers of training are, and what an LLM may see, beyond the settings' names for them."""
    train, generate = context.config.train, context.config.generate
    inputs = {}
    if "cross-encoder" in (train.guide, train.teacher):
        from idiolect.runtimes.cross_encoder import cross_encoder_digest

        inputs["cross-encoder"] = cross_encoder_digest(train.cross_encoder)
    if train.teacher == "llm":
        inputs["judge"] = generate.judge_model or generate.model
        inputs |= _digests(context, ["documents"])
    return inputs


def _setting(context: Context, stage: Stage, name: str) -> Any:
    value = context.config.get(name)
    if isinstance(value, dict):
        return {key: item for key, item in value.items() if f"{name}.{key}" not in stage.ignores}
    return value


def _digests(context: Context, names: Sequence[str]) -> dict[str, str]:
    paths = {name: getattr(context.workspace, name) for name in names}
    return {name: digest_path(path, ADDED) for name, path in paths.items() if path.exists()}


def _staleness(context: Context, stage: Stage, key: dict[str, Any]) -> str:
    """Why the stage must run; empty where it need not."""
    lock = _locks(context).get(stage.name)
    if lock is None:
        return "first run"
    if lock == _UNFINISHED:
        return "it did not finish the last time"
    if lock["version"] != key["version"]:
        return "idiolect changed"
    for kind in ("settings", "inputs"):
        changed = _changed(lock[kind], key[kind])
        if changed:
            return f"changed: {', '.join(changed)}"
    outputs = _digests(context, stage.writes)
    altered = [
        getattr(context.workspace, name).name
        for name in lock["outputs"]
        if outputs.get(name) != lock["outputs"][name]
    ]
    return f"altered or missing: {', '.join(altered)}" if altered else ""


def _changed(old: dict[str, Any], new: dict[str, Any]) -> list[str]:
    """Names whose values differ, sections down to their keys."""
    names: list[str] = []
    for name in sorted({*old, *new}):
        before, after = old.get(name), new.get(name)
        if isinstance(before, dict) and isinstance(after, dict):
            names += [
                f"{name}.{key}" for key in sorted({*before, *after}) if before.get(key) != after.get(key)
            ]
        elif before != after:
            names.append(name)
    return names


def _locks(context: Context) -> dict[str, Any]:
    path = context.workspace.stage_lock
    locks: dict[str, Any] = read_json(path) if path.exists() else {}
    return locks


def _duration(seconds: float) -> str:
    return f"{seconds:.1f} s" if seconds < 100 else f"{seconds / 60:.1f} min"
