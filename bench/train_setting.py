"""What a training setting is worth: the train stage with each of several values, on one prepared WORK.

    python bench/train_setting.py WORK train.max_tokens=128 train.max_tokens=256 [--beir DIR]

WORK must have been prepared (`idiolect run DOCS --to prepare`); each setting trains in a copy.
Prints seconds, the share of the change kept, the dev score that chose it, and, for each --beir
folder, dense nDCG@10 of the tuned model: look at those, but never choose by them.
"""

import argparse
import json
import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path

KEPT = ("chunks.jsonl", "queries.jsonl", "train.jsonl", "dev", "mining.json", "cache", "documents.jsonl")


def idiolect(*arguments: str | Path) -> str:
    command = [sys.executable, "-m", "idiolect", *map(str, arguments)]
    return subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True).stdout


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("work", type=Path)
    parser.add_argument("settings", nargs="+")
    parser.add_argument("--beir", action="append", default=[], type=Path)
    given = parser.parse_args()
    rows = []
    for setting in given.settings:
        with tempfile.TemporaryDirectory() as folder:
            work = Path(folder) / "work"
            work.mkdir()
            for name in KEPT:
                source = given.work / name
                (shutil.copytree if source.is_dir() else shutil.copy)(source, work / name)
            began = time.perf_counter()
            idiolect("train", "-w", work, "--set", setting, "-q")
            seconds = time.perf_counter() - began
            chosen = json.loads((work / "selection.json").read_text(encoding="utf-8"))
            objective = next(key for key in chosen["shares"]["0"] if key.startswith(chosen["judged_by"]))
            best = chosen["shares"][f"{chosen['share']:g}"]
            row = f"{setting:28} {seconds:7.0f} s  kept {chosen['share']:.0%}  dev {best[objective]:.4f}"
            for beir in given.beir:
                figures = json.loads(idiolect("score", work / "model", "--beir", beir, "--json", "-q"))
                row += f"  {beir.name} {figures['runs']['dense']['ndcg@10']:.4f}"
            rows.append(row)
            sys.stdout.write(row + "\n")
            sys.stdout.flush()


if __name__ == "__main__":
    main()
