"""Which share of training's change is best for queries that people asked, against what dev would have chosen.

    python bench/shares.py WORK --dev scifact [--split train] [--model DIR]...

WORK is a run that has ended with all of the change, or any share of it, kept; --model names further models
that were tuned from the same base.  Each is moved along the line from the base through it; 1 is the model.
The test split is read for nothing but to leave out queries that share a relevant document with it.
"""

import argparse
from pathlib import Path

from _human_dev import HumanDev, say

from idiolect.config import load
from idiolect.runtimes.torch import TorchRuntime
from idiolect.runtimes.torch import load as load_weights
from idiolect.stages.context import Context
from idiolect.stages.encoders import base_encoder, base_files
from idiolect.training.merge import interpolate
from idiolect.workspace import Workspace


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("work", type=Path)
    parser.add_argument("--dev", type=Path, required=True)
    parser.add_argument("--split", choices=("train", "dev"), default="train")
    parser.add_argument("--passages", type=int, default=1_500)
    parser.add_argument("--model", type=Path, action="append", default=[])
    parser.add_argument("--shares", type=float, nargs="+", default=[0.25, 0.5, 0.75, 1.0])
    given = parser.parse_args()
    context = Context(Workspace(given.work), load(None, []))
    dev = HumanDev(given.dev, given.split, given.passages, base_encoder(context))
    files = base_files(context)
    model = load_weights(files.path)
    base = {name: value.clone() for name, value in model.state_dict().items()}
    dense, hybrid = dev.score(TorchRuntime(files, model))
    say(f"{len(dev.dataset.queries):,} queries; base: dense {dense:.4f}, hybrid {hybrid:.4f}")
    for path in given.model or [context.workspace.model]:
        tuned = load_weights(path, str(model.device)).state_dict()
        for share in given.shares:
            model.load_state_dict(interpolate(base, tuned, share))
            dense, hybrid = dev.score(TorchRuntime(files, model))
            say(f"{path.name} {share:g}: dense {dense:.4f}, hybrid {hybrid:.4f}")


if __name__ == "__main__":
    main()
