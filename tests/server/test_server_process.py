"""The server as a process: it says when it is ready, and stops in order."""

import concurrent.futures
import contextlib
import json
import signal
import socket
import subprocess
import sys
import time

import httpx
import pytest
from click.testing import CliRunner

from idiolect.cli import idiolect
from idiolect.config import Serve
from idiolect.errors import BundleError, UsageError
from idiolect.server import run
from idiolect.server.serving import listen

PROGRAM = """
import pathlib, sys
from idiolect.config import Serve
from idiolect.server import run
run([pathlib.Path(sys.argv[1])], "127.0.0.1", 0, serve_config=Serve(log=(sys.argv[2:] or ["warnings"])[0]))
heavy = {"torch", "transformers", "sentence_transformers", "pandas", "scipy", "sklearn", "onnxruntime"}
print(sorted(heavy & {name.split(".")[0] for name in sys.modules}))
"""


@pytest.mark.parametrize("sent", [signal.SIGTERM, signal.SIGINT])
def test_it_says_where_it_serves_and_stops_when_told(bundle_path, sent):
    with serving(bundle_path) as (process, url):
        assert asked(url, "a pump").status_code == 200
        process.send_signal(sent)
        assert process.wait(20) == 0
        assert process.stderr.read() == ""


def test_a_serving_process_needs_no_torch(bundle_path):
    with serving(bundle_path) as (process, url):
        assert asked(url, "a pump").status_code == 200
        process.terminate()
        assert process.stdout.read().strip() == "[]"


def test_what_it_took_is_answered_before_it_stops(bundle_path):
    texts = [f"{number} pump {'tank ' * 40}" for number in range(2048)]
    with serving(bundle_path) as (process, url), concurrent.futures.ThreadPoolExecutor(2) as pool:
        tokens_of_one = 1024 * asked(url, f"pump {'tank ' * 40}").json()["usage"]["prompt_tokens"]
        answers = [pool.submit(asked, url, texts[start::2]) for start in range(2)]
        while taken(url) < 1.5 * tokens_of_one:  # until then the second may still be on its way
            time.sleep(0.005)
        process.terminate()
        assert [len(answer.result().json()["data"]) for answer in answers] == [1024, 1024]
        assert process.wait(20) == 0
        with pytest.raises(httpx.TransportError):
            asked(url, "too late")


def test_requests_are_logged_as_json_lines_where_it_is_asked_for(bundle_path):
    with serving(bundle_path, "requests") as (process, url):
        asked(url, "Ms. Example's diagnosis")
        process.terminate()
        logged = process.stderr.read()
    (line,) = map(json.loads, logged.splitlines())
    assert (line["event"], line["status"], line["texts"]) == ("request", 200, 1)
    assert "diagnosis" not in logged


@contextlib.contextmanager
def serving(bundle_path, *arguments):
    """A server in a process of its own, and its URL."""
    command = [sys.executable, "-c", PROGRAM, str(bundle_path), *arguments]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as process:
        try:
            line = process.stderr.readline()
            assert line.startswith("serving tiny on http://127.0.0.1:")
            yield process, line.split()[-1]
        finally:
            process.kill()


def asked(url, texts):
    return httpx.post(f"{url}/embeddings", json={"model": "tiny", "input": texts}, timeout=60)


def taken(url):
    """Tokens that the server has encoded or still holds."""
    page = httpx.get(url.replace("/v1", "/metrics")).text
    counts = dict(line.rsplit(" ", 1) for line in page.splitlines() if not line.startswith("#"))
    return sum(float(counts[f'idiolect_{name}{{model="tiny"}}']) for name in ("tokens_total", "queue_tokens"))


def test_a_port_in_use_is_named(bundle_path):
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        with pytest.raises(UsageError, match=f"127.0.0.1:{port}"):
            run([bundle_path], "127.0.0.1", port)


def test_what_is_no_bundle_is_refused_before_listening(tmp_path):
    with pytest.raises(BundleError, match="no bundle"):
        run([tmp_path], "127.0.0.1", 0, "auto", None, Serve())


def test_the_command_hands_on_how_often_to_look(monkeypatch):
    given = []
    monkeypatch.setattr("idiolect.server.run", lambda *arguments, **_: given.append(arguments[-1]))
    CliRunner().invoke(idiolect, ["serve", "bundle", "--watch", "2.5"])
    CliRunner().invoke(idiolect, ["serve", "bundle", "--set", "serve.watch_seconds=7"])
    assert [serve.watch_seconds for serve in given] == [2.5, 7]


def test_without_bundles_there_is_nothing_to_serve():
    with pytest.raises(UsageError, match="at least one bundle"):
        run([], "127.0.0.1", 0)


def test_answers_are_sent_without_delay():
    """asyncio sets TCP_NODELAY only on sockets that name their protocol."""
    with listen("127.0.0.1", 0) as listener:
        assert listener.proto == socket.IPPROTO_TCP
