"""WORKs with a bundle, a report and scores made up, to be published; and what a registry holds of them."""

import random
import shutil

import msgspec
from tiny_bundle import write_tiny_bundle
from tiny_model import DIMENSION

from idiolect.bundle import Bundle
from idiolect.cli import main
from idiolect.evaluation.report import DatasetReport, Decision, Report
from idiolect.evaluation.significance import compare
from idiolect.evaluation.verdict import decide
from idiolect.files import write_json, write_jsonl
from idiolect.lifecycle.audit.chain import Chain
from idiolect.runtimes.model_files import ModelFiles
from idiolect.workspace import Workspace

QUERIES = [f"how often is pump {number} to be greased in winter?" for number in range(40)]


def write_plain_bundle(folder, size=100_000):
    """A bundle whose weights are `size` zeros, named "tiny"."""
    model = folder / "model"
    model.mkdir()
    (model / "config.json").write_text('{"hidden_size": 64}')
    (model / "model.safetensors").write_bytes(bytes(size))
    facts = {"max_tokens": 48, "dimension": DIMENSION, "query_prompt": "", "passage_prompt": ""}
    return write_tiny_bundle(folder / "bundle", ModelFiles(path=model, name="tiny", digest="0" * 64, **facts))


def write_model(path, bundle, name, verdict="promote", weights="tuned", base="plain-base"):
    """A copy of a bundle under a manifest of its own, and so of another digest; its files stay whole."""
    shutil.copytree(bundle, path)
    manifest = msgspec.structs.replace(
        Bundle.load(path).manifest,
        name=name,
        verdict=verdict,
        weights=weights,
        model_digest=f"{path.name:0>64}",
    )
    manifest = msgspec.structs.replace(manifest, base=msgspec.structs.replace(manifest.base, name=base))
    write_json(path / "manifest.json", manifest)
    return path


def write_work(folder, bundle, name, level=0.6, verdict="promote", corpus="the same"):
    """A WORK whose tuned model finds each query's passage with nDCG@10 about `level`, the base with 0.4."""
    work = Workspace(folder)
    weights = "tuned" if verdict == "promote" else "base"
    write_model(work.bundle, bundle, name, verdict, weights, base=f"base of {folder.name}")
    manifest = msgspec.structs.replace(Bundle.load(work.bundle).manifest, model_digest=f"{folder.name:0>64}")
    write_json(work.bundle / "manifest.json", manifest)
    chance = random.Random(folder.name)
    rows, means = [], {"dense-base": {}, "dense-tuned": {}}
    for number, query in enumerate(QUERIES):
        for run, mean in (("dense-base", 0.4), ("dense-tuned", level)):
            means[run][str(number)] = min(1.0, max(0.0, mean + chance.uniform(-0.05, 0.05)))
        runs = {
            run: {"metrics": {"ndcg@10": values[str(number)]}, "top": []} for run, values in means.items()
        }
        told = {
            "query_id": str(number),
            "query": query,
            "cluster": f"manual {number}",
            "positives": [f"chunk {number}"],
        }
        rows.append({"dataset": "test", "split": "test", **told, "runs": runs})
    comparison = compare(*means.values(), {}, 13, names=tuple(means))
    decision = Decision(verdict=decide(comparison, [], []), decides=True, sentence="", comparison=comparison)
    report = Report(
        verdict=verdict,
        sentence="made up",
        decisions={"dense": decision},
        datasets={"test": DatasetReport(runs={"dense-tuned": {"ndcg@10": comparison.b_mean}})},
    )
    write_json(work.report, report)
    write_jsonl(work.per_query, rows)
    write_jsonl(work.test / "corpus.jsonl", [{"_id": "chunk 1", "text": corpus}])
    return folder


class Desk:
    """`idiolect models` on one registry, in this process."""

    def __init__(self, folder, capsys):
        self.folder, self.capsys = folder, capsys

    def __call__(self, *words):
        """The exit code, and what stands on stdout and stderr."""
        self.capsys.readouterr()
        try:
            main(["models", *map(str, words), "--registry", str(self.folder)])
        except SystemExit as ended:
            said = self.capsys.readouterr()
            return ended.code, said.out + said.err
        raise AssertionError("main always exits")

    def json(self, *words):
        code, said = self(*words, "--json")
        assert code == 0, said
        return msgspec.json.decode(said)

    def refused(self, *words):
        """The one line in which a command fails."""
        code, said = self(*words)
        assert code == 1, said
        assert said.count("\n") == 1, said
        return said

    def listed(self):
        return {model["name"]: model for model in self.json("list")["models"]}

    def champion(self, name="pumps"):
        return self.listed()[name]["champion"]

    def log(self):
        """The events of the registry's audit log, with what they tell."""
        return [(entry.event, entry.facts) for entry in Chain(self.folder / "audit.jsonl").entries()]
