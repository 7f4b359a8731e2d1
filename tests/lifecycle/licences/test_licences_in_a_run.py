"""Documents under several licences through a whole run: what each may do, it does, and nothing else."""

import json

import msgspec
import pytest
from builders import Listening
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
from tiny_bundle import write_tiny_bundle

from idiolect import pipeline
from idiolect.config import Licences, load
from idiolect.files import read_json, read_jsonl, write_text
from idiolect.index.memory import MemoryIndex
from idiolect.lifecycle.licences.redistribution import redistribution
from idiolect.lifecycle.licences.untrainable import denied_to_train
from idiolect.lifecycle.lineage.recording import record
from idiolect.progress import Silent
from idiolect.records import UNINDEXED, UNTRAINED, WITHHELD, Chunk, Document, RejectedDocument
from idiolect.runtimes.model_files import describe
from idiolect.stages.context import Context
from idiolect.stages.parity import sample
from idiolect.workspace import Workspace

pytestmark = pytest.mark.usefixtures("one_thread")

NAME = "SPDX-License-Identifier"
SETTINGS = (
    "ingest.workers=1",
    "ingest.chunk_tokens=96",
    "ingest.overlap_tokens=16",
    "generate.max_queries=72",
    "prepare.masked_queries=24",
    "prepare.test_fraction=0.25",
    "train.batch_size=16",
    "export.formats=[]",
)
POLICY = (
    'licences.train=["GPL-*"]',
    'licences.index=["CC-BY-SA-*"]',
    'licences.send=["ISC"]',
    'licences.deny=["refused/**"]',
)
LICENCES = {"barred": "GPL-3.0-only", "unsearched": "CC-BY-SA-4.0", "quiet": "ISC", "refused": "MIT"}
"""Folder → its licence; its one page holds a word that no other does."""

WORDS = {"barred": "quernstone", "unsearched": "wherryman", "quiet": "sluicekeeper", "refused": "bargepole"}


def page(word):
    return f"# The {word}\n\n" + "".join(
        f"## {title}\n\nThe {word} of the eastern works is looked after by {who}. "
        f"Whoever finds the {word} {state} tells {who} before the evening round, and writes it down.\n\n"
        for title, who, state in (
            (f"Care of the {word}", "the second crew", "wet"),
            (f"Repairs of the {word}", "the master of the yard", "broken"),
            (f"Storing the {word}", "the night watch", "unlocked"),
        )
    )


@pytest.fixture(scope="module")
def docs(tmp_path_factory):
    folder = write_small_corpus(tmp_path_factory.mktemp("licensed") / "docs")
    for name, licence in LICENCES.items():
        write_text(folder / name / "LICENSE", f"{NAME}: {licence}\n")
        write_text(folder / name / "page.md", page(WORDS[name]))
    return folder


@pytest.fixture(scope="module")
def bundle(tiny_model, tmp_path_factory):
    """Without graphs: torch runs it."""
    return write_tiny_bundle(tmp_path_factory.mktemp("indexing") / "bundle", describe(tiny_model))


@pytest.fixture(scope="module")
def over(docs, shallow_model, tmp_path_factory):
    root = tmp_path_factory.mktemp("work")

    def make(*settings):
        config = load(None, [f"train.base={shallow_model}", *SETTINGS, *settings])
        return Context(Workspace(root / "work"), config, Listening(), docs)

    return make


@pytest.fixture(scope="module")
def first(over):
    context = over(*POLICY)
    pipeline.run(context, pipeline.between(None, None))
    return context


def ran(context, last):
    return [done.stage for done in pipeline.run(context, pipeline.between(None, last)) if not done.skipped]


def stale(context):
    return [done.stage for done in pipeline.plan(context, pipeline.between(None, None)) if not done.skipped]


def holding(root, word):
    """The files below WORK that hold a word."""
    files = [path for path in sorted(root.rglob("*")) if path.is_file()]
    return {path.relative_to(root).parts[0] for path in files if word.encode() in path.read_bytes()}


def test_ingest_says_what_stands_under_what_and_which_uses_are_denied(first):
    work = first.workspace
    documents = {one.path: one for one in read_jsonl(work.documents, Document)}
    verdicts = {path: one.verdicts for path, one in documents.items() if one.verdicts}
    assert verdicts == {
        "barred/page.md": [UNTRAINED],
        "unsearched/page.md": [UNINDEXED],
        "quiet/page.md": [WITHHELD],
    }
    assert documents["quiet/page.md"].metadata["licence_from"] == "quiet/LICENSE"
    (refused,) = [
        one for one in read_jsonl(work.rejected_documents, RejectedDocument) if one.path == "refused/page.md"
    ]
    assert refused.reason == "licence: licences.deny = 'refused/**' denies every use"
    (manifest,) = work.manifests.glob("*-ingest.json")
    summary = read_json(manifest)["summary"]
    assert summary["licences"]["GPL-3.0-only"] == 1
    assert summary["denied"] == {"train": 2, "index": 2, "send": 2, "redistribute": 1}
    assert any(note.startswith("licences: unknown 1") for note in first.progress.notes)


def test_what_may_not_train_leaves_no_trace_but_in_what_is_searched(first):
    root = first.workspace.root
    kept = {"documents.jsonl", "chunks.jsonl"}
    assert holding(root, WORDS["barred"]) == kept
    assert holding(root, "barred/page.md") == {*kept, "licences.jsonl", "lineage.db"}
    assert {"queries.jsonl", "train.jsonl"} <= holding(root, WORDS["quiet"]), "others do train"
    texts = sample(first.workspace, 13)
    assert WORDS["barred"] not in " ".join([*texts.chunks, *texts.calibration])
    hits = MemoryIndex(first.workspace, Silent()).search(WORDS["barred"], 3, "lexical")
    assert {hit.path for hit in hits} == {"barred/page.md"}


def test_what_may_not_be_searched_is_found_in_no_search_and_no_store(first, bundle, tmp_path):
    assert MemoryIndex(first.workspace, Silent()).search(WORDS["unsearched"], 3, "lexical") == []
    pytest.importorskip("lancedb")
    store = tmp_path / "store"
    command("index", bundle, first.workspace.root, "--store", store, "-q")
    for name, there in (("unsearched", False), ("refused", False), ("quiet", True), ("barred", True)):
        found = command("search", WORDS[name], "--store", store, "--mode", "lexical", "--json")["hits"]
        assert bool(found) == there, name


def test_a_folder_is_indexed_by_the_policy_too(docs, bundle, tmp_path):
    pytest.importorskip("lancedb")
    store = tmp_path / "store"
    write_text(tmp_path / "idiolect.toml", '[licences]\nindex = ["CC-BY-SA-*"]\n')
    command("index", bundle, docs, "--store", store, "-c", tmp_path / "idiolect.toml", "-q")
    for name in ("unsearched", "barred"):
        found = command("search", WORDS[name], "--store", store, "--mode", "lexical", "--json")["hits"]
        assert bool(found) == (name == "barred")


def test_nothing_of_the_bundle_is_of_a_document_that_is_denied(first):
    assert not any(holding(first.workspace.bundle, word) for word in WORDS.values())


def test_what_may_not_be_sent_is_in_no_request_of_any_kind(docs, tiny_model, tmp_path):
    pytest.importorskip("openai")

    def answered(number, request):
        kind = schema_of(request)
        if kind == "queries":
            shown = request["messages"][1]["content"].partition("</passage")[0]
            return Reply(answer(f"what is told of {' '.join(shown.split()[-4:])}?"))
        if kind == "judge":
            return verdicts(*(verdict(query, context_support=3) for query in queries_of(request)))
        wrong = "Somewhere else a spare ladder leans on the wall. " * (len(passage_of(request)) // 50 + 1)
        items = [{"query": query, "passage": wrong, "changed": "all"} for query in queries_of(request)]
        return Reply(json.dumps({"negatives": items}))

    server = ChatServer(answered)
    settings = (
        f"train.base={tiny_model}",
        f"generate.base_url={server.url}",
        "generate.model=m",
        "generate.judge=true",
        "generate.min_judgment=1",
        "generate.multi_hop=0.5",
        "generate.written_negatives=1",
        "ingest.workers=1",
    )
    try:
        context = Context(Workspace(tmp_path / "work"), load(None, [*settings, *POLICY]), Silent(), docs)
        pipeline.run(context, pipeline.between(None, "generate"))
    finally:
        server.stop()
    said = msgspec.json.encode(server.requests).decode()
    assert {schema_of(request) for request in server.requests} == {"queries", "judge", "negatives"}
    assert WORDS["unsearched"] in said
    for name in ("quiet", "refused", "barred"):  # what does not train is not asked about either
        assert WORDS[name] not in said, name
        assert f"{name}/" not in said


def test_an_endpoint_to_compare_with_is_not_sent_it(over, first):
    from idiolect.evaluation.beir import load_dataset
    from idiolect.evaluation.evaluated import Evaluated
    from idiolect.stages import against

    dataset = load_dataset(first.workspace.test)
    documents = {
        one.document_id for one in read_jsonl(first.workspace.chunks, Chunk) if one.id in dataset.corpus
    }
    assert "quiet/page.md" in documents
    with pytest.raises(Exception, match=r"would be sent 1 documents that must not be .*'quiet/page.md'"):
        against._refuse_withheld(over(*POLICY), [Evaluated(dataset, {})])


def test_audit_licences_without_a_lineage_lists_what_is_denied_and_says_what_it_cannot(first, tmp_path):
    work = first.workspace.root
    first.workspace.lineage.unlink(missing_ok=True)
    write_text(tmp_path / "idiolect.toml", '[licences]\ndeny = ["quiet/**"]\ntrain = ["GPL-*"]\n')
    options = ("audit", "licences", "-w", work, "-c", tmp_path / "idiolect.toml")
    found = command(*options, "--json")
    assert [one["path"] for one in found["documents"]] == ["barred/page.md", "quiet/page.md"]
    assert (found["denied"], found["breaches"], found["traced"]) == (2, 0, False)
    assert "is not known" in command(*options)
    assert "denies nothing" in command("audit", "licences", "-w", work)
    assert "run `idiolect ingest" in command("audit", "licences", "-w", tmp_path / "none", code=1)


def test_a_source_that_is_denied_afterwards_lists_the_models_that_it_shaped(first):
    work = first.workspace
    assert record(work) == {}
    asked = ("audit", "licences", "-w", work.root, "--json")
    own = [part for setting in POLICY for part in ("--set", setting)]
    assert command(*asked, *own)["breaches"] == 0, "what was denied then has shaped nothing"
    found = command(*asked, "--set", 'licences.deny=["quiet/**"]', code=3)
    (denied,) = found["documents"]
    reached = {one["kind"]: one["against"] for one in denied["reached"]}
    assert reached.keys() >= {"model", "bundle"}
    assert "train" in reached["model"]
    digests = {one["digest"] for one in denied["reached"] if one["kind"] in ("model", "bundle")}
    assert denied_to_train(work, digests, Licences(deny=("quiet/**",))) == "ISC 1"
    assert denied_to_train(work, {"0" * 64}, Licences(deny=("quiet/**",))) == ""
    assert denied_to_train(work, digests, Licences(deny=("barred/**",))) == ""
    assert denied_to_train(work, digests, Licences(redistribute=("ISC",))) == ""
    found = command(*asked, "--set", 'licences.deny=["barred/**"]')
    (denied,) = found["documents"]
    assert not [one for one in denied["reached"] if one["against"]], (
        "it stands in what is searched, and nowhere else"
    )


def test_a_policy_that_changes_runs_again_what_it_touches_and_no_more(over, first):
    assert stale(over(*POLICY)) == []
    documents = first.workspace.documents.read_bytes()
    shared = over(*POLICY, 'licences.redistribute=["ISC"]')
    assert ran(shared, "prepare") == ["ingest", "generate", "prepare"]
    assert stale(shared) == ["export"], (
        "its card says what may be handed on; the others read what they read before"
    )
    found = redistribution(read_jsonl(first.workspace.documents, Document), shared.config.licences)
    assert (found.permission, found.denied) == ("denied", {"ISC": 1})
    assert ran(over(*POLICY), "prepare") == ["ingest", "generate", "prepare"]
    assert first.workspace.documents.read_bytes() == documents
    assert stale(over(*POLICY)) == []

    trained = over('licences.train=["GPL-*", "ISC"]', *POLICY[1:])
    assert ran(trained, "prepare") == ["ingest", "generate", "prepare"]
    assert stale(trained) == ["train", "evaluate", "export"]
    assert WORDS["quiet"].encode() not in first.workspace.queries.read_bytes()


def test_a_licence_file_that_changes_brings_its_documents_with_it(over, first, docs):
    licence = docs / "quiet" / "LICENSE"
    before = licence.read_text()
    licence.write_text(f"{NAME}: GPL-2.0-only\n")
    try:
        assert "ingest" in ran(over(*POLICY), "ingest")
        documents = {one.path: one for one in read_jsonl(first.workspace.documents, Document)}
        assert documents["quiet/page.md"].licence == "GPL-2.0-only"
        assert documents["quiet/page.md"].verdicts == [UNTRAINED]
        chunks = [one for one in read_jsonl(first.workspace.chunks, Chunk) if UNTRAINED in one.verdicts]
        assert {one.document_id for one in chunks} == {"barred/page.md", "quiet/page.md"}
    finally:
        licence.write_text(before)
