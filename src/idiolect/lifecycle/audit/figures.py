"""What a stage found, in figures small enough for its manifest, from the files that it wrote."""

from collections.abc import Callable
from typing import Any

from idiolect.errors import InputError
from idiolect.files import read_json
from idiolect.runtimes.layout import MANIFEST
from idiolect.workspace import Workspace

Figures = dict[str, Any]


def figures(work: Workspace, stage: str) -> Figures:
    """Name → figure, nested; empty for stages that only count, and where a file does not say what it should.

    A manifest is written whatever its stage left: a figure that cannot be read is missing, and fails nothing.
    """
    make = _OF.get(stage)
    try:
        return make(work) if make else {}
    except (InputError, OSError, KeyError, TypeError):
        return {}


def _of_prepare(work: Workspace) -> Figures:
    return {"fusion weight": read_json(work.mining)["fusion"]["weight"]}


def _of_train(work: Workspace) -> Figures:
    """The share of the change that was kept, dev's scores without and with it, both fusion weights."""
    selection = read_json(work.selection)
    return {
        "share": selection["share"],
        "judged_by": selection["judged_by"],
        "dev": {"base": selection["shares"]["0"], "kept": selection["shares"][f"{selection['share']:g}"]},
        "fusion weight": {side: fusion["weight"] for side, fusion in selection["fusion"].items()},
    }


def _of_evaluate(work: Workspace) -> Figures:
    """The verdict, the comparison behind it, and every run's metrics on every data set."""
    report = read_json(work.report)
    deciding = next(one for one in report["decisions"].values() if one["decides"])
    named = ("a", "b", "metric", "delta", "ci95", "p", "n")
    return {
        "verdict": report["verdict"],
        "decided_on": report["decided_on"],
        "comparison": {name: deciding["comparison"][name] for name in named},
        "datasets": {name: dataset["runs"] for name, dataset in report["datasets"].items()},
    }


def _of_export(work: Workspace) -> Figures:
    """How each graph's vectors and ranking compare with torch's."""
    manifest = read_json(work.bundle / MANIFEST)
    named = ("cosine_min", "cosine_mean", "metric", "reference")
    return {
        "verdict": manifest["verdict"],
        "parity": {
            runtime: {name: parity[name] for name in named} for runtime, parity in manifest["parity"].items()
        },
    }


_OF: dict[str, Callable[[Workspace], Figures]] = {
    "prepare": _of_prepare,
    "train": _of_train,
    "evaluate": _of_evaluate,
    "export": _of_export,
}
