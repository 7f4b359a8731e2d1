"""train on a WORK that earlier stages left: guards, people's queries, and models that were tuned before."""

import msgspec
import pytest
from given_chunks import given, manuals, questions, trained_and_evaluated
from nulls import letters
from tiny_model import save_tiny_model

from idiolect import pipeline
from idiolect.errors import ModelError
from idiolect.evaluation.report import read_report
from idiolect.evaluation.selection import DevJudge
from idiolect.files import read_json, read_jsonl
from idiolect.records import TrainingExample
from idiolect.runtimes.model_files import describe
from idiolect.runtimes.starting import starting_model
from idiolect.runtimes.torch import load
from idiolect.stages import export, prepare
from idiolect.stages.train import repeated

pytestmark = pytest.mark.usefixtures("one_thread")


@pytest.fixture(scope="module")
def guarded(tiny_model, tmp_path_factory):
    """A run as far as the bundle, in which dev likes as much of the change as the guard allows."""
    root = tmp_path_factory.mktemp("guarded")
    foreign = letters(manuals(), 1)
    other = given(root / "other", tiny_model, foreign, questions(foreign, 8))
    prepare.run(other)
    other.workspace.test.rename(root / "nano")
    context = given(
        root / "work", tiny_model, manuals(), questions(manuals()),
        f"evaluate.guard=['{root / 'nano'}']", "prepare.dev_corpus=50",
        "train.epochs=4", "train.batch_size=8", "train.learning_rate=3e-2", "export.formats=[]",
    )  # fmt: skip
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(DevJudge, "choose", lambda self, curve: max(curve))
        trained_and_evaluated(context)
    export.run(context)
    return context


def test_the_guard_lowers_what_is_kept_and_another_part_of_it_judges(guarded):
    work = guarded.workspace
    selection, report = read_json(work.selection), read_report(work.report)
    base = selection["guards"].pop("0")["nano/dense"]
    tried = {float(share): scores["nano/dense"] for share, scores in selection["guards"].items()}
    fell = [share for share, score in tried.items() if score < 0.99 * base]
    assert max(tried) == 1.0 and 1.0 in fell, "training on manuals must cost a language of other letters"
    assert list(tried) == sorted(tried, reverse=True)
    assert selection["share"] == next((share for share in tried if share not in fell), 0.0)
    assert all(f"{share:g}" in selection["shares"] for share in tried)
    (guard,) = report.decisions["dense"].guards
    found = report.datasets["nano"]
    assert guard.name == "nano" and guard.base == found.runs["dense-base"]["ndcg@10"]
    assert found.kind == "a guard" and "a fall of more than 1% stops a promotion" in found.remark
    judged = {row["query_id"] for row in _rows(work.per_query) if row["dataset"] == "nano"}
    assert 0 < len(judged) < sum(1 for _ in (work.root.parent / "nano" / "queries.jsonl").open())
    (note,) = [note for note in report.notes if note.startswith("Guards")]
    assert "at 100% nano/dense −" in note and note.endswith(f"{100 * selection['share']:g}% was kept.")


def _rows(path):
    return list(read_jsonl(path, dict))


def test_a_changed_guard_wakes_train(guarded):
    stages = pipeline.between("train", "evaluate")
    keys = [pipeline.key_of(guarded, stage)["inputs"] for stage in stages]
    folder = guarded.config.evaluate.guard[0]
    assert all(folder in inputs for inputs in keys)
    assert "evaluate.guard" in stages[0].settings and "prepare.dev_corpus" in stages[0].settings


@pytest.mark.parametrize("kind", ["bundle", "model"])
def test_a_tuned_model_is_a_base_like_any_other(guarded, kind, tmp_path):
    """Transfer: what one run has made, the next one starts from."""
    path = getattr(guarded.workspace, kind)
    weights = path / "model" if kind == "bundle" else path
    assert starting_model(str(path)).digest == describe(weights).digest
    context = given(tmp_path / "work", path, manuals(), questions(manuals()), "train.learning_rate=1e-6")
    trained = trained_and_evaluated(context)
    assert trained["steps"] > 0
    report = read_report(context.workspace.report)
    assert report.base == ("work" if kind == "bundle" else "model")
    assert describe(context.workspace.model).digest == describe(weights).digest or trained["share"] > 0
    before, after = (load(folder, "cpu").state_dict() for folder in (weights, context.workspace.model))
    assert max(float((after[name] - before[name]).abs().max()) for name in before) < 1e-4


@pytest.mark.parametrize("epochs", [0, 1])
def test_training_starts_at_another_model_and_is_judged_against_the_base(
    guarded, tiny_model, epochs, tmp_path
):
    """Transfer, and the gate over a model that somebody merged."""
    start = guarded.workspace.model
    settings = (f"train.start={start}", f"train.epochs={epochs}", "train.learning_rate=1e-6")
    context = given(tmp_path / "work", tiny_model, manuals(), questions(manuals()), *settings)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(DevJudge, "choose", lambda self, curve: 1.0)
        trained = trained_and_evaluated(context)
    assert (trained["steps"] > 0) == bool(epochs)
    made, began, base = (
        load(path, "cpu").state_dict() for path in (context.workspace.model, start, tiny_model)
    )
    assert max(float((made[name] - began[name]).abs().max()) for name in made) < 1e-4
    assert max(float((made[name] - base[name]).abs().max()) for name in made) > 1e-3
    assert read_report(context.workspace.report).base == describe(tiny_model).name


def test_a_model_that_is_not_like_the_base_is_no_start(tiny_model, tmp_path):
    other = save_tiny_model(tmp_path / "other", layers=3)
    context = given(tmp_path / "work", tiny_model, manuals(), questions(manuals()), f"train.start={other}")
    with pytest.raises(ModelError, match=r"differ in architecture; train\.start takes what was tuned from"):
        trained_and_evaluated(context)


def test_people_s_queries_can_be_shown_more_often(guarded):
    examples = list(read_jsonl(guarded.workspace.train, TrainingExample))[:3]
    first, *others = examples
    asked = msgspec.structs.replace(first, asked=True)
    assert repeated([asked, *others], 1) == [asked, *others]
    assert repeated([asked, *others], 3) == [asked, asked, asked, *others]
