"""`idiolect models merge`: one model of several that were tuned from one base."""

import json
import shutil
from itertools import permutations

import pytest
from click.testing import CliRunner
from tiny_model import TEXTS, save_tiny_model

from idiolect.cli import idiolect
from idiolect.evaluation.beir import Dataset, save_dataset
from idiolect.records import Passage
from idiolect.runtimes.model_files import describe
from idiolect.runtimes.torch import TorchRuntime, load

pytestmark = pytest.mark.usefixtures("one_thread")


@pytest.fixture(scope="module")
def models(tmp_path_factory, tiny_model):
    """The tiny base, two that are near it, and some that are otherwise."""
    import torch

    root = tmp_path_factory.mktemp("models")
    shutil.copytree(tiny_model, root / "base")
    for name, seed in (("first", 1), ("second", 2)):
        torch.manual_seed(seed)
        model = load(root / "base", "cpu")
        with torch.no_grad():
            for parameter in model.parameters():
                parameter += 0.01 * torch.randn_like(parameter)
        model.save(str(root / name), create_model_card=False)
    save_tiny_model(root / "deep", layers=3)
    save_tiny_model(root / "dense", dense=True)
    save_tiny_model(root / "stranger", seed=9)
    for name, file, old, new in (
        ("words", "tokenizer.json", '"pump"', '"pumps"'),
        ("prompted", "config_sentence_transformers.json", "query: ", "search: "),
        ("pooled", "1_Pooling/config.json", "mean", "cls"),
    ):
        path = shutil.copytree(root / "base", root / name) / file
        assert old in path.read_text()
        path.write_text(path.read_text().replace(old, new))
    return root


def merge(models, *names, out="new", **options):
    given = [str(models / name) for name in names]
    more = [part for name, value in options.items() for part in (f"--{name}", str(value))]
    command = ["models", "merge", *given, "-o", str(models / out), "--json", *more]
    return CliRunner().invoke(idiolect, command)


def weights(path):
    return load(path, "cpu").state_dict()


@pytest.mark.parametrize(("names", "options", "shares"), [
    (("base", "first"), {}, [0.5, 0.5]),
    (("base", "first"), {"share": 0.2}, [0.8, 0.2]),
    (("base", "first", "second"), {}, [0.3333, 0.3333, 0.3333]),
])  # fmt: skip
def test_the_weights_are_averaged_and_the_model_loads(models, tmp_path, names, options, shares):
    result = merge(models, *names, out=tmp_path / "new", **options)
    assert result.exit_code == 0, result.output
    found = json.loads(result.stdout)["merged"]
    assert found["shares"] == shares and found["cosine"] > 0.99 and found["score"] is None
    held, merged = [weights(models / name) for name in names], weights(tmp_path / "new")
    for name, value in merged.items():
        if value.is_floating_point():
            mean = sum(share * each[name] for share, each in zip(shares, held, strict=True))
            assert float((value - mean).abs().max()) < 1e-3
    vectors = TorchRuntime(describe(tmp_path / "new")).encode(TEXTS[:2], "query")
    assert vectors.shape == (2, 64)


@pytest.mark.parametrize(
    ("other", "differs"),
    [
        ("deep", "architecture"),
        ("dense", "architecture"),
        ("pooled", "architecture"),
        ("words", "tokenizer"),
        ("prompted", "prompts"),
    ],
)
def test_models_that_differ_in_more_than_weights_are_refused(models, other, differs, tmp_path):
    result = merge(models, "base", other, out=tmp_path / "new")
    assert result.exit_code != 0
    assert f"they differ in {differs}" in str(result.exception)
    assert not (tmp_path / "new").exists()


def test_models_of_different_origin_are_warned_about(models, tmp_path):
    assert "no good average" in merge(models, "base", "stranger", out=tmp_path / "a").stderr
    assert "no good average" not in merge(models, "base", "first", out=tmp_path / "b").stderr


def test_nothing_is_overwritten(models, tmp_path):
    (tmp_path / "new").mkdir()
    assert merge(models, "base", "first", out=tmp_path / "new").exit_code == 0
    result = merge(models, "base", "first", out=tmp_path / "new")
    assert "exists already" in str(result.exception)


def test_a_greedy_soup_is_chosen_on_a_dev_split(models, tmp_path):
    """A dev set that the base answers perfectly and a stranger does not: the stranger stays out."""
    words = ("pump", "stops", "tank", "full", "valve", "opens")
    texts = [f"{first} {second}" for first, second in permutations(words, 2)]
    runtime = TorchRuntime(describe(models / "base"))
    passages, queries = runtime.encode(texts, "passage"), runtime.encode(texts, "query")
    nearest = (queries @ passages.T).argmax(axis=1)
    dev = Dataset(
        name="dev",
        split="dev",
        corpus={f"d{n}": Passage(id=f"d{n}", text=text) for n, text in enumerate(texts)},
        queries={f"q{n}": text for n, text in enumerate(texts)},
        qrels={f"q{n}": {f"d{best}": 1} for n, best in enumerate(nearest)},
    )
    save_dataset(tmp_path / "dev", dev)
    result = merge(models, "stranger", "base", out=tmp_path / "new", greedy=tmp_path / "dev")
    found = json.loads(result.stdout)["merged"]
    assert (found["shares"], found["score"]) == ([0.0, 1.0], 1.0)
    refused = merge(models, "base", "first", out=tmp_path / "x", greedy=tmp_path / "dev", split="test")
    assert "has no split 'test'" in str(refused.exception)
