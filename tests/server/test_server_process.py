"""The server as a process: it says when it is ready, and stops in order."""

import signal
import socket
import subprocess
import sys

import httpx
import pytest

from idiolect.config import Serve
from idiolect.errors import BundleError, UsageError
from idiolect.server import run
from idiolect.server.serving import listen

PROGRAM = (
    "import pathlib, sys; from idiolect.server import run; run([pathlib.Path(sys.argv[1])], '127.0.0.1', 0)"
)


@pytest.mark.parametrize("sent", [signal.SIGTERM, signal.SIGINT])
def test_it_says_where_it_serves_and_stops_when_told(bundle_path, sent):
    command = [sys.executable, "-c", PROGRAM, str(bundle_path)]
    with subprocess.Popen(command, stderr=subprocess.PIPE, text=True) as process:
        try:
            line = process.stderr.readline()
            assert line.startswith("serving tiny on http://127.0.0.1:")
            url = line.split()[-1]
            response = httpx.post(f"{url}/embeddings", json={"model": "tiny", "input": "a pump"})
            assert response.status_code == 200
            process.send_signal(sent)
            assert process.wait(20) == 0
            assert process.stderr.read() == ""
        finally:
            process.kill()


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


def test_without_bundles_there_is_nothing_to_serve():
    with pytest.raises(UsageError, match="at least one bundle"):
        run([], "127.0.0.1", 0)


def test_answers_are_sent_without_delay():
    """asyncio sets TCP_NODELAY only on sockets that name their protocol."""
    with listen("127.0.0.1", 0) as listener:
        assert listener.proto == socket.IPPROTO_TCP
