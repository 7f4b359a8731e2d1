"""The loop that runs what is stale, and leaves lock, manifest, log and lineage after each stage."""

import datetime
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial

from idiolect.errors import WorkspaceError
from idiolect.estimates.spent import spent
from idiolect.files import remove, write_json
from idiolect.lifecycle.audit.chain import Chain
from idiolect.lifecycle.audit.manifests import Ran, record
from idiolect.lifecycle.erasure.settling import settle
from idiolect.lifecycle.lineage import recording
from idiolect.pipeline.keys import digests_of, key_of
from idiolect.pipeline.staleness import UNFINISHED, locks_of, refuse_unfinished, staleness
from idiolect.pipeline.table import NAMES, STAGES, Stage
from idiolect.stages.context import Context, Summary


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
            reason = staleness(context, stage, key_of(context, stage))
        if reason:
            changed.update(stage.writes)
        result.append(Done(stage.name, reason))
    return result


def _run_stage(context: Context, stage: Stage, before: Callable[[], None] | None) -> Done:
    key = key_of(context, stage)
    reason = staleness(context, stage, key)
    number = f"[{NAMES.index(stage.name) + 1}/{len(STAGES)}]"
    if not reason:
        context.progress.note(f"{number} {stage.name}: up to date")
        return Done(stage.name, "")
    if before is not None:
        before()
    context.progress.note(f"{number} {stage.name} ({reason})")
    refuse_unfinished(context, stage)
    locks = locks_of(context)
    locks[stage.name] = UNFINISHED
    write_json(context.workspace.stage_lock, locks)
    started, clock = datetime.datetime.now(datetime.UTC), time.monotonic()
    summary = stage.run(context)
    seconds = round(time.monotonic() - clock, 2)
    outputs = digests_of(context, stage.writes)
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


def _duration(seconds: float) -> str:
    return f"{seconds:.1f} s" if seconds < 100 else f"{seconds / 60:.1f} min"
