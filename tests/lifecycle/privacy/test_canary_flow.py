"""A canary planted in every part of the documents is nowhere afterwards: real commands, endpoint, store and server."""

import json
import re
import subprocess
import sys
import urllib.request

import pytest
from lifecycle.privacy.canaries import leaks, telling, write_canaries, write_labels
from small_corpus import write_small_corpus
from teachers.chat_server import ChatServer, about

from idiolect.cli import main
from idiolect.files import read_json, read_jsonl
from idiolect.records import Chunk, Document
from idiolect.workspace import Workspace

for module in ("presidio_analyzer", "openai", "lancedb", "fastapi"):
    pytest.importorskip(module)
pytestmark = pytest.mark.usefixtures("one_thread")


class Flow:
    """WORK, the store, and all that commands said."""

    def __init__(self, folder, model, url):
        self.docs = write_canaries(write_small_corpus(folder / "docs"))
        self.labels, exemplars = write_labels(folder)
        self.work, self.store = Workspace(folder / "work"), folder / "store"
        self.settings = (
            f"generate.base_url={url}", "generate.model=m", f"generate.exemplars={exemplars}", f"train.base={model}",
            "generate.min_quality=1", "ingest.chunk_tokens=96", "prepare.masked_queries=24", "train.batch_size=16",
            "export.formats=[]",
        )  # fmt: skip

    def command(self, *arguments):
        with pytest.raises(SystemExit) as stop:
            main([*map(str, arguments)])
        return stop.value.code

    def options(self):
        return [part for setting in self.settings for part in ("--set", setting)]


@pytest.fixture(scope="module")
def endpoint():
    server = ChatServer(lambda _, request: about(request))
    yield server
    server.stop()


@pytest.fixture(scope="module")
def flow(endpoint, shallow_model, tmp_path_factory):
    folder = tmp_path_factory.mktemp("canary")
    capture = pytest.MonkeyPatch()
    made = Flow(folder, shallow_model, endpoint.url)
    said = [_Kept(sys.stdout), _Kept(sys.stderr)]
    capture.setattr(sys, "stdout", said[0])
    capture.setattr(sys, "stderr", said[1])
    work = ("-w", made.work.root)
    try:
        run = made.command("run", made.docs, *work, *made.options(), "--queries", made.labels)
        index = made.command("index", made.work.bundle, made.docs, "--store", made.store)
        search = made.command("search", *work, "who keeps the ledger and the account", "--json")
        stored = made.command(
            "search", "--store", made.store, "--bundle", made.work.bundle, "how is the gate opened"
        )
        assess = made.command("assess", made.docs, "--set", f"train.base={shallow_model}")
    finally:
        capture.undo()
    made.said = "".join(one.text for one in said)
    assert run in (0, 3) and [index, search, stored, assess] == [0] * 4, made.said
    return made


class _Kept:
    def __init__(self, stream):
        self.text = ""
        self._stream = stream

    def write(self, text):
        self.text += text
        return len(text)

    def flush(self):
        pass

    def __getattr__(self, name):
        return getattr(self._stream, name)


def test_the_search_for_canaries_finds_them_in_the_documents(flow):
    assert len(leaks(flow.docs)) == 11


def test_nothing_in_work_or_bundle_tells_a_canary(flow):
    assert leaks(flow.work.root) == {}
    assert (flow.work.bundle / "manifest.json").is_file()


def test_nothing_in_the_store_tells_a_canary(flow):
    import lancedb

    assert leaks(flow.store) == {}
    database = lancedb.connect(flow.store)
    tables = [database.open_table(name) for name in database.list_tables().tables]
    texts = [json.dumps(table.to_arrow().to_pylist(), default=str) for table in tables]
    assert "gate" in "".join(texts)
    assert [telling(text) for text in texts] == [set()] * len(texts)


def test_the_endpoint_was_sent_no_canary(flow, endpoint):
    assert len(endpoint.requests) > 10
    assert telling(json.dumps(endpoint.requests, ensure_ascii=False)) == set()
    assert any("keeper of the ledger" in asked for asked in endpoint.asked_about())


def test_what_commands_say_tells_no_canary(flow):
    assert "masked in" in flow.said and "names of people are not looked for" in flow.said
    assert telling(flow.said) == set()


def test_the_server_answers_and_logs_without_a_canary(flow):
    command = [
        sys.executable,
        "-m",
        "idiolect",
        "serve",
        str(flow.work.bundle),
        "--port",
        "0",
        "--runtime",
        "torch",
    ]
    command += ["--set", f"serve.store={flow.store}", "--set", "serve.log=requests"]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
    try:
        said = ""
        while not (address := re.search(r"http://[\d.]+:\d+", said)):
            line = process.stdout.readline()
            assert line, said
            said += line
        body = json.dumps({"query": "who is to be asked about the ledger", "top": 20}).encode()
        request = urllib.request.Request(
            f"{address[0]}/v1/search", body, {"content-type": "application/json"}
        )
        with urllib.request.urlopen(request, timeout=60) as response:
            answer = response.read()
    finally:
        process.terminate()
        said += process.communicate(timeout=60)[0]
    assert b"ledger" in answer
    assert telling(answer) == telling(said) == set()


def test_chunks_are_stretches_of_their_documents_and_counts_are_in_the_manifest(flow):
    documents = {one.id: one for one in read_jsonl(flow.work.documents, Document)}
    for chunk in read_jsonl(flow.work.chunks, Chunk):
        assert documents[chunk.document_id].text[chunk.start : chunk.end] == chunk.text
    ledger = documents["ledger.md"]
    assert {"masked:card:1", "masked:ip:2", "masked:national_id:1"} <= set(ledger.verdicts)
    assert re.fullmatch(r"LicenseRef-by-consent-of-email-[a-z]{8}-phone-[a-z]{8}", ledger.licence)
    assert documents["yard/gate.md"].licence.startswith("LicenseRef-whatever-email-")
    manifest = read_json(next(flow.work.manifests.glob("*-ingest.json")))
    masked = manifest["summary"]["privacy"]["masked"]
    assert set(masked) == {"email", "phone", "iban", "card", "ip", "national_id", "secret"}
    assert manifest["summary"]["privacy"]["names"] == "not looked for"


def test_labels_still_fit_their_documents(flow):
    judged = (flow.work.rejected_labels).read_text() if flow.work.rejected_labels.exists() else ""
    assert judged == ""
    queries = "".join(path.read_text() for path in flow.work.labelled.rglob("queries.jsonl"))
    pseudonym = re.search(r"<email:[a-z]{8}>", queries)
    assert pseudonym and pseudonym[0] in flow.work.chunks.read_text()


def test_the_key_is_for_its_owner_and_stays_out_of_all_else(flow):
    key = flow.work.privacy_key.read_text().strip()
    assert flow.work.privacy_key.stat().st_mode & 0o777 == 0o600
    for path in flow.work.root.rglob("*"):
        if path.is_file() and path != flow.work.privacy_key:
            assert key.encode() not in path.read_bytes() and bytes.fromhex(key) not in path.read_bytes()
