"""A run with an LLM that writes, judges, misses and rates, and people's labels: what the real commands record of it."""

import csv
import json
import re
import shutil
import sqlite3
from pathlib import Path

import pytest
from small_corpus import MACHINES, write_small_corpus
from teachers.chat_server import ChatServer, Reply, answer, queries_of, schema_of, verdict, verdicts
from walked import counted, read, walked

from idiolect.cli import main
from idiolect.errors import AuditError
from idiolect.files import read_json, read_jsonl
from idiolect.lifecycle.lineage.explaining import explain_model, touched
from idiolect.lifecycle.lineage.forgetting import forget
from idiolect.lifecycle.lineage.naming import artefact, documents
from idiolect.lifecycle.lineage.openlineage import events
from idiolect.lifecycle.lineage.store import opened
from idiolect.records import Chunk, TrainingExample
from idiolect.teachers.cache import AnswerCache
from idiolect.workspace import Workspace

pytest.importorskip("openai")
pytestmark = pytest.mark.usefixtures("one_thread")

SETTINGS = (
    "generate.model=m",
    "generate.judge=true",
    "generate.written_negatives=1.0",
    "generate.multi_hop=0.2",
    "generate.per_chunk=2",
    "train.teacher=llm",
    "train.distill=0.5",
    "train.epochs=1",
    "train.batch_size=16",
    "train.dimensions=[384]",
    "ingest.chunk_tokens=96",
    "prepare.masked_queries=24",
    "prepare.test_fraction=0.25",
    "prepare.labels_as=train",
    "export.formats=['onnx']",
)
MISS = "The crew of the western works greases the lever each spring, and notes who was on duty that day. "


def script(number, request) -> Reply:
    """Questions in words of the passage; near misses that say nothing; a judge that looks for the words."""
    schema = schema_of(request)
    shown = request["messages"][1]["content"]
    passage = shown.split("<passage")[1].split(">\n", 1)[1].split("\n</passage>")[0]
    words = re.findall(r"[a-z]{4,}", passage.lower())
    if schema == "queries":
        several = {"positives": ["1", "2"]} if 'number="2"' in shown else {}
        return Reply(
            answer(
                *(
                    {"query": f"where are {' '.join(words[place::9][:4])} told of", **several}
                    for place in (1, 5)
                )
            )
        )
    if schema == "negatives":
        items = [
            {
                "query": query,
                "passage": f"{(MISS * 12)[: max(len(passage), 60)]} {query[:20]}",
                "changed": "who",
            }
            for query in queries_of(request)
        ]
        return Reply(json.dumps({"negatives": items}))
    return verdicts(
        *(
            verdict(
                query, 9 if set(re.findall(r"[a-z]{4,}", query)) - {*words, "where", "told"} == set() else 2
            )
            for query in queries_of(request)
        )
    )


@pytest.fixture(scope="module")
def endpoint():
    server = ChatServer(script)
    yield server
    server.stop()


@pytest.fixture(scope="module")
def docs(tmp_path_factory):
    folder = write_small_corpus(tmp_path_factory.mktemp("waterworks") / "docs")
    shutil.copyfile(folder / "sand-filter.html", folder / "sand-filter-again.html")
    return folder


@pytest.fixture(scope="module")
def work(endpoint, docs, shallow_model, tmp_path_factory):
    """WORK after a whole run."""
    folder = tmp_path_factory.mktemp("lineage")
    (folder / "real.txt").write_text("pump rattles again\nwho greased the spindle\n", encoding="utf-8")
    with (folder / "asked.csv").open("w", newline="", encoding="utf-8") as file:
        rows = [(f"the crew sees {sign}, what now", name) for name, (_, _, sign, _) in MACHINES.items()]
        files = {file.stem: file.name for file in docs.iterdir()}
        table = [(text, files.get(name.replace(" ", "-"), name.replace(" ", "-"))) for text, name in rows]
        csv.writer(file).writerows([("query", "document"), *table])
    made = Workspace(folder / "work")
    made.options = [
        f"generate.base_url={endpoint.url}",
        f"generate.exemplars={folder / 'real.txt'}",
        f"prepare.queries={folder / 'asked.csv'}",
        f"train.base={shallow_model}",
        *SETTINGS,
    ]
    assert idiolect(made, "run", str(docs)) in (0, 3)
    return made


def idiolect(work, *arguments):
    options = [part for setting in work.options for part in ("--set", setting)]
    with pytest.raises(SystemExit) as stop:
        main([arguments[0], "-w", str(work.root), *options, *arguments[1:]])
    return stop.value.code


def asks(capsys, *arguments):
    """`audit explain …` with --json: exit code, figures or what was said."""
    with pytest.raises(SystemExit) as stop:
        main(["audit", "explain", *map(str, arguments), "--json"])
    said = capsys.readouterr()
    return stop.value.code, json.loads(said.out) if stop.value.code == 0 else said.err


def edges_of(work):
    """{(kind of the source, role, kind of the target)} and nodes by kind."""
    with opened(work.lineage) as lineage:
        nodes, edges = read(lineage)
    return {(nodes[source], role, nodes[target]) for target, into in edges.items() for source, role in into}


def test_every_answer_names_the_chunks_that_its_request_held(work, endpoint):
    """Whatever was asked: each text that stood in a request has a row under the answer's key."""
    with sqlite3.connect(work.llm_cache) as connection:
        rows = set(connection.execute("SELECT key, kind, id FROM shown"))
        roles = set(connection.execute("SELECT DISTINCT kind, role FROM shown"))
    chunks = list(read_jsonl(work.chunks, Chunk))
    texts = {chunk.text: set() for chunk in chunks}
    for chunk in chunks:
        texts[chunk.text].add((chunk.id, chunk.document_id))
    schemas = set()
    for request in endpoint.requests:
        schemas.add(schema_of(request))
        key = AnswerCache.key("m", request["messages"])
        shown = "\n".join(message["content"] for message in request["messages"])
        for text, owners in texts.items():
            if text in shown:
                assert any((key, "chunk", chunk) in rows for chunk, _ in owners), shown
                assert any((key, "document", document) in rows for _, document in owners), shown
    assert schemas == {"queries", "judge", "negatives"}
    assert roles >= {
        ("exemplars", "exemplar"),
        ("chunk", "shown"),
        ("chunk", "judged"),
        ("query", "wrote"),
        ("query", "verdict"),
        ("query", "missed"),
        ("query", "rated"),
        ("written-negative", "verdict"),
    }


def test_the_roles_of_all_stages_are_recorded(work):
    found = edges_of(work)
    selection = read_json(work.selection)
    trained = selection["share"] > 0
    rated = trained and selection["training"]["teacher"]["used"]
    assert (("dataset", "trained-on", "model") in found, ("call", "rated", "model") in found) == (
        trained,
        rated,
    )
    assert (("dataset", "tried", "model") in found) == (not trained)
    assert found >= {
        ("document", "cut-from", "chunk"),
        ("chunk", "duplicate-of", "chunk"),
        ("chunk", "shown", "call"),
        ("exemplars", "exemplar", "call"),
        ("call", "wrote", "query"),
        ("call", "verdict", "query"),
        ("chunk", "positive", "query"),
        ("chunk", "written-from", "query"),
        ("chunk", "near-miss-from", "written-negative"),
        ("call", "wrote", "written-negative"),
        ("call", "verdict", "written-negative"),
        ("written-negative", "written-negative", "example"),
        ("chunk", "hard-negative", "example"),
        ("document", "label", "label"),
        ("label", "part-of", "dataset"),
        ("dataset", "selected-on", "model"),
        ("dataset", "measured-on", "report"),
        ("report", "decided", "bundle"),
        ("model", "exported", "bundle"),
        ("chunk", "compared-on", "bundle"),
        ("dataset", "compression", "compression"),
        ("model", "read", "run"),
        ("run", "made", "model"),
    }


def test_what_is_counted_is_what_a_walk_over_the_edges_finds(work):
    with opened(work.lineage) as lineage:
        assert counted(lineage) == walked(lineage)


def test_every_negative_of_the_training_file_is_named_with_its_document(work, capsys):
    """A document that is seen only as a negative still shaped the weights."""
    owners = {chunk.id: chunk.document_id for chunk in read_jsonl(work.chunks, Chunk)}
    expected: dict[str, int] = {}
    for example in read_jsonl(work.train, TrainingExample):
        seen = {owners[one.id] for one in example.negatives if one.id in owners}
        for document in seen:
            expected[document] = expected.get(document, 0) + 1
    with opened(work.lineage) as lineage:
        train = next(one.artefact for one in touched(lineage, expected) if one.artefact.name == "train")
        found = {
            source.document: each.count
            for source in explain_model(lineage, train, 100).sources
            for each in source.influences
            if each.role == "hard-negative"
        }
    assert found == expected


def test_no_text_of_a_document_or_query_stands_in_the_graph(work):
    held = work.lineage.read_bytes()
    for path in (work.queries, work.train):
        for line in read_jsonl(path, dict):
            assert line.get("text", line.get("query")).encode() not in held
    for chunk in read_jsonl(work.chunks, Chunk):
        assert chunk.text[:40].encode() not in held
    assert b"membrane" not in held


def test_explain_answers_by_directory_digest_and_document(work, capsys):
    code, found = asks(capsys, "-w", work.root)
    assert code == 0 and found["artefact"]["kind"] == "bundle" and found["not_recorded"] == {}
    manifest = read_json(work.bundle / "manifest.json")
    assert asks(capsys, work.bundle)[1] == found == asks(capsys, work.root)[1]
    assert asks(capsys, found["artefact"]["digest"][:10], "-w", work.root)[1] == found
    code, model = asks(capsys, work.model)
    assert model["artefact"]["kind"] == "model"
    if manifest["weights"] == "tuned":
        assert model["artefact"]["digest"] == manifest["model_digest"]
    code, touching = asks(capsys, "-w", work.root, "--document", "sand-filter.html")
    assert {one["artefact"]["kind"] for one in touching["touched"]} >= {
        "dataset",
        "model",
        "report",
        "bundle",
    }
    code, one = asks(capsys, work.model, "--document", "sand-filter.html")
    assert {each["role"] for source in one["sources"] for each in source["influences"]} >= {"duplicate-of"}
    assert {path["role"] for path in one["paths"]} >= {"duplicate-of"}
    code, said = asks(capsys, "-w", work.root, "--document", "sand-filter.htm")
    assert code == 1 and said.count("\n") == 1 and "'sand-filter.html'" in said


def test_people_read_a_table(work, capsys):
    for arguments in (
        [],
        ["--document", "mains-valve.md"],
        [str(work.bundle), "--document", "mains-valve.md"],
    ):
        with pytest.raises(SystemExit) as stop:
            main(["audit", "explain", *arguments, "-w", str(work.root), "--limit", "2"])
        said = capsys.readouterr().out
        assert stop.value.code == 0
        assert "searched" in said and "bundle" in said
    assert "document mains-valve.md —cut-from→ chunk mains-valve.md#" in said


def test_a_work_without_lineage_gets_it_from_its_files(work, tmp_path, capsys):
    copy = Workspace(Path(shutil.copytree(work.root, tmp_path / "work")))
    with opened(copy.lineage) as lineage:
        before = counted(lineage).values()
    copy.lineage.unlink()
    code, found = asks(capsys, copy.bundle)
    assert code == 0 and found["not_recorded"] == {}
    with opened(copy.lineage) as lineage:
        assert sorted(counted(lineage).values()) == sorted(before)
    copy.lineage.unlink()
    with copy.train.open("a", encoding="utf-8") as file:
        file.write("\n")
    code, said = asks(capsys, copy.bundle)
    assert code == 1
    assert "not recorded: prepare: changed or gone since: train.jsonl" in said
    assert "not recorded: train: prepare is not recorded" in said


def test_a_run_that_is_up_to_date_records_nothing(work, docs):
    before = work.lineage.read_bytes()
    assert idiolect(work, "run", str(docs)) in (0, 3)
    assert work.lineage.read_bytes() == before


def test_an_index_of_work_is_one_more_artefact(work, tmp_path, capsys):
    pytest.importorskip("lancedb")
    copy = Workspace(Path(shutil.copytree(work.root, tmp_path / "work")))
    with pytest.raises(SystemExit):
        main(["index", str(copy.bundle), str(copy.root), "--store", str(tmp_path / "store"), "-q"])
    capsys.readouterr()
    _, found = asks(capsys, "-w", copy.root, "--document", "mains-valve.md")
    (index,) = [one for one in found["touched"] if one["artefact"]["kind"] == "index"]
    assert "vectors" in index["uses"] and index["artefact"]["name"] == str(tmp_path / "store")
    with opened(copy.lineage) as lineage:
        assert counted(lineage) == walked(lineage)


def test_a_forgotten_document_is_in_no_byte_of_the_file(work, tmp_path):
    copy = Workspace(Path(shutil.copytree(work.root, tmp_path / "work")))
    sources = {chunk.id: chunk.document_id for chunk in read_jsonl(copy.chunks, Chunk)}
    queries = [
        line["id"] for line in read_jsonl(copy.queries, dict) if sources[line["source"]] == "mains-valve.md"
    ]
    with opened(copy.lineage) as lineage:
        (version,) = documents(lineage, "mains-valve.md")
        names = [*queries, "mains-valve.md", version.digest]
        assert all(name.encode() in copy.lineage.read_bytes() for name in names) and queries
        before = counted(lineage)
        assert forget(lineage, ["mains-valve.md"]) == 1
        held = copy.lineage.read_bytes()
        assert [name for name in names if name.encode() in held] == []
        assert counted(lineage) == before
        with pytest.raises(AuditError):
            documents(lineage, "mains-valve.md")
        assert artefact(lineage, str(copy.bundle)).kind == "bundle"


def test_runs_are_openlineage_events(work, tmp_path, capsys):
    path = tmp_path / "events.jsonl"
    with pytest.raises(SystemExit):
        main(["audit", "export", "--openlineage", str(path), "-w", str(work.root)])
    found = list(read_jsonl(path, dict))
    assert found == list(events(work))
    assert [event["eventType"] for event in found] == ["START", "COMPLETE"] * 6
    for event in found:
        assert event.keys() >= {"eventTime", "producer", "schemaURL", "run", "job"}
        assert len(event["run"]["runId"]) == 36
        assert {"namespace", "name"} <= event["job"].keys()
        for dataset in (*event["inputs"], *event["outputs"]):
            assert dataset.keys() == {"namespace", "name", "facets"}
            assert dataset["facets"]["version"].keys() == {"_producer", "_schemaURL", "datasetVersion"}
    made = {one["name"]: one["facets"] for event in found for one in event["outputs"]}
    (train,) = [event for event in found if event["job"]["name"].endswith(".train")][1:]
    read_by_train = {one["name"]: one["facets"] for one in train["inputs"]}
    assert str(work.train.resolve()) in read_by_train.keys() & made.keys()
    assert all(made[name] == facets for name, facets in read_by_train.items() if name in made)


def test_what_is_published_takes_its_lineage_along(work, tmp_path, capsys, monkeypatch):
    monkeypatch.setenv("IDIOLECT_REGISTRY", str(tmp_path / "registry"))
    with pytest.raises(SystemExit) as stop:
        main(["models", "publish", str(work.root), "--name", "pumps"])
    assert stop.value.code == 0
    capsys.readouterr()
    code, found = asks(capsys, "registry:pumps@1", "-w", tmp_path / "elsewhere")
    assert code == 0 and found == asks(capsys, work.bundle)[1]
