"""`index` and `search --store`: a folder of documents, changed, and searched from the command line."""

import json
import shutil
import signal
import subprocess
import sys
import time

import msgspec
import pytest
from indexed_manuals import bundle_and_documents, command
from small_corpus import write_small_corpus
from tiny_model import save_tiny_model

from idiolect.indexing import index, open_searcher
from idiolect.progress import for_terminal


@pytest.fixture(scope="module")
def made(tmp_path_factory, bundle_path):
    """A bundle, its documents, a store of them, and what `index` said."""
    folder = tmp_path_factory.mktemp("made")
    bundle, documents = bundle_path, write_small_corpus(folder / "documents")
    store = folder / "store"
    told = command("index", bundle, documents, "--store", store, "--json", "-q", apart=True)
    return bundle, documents, store, told


@pytest.fixture
def own(made, tmp_path):
    """The same, to be changed."""
    bundle, documents, store, _ = made
    shutil.copytree(documents, tmp_path / "documents")
    shutil.copytree(store, tmp_path / "store")
    return bundle, tmp_path / "documents", tmp_path / "store"


def test_all_chunks_are_encoded_once(made):
    bundle, documents, store, said = made
    assert said["encoded"] == said["indexed"]["chunks"] >= 16 * 2
    assert said["indexed"]["documents"] == 16
    again = command("index", bundle, documents, "--store", store, "--json", "-q")
    assert (again["encoded"], again["kept"], again["removed"]) == (0, said["encoded"], 0)


def test_hits_are_cited_and_documents_shown_once(made):
    *_, store, _ = made
    found = command("search", "rattling noise", "--store", store, "--mode", "lexical", "--json")["hits"]
    assert "rattling" in found[0]["text"]
    assert found[0]["citation"] == f"{found[0]['path']}[{found[0]['start']}:{found[0]['end']}]"
    grouped = command("search", "pump", "--store", store, "--unit", "document", "--top", 12, "--json")["hits"]
    assert len({hit["document_id"] for hit in grouped}) == len(grouped) == 12


def test_neighbours_come_with_a_hit(made):
    *_, store, _ = made
    (hit,) = command(
        "search", "spindle", "--store", store, "--mode", "lexical", "--top", 1, "--context", 1, "--json"
    )["hits"]
    near = [*hit["before"], *hit["after"]]
    assert near and {one["document_id"] for one in near} == {hit["document_id"]}
    assert {abs(one["position"] - hit["position"]) for one in near} == {1}


def test_a_filter_and_a_wrong_one(made):
    *_, store, _ = made
    hits = command("search", "water", "--store", store, "--where", "licence=CC-BY-4.0", "--json")["hits"]
    assert hits and all(hit["path"].endswith(".md") for hit in hits)
    assert "Nothing found" in command("search", "water", "--store", store, "--where", "licence=none")
    assert "KEY=VALUE" in command("search", "water", "--store", store, "--where", "licence", code=2)


def test_only_what_changed_is_encoded_and_what_went_disappears(own):
    bundle, documents, store = own
    gone = next(documents.glob("booster-station*"))

    def found():
        said = command(
            "search", "booster station", "--store", store, "--mode", "lexical", "--top", 50, "--json"
        )
        return {hit["path"] for hit in said["hits"]}

    assert gone.name in found()
    changed = next(path for path in sorted(documents.glob("*.txt")) if path != gone)
    changed.write_text("A zeppelin is moored at the tank.\n")
    gone.unlink()
    said = command("index", bundle, documents, "--store", store, "--json", "-q")
    assert said["encoded"] == 1
    assert said["removed"] >= 2
    (hit,) = command("search", "zeppelin", "--store", store, "--mode", "lexical", "--json")["hits"]
    assert hit["path"] == changed.name
    assert gone.name not in found()


def test_another_model_is_refused_with_the_cure_and_takes_the_place(own, tmp_path):
    _, documents, store = own
    other, _ = bundle_and_documents(tmp_path / "other", save_tiny_model(tmp_path / "model", seed=7))
    said = command("search", "pump", "--store", store, "--bundle", other, code=1)
    assert "model_digest" in said and f"idiolect index BUNDLE DOCS --store {store}" in said
    built = command("index", other, documents, "--store", store, "--json", "-q")
    assert built["encoded"] == built["indexed"]["chunks"]
    assert command("search", "pump", "--store", store, "--bundle", other, "--json")["hits"]


def test_wrong_places_are_one_clear_line(made, tmp_path):
    bundle, documents, _, _ = made
    assert "idiolect index BUNDLE DOCS" in command("search", "pump", "--store", tmp_path / "none", code=1)
    assert "folder of its own" in command("index", bundle, documents, "--store", documents, "-q", code=1)
    assert "is not there" in command(
        "index", bundle, tmp_path / "no", "--store", tmp_path / "s", "-q", code=1
    )
    assert "no store that is known" in command(
        "index", bundle, documents, "--store", "redis://x", "-q", code=2
    )
    assert "need --store" in command("search", "pump", "--where", "a=b", "-w", tmp_path, code=2)


def test_qdrant_holds_and_finds_the_same(made, tmp_path):
    bundle, documents, store, said = made
    uri = f"qdrant://{tmp_path}/qdrant"
    built = index(bundle, documents, uri, for_terminal(quiet=True))
    assert msgspec.to_builtins(built.indexed) == said["indexed"]
    found, expected = (open_searcher(one).search("rattling pump", 5, context=1) for one in (uri, str(store)))
    assert [msgspec.structs.replace(one, score=0) for one in found] == [
        msgspec.structs.replace(one, score=0) for one in expected
    ]
    assert [one.score for one in found] == pytest.approx([one.score for one in expected], abs=1e-3)


def test_what_is_not_named_again_stays_as_it_was(own):
    bundle, documents, store = own
    given = ("index", bundle, documents, "--store", store, "--json", "-q")
    assert command(*given, "--short", 32)["recall"]["share"] > 0.3
    candidates = command(*given, "--oversample", 8)["indexed"]["candidates"]
    assert candidates == {"dimension": 32, "precision": "float32", "oversample": 8.0}
    assert command(*given)["indexed"]["candidates"] == candidates
    assert command(*given, "--short", 0)["recall"] is None
    assert "--short 0" in command(*given[:-2], "--short", 33, code=2)


def test_a_table_is_read_as_its_run_read_it(made, tmp_path):
    bundle, _, _, _ = made
    table = tmp_path / "tickets.csv"
    table.write_text("number,what,noise\nT1,the pump rattles,xyzzy\nT2,the tank leaks,xyzzy\n")
    settings = ("--set", 'ingest.text_columns=["what"]', "--set", "ingest.id_column=number")
    command("index", bundle, table, "--store", tmp_path / "store", *settings, "-q")
    (hit,) = command("search", "rattles", "--store", tmp_path / "store", "--mode", "lexical", "--json")[
        "hits"
    ]
    assert (hit["document_id"], hit["text"]) == ("T1", "the pump rattles")


def test_a_kill_half_way_leaves_the_old_state_and_a_second_run_goes_on(own, tmp_path):
    bundle, _, store = own
    corpus = tmp_path / "corpus.jsonl"
    lines = (
        {"_id": f"n{number}", "title": "", "text": f"Pump number {number} is new."} for number in range(6000)
    )
    corpus.write_text("\n".join(map(json.dumps, lines)))
    before = command("search", "pump", "--store", store, "--json")["hits"]
    arguments = [sys.executable, "-m", "idiolect", "index", bundle, corpus, "--store", store, "-q"]
    table = store / "chunks_64.lance" / "data"
    there = len(list(table.iterdir()))
    with subprocess.Popen(list(map(str, arguments)), stderr=subprocess.DEVNULL) as process:
        while len(list(table.iterdir())) < there + 3 and process.poll() is None:  # the last may be half-way
            time.sleep(0.01)
        process.kill()
    assert process.returncode == -signal.SIGKILL
    assert command("search", "pump", "--store", store, "--json")["hits"] == before
    again = command("index", bundle, corpus, "--store", store, "--json", "-q")
    assert again["indexed"]["documents"] == 6000
    assert 0 < again["encoded"] <= 6000 - 2 * 1024
    (hit,) = command("search", "5999", "--store", store, "--mode", "lexical", "--top", 1, "--json")["hits"]
    assert hit["document_id"] == "n5999"
