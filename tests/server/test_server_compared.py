"""A run that compares its model with others: directories, bundles, and idiolect's own server as an endpoint."""

import json
import re
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest
from builders import Listening
from small_corpus import MACHINES, sections
from tiny_model import DIMENSION, save_tiny_model

from idiolect.config import load
from idiolect.evaluation.beir import Dataset
from idiolect.evaluation.evaluated import Evaluated
from idiolect.files import write_jsonl, write_text
from idiolect.mining.vectors import CachedEncoder
from idiolect.records import Fusion, Passage
from idiolect.runtimes.endpoint import EndpointRuntime
from idiolect.runtimes.model_files import describe
from idiolect.runtimes.torch import TorchRuntime
from idiolect.stages.against import measured_against
from idiolect.stages.context import Context
from idiolect.stages.encoders import Sides
from idiolect.stages.ranking import rank
from idiolect.workspace import Workspace

pytestmark = pytest.mark.usefixtures("one_thread")

pytest.importorskip("openai")


@pytest.fixture(scope="module")
def models(tmp_path_factory):
    folder = tmp_path_factory.mktemp("models")
    return [save_tiny_model(folder / name, seed) for seed, name in enumerate(("base", "tuned", "other"))]


@pytest.fixture(scope="module")
def dataset():
    passages = [
        Passage(id=f"{number}-{part}", title=heading, text=text)
        for number, name in enumerate(MACHINES)
        for part, (heading, text) in enumerate(sections(name, number))
    ]
    return Dataset(
        name="test",
        split="test",
        corpus={passage.id: passage for passage in passages},
        queries={passage.id + "?": passage.title for passage in passages},
        qrels={passage.id + "?": {passage.id: 1} for passage in passages},
    )


@pytest.fixture
def compare(models, dataset, tmp_path):
    """Compares what is named with base and tuned in one WORK; the notes that the user saw are in `notes`."""
    workspace = Workspace(tmp_path / "work")
    write_jsonl(workspace.documents, [])
    base, tuned = (CachedEncoder(TorchRuntime(describe(path)), workspace.vectors) for path in models[:2])
    sides = Sides(base, tuned, {"base": Fusion(weight=0.2), "tuned": Fusion(weight=0.0)})
    progress = Listening()
    runs = {}
    for side in ("base", "tuned"):
        found, _ = rank(dataset, sides.encoder(side), sides.fusion[side], ("dense", "hybrid"), progress, side)
        runs |= {f"{kind}-{side}": run for kind, run in found.items()}

    def measured(*names, **settings):
        given = [f"evaluate.against={[str(name) for name in names]}"]
        given += [f"generate.{key}={value}" for key, value in settings.items()]
        progress.notes.clear()
        context = Context(workspace, load(settings=given), progress)
        return measured_against(context, sides, [Evaluated(dataset, runs)])

    measured.notes = progress.notes
    return measured


def embedded(server):
    """How many texts the server has been asked for."""
    page = server.http.get("/metrics").text
    return sum(float(value) for value in re.findall(r"^idiolect_texts_total\{.*\} (\S+)$", page, re.M))


def test_with_nobody_to_compare_with_nothing_is_measured(compare):
    assert compare() == []


def test_all_stand_in_one_table_with_speed_and_price(compare, models, bundle_path, server):
    endpoint = f"{server.url}/v1#tiny"
    found = {other.name: other for other in compare(models[2], bundle_path, endpoint)}
    assert list(found) == ["base", "tuned", "other", "bundle", endpoint]
    for other in found.values():
        metrics = other.datasets["test"]
        assert set(metrics) == {"dense", "hybrid"}
        assert 0 < metrics["dense"]["ndcg@10"] <= 1
        assert other.speed.query_ms > 0
        assert other.speed.passages_per_second > 0
        assert (other.price, other.dimension) == (0.0, DIMENSION)
    assert {other.role for other in found.values()} == {"base", "tuned", "model", "bundle", "endpoint"}
    same = found["other"].comparisons["test"]
    assert (same.a, same.b) == ("other/dense", "dense-tuned")
    tuned, other = (found[name].datasets["test"]["dense"]["ndcg@10"] for name in ("tuned", "other"))
    assert same.delta == pytest.approx(tuned - other)
    over_http, on_disk = found[endpoint], found["bundle"]
    assert over_http.runtime == "endpoint"
    assert over_http.note == "the endpoint runs on this machine"
    assert on_disk.runtime == "openvino"


def test_what_an_endpoint_was_paid_for_is_not_asked_again(compare, dataset, server):
    endpoint = f"{server.url}/v1#tiny"
    before = embedded(server)
    first = compare(endpoint)[-1]
    probe = 1  # tells the dimension
    assert embedded(server) - before == len(dataset.corpus) + len(dataset.queries) + probe
    before = embedded(server)
    second = compare(endpoint)[-1]
    assert embedded(server) - before == probe
    assert (first.speed.measured, second.speed.query_ms) == ("", first.speed.query_ms)
    assert re.fullmatch(r"\d{4}-\d\d-\d\d", second.speed.measured)
    assert second.datasets == first.datasets


def test_one_that_fails_costs_nobody_else(compare, models, server):
    dead = f"{server.url}/v1#nobody"
    found = compare(dead, models[2], models[2].parent / "missing")
    assert [bool(other.datasets) for other in found] == [True, True, False, True, False]
    assert "refused to embed" in found[2].note
    assert "run `idiolect evaluate` to try again" in found[2].note
    assert sum("left out" in note for note in compare.notes) == 2


@pytest.fixture
def careless():
    """An endpoint that gives one vector, whatever it is asked for, and none for what is longer than a word."""

    class Handler(BaseHTTPRequestHandler):
        def log_message(self, *_): ...

        def do_POST(self):
            texts = json.loads(self.rfile.read(int(self.headers["content-length"])))["input"]
            rows = [{"object": "embedding", "index": 0, "embedding": [0.6, 0.8]}] * (texts == ["dimension"])
            body = json.dumps({"object": "list", "model": "m", "data": rows, "usage": None}).encode()
            self.send_response(200)
            self.send_header("content-type", "application/json")
            self.send_header("content-length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True).start()
    yield f"http://127.0.0.1:{server.server_address[1]}/v1#m"
    server.shutdown()
    server.server_close()


def test_one_that_answers_nonsense_is_left_out_too(compare, careless):
    found = compare(careless)[-1]
    assert found.datasets == {}
    assert "refused to embed: No embedding data received" in found.note


def test_a_price_is_that_of_the_file_and_never_guessed(compare, server, tmp_path, monkeypatch):
    monkeypatch.setattr("idiolect.estimates.prices.is_loopback", lambda host: False)
    endpoint = f"{server.url}/v1#tiny"
    unknown = compare(endpoint)[-1]
    assert unknown.price is None
    assert 'add [models."tiny"]' in unknown.note
    prices = tmp_path / "prices.toml"
    write_text(
        prices, '[models."tiny"]\nprompt = 0.02\ncompletion = 0.0\ncurrency = "EUR"\nas_of = "2026-11"\n'
    )
    known = compare(endpoint, prices=str(prices))[-1]
    assert (known.price, known.currency) == (0.02, "EUR")
    assert known.note == "tiny at 0.02 and 0 EUR a million tokens of 2026-11"


def test_two_models_at_one_address_do_not_share_their_vectors(server):
    names = [f"{server.url}/v1#{model}" for model in ("tiny", "tiny-query")]
    assert len({EndpointRuntime(name).files.digest for name in names}) == 2
