"""A document that a real run trained on, taken out of it: no byte tells of it, the log is whole, it stays out."""

import json
import re
import shutil
import signal
import sqlite3
import subprocess
import sys
from contextlib import chdir, closing
from pathlib import Path

import pytest
from indexed_manuals import command
from small_corpus import write_small_corpus
from teachers.chat_server import (
    ChatServer,
    Reply,
    answer,
    passage_of,
    queries_of,
    schema_of,
    verdict,
    verdicts,
)

from idiolect.erasing import erasure
from idiolect.erasing.certificate import lines
from idiolect.errors import PrivacyError, WorkspaceError
from idiolect.files import read_jsonl, tree_digests, write_json
from idiolect.index.stores.opening import open_store
from idiolect.lifecycle.audit.verifying import verify
from idiolect.lifecycle.erasure import taint
from idiolect.workspace import Workspace

PLANTED = """# The Quillfeather affair

The harbour master Quillfeather sold nine brass lanterns to a stranger who paid in foreign coins.
Nobody wrote the sale into the station book, and the lanterns were never seen on the quay again.

## What the crew of the ozone generator knew

Two fitters told the inspector Marrowby that the coins had been melted into a bell for the chapel.
Marrowby kept their letters in a tin behind the third cupboard of the pump house, beside the kettle.
"""
SHARED = PLANTED.split("\n\n")[1]
TRACES = ("Quillfeather", "Marrowby", "brass lanterns", "planted-letter", "planted-again", "foreign coins")
"""What no byte may hold afterwards: words that the document, its copy and nothing else has."""

PLAIN = ("64", "3", "test", "title", "embedding")
"""Ids that stand in many files for other things: in WORK's as keys and values, in the base's as words."""
NOTE = (
    "Note {0} tells that locker {0} of the pump house holds the spare spindle number {0} of the mains valve."
)

SETTINGS = (
    "ingest.workers=1",
    "generate.teacher=llm",
    "generate.model=made-up",
    "generate.max_queries=40",
    "generate.judge=true",
    "generate.multi_hop=0.3",
    "generate.written_negatives=0.5",
    "prepare.masked_queries=24",
    "prepare.test_fraction=0.2",
    "train.learning_rate=1e-3",
    "train.dimensions=[64]",
    "export.formats=[]",
)


def replies(number, request):
    """Questions in the passages' own words; every one of them is judged to be good."""
    if schema_of(request) == "judge":
        support = 3 if "Elsewhere it says" in passage_of(request) else 9
        return verdicts(*(verdict(query, 8, context_support=support) for query in queries_of(request)))
    if schema_of(request) == "negatives":
        said = passage_of(request)
        items = [
            {
                "query": query,
                "passage": f"Elsewhere it says otherwise: {said} ({len(query)})",
                "changed": said[:60],
            }
            for query in queries_of(request)
        ]
        return Reply(json.dumps({"negatives": items}))
    passages = re.findall(r"<passage[^>]*>\n(.*?)\n</passage>", request["messages"][1]["content"], re.DOTALL)
    words = [passage.split() for passage in passages]
    if len(passages) > 1:
        asked = f"how do {' '.join(words[0][-5:])} and {' '.join(words[1][-5:])} belong together"
        return Reply(answer({"query": asked, "positives": [*range(1, len(passages) + 1)]}))
    (one,) = words
    return Reply(answer(f"who knows why {' '.join(one[-6:])}", f"what became of {' '.join(one[2:9])}"))


@pytest.fixture(scope="module")
def docs(tmp_path_factory):
    folder = write_small_corpus(tmp_path_factory.mktemp("harbour") / "docs")
    (folder / "planted-letter.md").write_text(PLANTED)
    (folder / "planted-again.txt").write_text(PLANTED)
    (folder / "README.md").write_text(
        "# Read this\n\nThe eastern works keep their manuals here, one of each machine.\n"
    )
    named = [{"_id": name, "title": "A note", "text": NOTE.format(name)} for name in PLAIN]
    (folder / "notes.jsonl").write_text("".join(f"{json.dumps(note)}\n" for note in named))
    (folder.parent / "real.txt").write_text("where does the ferry land\n")
    (folder.parent / "asked.csv").write_text(
        "query,document\nwho bought the lanterns of Quillfeather?,planted-letter.md\n"
        + "which seal perishes in the tank?,storage-tank.html\n"
        + "what does the mains valve shut off?,mains-valve.md\n"
    )
    return folder


@pytest.fixture(scope="module")
def server():
    running = ChatServer(replies)
    yield running
    running.stop()


@pytest.fixture(scope="module")
def options(docs, server, tiny_model):
    given = [*SETTINGS, f"generate.base_url={server.url}", f"train.base={tiny_model}"]
    given.append(f"generate.exemplars={docs.parent / 'real.txt'}")
    return ["--queries", docs.parent / "asked.csv", *(part for one in given for part in ("--set", one))]


@pytest.fixture(scope="module")
def whole(docs, options, tmp_path_factory):
    """A folder with WORK as the real commands left it, and the store that they filled from it."""
    folder = tmp_path_factory.mktemp("erased")
    _run(docs, folder, options)
    with chdir(folder):
        command("index", "work/bundle", "work", "--store", "store", "-q")
    return folder


@pytest.fixture
def copy(whole, tmp_path):
    """The same to be changed, with its store where lineage is told that it is."""
    folder = tmp_path / "copy"
    shutil.copytree(whole, folder)
    with closing(sqlite3.connect(folder / "work" / "lineage.db")) as lineage, lineage:
        changed = lineage.execute(
            "UPDATE nodes SET name = ? WHERE name = ?", [*map(str, (folder / "store", whole / "store"))]
        )
        assert changed.rowcount == 1
    with chdir(folder):
        yield folder


def _run(docs, folder, options):
    given = [sys.executable, "-m", "idiolect", "run", docs, "-w", "work", "-q", "--ignore-memory", *options]
    done = subprocess.run([*map(str, given)], capture_output=True, text=True, cwd=folder)
    assert done.returncode in (0, 3), done.stderr


def held(folder, words=TRACES):
    """Word → the files below a folder whose bytes, or whose name, have it."""
    files = [path for path in folder.rglob("*") if path.is_file()]
    found = {
        word: [str(path) for path in files if word.encode() in path.read_bytes() or word in path.name]
        for word in words
    }
    return {word: paths for word, paths in found.items() if paths}


def test_it_stood_in_every_kind_of_place(whole):
    """Else the search afterwards would prove nothing."""
    assert held(whole).keys() == set(TRACES)
    places = {path.removeprefix(f"{whole}/") for paths in held(whole).values() for path in paths}
    assert {"work/documents.jsonl", "work/train.jsonl", "work/test/corpus.jsonl", "work/lineage.db"} <= places
    assert {"work/cache/llm.sqlite", "work/labelled/corpus.jsonl"} <= places
    assert "work/negatives.jsonl" in places
    assert any(path.startswith("store/") for path in places)


def test_no_byte_tells_of_it_and_the_log_is_whole(copy):
    before = open_store("store").read().indexed
    done = command("audit", "erase", "-w", "work", "--document", "planted-letter.md", "--json", "-q")

    assert held(copy) == {}
    assert (done["documents"], done["copies"]) == (1, 1)
    assert done["removed"]["documents"] == 2
    assert done["removed"]["answers of LLMs"] > 0
    assert done["removed"][f"rows of {copy / 'store'}"] > 0
    assert done["searched"]["traces"] > 20
    after = open_store("store").read().indexed
    assert (after.documents, after.dimension) == (before.documents - 2, before.dimension)
    work = Workspace(Path("work"))
    verify(work)
    events = [entry["event"] for entry in map(json.loads, work.audit.read_text().splitlines())]
    assert events[-1] == erasure.ERASED
    assert done["reference"] in work.audit.read_text()
    kept = json.loads((work.certificates / f"{done['reference'][:16]}.json").read_text())
    assert kept == done
    assert not work.erasing.exists()


def test_a_name_that_stands_for_other_things_too_goes_without_them(copy):
    """Of a README.md, and of numbers and words: what else is called so stays, and is no trace."""
    work = Workspace(Path("work"))
    kept = [row for row in read_jsonl(work.chunks, dict) if row["document_id"] not in (*PLAIN, "README.md")]
    erasure.erase(work, [*PLAIN, "README.md"])
    assert list(read_jsonl(work.chunks, dict)) == kept
    assert {row["split"] for row in read_jsonl(work.splits, dict)} <= {"train", "dev", "test", "unused"}
    assert held(copy, ["spare spindle number"]) == {}
    assert json.loads(work.report.read_text())["dimensions"].keys() == {"64"}


def test_rounds_about_failures_lose_it(copy):
    work = Workspace(Path("work"))
    name, other = "planted-letter.md#0", "mains-valve.md#0"
    focuses = [
        {"chunks": {name: [other], other: [name]}, "documents": ["planted-letter.md", "mains-valve.md"]},
        {"chunks": {name: [other]}, "documents": ["mains-valve.md"]},
    ]
    requests = [{"chunk": name, "apart_from": [other]}, {"chunk": other, "apart_from": [name]}]
    write_json(work.focuses, {"rounds": [{"missed": 2, "focuses": focuses, "requests": requests}]})
    erasure.erase(work, ["planted-letter.md"])
    left = {"chunks": {other: []}, "documents": ["mains-valve.md"]}
    requests = [{"chunk": other, "apart_from": []}]
    assert json.loads(work.focuses.read_text()) == {
        "rounds": [{"missed": 2, "focuses": [left], "requests": requests}]
    }


def test_a_lost_lineage_is_recorded_first_and_what_it_cannot_tell_is_presumed(copy):
    work = Workspace(Path("work"))
    work.lineage.unlink()
    before = erasure.preview(work, ["planted-letter.md"]).tainted
    assert not work.lineage.exists()
    done = erasure.erase(work, ["planted-letter.md"], uris=["store"])
    assert {"model", "bundle"} <= {one.artefact.kind for one in before} == {one.kind for one in done.tainted}
    assert any("--store" in text for text in done.not_covered)

    work.lineage.unlink()  # and now the files are no longer what the manifests say
    done = erasure.erase(work, ["64"], uris=["store"])
    assert {one.kind for one in done.tainted if one.blocks} >= {"model", "bundle"}
    assert any("presumed" in text for text in done.not_covered)


def test_an_export_of_what_was_not_made_anew_clears_nothing(copy, options):
    command("audit", "erase", "-w", "work", "--document", "planted-letter.md", "-q")
    work = Workspace(Path("work"))
    before = work.taint.read_bytes()
    command("export", "-w", "work", "-q", *map(str, options[2:]))
    assert work.taint.read_bytes() == before
    assert work.retrain.exists()


def test_vectors_of_which_a_killed_process_left_half_go_whole(copy):
    work = Workspace(Path("work"))
    (path,) = work.vectors.glob("*.keys")
    whole, keys = path.with_suffix(".f32"), path.read_bytes()
    with whole.open("ab") as file:
        file.write(b"\0" * 4 * 64 * (len(keys) // 16))  # as many rows again
    (work.vectors / "orphan.f32").write_bytes(b"\0" * 256)
    erasure.erase(work, ["planted-letter.md"])
    assert {one.suffix for one in work.vectors.iterdir()} <= {".lock"}


def test_what_it_shaped_is_tainted_and_waits_to_be_trained_anew(copy):
    command("audit", "erase", "-w", "work", "--document", "planted-letter.md", "-q")
    work = Workspace(Path("work"))
    tainted = {one.kind: one for one in taint.read(work.taint)}
    assert {"model", "bundle", "report", "index"} <= tainted.keys()
    assert tainted["bundle"].blocks
    manifest = json.loads((work.bundle / "manifest.json").read_text())
    assert taint.tainted_by(work.taint, {manifest["model_digest"], tainted["bundle"].digest})
    assert "vectors" in tainted["index"].uses
    assert "idiolect run" in json.loads(work.retrain.read_text())["command"]


def test_the_next_run_keeps_it_out_and_clears_what_it_makes(copy, docs, options):
    command("audit", "erase", "-w", "work", "--document", "planted-letter.md", "-q")
    work = Workspace(Path("work"))
    before = {one.digest for one in taint.read(work.taint)}
    _run(docs, copy, options)

    assert held(copy) == {}
    aside = [json.loads(line) for line in work.rejected_documents.read_text().splitlines()]
    assert sum(one["reason"].startswith("erased") for one in aside) == 2
    assert not work.retrain.exists()
    assert (
        taint.tainted_by(
            work.taint, {json.loads((work.bundle / "manifest.json").read_text())["model_digest"]}
        )
        == []
    )
    assert {one.digest for one in taint.read(work.taint)} <= before, (
        "bundles that were published stay on the list"
    )
    verify(work)


def test_a_published_version_can_no_longer_be_promoted(copy):
    command("models", "publish", "work", "--name", "harbour", "--registry", "registry", "--json")
    assert any("lineage.db" in path for paths in held(copy / "registry").values() for path in paths)
    told = command(
        "audit",
        "erase",
        "-w",
        "work",
        "--document",
        "planted-letter.md",
        "--registry",
        "registry",
        "--json",
        "-q",
    )
    assert told["marked"] == ["harbour@1"]
    assert told["removed"]["published lineages"] == 1
    assert held(copy / "registry") == {}
    assert "tainted" in command("models", "promote", "harbour", "--registry", "registry", code=1)


def test_a_dry_run_says_all_of_it_and_changes_nothing(copy):
    before = tree_digests(copy)
    told = command("audit", "erase", "-w", "work", "--document", "planted-letter.md", "--dry-run")
    assert "and its copies: planted-again.txt" in told
    for kind in (
        "documents",
        "chunks",
        "queries",
        "training examples",
        "answers of LLMs",
        f"rows of {copy / 'store'}",
    ):
        assert f" {kind}\n" in told
    assert "Would taint: bundle" in told
    assert tree_digests(copy) == before


KILLED = """
import os, signal, sys
from idiolect.erasing import {module} as module
from idiolect.cli import main
real, left = module.{name}, [{calls}]
def deadly(*given, **named):
    left[0] -= 1
    if left[0] < 0:
        os.kill(os.getpid(), signal.SIGKILL)
    return real(*given, **named)
module.{name} = deadly
main(sys.argv[1:])
"""


@pytest.mark.parametrize(
    ("module", "name", "calls"),
    [("files", "write_jsonl", 3), ("erasure", "search", 0)],
)
def test_killed_in_between_it_goes_on_and_leaves_as_little(copy, module, name, calls):
    script = KILLED.format(module=module, name=name, calls=calls)
    given = ["audit", "erase", "-w", "work", "--document", "planted-letter.md", "-q"]
    killed = subprocess.run([sys.executable, "-c", script, *given], capture_output=True)
    assert killed.returncode == -signal.SIGKILL, killed.stderr
    assert "did not finish" in command(*given, code=1)
    assert "did not finish" in command("train", "-w", "work", code=1)
    done = command("audit", "erase", "-w", "work", "--resume", "--json", "-q")
    assert held(copy) == {}
    assert done["removed"]["documents"] == 2
    verify(Workspace(Path("work")))


def test_what_is_found_afterwards_is_named_and_the_erasure_is_not_done(copy):
    note = Path("work/notes-of-mine.txt")
    note.write_text(f"To look up: {SHARED}")
    work = Workspace(Path("work"))
    with pytest.raises(PrivacyError, match="notes-of-mine"):
        erasure.erase(work, ["planted-letter.md"])
    assert list(work.certificates.glob("*")) == []
    note.unlink()
    assert any("none is left" in line for line in lines(erasure.resume(work)))


def test_a_store_that_is_not_there_is_told_and_never_passed_over(copy, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    work = Workspace(copy / "work")
    shutil.move(copy / "store", copy / "moved")
    with pytest.raises(PrivacyError, match=r"is not there.* --leave .*store$"):
        erasure.erase(work, ["planted-letter.md"])
    assert not work.suppressed.exists()
    done = erasure.erase(work, ["planted-letter.md"], uris=["copy/moved"], left=["copy/store"])
    assert done.removed[f"rows of {copy / 'moved'}"] > 0
    assert done.left == [str(copy / "store")]
    assert held(copy) == {}


def test_a_document_that_is_not_known_is_told_with_the_nearest(whole):
    with pytest.raises(PrivacyError, match=r"nearest are 'planted-letter\.md'"):
        erasure.preview(Workspace(whole / "work"), ["planted-leter.md"])


def test_a_store_that_holds_it_and_cannot_be_opened_is_told_before_anything_goes(copy):
    shutil.rmtree("store")
    Path("store").write_text("no folder any more")
    with pytest.raises(PrivacyError, match=r"--leave"):
        erasure.erase(Workspace(Path("work")), ["planted-letter.md"])
    assert not Path("work/suppressed.json").exists()


def test_there_must_be_a_run(tmp_path):
    with pytest.raises(WorkspaceError, match="holds no documents"):
        erasure.preview(Workspace(tmp_path), ["a.txt"])
