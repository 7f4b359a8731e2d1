"""The manifests behind a manifest: of each earlier stage the run whose outputs it read."""

from collections.abc import Iterator
from pathlib import Path

from idiolect.errors import AuditError
from idiolect.lifecycle.audit.manifests import StageManifest, feeds, read
from idiolect.pipeline import NAMES, STAGES


def behind(path: Path) -> dict[str, StageManifest]:
    """Stage → manifest, in the order of the pipeline, the one in `path` last.

    The others are looked for beside it; a stage that none is found of is left out. Raises AuditError where `path`
    is no manifest.
    """
    target = read(path)
    if target.stage not in NAMES:
        raise AuditError(
            f"{path} is of the stage {target.stage!r}, which this version of idiolect does not have"
        )
    found = {target.stage: target}
    earlier = list(_before(path))
    for stage in reversed(NAMES[: NAMES.index(target.stage)]):
        for other in earlier:
            if other.stage == stage and _read_by(other, found):
                found[stage] = other
                break
    return {stage: found[stage] for stage in NAMES if stage in found}


def expected(manifests: dict[str, StageManifest]) -> dict[str, str]:
    """Name in WORK → the digest that it had: what the runs wrote, and what the last of them read."""
    target = list(manifests.values())[-1]
    names = {name for stage in STAGES for name in stage.writes}
    result = {name: digest for name, digest in target.inputs.items() if name in names}
    for manifest in manifests.values():
        result |= manifest.outputs
    return result


def _before(path: Path) -> Iterator[StageManifest]:
    """Manifests beside `path` that were written before it, the latest first; those of older versions left out."""
    for other in sorted(path.parent.glob("*.json"), reverse=True):
        if other.name < path.name:
            try:
                yield read(other)
            except AuditError:
                continue


def _read_by(maker: StageManifest, readers: dict[str, StageManifest]) -> bool:
    """Whether all that read what the maker's stage writes read its outputs, and some do."""
    reading = [one for one in readers.values() if maker.outputs.keys() & one.inputs.keys()]
    return bool(reading) and all(feeds(maker.outputs, one.inputs) for one in reading)
