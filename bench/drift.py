"""How often drift is called where there is none, and how often it is found, beside common rules.

    python bench/drift.py ../shared/data [--trials 200] [--size 200] [--permutations 199] [--seed 13] [--out FILE]

Needs, in one folder, `opentelemetry` (a checkout of its documentation) and `scifact`, `scifact-llm`, `cosqa` (BEIR
folders).  Documents: windows of OpenTelemetry's chunks, of different documents, with a share of SciFact's abstracts
injected.  Queries: windows of SciFact's claims, with a share of CoSQA's questions injected.  Prints the share of trials
in which each detector at 5%, and each rule, calls drift, with the seconds of one; then the panel as a whole: any
detector in one window, and any in two windows in a row against one reference, which is an alarm.
"""

import argparse
import json
import sys
import time
from collections import defaultdict
from pathlib import Path

import numpy as np
from _drift_rules import RULES
from _drift_texts import Material, documents, queries

from idiolect.config.sections.drift import Drift
from idiolect.lifecycle.drift.panel import findings

INJECTED = (0.0, 0.05, 0.1, 0.2, 0.4)


def rates(material: Material, trials: int, size: int, settings: Drift, seed: int) -> dict:
    """Share injected → detector or rule → share of the trials that call drift; and the seconds of a trial."""
    found: dict[float, dict[str, list[bool]]] = {}
    seconds: dict[str, float] = defaultdict(float)
    for injected in INJECTED:
        called: dict[str, list[bool]] = defaultdict(list)
        for trial in range(trials):
            rng = np.random.default_rng((seed, trial, round(1000 * injected)))
            pooled = material.pooled(*material.windows((size, size), injected, rng))
            began = time.perf_counter()
            panel = findings(pooled, settings, trial)
            seconds["all detectors"] += time.perf_counter() - began
            for one in panel:
                called[one.detector].append(one.drifted)
            called["any detector"].append(any(one.drifted for one in panel))
            for name, rule in RULES.items():
                began = time.perf_counter()
                called[name].append(rule(pooled, trial))
                seconds[name] += time.perf_counter() - began
        found[injected] = {name: float(np.mean(values)) for name, values in called.items()}
    return {
        "called": found,
        "seconds": {name: value / trials / len(INJECTED) for name, value in seconds.items()},
    }


def alarms(material: Material, trials: int, size: int, settings: Drift, seed: int) -> dict[str, float]:
    """Without drift: any detector in the first of two windows, and one in both of them."""
    first, both = [], []
    for trial in range(trials):
        rng = np.random.default_rng((seed, trial, 1))
        reference, *windows = material.windows((size, size, size), 0.0, rng)
        moved = [
            {
                one.detector
                for one in findings(material.pooled(reference, rows), settings, trial)
                if one.drifted
            }
            for rows in windows
        ]
        first.append(bool(moved[0]))
        both.append(bool(moved[0] & moved[1]))
    return {"one window": float(np.mean(first)), "two in a row: an alarm": float(np.mean(both))}


def say(line: str) -> None:
    sys.stdout.write(f"{line}\n")


def show(name: str, found: dict, trials: int) -> None:
    say(f"\n{name}: share of {trials} trials that call drift, by the share injected")
    say(f"{'':28}" + "".join(f"{share:>8.0%}" for share in INJECTED) + "   seconds")
    for rule in found["called"][0.0]:
        rows = "".join(f"{found['called'][share][rule]:>8.1%}" for share in INJECTED)
        taken = found["seconds"].get("all detectors" if rule == "any detector" else rule)
        say(f"{rule:28}{rows}" + (f"   {taken:.3f}" if taken else ""))
    for what, rate in found["panel"].items():
        say(f"no drift, any detector, {what}: {rate:.1%}")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("data", type=Path)
    parser.add_argument("--trials", type=int, default=200)
    parser.add_argument("--size", type=int, default=200)
    parser.add_argument("--permutations", type=int, default=199)
    parser.add_argument("--seed", type=int, default=13)
    parser.add_argument("--out", type=Path)
    given = parser.parse_args()
    if not (given.data / "opentelemetry").is_dir():
        parser.error(f"{given.data} holds no opentelemetry: give the folder of the data sets")
    settings = Drift(permutations=given.permutations)
    results = {}
    for name, made in (("documents", documents), ("queries", queries)):
        material = made(given.data, given.seed)
        results[name] = rates(material, given.trials, given.size, settings, given.seed)
        results[name]["panel"] = alarms(material, given.trials, given.size, settings, given.seed)
        show(name, results[name], given.trials)
    if given.out:
        given.out.write_text(json.dumps(results, indent=1) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
