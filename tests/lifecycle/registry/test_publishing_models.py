"""What is published to a registry in a folder: once, whole, by one process after the other."""

import json
import shutil
import sqlite3

import pytest
import registry_processes
from registered import QUERIES, write_plain_bundle

from idiolect.bundle import Bundle, bundle_digest
from idiolect.files import write_json
from idiolect.lifecycle.registry import located


def test_a_bundle_is_one_version_however_often_it_is_published(desk, works):
    first = desk.json("publish", works / "first", "--domain", "acme/support")
    again = desk.json("publish", works / "first" / "bundle")
    assert (first["new"], again["new"]) == (True, False)
    assert first["version"] == again["version"]
    version = first["version"]
    assert version["digest"] == bundle_digest(Bundle.load(works / "first" / "bundle"))
    assert (version["version"], version["domain"], version["base"]) == (1, "acme/support", "base of first")
    assert version["gain"] == pytest.approx(0.2, abs=0.02)
    assert desk.json("publish", works / "better")["version"]["domain"] == "acme/support"


def test_what_is_shown_is_what_was_measured(desk, works):
    desk.json("publish", works / "first")
    shown = desk.json("show", "pumps")
    report = json.loads((works / "first" / "report.json").read_text())
    assert (
        shown["metrics"]["test/dense-tuned/ndcg_at_10"]
        == report["datasets"]["test"]["runs"]["dense-tuned"]["ndcg@10"]
    )
    assert shown["metrics"]["gain_low"] == report["decisions"]["dense"]["comparison"]["ci95"][0]
    assert shown["files"] == ["bundle", "report.json", "scores.jsonl"]
    assert "never promoted" in desk("show", "pumps@1")[1]


def test_no_query_enters_the_registry(desk, works):
    desk.json("publish", works / "first")
    held = b"".join(path.read_bytes() for path in desk.folder.rglob("*") if path.is_file())
    assert b"scores.jsonl" not in held or b"key" in held
    assert [query for query in QUERIES if query.encode() in held] == []


def test_an_altered_bundle_is_not_published(desk, works, tmp_path):
    altered = shutil.copytree(works / "first", tmp_path / "altered")
    (altered / "bundle" / "model" / "config.json").write_text("{}")
    assert "was altered" in desk.refused("publish", altered)
    assert desk.listed() == {}


def test_a_report_of_another_run_is_refused(desk, works, tmp_path):
    mixed = shutil.copytree(works / "first", tmp_path / "mixed")
    shutil.copyfile(works / "kept" / "report.json", mixed / "report.json")
    assert "they are of two runs" in desk.refused("publish", mixed)


def test_a_report_of_a_later_evaluation_is_no_report_of_the_bundle(desk, works, tmp_path):
    """The verdict may be the same, and every figure another."""
    work = shutil.copytree(works / "first", tmp_path / "again")
    runs = {
        "20260101-export": "2026-01-01",
        "20260102-evaluate": "2026-01-02",
        "20260103-train": "2026-01-03",
    }
    for name, started in runs.items():
        write_json(work / "manifests" / f"{name}.json", {"started": started})
    assert "was evaluated again since its bundle was exported" in desk.refused("publish", work)
    write_json(work / "manifests" / "20260104-export.json", {"started": "2026-01-04"})
    assert desk.json("publish", work)["version"]["created"] == "2026-01-04"


@pytest.mark.parametrize("folder", ["what?", "half%20done"])
def test_a_folder_that_no_address_can_name_is_told_at_once(desk, works, folder):
    desk.folder = folder
    assert "in its path, which means something else in SQLite's addresses" in desk.refused(
        "publish", works / "first"
    )


@pytest.mark.parametrize("domain", ["acme\nfield", "acme//ada", "acme/ /ada"])
def test_a_domain_that_would_break_the_list_is_refused(desk, works, domain):
    code, said = desk("publish", works / "first", "--domain", domain)
    assert code == 2 and "give names with slashes between" in said


def test_no_model_takes_the_name_of_the_history(desk, works):
    code, said = desk("publish", works / "first", "--name", "idiolect-promotions")
    assert code == 2 and "give the model another --name" in said


@pytest.mark.parametrize("point", registry_processes.POINTS)
def test_a_publish_that_is_killed_leaves_nothing_half_visible_and_the_next_goes_on(
    desk, works, processes, point
):
    code = registry_processes.run(
        processes, registry_processes.publish_and_die, desk.folder, works / "first", point
    )
    assert code == -9
    whole = point in ("versioned", "logged")
    assert list(desk.listed()) == (["pumps"] if whole else [])
    again = desk.json("publish", works / "first")
    assert again["new"] is not whole
    assert [model["versions"] for model in desk.listed().values()] == [1]
    assert len(list((desk.folder / "artifacts").iterdir())) == 1
    assert [event for event, _ in desk.log()][:1] == ["publish"]
    tables = sqlite3.connect(desk.folder / "registry.db")
    left = tables.execute("select count(*) from runs where status = 'RUNNING' and lifecycle_stage = 'active'")
    assert left.fetchone() == (0,)
    Bundle.load(located("registry:pumps@1", str(desk.folder))).verify()


def test_a_full_disk_is_told_in_one_line_and_publishes_nothing(desk, processes, tmp_path):
    database = (desk.folder / "registry.db").stat().st_size
    bundle = write_plain_bundle(tmp_path, size=database + 2**20)
    for room in (database + 2**19, 2**14):
        queue = processes.Queue()
        registry_processes.run(
            processes, registry_processes.publish_with_little_room, desk.folder, bundle, room, queue
        )
        assert "no space is left there" in queue.get(timeout=10)
    assert desk.listed() == {}
    assert desk.json("publish", bundle)["version"]["version"] == 1


def test_publishers_at_once_take_turns(desk, works, processes):
    queue = processes.Queue()
    names = ("first", "better", "first")
    started = [
        processes.Process(target=registry_processes.publish, args=(desk.folder, works / name, queue))
        for name in names
    ]
    for process in started:
        process.start()
    assert sorted(queue.get(timeout=60) for _ in names) in ([1, 1, 2], [1, 2, 2])
    assert desk.listed()["pumps"]["versions"] == 2
