"""What came out, held against a manifest: digests, and where these differ, figures."""

from collections.abc import Iterator, Mapping
from itertools import zip_longest
from pathlib import Path
from typing import Any, Literal

from idiolect.evaluation.verdict import SMALLEST_GAIN
from idiolect.files import digest_path, read_json, tree_digests
from idiolect.records import Record
from idiolect.runtimes.layout import ADDED, BILL, CARD, MANIFEST
from idiolect.workspace import Workspace

TOLERANCE = SMALLEST_GAIN
"""By how much a figure may differ and still be the same: the smallest gain that a verdict calls one."""

COMPUTED = frozenset(
    (
        "train", "dev", "dev_sets", "mining", "model", "selection", "report", "report_page", "per_query", "calibration",
        "compression", "bundle",
    )
)  # fmt: skip
"""Outputs that a model's arithmetic goes into, which is another on another machine or with other threads."""

_CHANCE = ("comparison.p",)  # moves far where nothing else does


class Output(Record, frozen=True, kw_only=True):
    """One thing in WORK. `identical` to the byte, `equal` but for speeds and names of runs, `close` as figures are, or
    `other`.
    """

    stage: str
    name: str
    state: Literal["identical", "equal", "close", "other"]
    how: str = ""


class Gap(Record, frozen=True, kw_only=True):
    """A figure of a stage that is another now."""

    stage: str
    figure: str
    then: Any
    now: Any
    beyond: bool


def gaps(stage: str, then: Mapping[str, Any], now: Mapping[str, Any], tolerance: float) -> list[Gap]:
    """The figures that differ; `beyond` says by more than `tolerance`, or that they are no numbers."""
    before, after = dict(_flat(then)), dict(_flat(now))
    return [
        Gap(
            stage=stage,
            figure=name,
            then=before.get(name),
            now=after.get(name),
            beyond=not _near(before.get(name), after.get(name), tolerance),
        )
        for name in sorted({*before, *after} - {*_CHANCE})
        if before.get(name) != after.get(name)
    ]


def count(figures: Mapping[str, Any]) -> int:
    return sum(1 for _ in _flat(figures))


def output(
    stage: str, name: str, digest: str, original: Workspace | None, again: Workspace, close: bool
) -> Output:
    """How a thing in `again` stands to the one that had `digest` then, "" where there was none.

    `original` is the WORK where it was made, if that can be looked at; `close`: the figures agree.
    """
    path: Path = getattr(again, name)
    now = digest_path(path, ADDED) if path.exists() else ""
    if now == digest:
        return Output(stage=stage, name=name, state="identical")
    if not now or not digest:
        return Output(stage=stage, name=name, state="other", how="gone now" if digest else "not there then")
    before = _kept(original, name, digest)
    if name == "report" and before and _timeless(before) == _timeless(path):
        return Output(stage=stage, name=name, state="equal", how="but for measured speeds")
    if name == "bundle" and before and _nameless(before) == _nameless(path):
        return Output(
            stage=stage, name=name, state="equal", how="but for the run that its card and bill name"
        )
    state: Literal["close", "other"] = "close" if close and name in COMPUTED else "other"
    return Output(stage=stage, name=name, state=state, how=_where(before, path) if before else "")


def _kept(original: Workspace | None, name: str, digest: str) -> Path | None:
    """The thing as it was then, where it still lies in the original WORK."""
    path: Path | None = getattr(original, name) if original else None
    return path if path and path.exists() and digest_path(path, ADDED) == digest else None


def _where(before: Path, after: Path) -> str:
    """Which files of a folder, or how many lines of a file, are others."""
    if before.is_dir():
        then, now = tree_digests(before, ADDED), tree_digests(after, ADDED)
        files = [name for name in sorted({*then, *now}) if then.get(name) != now.get(name)]
        return f"{len(files)} of {len(then)} files: {', '.join(files[:3])}{', …' if len(files) > 3 else ''}"
    if before.suffix != ".jsonl":
        return ""
    with before.open("rb") as old, after.open("rb") as new:
        pairs = list(zip_longest(old, new))
    return f"{sum(a != b for a, b in pairs):,} of {len(pairs):,} lines"


def _timeless(path: Path) -> Any:
    """A report without how fast the models were that it compares."""
    report = read_json(path)
    return report | {"against": [{**one, "speed": None} for one in report.get("against", ())]}


def _nameless(bundle: Path) -> tuple[Any, dict[str, str]]:
    """A bundle without the papers that say when and by which run it was made."""
    papers = (CARD, BILL)
    manifest = read_json(bundle / MANIFEST)
    listed = [file for file in manifest["files"] if file["path"] not in papers]
    files = {
        name: digest
        for name, digest in tree_digests(bundle, ADDED).items()
        if name not in (*papers, MANIFEST)
    }
    return manifest | {"files": listed}, files


def _near(then: Any, now: Any, tolerance: float) -> bool:
    numbers = all(isinstance(value, int | float) and not isinstance(value, bool) for value in (then, now))
    return numbers and abs(then - now) <= tolerance


def _flat(value: Any, name: str = "") -> Iterator[tuple[str, Any]]:
    if isinstance(value, Mapping):
        for key, item in value.items():
            yield from _flat(item, f"{name}.{key}" if name else str(key))
    elif isinstance(value, list | tuple):
        for number, item in enumerate(value):
            yield from _flat(item, f"{name}.{number}")
    else:
        yield name, value
