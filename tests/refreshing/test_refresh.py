"""A domain moves, and its model is refreshed: real commands, a real endpoint that writes queries, a real registry."""

import json

import pytest
from drifting_work import window as looked
from refreshing.months import Place, write_month
from teachers.chat_server import passage_of

from idiolect.cli import main
from idiolect.config import load
from idiolect.evaluation.beir import load_dataset
from idiolect.evaluation.report import read_report
from idiolect.files import read_json, read_jsonl, write_text
from idiolect.lifecycle.drift.windows import add
from idiolect.lifecycle.lineage.explaining import explain_model_document
from idiolect.lifecycle.lineage.naming import artefact, versions
from idiolect.lifecycle.lineage.store import opened
from idiolect.mining.frozen_test import read_test
from idiolect.mining.splits import group_of
from idiolect.pipeline import STAGES, plan
from idiolect.records import Query, Split, TrainingExample
from idiolect.refreshing import journal
from idiolect.stages.context import Context

pytest.importorskip("openai")
pytestmark = pytest.mark.usefixtures("one_thread")


class Story:
    """What was there before the first refresh, and what came of it."""


@pytest.fixture(scope="module")
def place(tmp_path_factory, shallow_model):
    made = Place(tmp_path_factory.mktemp("months"), shallow_model)
    yield made
    made.endpoint.stop()


@pytest.fixture(scope="module")
def story(place):
    """A first month, trained; a second one, refreshed: killed once, and gone on with."""
    write_month(place.docs, 1, count=44)
    assert place("run") == 0
    told = Story()
    told.test = read_test(place.work.frozen_test)
    told.splits = {one.query_id: one.split for one in read_jsonl(place.work.splits, Split)}
    told.queries = {one.id: one for one in read_jsonl(place.work.queries, Query)}
    tests, trains = place.documents("test"), place.documents("train")
    told.changed, told.gone, told.renamed = tests[0], trains[0], trains[1]
    write_text(place.docs / told.changed, "# Note 0\n\nLantern and marble, pillow and anchor, then otter.\n")
    (place.docs / told.gone).unlink()
    (place.docs / told.renamed).rename(place.docs / f"renamed-{told.renamed}")
    write_month(place.docs, 2)
    place.killed()
    told.under_way = journal.unfinished(place.work)
    told.code = place("refresh")
    told.requests = [passage_of(request) for request in place.endpoint.requests]
    told.chunks = place.chunks()
    told.splits_after = list(read_jsonl(place.work.splits, Split))
    told.train = list(read_jsonl(place.work.train, TrainingExample))
    told.frozen = read_test(place.work.frozen_test)
    told.report = read_report(place.work.report)
    told.dataset = load_dataset(place.work.test)
    (told.line,) = journal.refreshes(place.work)
    return told


def test_the_teacher_is_asked_only_about_what_is_new_or_changed_and_never_twice(story):
    first, second = story.requests[:44], story.requests[44:]
    new = {
        one.text
        for one in story.chunks
        if one.document_id.startswith("m2") or one.document_id == story.changed
    }
    assert set(second) == new and len(second) == len(new) == 41
    assert len(set(first)) == 44
    asked = story.line.asked
    held = {story.changed, story.gone}
    kept = [one for one in story.queries.values() if one.source.partition("#")[0] not in held]
    assert (asked.kept, asked.dropped) == (len(kept), len(story.queries) - len(kept))
    assert asked.calls <= 41  # those of the killed attempt were paid for then
    assert story.line.came.documents == {"new": 41, "changed": 1, "gone": 2}


def test_the_old_test_stays_and_a_fresh_one_stands_beside_it(story):
    rounds = story.dataset.facets["round"]
    old = {name for name, drawn in rounds.items() if drawn == "old"}
    before = {one.id: one for one in story.test.queries}
    still = {name for name, one in before.items() if one.source.partition("#")[0] != story.changed}
    assert old == still
    assert {one.id: one for one in story.frozen.queries if one.id in old} == {
        name: before[name] for name in old
    }
    assert set(story.line.gone) == before.keys() - still and story.line.gone
    fresh = {one.source.partition("#")[0] for one in story.frozen.queries if rounds[one.id] == "fresh"}
    assert {name for name in fresh if not name.startswith("m2")} == {story.changed}
    assert len(fresh) == 11, "a quarter of 40 new documents, and the one of the old test that changed"
    assert story.report.decided_on == "test-fresh"
    assert {"test", "test-old", "test-fresh"} <= set(story.report.datasets)
    parts = [story.report.datasets[f"test-{name}"].queries for name in ("old", "fresh")]
    assert sum(parts) == story.report.datasets["test"].queries == len(rounds)
    (decision,) = [one for one in story.report.decisions.values() if one.decides]
    assert {one.name for one in decision.slices if one.dimension == "round"} == {"old", "fresh"}


def test_what_was_held_out_stays_so_and_nothing_of_it_trains(story):
    after = {one.query_id: one.split for one in story.splits_after}
    for name, split in story.splits.items():
        if name in after and split != "unused":
            assert after[name] == split, "an earlier query keeps its split"
    held = {one.group for one in story.splits_after if one.split in ("dev", "test")}
    groups = group_of(story.chunks)
    words = {one.text for one in story.frozen.queries}
    tested = {name for one in story.frozen.queries for name in one.positives}
    dev = {one.query_id for one in story.splits_after if one.split == "dev"}
    assert story.train
    for example in story.train:
        assert groups[example.positive.id] not in held
        assert example.query not in words and example.query_id not in dev
        assert tested.isdisjoint(one.id for one in example.negatives)
    trained = {one.query_id for one in story.train}
    renamed = [one.id for one in story.queries.values() if one.source.startswith(f"{story.renamed}#")]
    assert trained.issuperset(renamed), "a file that was renamed says what it said"
    assert any(one.positive.id.startswith("m2") for one in story.train)


def test_a_killed_refresh_goes_on_and_its_model_becomes_champion(story, place):
    assert story.under_way is not None and not place.work.refreshing.exists()
    assert story.line.began == story.under_way.began
    assert story.under_way.champion.version == 1 and story.line.champion == "acme@1"
    assert story.code == 0 and story.line.promoted
    first, second = place.versions()[1], place.versions()[2]
    assert "challenger" in second.aliases and "champion" in second.aliases
    assert second.base_digest == first.model_digest, "it started from the champion, and had to beat it"
    assert story.report.base == "acme"


def test_what_is_carried_over_is_an_input_like_any_other(story, place):
    config = load(None, [*place.settings, f"train.base={story.under_way.champion.path}"])
    context = Context(place.work, config, source=place.docs)
    assert not any(done.reason for done in plan(context, STAGES))
    text = place.work.carried_labels.read_bytes()
    place.work.carried_labels.write_bytes(text + b"\n")
    reasons = {done.stage: done.reason for done in plan(context, STAGES)}
    place.work.carried_labels.write_bytes(text)
    assert reasons["generate"] == "changed: carried"


def test_documents_shape_a_model_through_the_champion_that_it_started_from(story, place):
    with opened(place.work.lineage) as lineage:
        found = explain_model_document(
            lineage, artefact(lineage, str(place.work.bundle)), versions(lineage, [story.gone])
        )
    (source,) = found.sources
    assert "weights" in {one.use for one in source.influences}
    assert any("tuned-from" in [step.role for step in path.steps] for path in found.paths)


def test_later_rounds_are_told_when_nothing_is_new_and_keep_a_champion_that_is_not_beaten(
    story, place, capsys
):
    asked = len(place.endpoint.requests)
    assert place("refresh") == 3
    assert "nothing new came" in capsys.readouterr().out
    assert len(journal.refreshes(place.work)) == 1 and len(place.versions()) == 2
    note = place.docs / "m2-02.md"
    write_text(note, "\n\n" + note.read_text() + "\n")
    for _ in range(2):  # which moves what was said, and leaves every word of it
        assert place("refresh") == 3
        assert "nothing new came" in capsys.readouterr().out
    add(place.work.drift, looked("a", True), 1)
    add(place.work.drift, looked("b", False), 1)
    assert place("refresh", "--when", "drifted") == 3
    assert "no drift alarm" in capsys.readouterr().out

    for number, text in enumerate(
        (
            "Castle and mirror, kettle and tulip, then pigeon.",
            "Temple and sandal, pepper and barrel, then otter.",
        )
    ):
        write_text(place.docs / f"m3-{number}.md", f"# Late note {number}\n\n{text}\n")
    assert place("refresh", "--dry-run", "--json") == 0
    planned = json.loads(capsys.readouterr().out)
    assert (planned["champion"], planned["news"]) == ("acme@2", ["documents"])
    costs = {one["stage"]: one for one in planned["estimates"]}
    assert list(costs) == planned["stages"] and costs["generate"]["llm_calls"] == 2
    assert costs["train"]["minutes"] is not None and "2 of " in costs["generate"]["basis"][0]
    assert place("refresh", "--when", "drifted", "--set", "train.epochs=0", "--json") == 3
    done = json.loads(capsys.readouterr().out)
    assert (done["promoted"], done["version"], done["champion"]) == (False, "acme@3", "acme@2")
    assert done["verdict"] == "keep-base" and "the verdict of its report is keep-base" in done["against"]
    assert done["came"]["documents"] == {"new": 2, "changed": 0, "gone": 0}
    assert len(place.endpoint.requests) == asked + 2
    assert [version for version, one in place.versions().items() if "champion" in one.aliases] == [2]
    assert not read_json(place.work.report)["datasets"].keys() - {"test"} or done["tested"]


def test_after_a_second_training_the_first_months_documents_are_seen_still(story, place, capsys):
    """Also by an erasure, which taints the champion: no refresh starts from that."""
    place("refresh", "--set", "train.epochs=1", "--set", "train.learning_rate=3e-4")
    assert "New since acme@2: settings" in capsys.readouterr().out
    with opened(place.work.lineage) as lineage:
        model = artefact(lineage, str(place.work.model))
        found = explain_model_document(lineage, model, versions(lineage, [story.gone]))
    assert any([step.role for step in path.steps].count("tuned-from") == 2 for path in found.paths)

    with pytest.raises(SystemExit) as stop:
        erase = ["audit", "erase", "-w", str(place.work.root), "--document", story.gone]
        main([*erase, "--registry", str(place.registry)])
    assert stop.value.code == 0, capsys.readouterr().err
    assert {1, 2} <= {number for number, one in place.versions().items() if one.taint}
    write_text(place.docs / "m4-0.md", "# Last note\n\nMeadow, ribbon and candle, walnut and saddle.\n")
    retraining = read_json(place.work.retrain)["command"]
    assert (
        "registry" not in retraining
        and f"{place.settings[-2]!r}"[1:-1].replace("train.base=", "") in retraining
    )
    assert place("refresh") == 1
    assert "cannot be started from" in capsys.readouterr().err
