"""May a version be promoted?  What stands against it, and what could not be held against the champion."""

import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

from idiolect.bundle import Bundle
from idiolect.errors import BundleError, RegistryError
from idiolect.evaluation.significance import Comparison
from idiolect.evaluation.wording import evidence, label, signed
from idiolect.lifecycle.registry.fetching import fetched
from idiolect.lifecycle.registry.publishing import REPORT
from idiolect.lifecycle.registry.scores import SCORES, Score, paired, read_scores
from idiolect.lifecycle.registry.summaries import run_of
from idiolect.lifecycle.registry.versions import Version
from idiolect.records import Record

if TYPE_CHECKING:
    from idiolect.lifecycle.registry.catalogue import Registry

SEED = 13
"""Of the resampling behind a comparison: the same two versions always compare alike."""


class Gate(Record, frozen=True, kw_only=True):
    """`against`: reasons to refuse; `notes`: what else was looked at; `comparisons`: with the champion, by data set."""

    against: list[str] = []
    notes: list[str] = []
    comparisons: dict[str, Comparison] = {}


def gate(registry: "Registry", version: Version, champion: Version | None) -> Gate:
    """A version's promotion; `champion` is whom it would replace, None where that is nobody."""
    against = standing_faults(registry, version)
    if version.verdict != "promote":
        holds = (
            "its bundle holds the base's weights" if version.weights == "base" else "its gain was not shown"
        )
        against.insert(0, f"the verdict of its report is {version.verdict} ({holds})")
    notes = warnings(version)
    if champion is None or champion.version == version.version:
        return Gate(against=against, notes=notes)
    comparisons = compared(registry, champion, version, ("test",))
    if version.base_digest == champion.model_digest:
        notes.append(f"its report compares it with the champion {champion}, which it started from")
    elif not comparisons:
        notes.append(f"not compared with the champion {champion}: {why_not(registry, champion, version)}")
    for dataset, comparison in comparisons.items():
        told = f"than the champion {champion} on {dataset} ({signed(comparison.delta)} {label(comparison.metric)}, "
        told += f"{evidence(comparison)})"
        if comparison.ci95[1] < 0:
            against.append(f"it is worse {told}")
        else:
            notes.append(f"no worse {told}")
    return Gate(against=against, notes=notes, comparisons=comparisons)


def standing_faults(registry: "Registry", version: Version) -> list[str]:
    """What forbids to serve a version, whatever it was measured at: altered, tainted, trained on what may not."""
    faults = []
    try:
        Bundle.load(fetched(registry, version)).verify()
    except (BundleError, RegistryError) as error:
        faults.append(f"its files are not those that were published ({error})")
    if version.taint:
        faults.append(f"it is tainted ({version.taint}): what shaped it was erased since, retrain it")
    if version.licences:
        faults.append(
            f"it was trained on documents whose licences deny that ({version.licences}): run again without them"
        )
    return faults


def warnings(version: Version) -> list[str]:
    """What whoever promotes a version should hear. Serving it oneself is not handing it on, and so is not refused."""
    told = []
    if not version.metric:
        told.append(f"warning: {version} came without a report: its verdict is what its bundle says")
    if version.redistribution:
        told.append(
            f"warning: {version} may serve here and is not to be handed on: licences of documents that trained it deny "
            f"that ({version.redistribution})"
        )
    return told


def compared(
    registry: "Registry",
    a: Version,
    b: Version,
    splits: tuple[str, ...] = ("test", "given"),
    target: str = "",
) -> dict[str, Comparison]:
    """Data set → what `b` serves against what `a` serves, on the queries that both were measured on."""
    target = target or target_of(registry, b)
    runs = run_of(a.weights, target), run_of(b.weights, target)
    return paired(_scores(registry, a), _scores(registry, b), runs, (str(a), str(b)), SEED, splits)


def why_not(registry: "Registry", a: Version, b: Version) -> str:
    without = [str(version) for version in (a, b) if not _scores(registry, version)]
    if without:
        return f"{' and '.join(without)} came without per-query scores"
    return "they share no test query over one corpus; `idiolect score` measures both on one BEIR folder"


def target_of(registry: "Registry", version: Version) -> str:
    """What selection and verdict followed: "embedding" or "retriever"."""
    from idiolect.evaluation.report import read_report

    with tempfile.TemporaryDirectory() as place:
        path = registry.file(version, REPORT, Path(place))
        return read_report(path).target if path.is_file() else "embedding"


def _scores(registry: "Registry", version: Version) -> list[Score]:
    with tempfile.TemporaryDirectory() as place:
        return read_scores(registry.file(version, SCORES, Path(place)))
