"""Clients that dribble, and those that send too much."""

import socket
import time

import pytest
from serving_fixture import Running, until

pytestmark = pytest.mark.timed

PATIENCE = 0.4
HEADER = b"POST /v1/embeddings HTTP/1.1\r\nhost: a\r\ncontent-type: application/json\r\n"


@pytest.fixture(scope="module")
def server(bundle_path):
    from idiolect.config import Serve
    from idiolect.server.service import Service

    service = Service([bundle_path], config=Serve(client_seconds=PATIENCE, max_body_mb=0.1, cache_mb=0))
    service.load()
    with Running(service) as running:
        yield running
    service.close()


@pytest.fixture
def client(server):
    with socket.create_connection(("127.0.0.1", server.port), timeout=10) as client:
        yield client


def dribbled(client, data, pause=0.05):
    """Send byte after byte until the server answers or closes; what it answered, and after how many seconds."""
    began = time.monotonic()
    client.settimeout(pause)
    for byte in data:
        try:
            client.send(bytes([byte]))
            answer = client.recv(65536)
        except TimeoutError:
            continue
        except ConnectionError:
            answer = b""
        return answer, time.monotonic() - began
    raise AssertionError("the server waits on")


def test_a_header_that_dribbles_is_cut_off(client):
    answer, seconds = dribbled(client, HEADER + b"x: " + b"a" * 200)
    assert answer.startswith(b"HTTP/1.1 408")
    assert b'"error"' in answer
    assert seconds < 10 * PATIENCE


def test_a_silent_connection_is_closed(client):
    assert client.recv(65536).startswith(b"HTTP/1.1 408")
    assert client.recv(1) == b""


def test_a_second_header_that_dribbles_is_cut_off(client):
    client.sendall(b"GET /v1/health/live HTTP/1.1\r\nhost: a\r\n\r\n")
    assert client.recv(65536).startswith(b"HTTP/1.1 200")
    answer, _ = dribbled(client, b"GET /v1/health/live HTTP/1.1\r\nx: " + b"a" * 200)
    assert answer.startswith(b"HTTP/1.1 408")


def test_a_body_that_dribbles_is_cut_off(client):
    client.sendall(HEADER + b"content-length: 1000\r\n\r\n")
    answer, seconds = dribbled(client, b'{"model": "tiny", "input": "' + b"a" * 200)
    assert answer.startswith(b"HTTP/1.1 408")
    assert seconds < 10 * PATIENCE


def test_a_body_that_comes_in_time_is_taken(client):
    body = b'{"model": "tiny", "input": "a"}'
    client.sendall(HEADER + b"content-length: %d\r\n\r\n" % len(body))
    for start in range(0, len(body), 8):
        time.sleep(PATIENCE / 10)
        client.sendall(body[start : start + 8])
    assert client.recv(65536).startswith(b"HTTP/1.1 200")


def test_an_idle_connection_that_was_answered_is_not_called_slow(server):
    assert server.http.get("/v1/health/live").status_code == 200
    time.sleep(2 * PATIENCE)
    assert server.http.get("/v1/health/live").status_code == 200


def test_an_answer_that_nobody_reads_is_given_up(bundle_path, server):
    with socket.socket() as client:
        client.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        client.connect(("127.0.0.1", server.port))
        texts = b",".join(b'"%d"' % number for number in range(2048))
        body = b'{"model": "tiny", "encoding_format": "float", "input": [' + texts + b"]}"
        for _ in range(4):  # more than the kernel buffers for both
            client.sendall(HEADER + b"content-length: %d\r\n\r\n" % len(body) + body)
        state = server.server.server_state
        held = lambda: [each for each in state.connections if each.client == client.getsockname()]  # noqa: E731
        until(held)
        until(lambda: not held())


@pytest.mark.parametrize("size", [70_000, 10_000_000])
def test_a_header_too_large_is_refused(client, size):
    try:
        client.sendall(HEADER + b"x: " + b"a" * size)
        answer = client.recv(65536)
    except ConnectionError:
        answer = b"HTTP/1.1 431"
    assert answer.startswith((b"HTTP/1.1 431", b"HTTP/1.1 400"))


def test_a_body_too_large_is_refused_whether_or_not_it_says_so(server):
    text = "word " * 30_000
    said = server.post(input=text)
    unsaid = server.http.post("/v1/embeddings", content=(part.encode() for part in [text] * 3))
    assert (said.status_code, unsaid.status_code) == (413, 413)
    assert "0.1 MiB" in said.json()["error"]["message"]


def test_what_is_no_http_is_refused_in_the_usual_shape(client):
    client.sendall(b"nonsense\r\n\r\n")
    answer = client.recv(65536)
    assert answer.startswith(b"HTTP/1.1 400") and b'{"error":{' in answer
