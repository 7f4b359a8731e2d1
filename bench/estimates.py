"""What a dry run says against what the run then takes: minutes, peak memory and disk of every stage, and LLM calls.

    python bench/estimates.py DOCS [-c idiolect.toml] [--set section.key=value]... [--work WORK] [--to STAGE]

Each stage runs in a process of its own, so that its peak memory is its own; of ingest only the
first process is measured here, while the estimate covers those that read as well.  Ratios are
estimate to measured: 1 is right, 2 twice too much.  On a busy machine OMP_NUM_THREADS=1 gives
steadier ones.
"""

import argparse
import json
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

STAGES = ("ingest", "generate", "prepare", "train", "evaluate", "export")
PROMOTED, BASE_KEPT = 0, 3


def command(stage: str, docs: Path | None, work: Path, options: list[str]) -> list[str]:
    source = [str(docs)] if docs is not None and stage in ("run", "ingest") else []
    return [sys.executable, "-m", "idiolect", stage, *source, "-w", str(work), "-q", *options]


def measured(arguments: list[str]) -> tuple[float, float]:
    """Wall seconds and peak resident MB of a process."""
    began = time.perf_counter()
    process = subprocess.Popen(arguments, stdout=subprocess.DEVNULL)
    _, status, usage = os.wait4(process.pid, 0)
    code = os.waitstatus_to_exitcode(status)
    if code not in (PROMOTED, BASE_KEPT):
        raise SystemExit(f"{' '.join(arguments)} ended with {code}")
    return time.perf_counter() - began, usage.ru_maxrss / 1000


def megabytes(folder: Path) -> float:
    return sum(file.stat().st_size for file in folder.rglob("*") if file.is_file()) / 1e6


def ratio(estimate: float | None, real: float) -> str:
    return "    ?" if estimate is None else f"{estimate / max(real, 1e-6):5.2f}"


def write_llm(bills: list[dict[str, Any]], work: Path) -> None:
    """Calls and tokens of each purpose, as generate's latest manifest counted them."""
    manifest = max((work / "manifests").glob("*generate*.json"), key=lambda file: file.stat().st_mtime)
    summary = json.loads(manifest.read_text(encoding="utf-8"))["summary"]
    for purpose, counted in (
        ("queries", summary),
        *((name, summary.get(name)) for name in ("judge", "negatives")),
    ):
        told = [one for one in bills if one["purpose"] in (purpose, f"judged {purpose}")]
        if not told or not counted:
            continue
        columns = []
        for keys in (("llm_calls",), ("prompt_tokens", "completion_tokens")):
            estimate = sum(one[key] for one in told for key in keys)
            real = sum(counted[key.removeprefix("llm_")] for key in keys)
            columns.append(f"{estimate:10,} {real:10,} {ratio(estimate, real)}")
        sys.stdout.write(f"  {purpose:10} calls {columns[0]}  tokens {columns[1]}\n")


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("docs", type=Path)
    parser.add_argument("-c", "--config")
    parser.add_argument("--set", dest="settings", action="append", default=[])
    parser.add_argument("--work", type=Path)
    parser.add_argument("--to", choices=STAGES, default=STAGES[-1])
    given = parser.parse_args()
    options = [part for setting in given.settings for part in ("--set", setting)]
    options += ["-c", given.config] if given.config else []
    with tempfile.TemporaryDirectory() as folder:
        work = given.work or Path(folder) / "work"
        dry = command("run", given.docs, work, [*options, "--dry-run", "--json"])
        plan = subprocess.run(dry, check=True, stdout=subprocess.PIPE, text=True).stdout
        estimates = {row["stage"]: row for row in json.loads(plan)}
        sys.stdout.write(f"load {os.getloadavg()[0]:.1f}\n")
        for note in dict.fromkeys(note for row in estimates.values() for note in row.get("basis", [])):
            sys.stdout.write(f"  {note}\n")
        sys.stdout.write(
            "stage      seconds: estimate  real ratio    MB: estimate  real ratio    disk: ratio\n"
        )
        together, real_together = 0.0, 0.0
        for stage in STAGES[: STAGES.index(given.to) + 1]:
            row, before = estimates[stage], megabytes(work) if work.exists() else 0.0
            seconds, memory = measured(command(stage, given.docs, work, options))
            told = None if row["minutes"] is None else 60 * row["minutes"]
            together, real_together = together + (told or 0.0), real_together + seconds
            disk = ratio(row["disk_mb"], megabytes(work) - before)
            sys.stdout.write(
                f"{stage:10} {told or 0:17.0f} {seconds:5.0f} {ratio(told, seconds)} "
                f"{row['memory_mb']:15,.0f} {memory:5,.0f} {ratio(row['memory_mb'], memory)} {disk:>14}\n"
            )
            if stage == "generate" and row["bills"]:
                write_llm(row["bills"], work)
            sys.stdout.flush()
        whole = f"{together:17.0f} {real_together:5.0f} {ratio(together, real_together)}"
        sys.stdout.write(f"total      {whole}\n")


if __name__ == "__main__":
    main()
