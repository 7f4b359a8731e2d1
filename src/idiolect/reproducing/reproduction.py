"""What `reproduce` does: the stages up to a manifest's run again, in a WORK of their own, and compared."""

import contextlib
from collections.abc import Sequence
from copy import deepcopy
from pathlib import Path

from idiolect import pipeline
from idiolect.config import Config, resolved
from idiolect.errors import AuditError, UsageError
from idiolect.lifecycle.audit.manifests import StageManifest, read
from idiolect.progress import Progress
from idiolect.records import Record
from idiolect.reproducing import circumstances
from idiolect.reproducing.behind import behind, expected
from idiolect.reproducing.comparing import TOLERANCE, Gap, Output, count, gaps, output
from idiolect.reproducing.seeding import claim, seed
from idiolect.stages.context import Context
from idiolect.workspace import Workspace


class Reproduction(Record, frozen=True, kw_only=True):
    """`changed`: what is no longer as the manifests say; `figures` is how many were compared, `gaps` those that
    differ; `calls` to LLMs were made because the cache held no answer.
    """

    manifest: str
    work: str
    changed: list[str]
    outputs: list[Output]
    figures: int
    gaps: list[Gap]
    tolerance: float
    calls: int = 0

    @property
    def failed(self) -> list[str]:
        """The outputs and figures that are others."""
        figures = [f"{gap.stage}'s {gap.figure}" for gap in self.gaps if gap.beyond]
        return [one.name for one in self.outputs if one.state == "other"] + figures

    @property
    def agrees(self) -> bool:
        return not self.failed


def reproduce(
    path: Path,
    root: Path | None,
    progress: Progress,
    docs: Path | None = None,
    settings: Sequence[str] = (),
    pay: bool = False,
    tolerance: float = TOLERANCE,
) -> Reproduction:
    """Run the manifest in `path` and what it rests on again, in the folder `root`, and compare.

    `docs` is where DOCS lie now, `settings` are overrides for what has moved; `pay` lets an LLM be asked again.
    Relative paths of the config start where the first command ran. A second call goes on where a killed one was.
    Raises AuditError where the manifest cannot be run again, UsageError for a folder that holds something else.
    """
    path = path.absolute()
    manifests = behind(path)
    original = Workspace(path.parent.parent) if path.parent.name == "manifests" else None
    if root is None and original is None:
        raise UsageError(f"{path} lies in no WORK/manifests: say with -w where it is to run again")
    if root is None and original is not None:
        root = original.root.with_name(f"{original.root.name}-reproduced")
    exported = manifests.get("export")
    again = Workspace(Path(root or ".").absolute(), str(exported.summary.get("name", "")) if exported else "")
    source = _source(manifests, docs.absolute() if docs else None)
    claim(again, original, path)
    changed = circumstances.surroundings(manifests.values()) + seed(again, original, manifests, pay)
    target = list(manifests.values())[-1]
    stages = pipeline.between(None, target.stage)
    with _in_directory(target.directory):
        contexts = {
            stage.name: Context(again, _config(manifests, stage.name, settings), progress, source)
            for stage in stages
        }
        for name, manifest in manifests.items():
            now = pipeline.given_now(contexts[name], stages[pipeline.NAMES.index(name)])
            changed += circumstances.settings(manifest, contexts[name].config)
            changed += circumstances.inputs(name, pipeline.given(manifest.inputs), now)
        changed = list(dict.fromkeys(changed))
        for line in changed:
            progress.note(f"changed: {line}")
        for stage in stages:
            pipeline.run(contexts[stage.name], [stage])
    return _compared(path, manifests, original, again, changed, tolerance)


def _compared(
    path: Path,
    manifests: dict[str, StageManifest],
    original: Workspace | None,
    again: Workspace,
    changed: list[str],
    tolerance: float,
) -> Reproduction:
    now = {one.stage: one for one in map(read, sorted(again.manifests.glob("*.json")))}
    found = [
        gap
        for stage, then in manifests.items()
        for gap in gaps(stage, then.metrics, now[stage].metrics, tolerance)
    ]
    changed = changed + circumstances.gpus(manifests, now)
    figures = sum(count(then.metrics) for then in manifests.values())
    close = figures > 0 and not any(gap.beyond for gap in found)
    digests = expected(manifests)
    return Reproduction(
        manifest=str(path),
        work=str(again.root),
        changed=changed,
        outputs=[
            output(stage.name, name, digests.get(name, ""), original, again, close)
            for stage in pipeline.STAGES
            for name in stage.writes
            if stage.name in now
            and (name in digests or (stage.name in manifests and name in now[stage.name].outputs))
        ],
        figures=figures,
        gaps=found,
        tolerance=tolerance,
        calls=sum(bill["llm_calls"] for one in now.values() for bill in one.cost),
    )


def _config(manifests: dict[str, StageManifest], stage: str, settings: Sequence[str]) -> Config:
    """The config of the stage's own run; where that has no manifest, of the last one."""
    manifest = manifests.get(stage) or list(manifests.values())[-1]
    return resolved(deepcopy(manifest.config), settings)


def _source(manifests: dict[str, StageManifest], docs: Path | None) -> Path:
    source = docs or next((Path(one.source) for one in manifests.values() if one.source), None)
    if source is None:
        raise AuditError("the manifest does not say what DOCS were: say where they lie with --docs")
    if not source.exists():
        raise AuditError(f"the documents {source} are not there: say where they lie now with --docs")
    return source


def _in_directory(directory: str) -> contextlib.AbstractContextManager[None]:
    """Where the first command ran, as far as that is there."""
    return contextlib.chdir(directory) if Path(directory).is_dir() else contextlib.nullcontext()
