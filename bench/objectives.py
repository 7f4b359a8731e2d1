"""What each training objective is worth: models trained with and without it, on queries people asked.

    idiolect run scifact/corpus.jsonl -w WORK --to prepare --set generate.base_url=…
    python bench/objectives.py WORK --dev scifact [--split train] [--seeds 13 14 15] [--setting "train.spread=0.1"]…

For each seed, so many training queries are drawn, and a model is trained on them with each
setting (several keys of one are parted by spaces): one epoch, all of the change kept, no dev score
chooses anything but whether a teacher is used.  --dev is a BEIR folder over the same documents of
which a train or dev split judges; its queries that share a relevant document with a test query are
left out, and the test is not read for anything else.  Hybrid is at the documented fusion weight.
"""

import argparse
import json
import random
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path

import msgspec
from _human_dev import HumanDev, Scores, final_model, say, table

from idiolect.config import load
from idiolect.evaluation.beir import load_dataset
from idiolect.evaluation.selection import DevJudge
from idiolect.files import read_json, read_jsonl
from idiolect.progress import Silent
from idiolect.records import Mining, TrainingExample
from idiolect.runtimes.torch import TorchRuntime
from idiolect.stages.context import Context
from idiolect.stages.distilling import lessons
from idiolect.stages.encoders import base_encoder, base_files
from idiolect.workspace import Workspace

DEFAULTS = "defaults"
SETTINGS = (
    "train.hardness=5",
    "train.hardness=9",
    "train.guide=fused",
    "train.distill=0.5",
    "train.distill=1 train.contrastive=0",
    "train.spread=0.1",
    "train.spread=1",
    "train.complementary=0.5 train.target=retriever",
    "train.complementary=1 train.contrastive=0 train.target=retriever",
    "train.batch_size=128 train.micro_batch=64",
)
"""What is tried where no --setting is given."""


class Notes(Silent):
    """Shows what a teacher's check found."""

    def note(self, message: str) -> None:
        if message.startswith("teacher "):
            say(f"  {message}")


def train_and_score(
    work: Workspace, settings: Sequence[str], examples: Sequence[TrainingExample], seed: int, dev: HumanDev
) -> Scores:
    context = Context(work, load(None, settings), Notes())
    target = context.config.train.target
    sets = {path.name: load_dataset(path, "dev") for path in sorted(work.dev_sets.iterdir())}
    judge = DevJudge(sets, msgspec.convert(read_json(work.mining), Mining).fusion, target)
    taught = lessons(context, examples, judge, judge.measure(base_encoder(context)))
    with tempfile.TemporaryDirectory() as folder:
        model = final_model(context, taught.settings, taught.examples, seed, Path(folder) / "checkpoints")
    return dev.score(model)


def drawn(examples: Sequence[TrainingExample], queries: int, seed: int) -> list[TrainingExample]:
    """All examples of so many queries."""
    names = sorted({example.query_id for example in examples})
    kept = set(random.Random(seed).sample(names, min(queries, len(names))))
    return [example for example in examples if example.query_id in kept]


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("work", type=Path)
    parser.add_argument("--dev", type=Path, required=True)
    parser.add_argument("--split", choices=("train", "dev"), default="train")
    parser.add_argument("--queries", type=int, default=768)
    parser.add_argument("--passages", type=int, default=1_500)
    parser.add_argument("--seeds", type=int, nargs="+", default=[13, 14, 15])
    parser.add_argument("--setting", action="append", default=[])
    parser.add_argument(
        "--set", action="append", default=[], help="a key for all of them, such as train.base=…"
    )
    given = parser.parse_args()
    work = Workspace(given.work)
    context = Context(work, load(None, given.set))
    dev = HumanDev(given.dev, given.split, given.passages, base_encoder(context))
    examples = list(read_jsonl(work.train, TrainingExample))
    say(
        f"{len(examples):,} examples; {len(dev.dataset.queries):,} {given.split} queries judge over "
        f"{len(dev.dataset.corpus):,} passages"
    )
    base = dev.score(TorchRuntime(base_files(context)))
    say(f"base: dense {base[0]:.4f}, hybrid {base[1]:.4f}")
    rows: dict[str, list[Scores]] = {name: [] for name in (DEFAULTS, *(given.setting or SETTINGS))}
    for seed in given.seeds:
        chosen = drawn(examples, given.queries, seed)
        for name, scores in rows.items():
            keys = [] if name == DEFAULTS else name.split()
            began = time.perf_counter()
            dense, hybrid = train_and_score(work, ["train.epochs=1", *given.set, *keys], chosen, seed, dev)
            scores.append((dense, hybrid))
            line = {"seed": seed, "setting": name, "dense": round(dense, 4), "hybrid": round(hybrid, 4)}
            say(json.dumps(line | {"seconds": round(time.perf_counter() - began)}))
    say(table(rows, DEFAULTS))


if __name__ == "__main__":
    main()
