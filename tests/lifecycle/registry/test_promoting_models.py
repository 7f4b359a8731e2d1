"""Who is champion: through the gate, back, of several at one moment exactly one; and all of it recorded."""

import shutil

import pytest
import registry_processes
from registered import write_model

from idiolect.errors import AuditError, RegistryError, UsageError
from idiolect.files import write_jsonl
from idiolect.lifecycle.audit.chain import Chain
from idiolect.lifecycle.registry import located, summaries
from idiolect.lifecycle.registry.catalogue import Registry
from idiolect.lifecycle.registry.history import replayed
from idiolect.lifecycle.registry.references import Reference
from idiolect.lifecycle.registry.versions import Promotion


def test_a_champion_gives_way_to_a_better_one_and_comes_back(pumps):
    assert pumps.champion() == 0
    assert "no champion to compare with" in pumps("promote", "pumps@1")[1]
    done = pumps.json("promote", "pumps@2")
    assert done["gate"]["comparisons"]["test"]["delta"] == pytest.approx(0.1, abs=0.02)
    assert pumps.champion() == 2
    assert "is champion already" in pumps("promote", "pumps@2")[1]
    assert pumps.json("rollback", "pumps")["entry"]["version"] == 1
    assert pumps.champion() == 1
    assert "pumps@1 is its first" in pumps.refused("rollback", "pumps")


def test_going_back_follows_what_was_promoted_not_the_numbers(pumps):
    for version in (2, 1, 3):
        pumps.json("promote", f"pumps@{version}", "--override", "the order of this test")
    backwards = [pumps.json("rollback", "pumps")["version"]["version"] for _ in range(2)]
    assert backwards == [1, 2]
    pumps.json("promote", "pumps@3", "--override", "once more")
    assert pumps.json("rollback", "pumps")["version"]["version"] == 2


def test_a_version_is_named_by_number_alias_or_digest(pumps):
    digest = pumps.json("show", "pumps@2")["version"]["digest"]
    assert pumps.json("promote", f"pumps@{digest[:10]}")["version"]["version"] == 2
    assert pumps.json("show", "pumps@champion")["version"]["version"] == 2
    assert "has no challenger" in pumps.refused("show", "pumps@challenger")
    assert "has no version 7: there is 1, 2, 3" in pumps.refused("show", "pumps@7")
    assert "holds no model 'valves': there is pumps" in pumps.refused("show", "valves")
    assert pumps("show", "pumps@")[0] == pumps("show", "a/b")[0] == 2


def test_a_version_that_is_worse_than_the_champion_is_refused(pumps):
    pumps.json("promote", "pumps@2")
    line = pumps.refused("promote", "pumps@3")
    assert "it is worse than the champion pumps@2 on test (−0.2" in line
    assert pumps.champion() == 2


def test_another_corpus_is_not_compared_and_that_is_said(pumps, works):
    pumps.json("promote", "pumps@2")
    pumps.json("publish", works / "elsewhere")
    code, said = pumps("promote", "pumps@4")
    assert code == 0
    assert "not compared with the champion pumps@2: they share no test query" in said


def test_a_base_that_was_kept_is_no_champion_without_a_reason_which_is_recorded(desk, works):
    desk.json("publish", works / "kept")
    line = desk.refused("promote", "pumps")
    assert "verdict of its report is keep-base (its bundle holds the base's weights)" in line
    assert desk.champion() == 0
    assert desk("promote", "pumps", "--override", " ")[0] == 2
    desk.json("promote", "pumps", "--override", "clients need an address before the first training")
    shown = desk.json("show", "pumps@champion")
    (entry,) = shown["history"]
    assert entry["reason"] == "clients need an address before the first training"
    assert "keep-base" in entry["refused"]
    assert entry["who"] and entry["who"] in shown["version"]["override"]
    event, facts = desk.log()[-1]
    assert (event, facts["reason"], facts["who"]) == ("promotion", entry["reason"], entry["who"])


@pytest.mark.parametrize(
    ("marks", "reason"),
    [
        ({"taint": "erasure"}, "it is tainted (erasure)"),
        ({"licences": "GPL-3.0-only 2"}, "trained on documents whose licences deny that (GPL-3.0-only 2)"),
    ],
)
def test_a_tainted_or_forbidden_version_is_refused_also_to_go_back_to(pumps, marks, reason):
    registry = Registry.at(str(pumps.folder))
    for version in (1, 2):
        pumps.json("promote", f"pumps@{version}")
    registry.mark(registry.find(Reference(name="pumps", selector="1")), **marks, drift="0.12")
    assert reason in pumps.refused("rollback", "pumps")
    assert reason in pumps.refused("promote", "pumps@1", "--as", "challenger")
    assert (
        pumps.json("rollback", "pumps", "--override", "counsel agreed")["entry"]["reason"] == "counsel agreed"
    )
    line = pumps.listed()["pumps"]
    assert (line["champion"], line["taint"], line["drift"]) == (1, marks.get("taint", ""), "0.12")


def test_what_may_not_be_handed_on_serves_in_its_own_house_and_that_is_said_everywhere(desk, works, tmp_path):
    work = shutil.copytree(works / "first", tmp_path / "first")
    closed = {"id": "a.md", "path": "a.md", "title": "", "text": "", "sha256": "0", "language": "en"}
    write_jsonl(
        work / "documents.jsonl", [closed | {"licence": "CC-BY-NC-4.0", "verdicts": ["no-redistribute"]}]
    )
    assert (
        "not to be handed on: licences of its documents deny that (CC-BY-NC-4.0 1)"
        in desk("publish", work)[1]
    )
    warning = "warning: pumps@1 may serve here and is not to be handed on"
    code, said = desk("promote", "pumps")
    assert code == 0 and warning in said
    assert desk.json("show", "pumps")["history"][0]["reason"] == "", "no override was needed"
    assert "redistribution  denied: CC-BY-NC-4.0 1" in desk("show", "pumps")[1]
    assert "deny redistribution" in desk("list")[1]
    desk.json("publish", works / "better")
    desk.json("promote", "pumps@2")
    assert warning in desk("rollback", "pumps")[1]


def test_what_trained_against_its_licence_is_marked_when_it_is_published_again(desk, works, monkeypatch):
    desk.json("publish", works / "first")
    desk.json("promote", "pumps")
    monkeypatch.setattr(summaries, "denied_to_train", lambda work, digests, policy: ", ".join(policy.train))
    again = desk.json("publish", works / "first", "--set", 'licences.train=["GPL-3.0-only"]')
    assert (again["new"], again["version"]["licences"]) == (False, "GPL-3.0-only")
    assert desk.log()[-1][1]["licences"] == "GPL-3.0-only"
    assert "deny training" in desk("list")[1]
    assert "whose licences deny that (GPL-3.0-only)" in desk.refused("promote", "pumps", "--as", "challenger")
    desk.json("publish", works / "first")
    assert desk.json("show", "pumps")["version"]["licences"] == "GPL-3.0-only", "nobody said that it may"


def test_a_challenger_is_not_said_to_have_nobody_to_challenge(pumps):
    pumps.json("promote", "pumps@1")
    assert "no champion" not in pumps("promote", "pumps@2", "--as", "challenger")[1]


def test_a_bundle_without_a_report_is_promoted_by_its_own_verdict_and_that_is_said(desk, plain, tmp_path):
    desk.json("publish", write_model(tmp_path / "bare", plain, "pumps"))
    assert "warning: pumps@1 came without a report" in desk("promote", "pumps")[1]


def test_files_that_were_altered_in_the_registry_are_not_promoted(pumps):
    path = located("registry:pumps@2", str(pumps.folder))
    (path / "model" / "config.json").write_text("{}")
    assert "its files are not those that were published" in pumps.refused("promote", "pumps@2")
    (path / "manifest.json").write_text("{}")
    assert "its files are not those" in pumps.refused("promote", "pumps@2")


def test_only_what_was_looked_at_is_replaced(pumps):
    pumps.json("promote", "pumps@1", "--expect", "none")
    assert "is 1, not nobody as expected, since" in pumps.refused("promote", "pumps@2", "--expect", "none")
    pumps.json("promote", "pumps@2", "--expect", "1")
    assert pumps("promote", "pumps@2", "--expect", "new")[0] == 2


def test_of_promotions_at_one_moment_exactly_one_wins_and_the_others_name_it(
    desk, plain, tmp_path, processes
):
    count = 3
    for number in range(count):
        desk.json("publish", write_model(tmp_path / f"m{number}", plain, "pumps"))
    barrier, queue = processes.Barrier(count), processes.Queue()
    started = [
        processes.Process(
            target=registry_processes.promote_together,
            args=(desk.folder, "pumps", number + 1, barrier, queue),
        )
        for number in range(count)
    ]
    for process in started:
        process.start()
    told = dict(queue.get(timeout=120) for _ in started)
    (winner,) = [version for version, line in told.items() if not line]
    assert desk.champion() == winner
    assert all(f"made pumps@{winner} champion" in line for version, line in told.items() if version != winner)
    shown = desk.json("show", "pumps@champion")
    assert (len(shown["history"]), len(shown["void"]), shown["outside"]) == (count, count - 1, {})
    assert [event for event, _ in desk.log()].count("promotion") == count
    Chain(desk.folder / "audit.jsonl").verify()


def test_processes_that_set_an_alias_at_one_moment_all_succeed(pumps, processes):
    """MLflow looks for an alias before it adds one, and fails where another process did so in between."""
    count = 4
    barrier, queue = processes.Barrier(count), processes.Queue()
    for _ in range(count):
        processes.Process(
            target=registry_processes.set_aliases, args=(pumps.folder, "pumps", 25, barrier, queue)
        ).start()
    assert [queue.get(timeout=120) for _ in range(count)] == [""] * count


def test_a_promotion_that_was_killed_is_finished_by_the_next_command(pumps, processes):
    pumps.json("promote", "pumps@1")
    assert (
        registry_processes.run(processes, registry_processes.promote_and_die, pumps.folder, "pumps", 2) == -9
    )
    assert "alias champion stands on 1, which no promotion above did" in pumps("show", "pumps")[1]
    assert "is champion already" in pumps("promote", "pumps@2")[1]
    assert pumps.champion() == 2
    assert [facts["version"] for event, facts in pumps.log() if event == "promotion"] == [1, 2]


def test_a_rollback_that_was_overtaken_is_void():
    def entry(number, action, version, after):
        facts = {"name": "pumps", "alias": "champion", "before": 0, "who": "ada", "when": "now"}
        return Promotion(number=number, action=action, version=version, after=after, **facts)

    entries = [entry(1, "promote", 1, 0), entry(2, "promote", 2, 1), entry(3, "promote", 3, 2)]
    late = entry(4, "rollback", 1, 2)
    found = replayed([*entries, late], "champion")
    assert (found.stack, list(found.void), found.void[4].number) == ([1, 2, 3], [4], 3)


def test_an_edited_log_is_found(pumps):
    pumps.json("promote", "pumps@1")
    log = pumps.folder / "audit.jsonl"
    log.write_text(log.read_text().replace('"action":"promote"', '"action":"rollback"'))
    with pytest.raises(AuditError, match="edited"):
        Chain(log).verify()


def test_a_mark_that_nobody_knows_is_refused(pumps):
    registry = Registry.at(str(pumps.folder))
    with pytest.raises(UsageError, match="there is drift, taint, licences, redistribution"):
        registry.mark(registry.find(Reference(name="pumps")), colour="red")
    with pytest.raises(RegistryError, match="has no champion"):
        located("registry:pumps", str(pumps.folder))
