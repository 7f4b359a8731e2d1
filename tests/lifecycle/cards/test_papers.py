"""A bundle's model card and bill of materials: valid, true to the run's records, and the same each time."""

import csv
import json
import os
import shutil

import msgspec
import pytest
from checked_papers import figures_of, parts, rendered, sources_of, unsourced, valid_bill, valid_card
from small_corpus import MACHINES, write_small_corpus
from teachers.chat_server import ChatServer, Reply, answer, passage_of, schema_of
from threads import one_torch_thread

from idiolect import pipeline
from idiolect.bundle import Bundle
from idiolect.cli import main
from idiolect.config import load
from idiolect.errors import BundleError
from idiolect.files import digest_path, read_json, read_jsonl, write_json, write_jsonl, write_text
from idiolect.progress import Silent
from idiolect.records import Document
from idiolect.stages import export
from idiolect.stages.context import Context
from idiolect.workspace import Workspace

SETTINGS = (
    "ingest.workers=1",
    "ingest.chunk_tokens=96",
    "ingest.overlap_tokens=16",
    "generate.max_queries=48",
    "prepare.masked_queries=24",
    "prepare.test_fraction=0.25",
    "train.batch_size=16",
    "train.max_tokens=64",
    "export.formats=[]",
)
VERDICTS = {"promote": "tuned", "keep-base": "base", "inconclusive": "base"}


@pytest.fixture(scope="module")
def base(shallow_model, tmp_path_factory):
    """A base model with a card of its own."""
    folder = shutil.copytree(shallow_model, tmp_path_factory.mktemp("base") / "small-base")
    write_text(
        folder / "README.md", "---\nlicense: apache-2.0\nmodel-index: []\n---\n# The base's own card\n"
    )
    return folder


@pytest.fixture(scope="module")
def extractive(base, tmp_path_factory):
    """After a whole run without an LLM, with queries that people asked."""
    root = tmp_path_factory.mktemp("papers")
    docs = write_small_corpus(root / "docs")
    files = {file.stem: f"docs/{file.name}" for file in docs.iterdir()}
    with (root / "asked.csv").open("w", newline="", encoding="utf-8") as file:
        asked = [
            (text.format(part), files[name.replace(" ", "-")])
            for text in ("who repairs the {}?", "{}, worn", "how long does the {} last")
            for name, (_, part, _, _) in MACHINES.items()
            if name.replace(" ", "-") in files
        ]
        csv.writer(file).writerows([("query", "document"), *asked[:12]])
    with one_torch_thread():
        return finished(root, docs, base, f"prepare.queries={root / 'asked.csv'}", "prepare.labels_as=test")


def finished(root, docs, base, *settings):
    config = load(None, [f"train.base={base}", *SETTINGS, *settings])
    context = Context(Workspace(root / "A [strange] name_"), config, Silent(), docs)
    pipeline.run(context, pipeline.between(None, None))
    return context


@pytest.fixture
def context(extractive, tmp_path):
    """The same in a copy that a test may change."""
    old = extractive.workspace.root
    root = shutil.copytree(
        old, tmp_path / old.name, copy_function=os.link
    )  # what is written takes a file's place
    return Context(Workspace(root), extractive.config, Silent(), extractive.source)


def papers(context):
    """The card and the bill of a bundle that was exported now."""
    export.run(context)
    bundle = context.workspace.bundle
    Bundle.load(bundle).verify()
    card, bill = (bundle / "README.md").read_text(), (bundle / "bom.cdx.json").read_text()
    return valid_card(card), valid_bill(bill)


def decide(work, verdict):
    """The report and its manifest as evaluate leaves them with another verdict."""
    write_json(work.report, read_json(work.report) | {"verdict": verdict})
    (path,) = work.manifests.glob("*-evaluate.json")
    manifest = read_json(path)
    manifest["outputs"]["report"] = digest_path(work.report)
    write_json(path, manifest)


@pytest.mark.parametrize("verdict", VERDICTS)
def test_both_are_valid_and_say_what_the_bundle_holds(context, verdict):
    decide(context.workspace, verdict)
    card, bill = papers(context)
    weights = VERDICTS[verdict]
    report = read_json(context.workspace.report)
    data = card.data.to_dict()
    assert (data["license"], data["language"]) == ("apache-2.0", ["en"])
    assert data["library_name"] == "sentence-transformers"
    assert "base_model" not in data, "a folder is no id of the Hub"
    assert ("This bundle holds tuned weights" in card.text) == (weights == "tuned")
    assert ("Tuning gave no gain" in card.text) == (verdict == "keep-base")
    assert ("could not tell" in card.text) == (verdict == "inconclusive")
    assert ("### Shorter vectors" in card.text) == (weights == "tuned"), (
        "they were measured on the tuned model"
    )
    told = {(one.dataset_type, one.metric_type): one.metric_value for one in card.data.eval_results}
    for name, dataset in report["datasets"].items():
        assert told[name, "ndcg_at_10"] == dataset["runs"][f"dense-{weights}"]["ndcg@10"]
    model = bill["metadata"]["component"]
    assert model["licenses"] == [{"expression": "Apache-2.0"}]
    assert model["pedigree"]["ancestors"][0]["name"] == "small-base"
    assert bill["metadata"]["timestamp"] == manifest_of(context, "evaluate")["started"]


def manifest_of(context, stage):
    return read_json(max(context.workspace.manifests.glob(f"*-{stage}.json")))


def test_every_figure_stands_in_the_records_and_a_made_up_one_is_found(extractive):
    work = extractive.workspace
    sources = sources_of(work, work.bundle)
    card = (work.bundle / "README.md").read_text()
    document = read_json(work.bundle / "bom.cdx.json")
    assert unsourced(card, sources) == []
    assert unsourced(figures_of(document), sources) == []
    assert unsourced(card.replace("## Limits", "It gains 0.987 (+73.1%) on 4,711 queries.\n\n## Limits"), sources) == [
        "0.987", "73.1%", "4,711",
    ]  # fmt: skip
    document["metadata"]["component"]["modelCard"]["quantitativeAnalysis"]["performanceMetrics"][3][
        "value"
    ] = "0.98765"
    assert unsourced(figures_of(document), sources) == ["0.98765"]
    document["components"][1]["data"][0]["contents"]["properties"][0]["value"] = "4711"
    assert unsourced(figures_of(document), sources) == ["0.98765", "4711"]


def test_what_people_asked_and_what_was_not_measured_is_told(extractive):
    card = valid_card((extractive.workspace.bundle / "README.md").read_text())
    assert "| that people asked | 12 |" in card.text
    assert "headings and definitions cut out of the documents" in card.text
    assert "No guard set was given" in card.text
    assert "### labelled: asked by people" in card.text
    assert ("Handing it on is unknown" in card.text) == ("holds tuned weights" in card.text)
    assert "not known 13, `CC-BY-4.0` 3" in card.text


def test_the_bill_lists_files_data_and_packages(extractive):
    work = extractive.workspace
    bill = valid_bill((work.bundle / "bom.cdx.json").read_text())
    files = {part["name"]: part["hashes"][0]["content"] for part in parts(bill) if part.get("type") == "file"}
    listed = {file.path: file.sha256 for file in Bundle.load(work.bundle).manifest.files}
    assert files == {name: digest for name, digest in listed.items() if name != "bom.cdx.json"}
    data = {part["name"]: part for part in bill["components"] if part["type"] == "data"}
    assert data["documents"]["hashes"][0]["content"] == digest_path(work.documents)
    assert data["documents"]["licenses"] == [
        {"license": {"name": "NOASSERTION"}}, {"license": {"name": "CC-BY-4.0"}},
    ]  # fmt: skip
    libraries = {part["name"]: part for part in bill["components"] if part["type"] == "library"}
    assert libraries["numpy"]["purl"].startswith("pkg:pypi/numpy@")
    assert libraries["click"]["licenses"] == [{"expression": "BSD-3-Clause"}]
    assert bill["services"] == []


def test_the_same_run_gives_the_same_bytes(context):
    papers(context)
    bundle = context.workspace.bundle
    before = [(bundle / name).read_bytes() for name in ("README.md", "bom.cdx.json")]
    papers(context)
    assert [(bundle / name).read_bytes() for name in ("README.md", "bom.cdx.json")] == before
    decide(context.workspace, "promote")
    papers(context)
    serials = [
        json.loads(text)["serialNumber"] for text in (before[1], (bundle / "bom.cdx.json").read_bytes())
    ]
    assert serials[0] != serials[1]


def test_no_text_and_no_path_of_this_machine_is_told(extractive, tmp_path_factory):
    work = extractive.workspace
    told = (work.bundle / "README.md").read_text() + (work.bundle / "bom.cdx.json").read_text()
    assert str(tmp_path_factory.getbasetemp()) not in told
    for document in read_jsonl(work.documents, Document):
        lines = [line for line in document.text.splitlines() if len(line) > 25]
        assert lines and not any(line in told for line in lines)
    queries = [json.loads(line)["text"] for line in work.queries.read_text().splitlines()]
    assert not any(text in told for text in queries if len(text) > 25)


def test_verify_covers_both(context):
    export.run(context)
    for name in ("README.md", "bom.cdx.json"):
        copy = shutil.copytree(context.workspace.bundle, context.workspace.root / f"copy of {name}")
        (copy / name).write_text((copy / name).read_text().replace("small-base", "tidy-base"))
        with pytest.raises(BundleError, match=f"altered: {name}"):
            Bundle.load(copy).verify()


def test_the_base_has_its_own_card_beside_the_weights(context):
    decide(context.workspace, "keep-base")
    export.run(context)
    assert "The base's own card" in (context.workspace.bundle / "model" / "README.md").read_text()
    assert "The base's own card" not in (context.workspace.bundle / "README.md").read_text()
    decide(context.workspace, "promote")
    export.run(context)
    assert not (context.workspace.bundle / "model" / "README.md").exists()


def test_documents_that_have_changed_since_are_left_out_and_that_is_said(context):
    work = context.workspace
    write_jsonl(work.documents, list(read_jsonl(work.documents, Document))[1:])
    card, bill = papers(context)
    assert "What the documents were is not on record." in card.text
    assert "documents.jsonl has changed since this model was made" in card.text
    assert [part["name"] for part in bill["components"] if part["type"] == "data"] == ["queries"]


def test_what_was_masked_and_withheld_is_counted(context):
    work = context.workspace
    shutil.rmtree(work.manifests)
    documents = list(read_jsonl(work.documents, Document))
    verdicts = [["masked:email:2", "masked:iban:31", "no-llm"], ["masked:email:3", "no-llm"]]
    changed = [
        msgspec.structs.replace(one, verdicts=said) for one, said in zip(documents[:2], verdicts, strict=True)
    ]
    write_jsonl(work.documents, [*changed, *documents[2:]])
    card, bill = papers(context)
    assert "| personal data and secrets that were masked, values | `iban` 31, `email` 5 |" in card.text
    assert "| withheld from a use | `no-llm` 2 |" in card.text
    (dataset,) = next(part for part in bill["components"] if part["name"] == "documents")["data"]
    assert dataset["sensitiveData"] == ["email, masked", "iban, masked"]
    assert "timestamp" not in bill["metadata"], "without a manifest nobody knows"


def test_a_card_cites_the_entry_of_the_audit_log_that_names_its_manifest(context):
    work = context.workspace
    (named,) = (path.name for path in work.manifests.glob("*-evaluate.json"))
    entries = [
        {"seq": 6, "hash": "a" * 64, "facts": {"stage": "evaluate", "manifest": named}},
        {"seq": 7, "hash": "b" * 64, "facts": {"stage": "export", "manifest": "later-export.json"}},
    ]
    write_text(work.audit, "".join(json.dumps(entry) + "\n" for entry in entries) + '{"seq": 8, "ha')
    card, _ = papers(context)
    assert f"`idiolect audit verify --anchor 6:{'a' * 64}`" in card.text


def test_the_anchor_in_a_card_is_one_that_the_log_is_held_against(extractive, capsys):
    work = extractive.workspace
    card = (work.bundle / "README.md").read_text()
    anchor = card.partition("`idiolect audit verify --anchor ")[2].partition("`")[0]
    with pytest.raises(SystemExit) as stop:
        main(["audit", "verify", "-w", str(work.root), "--anchor", anchor])
    assert not stop.value.code, capsys.readouterr().err
    hardware = manifest_of(extractive, "train")["hardware"]
    assert f"{hardware['cores']} cores, {hardware['memory_mb']:,} MB of memory" in card


def test_an_llm_is_named_with_what_it_cost(base, tmp_path):
    pytest.importorskip("openai")

    def script(number, request):
        if schema_of(request) != "queries":
            return Reply('{"verdicts": []}')
        return Reply(answer(f"where is it written that {' '.join(passage_of(request).split()[-9:])}"))

    server = ChatServer(script)
    docs = write_small_corpus(tmp_path / "docs")
    asked = (
        f"generate.base_url={server.url}",
        "generate.model=vendor/model_1*",
        "generate.per_chunk=1",
        "train.epochs=0",
    )
    try:
        with one_torch_thread():
            context = finished(tmp_path, docs, base, *asked)
    finally:
        server.stop()
    (path,) = context.workspace.manifests.glob("*-generate.json")
    bill = {"purpose": "queries", "model": "vendor/model_1*", "llm_calls": 48, "prompt_tokens": 4800}
    costs = [bill | {"completion_tokens": 2400, "price": 0.0375, "currency": "EUR"}]
    address = {"generate": {"base_url": "https://user:secret@llm.example/v1?key=secret"}}
    prompts = {
        "teacher": {"host": "llm.example", "model": "vendor/model_1*"},
        "prompts": {"styles": "c" * 64},
    }
    write_json(path, read_json(path) | {"cost": costs, "config": address, "llm": prompts})
    card, document = papers(context)
    calls = read_json(path)["summary"]["calls"]
    assert "An LLM, `vendor/model_1*` at `https://llm.example/v1`, wrote queries" in card.text
    assert f": {calls} calls," in card.text
    assert "| queries | `vendor/model_1*` | 48 | 4,800 | 2,400 | 0.0375 EUR |" in card.text
    assert "by llm:vendor/model\\_1\\*" in card.text, "the teacher of the test's queries"
    (service,) = document["services"]
    assert service["name"] == "vendor/model_1*" and service["endpoints"] == ["https://llm.example/v1"]
    assert "secret" not in card.text + json.dumps(document)
    sources = sources_of(context.workspace, context.workspace.bundle)
    assert unsourced(str(card), sources) == unsourced(figures_of(document), sources) == []


def test_the_command_shows_the_card_or_the_bill(extractive, tmp_path, capsys):
    bundle = extractive.workspace.bundle
    for option, expected in ((), "README.md"), (("--json",), "bom.cdx.json"):
        with pytest.raises(SystemExit) as stop:
            main(["bundle", "card", str(bundle), *option])
        out = capsys.readouterr().out
        assert not stop.value.code and out.strip() == (bundle / expected).read_text().strip()
    older = shutil.copytree(bundle, tmp_path / "older", ignore=shutil.ignore_patterns("*.md"))
    with pytest.raises(SystemExit) as stop:
        main(["bundle", "card", str(older)])
    assert stop.value.code == 1
    assert (
        capsys.readouterr().err == f"error: bundle {older} has no README.md: `idiolect export` writes one\n"
    )


def test_the_card_is_markdown_as_it_was_meant(extractive):
    tokens = rendered((extractive.workspace.bundle / "README.md").read_text())
    headings = [tokens[place + 1].content for place, one in enumerate(tokens) if one.type == "heading_open"]
    assert headings[0] == "a-strange-name"
    assert {"Verdict", "How to use it", "Evaluation", "Limits", "Training", "Where it comes from"} <= set(
        headings
    )
    assert sum(one.type == "table_open" for one in tokens) >= 8
