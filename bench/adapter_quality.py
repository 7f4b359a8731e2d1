"""What each adapter gains on queries that people asked, what it takes to train, and how large what it learns is.

    python bench/adapter_quality.py FOLDER [--adapters full lora linear] [--labels 400] [--seed 13] [-w WORK]
                                    [--documents N] [--set section.key=value]...

FOLDER is a BEIR folder with qrels/train.tsv and qrels/test.tsv, such as SciFact. Train queries that share a
relevant document with a test query are left out; of the others `--labels` train, beside synthetic ones, and those
that share no relevant document with these judge. Test queries are not looked at. All train in one WORK, which keeps
the base's vectors. `--documents` takes only so many of the corpus.
"""

import argparse
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import msgspec
from labels import divided, gain, lessened, searched

from idiolect.evaluation.beir import save_dataset
from idiolect.evaluation.retrieval import Run
from idiolect.files import read_json
from idiolect.records import Selection
from idiolect.runtimes.layout import ADAPTER
from idiolect.workspace import Workspace


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("folder", type=Path)
    parser.add_argument("--adapters", nargs="+", default=["full", "lora", "linear"])
    parser.add_argument("--labels", type=int, default=400)
    parser.add_argument("--seed", type=int, default=13)
    parser.add_argument("--documents", type=int, default=0)
    parser.add_argument("-w", "--work", type=Path)
    parser.add_argument("--set", action="append", default=[])
    given = parser.parse_args()
    labels, judge = divided(given.folder, given.labels, given.seed)
    if given.documents:
        labels, judge = lessened(labels, judge, given.documents)
    sys.stdout.write(
        f"{len(labels.queries)} train, {len(judge.queries)} judge, {len(judge.corpus)} documents\n"
    )
    settings = [f"seed={given.seed}", *given.set]
    with tempfile.TemporaryDirectory() as folder:
        asked, work = Path(folder) / "labels", Workspace(given.work or Path(folder) / "work")
        save_dataset(asked, labels)
        options = [part for setting in settings for part in ("--set", setting)]
        options += [
            "--queries",
            str(asked / "queries.jsonl"),
            "--qrels",
            str(asked / "qrels" / f"{labels.split}.tsv"),
        ]
        run = [
            "run",
            str(asked / "corpus.jsonl"),
            "-w",
            str(work.root),
            "-q",
            "--labels-as",
            "train",
            *options,
        ]
        idiolect(*run, "--to", "prepare")
        before: dict[str, Run] = {}
        for adapter in given.adapters:
            began = time.perf_counter()
            idiolect(*run, "--to", "train", "--set", f"train.adapter={adapter}")
            seconds = time.perf_counter() - began
            selection = msgspec.convert(read_json(work.selection), Selection)
            before = before or searched(judge, "auto", selection.fusion["base"], work.vectors)
            runs = searched(judge, str(work.model), selection.fusion["tuned"], work.vectors)
            learnt = sum(file.stat().st_size for file in (work.model / ADAPTER).glob("*"))
            sys.stdout.write(
                f"{adapter}: {seconds:.0f} s, {selection.training['steps']} steps, kept {selection.share:g}, "
                f"{learnt / 1e6:.2f} MB beside the weights\n"
            )
            for kind, now in runs.items():
                sys.stdout.write(f"  {kind:7} {mean(before[kind]):.4f} → {mean(now):.4f}, ")
                sys.stdout.write(f"{gain(judge, before[kind], now)}\n")
            sys.stdout.flush()


def idiolect(*arguments: str) -> None:
    subprocess.run([sys.executable, "-m", "idiolect", *arguments], check=True, stdout=sys.stderr)


def mean(run: Run) -> float:
    values = run.metric("ndcg@10").values()
    return sum(values) / len(values)


if __name__ == "__main__":
    main()
