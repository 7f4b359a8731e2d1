"""What a run gains on queries that people asked, over seeds: the table of docs/quality.md.

    python bench/quality.py FOLDER... --to DIR [--seeds 13 14 15] [--llm URL#MODEL] [--labels train]
                            [--guard] [--variant "train.adapter=lora train.epochs=2"]... [--set key=value]...

Each FOLDER is a BEIR folder.  `idiolect run corpus.jsonl` makes a model from its corpus alone, for each seed
and each variant of the settings; its test split, which nothing else reads, then says what that gained.
Queries to train on are the extractive teacher's, an LLM's with --llm, and, with --labels, those that
people asked in another split, without those that share a relevant document with a test query.  With
--guard the other folders are guards of each.  DIR holds the work and what was found so far
(results.jsonl): a second call with the same options continues.
"""

import argparse
import json
import subprocess
import sys
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from statistics import fmean
from typing import Any

import msgspec
from _human_dev import say, without_tested

from idiolect.config import load
from idiolect.evaluation.beir import Dataset, load_dataset, save_dataset
from idiolect.evaluation.dimensions import cut
from idiolect.evaluation.retrieval import retrieve
from idiolect.evaluation.significance import compare, mean_interval
from idiolect.files import digest_value, read_json, read_jsonl
from idiolect.mining.ranking import Corpus
from idiolect.records import Chunk, Fusion, Passage, Selection
from idiolect.runtimes.base import TextEncoder
from idiolect.stages.context import Context
from idiolect.stages.encoders import base_encoder, model_encoder
from idiolect.workspace import Workspace

METRIC = "ndcg@10"
UNITS = ("document", "chunk")
"""Documents whole, cut at the model's length, as BEIR's figures are; and as search does it: a document's best chunk."""

SIZES = (128,)
"""Dimensions that vectors are cut to."""

Values = dict[str, dict[str, float]]
"""Run → query → nDCG@10."""


@dataclass(frozen=True)
class Trial:
    """One model to make and to judge."""

    folder: Path
    settings: Sequence[str]
    seed: int
    source: Mapping[str, str]
    guards: Sequence[Path]

    @property
    def name(self) -> str:
        """What the table's section is called."""
        return " ".join([self.folder.name, *(f"{key}={value}" for key, value in self.source.items())])

    @property
    def variant(self) -> str:
        return " ".join(self.settings) or "defaults"

    @property
    def key(self) -> str:
        guards = [str(guard) for guard in self.guards]
        return digest_value([str(self.folder), self.variant, self.seed, dict(self.source), guards])[:16]


def make(trial: Trial, root: Path) -> Context:
    """`idiolect run` as far as the verdict, over what earlier trials of the folder left."""
    work = Workspace(root / trial.folder.name)
    settings = [f"seed={trial.seed}", *trial.settings]
    options: list[str | Path] = []
    if "labels" in trial.source:
        asked = labels(trial.folder, trial.source["labels"], root)
        split = f"{trial.source['labels']}.tsv"
        options += ["--queries", asked / "queries.jsonl", "--qrels", asked / "qrels" / split]
    if "llm" in trial.source:
        url, _, model = trial.source["llm"].partition("#")
        settings += ["generate.teacher=llm", f"generate.base_url={url}", f"generate.model={model}"]
    for guard in trial.guards:
        options += ["--guard", guard]
    for setting in settings:
        options += ["--set", setting]
    work.frozen_test.unlink(missing_ok=True)  # each seed draws its own test
    command = ["run", trial.folder / "corpus.jsonl", "-w", work.root, "--to", "evaluate", *options]
    process = subprocess.run([sys.executable, "-m", "idiolect", *map(str, command)], check=False)
    if process.returncode not in (0, 3):
        raise SystemExit(f"idiolect run ended with {process.returncode}")
    return Context(work, load(None, settings))


def labels(folder: Path, split: str, root: Path) -> Path:
    """The split's queries and judgments without those that share a relevant document with a test query."""
    target = root / f"{folder.name}-{split}"
    if not target.is_dir():
        dataset = load_dataset(folder, split)
        clean = without_tested(dataset, folder)
        say(
            f"{folder.name}: {len(clean.queries)} of {len(dataset.queries)} {split} queries share no document with test"
        )
        save_dataset(target, clean)
    return target


def judge(context: Context, folder: Path) -> dict[str, Values]:
    """Unit → run → what each test query scores, with the base, and with the tuned model before any gate."""
    work = context.workspace
    selection = msgspec.convert(read_json(work.selection), Selection)
    base = base_encoder(context)
    tuned = model_encoder(context, work.model) if selection.share else base
    dataset = load_dataset(folder)
    chunks = list(read_jsonl(work.chunks, Chunk))
    passages = {"document": list(dataset.corpus.values()), "chunk": [chunk.passage for chunk in chunks]}
    owners = {"document": list(dataset.corpus), "chunk": [chunk.document_id for chunk in chunks]}
    return {
        unit: {
            **searched(dataset, passages[unit], owners[unit], base, selection.fusion["base"], "base"),
            **searched(dataset, passages[unit], owners[unit], tuned, selection.fusion["tuned"], "tuned"),
        }
        for unit in UNITS
    }


def searched(
    dataset: Dataset,
    passages: Sequence[Passage],
    owners: Sequence[str],
    encoder: TextEncoder,
    fusion: Fusion,
    side: str,
) -> Values:
    vectors = encoder.encode([passage.full_text for passage in passages], "passage")
    asked = encoder.encode(list(dataset.queries.values()), "query")
    kinds = ("dense", "bm25", "hybrid") if side == "base" else ("dense", "hybrid")
    runs = retrieve(dataset, Corpus(passages, vectors, fusion), asked, kinds, owners=owners)
    found = {kind if kind == "bm25" else f"{kind}-{side}": run.metric(METRIC) for kind, run in runs.items()}
    for size in SIZES:
        corpus = Corpus(passages, cut(vectors, size), Fusion(weight=0.0))
        run = retrieve(dataset, corpus, cut(asked, size), ("dense",), owners=owners)["dense"]
        found[f"dense-{side}@{size}"] = run.metric(METRIC)
    return found


def found_by(trial: Trial, root: Path) -> dict[str, Any]:
    began = time.perf_counter()
    context = make(trial, root)
    minutes = (time.perf_counter() - began) / 60
    report, selection = read_json(context.workspace.report), read_json(context.workspace.selection)
    values = judge(context, trial.folder)
    for runs in values.values():
        side = "tuned" if report["verdict"] == "promote" else "base"
        runs |= {f"{kind}-shipped": runs[f"{kind}-{side}"] for kind in ("dense", "hybrid")}
    guards = {
        f"{name} {kind}": set_["runs"][f"{kind}-tuned"][METRIC] / set_["runs"][f"{kind}-base"][METRIC] - 1
        for name, set_ in report["datasets"].items()
        if set_["kind"] == "a guard"
        for kind in ("dense", "hybrid")
    }
    return {
        "key": trial.key,
        "name": trial.name,
        "variant": trial.variant,
        "seed": trial.seed,
        "verdict": report["verdict"],
        "share": selection["share"],
        "weights": {side: fusion["weight"] for side, fusion in selection["fusion"].items()},
        "steps": selection["training"]["steps"],
        "guards": guards,
        "minutes": round(minutes, 1),
        "values": values,
    }


ROWS = (
    "dense-base",
    "dense-tuned",
    "dense-base@128",
    "dense-tuned@128",
    "bm25",
    "hybrid-base",
    "hybrid-tuned",
    "dense-shipped",
    "hybrid-shipped",
)
AGAINST = {
    "dense-tuned": ("dense-base",),
    "dense-base@128": ("dense-base",),
    "dense-tuned@128": ("dense-tuned",),
    "hybrid-base": ("dense-base",),
    "hybrid-tuned": ("hybrid-base", "dense-base"),
    "dense-shipped": ("dense-base",),
    "hybrid-shipped": ("hybrid-base", "dense-base"),
}


def table(results: Sequence[Mapping[str, Any]], clusters: Mapping[str, str]) -> str:
    """A Markdown table of the trials of one name and variant: the seeds' mean, its interval over queries, gains."""
    lines = []
    seeds = ", ".join(str(result["seed"]) for result in results)
    for unit in UNITS:
        lines += [
            f"By {unit}, seeds {seeds}:",
            "",
            "| | nDCG@10 (95%) | by seed | against | gain (95%) |",
            "|---|---|---|---|---|",
        ]
        for row in ROWS:
            each = [result["values"][unit][row] for result in results]
            mean = averaged(each)
            low, high = mean_interval(mean, clusters, 13)
            by_seed = ", ".join(f"{fmean(values.values()):.4f}" for values in each)
            gains = []
            for other in AGAINST.get(row, ()):
                before = averaged([result["values"][unit][other] for result in results])
                found = compare(before, mean, clusters, 13)
                gains.append((other, f"{found.delta:+.4f} ({found.ci95[0]:+.4f} to {found.ci95[1]:+.4f})"))
            against, gained = ("; ".join(parts) for parts in zip(*gains, strict=True)) if gains else ("", "")
            lines.append(
                f"| {row} | {fmean(mean.values()):.4f} ({low:.3f} to {high:.3f}) | {by_seed} | {against} | {gained} |"
            )
        lines.append("")
    lines += [
        "| seed | verdict | kept | fusion weight, base and tuned | guards | minutes |",
        "|---|---|---|---|---|---|",
    ]
    for result in results:
        guards = ", ".join(f"{name} {fall:+.1%}" for name, fall in result["guards"].items())
        weights = " and ".join(f"{weight:g}" for weight in result["weights"].values())
        lines.append(
            f"| {result['seed']} | {result['verdict']} | {100 * result['share']:g}% | {weights} | {guards} | "
            f"{result['minutes']} |"
        )
    return "\n".join(lines)


def averaged(each: Sequence[Mapping[str, float]]) -> dict[str, float]:
    """Query → mean over seeds."""
    return {query: fmean(values[query] for values in each) for query in each[0]}


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("folders", type=Path, nargs="+", metavar="FOLDER")
    parser.add_argument("--to", type=Path, required=True, metavar="DIR")
    parser.add_argument("--seeds", type=int, nargs="+", default=[13, 14, 15])
    parser.add_argument("--llm", default="", metavar="URL#MODEL")
    parser.add_argument("--labels", default="", metavar="SPLIT")
    parser.add_argument("--guard", action="store_true")
    parser.add_argument("--variant", action="append", default=[])
    parser.add_argument("--set", action="append", default=[])
    given = parser.parse_args()
    given.to.mkdir(parents=True, exist_ok=True)
    kept = given.to / "results.jsonl"
    known = {result["key"]: result for result in read_jsonl(kept, dict)} if kept.is_file() else {}
    source = {name: value for name in ("llm", "labels") if (value := getattr(given, name))} or {
        "queries": "extractive"
    }
    for folder in given.folders:
        guards = [other for other in given.folders if given.guard and other != folder]
        clusters = load_dataset(folder).clusters
        for variant in given.variant or [""]:
            settings = [*given.set, *variant.split()]
            trials = [Trial(folder, settings, seed, source, guards) for seed in given.seeds]
            for trial in trials:
                if trial.key not in known:
                    known[trial.key] = found_by(trial, given.to)
                    with kept.open("a", encoding="utf-8") as file:
                        file.write(json.dumps(known[trial.key]) + "\n")
            results = [known[trial.key] for trial in trials]
            say(f"\n### {trials[0].name}: {trials[0].variant}\n\n{table(results, clusters)}\n")


if __name__ == "__main__":
    main()
