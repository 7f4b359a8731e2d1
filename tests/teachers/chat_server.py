"""A real chat endpoint on loopback whose answers a test scripts, and chunks to ask it about."""

import json
import socket
import struct
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from idiolect.records import Chunk


@dataclass
class Reply:
    """What the endpoint sends; `content` becomes a chat completion unless `body` or `raw` says otherwise.

    `cut` bytes of the body are sent before the connection is reset; `drip` seconds lie between bytes.
    """

    content: str | None = None
    status: int = 200
    body: Any = None
    headers: dict[str, str] = field(default_factory=dict)
    finish_reason: str = "stop"
    hang_up: bool = False
    raw: bytes | None = None
    cut: int | None = None
    drip: float = 0.0


def refusal(status: int, message: str, code: str | None = None, **headers: str) -> Reply:
    error = {"message": message, "type": "error", "param": None, "code": code}
    return Reply(status=status, body={"error": error}, headers=headers)


Script = Callable[[int, dict[str, Any]], Reply]
"""(number of the request from 1, its JSON) → what to send."""


class _Listener(ThreadingHTTPServer):
    daemon_threads = True
    request_queue_size = 128

    def handle_error(self, *_: object) -> None:
        """Clients that hang up are part of these tests."""


class ChatServer:
    """Counts and keeps every request; `url` is what goes into generate.base_url."""

    def __init__(self, script: Script) -> None:
        self.script = script
        self.requests: list[dict[str, Any]] = []
        self.keys: list[str] = []
        self.times: list[float] = []
        self.busy = self.most_busy = 0
        self._lock = threading.Lock()
        chat = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"
            disable_nagle_algorithm = True

            def log_message(self, *_: object) -> None: ...

            def do_POST(self) -> None:
                request = json.loads(self.rfile.read(int(self.headers["content-length"])))
                with chat._lock:
                    chat.requests.append(request)
                    chat.keys.append(self.headers["authorization"])
                    chat.times.append(time.monotonic())
                    number = len(chat.requests)
                    chat.busy += 1
                    chat.most_busy = max(chat.most_busy, chat.busy)
                reply = chat.script(number, request)
                with chat._lock:
                    chat.busy -= 1
                if reply.hang_up:
                    self.close_connection = True
                    return
                data = reply.raw or json.dumps(reply.body or completion(reply, request)).encode()
                self.send_response(reply.status)
                self.send_header("content-type", "application/json")
                self.send_header("content-length", str(len(data)))
                for name, value in reply.headers.items():
                    self.send_header(name.replace("_", "-"), value)
                self.end_headers()
                if reply.drip:
                    for byte in data:
                        self.wfile.write(bytes([byte]))
                        time.sleep(reply.drip)
                self.wfile.write(data[: reply.cut] if not reply.drip else b"")
                if reply.cut is not None:
                    self.close_connection = True
                    # lingering for no time makes the close a reset
                    self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))

        self._server = _Listener(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self._server.server_address[1]}/v1"
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.01,), daemon=True)
        self._thread.start()

    def asked_about(self) -> list[str]:
        """The last user message that quotes a passage, of every request."""
        return [request["messages"][1]["content"] for request in self.requests]

    def stop(self) -> None:
        self._server.shutdown()
        self._server.server_close()


def completion(reply: Reply, request: dict[str, Any]) -> dict[str, Any]:
    message = {"role": "assistant", "content": reply.content}
    return {
        "id": "test",
        "object": "chat.completion",
        "created": 0,
        "model": request["model"],
        "choices": [{"index": 0, "finish_reason": reply.finish_reason, "message": message}],
        "usage": {"prompt_tokens": 100, "completion_tokens": 50, "total_tokens": 150},
    }


def answer(*queries: str | dict[str, Any]) -> str:
    """The JSON of an answer; a bare string becomes a question of quality 9."""
    items = [
        {"style": "question", "answer": "so it is", "quality": 9}
        | ({"query": query} if isinstance(query, str) else query)
        for query in queries
    ]
    return json.dumps({"queries": items}, ensure_ascii=False)


def about(request: dict[str, Any]) -> Reply:
    """One good query for whichever chunk was asked about."""
    return Reply(answer(f"what is told of {passage_of(request).split()[0]}?"))


def schema_of(request: dict[str, Any]) -> str:
    """The name of the schema that is asked for, read from the prompt where schemas were given up."""
    if "response_format" in request:
        return str(request["response_format"]["json_schema"]["name"])
    lists = {"queries": "queries", "negatives": "negatives", "verdicts": "judge"}
    prompt = request["messages"][0]["content"]
    return next(name for listed, name in lists.items() if f'{{"{listed}": [' in prompt)


def passage_of(request: dict[str, Any]) -> str:
    shown: str = request["messages"][1]["content"]
    return shown.split("<passage>\n")[1].split("\n</passage>")[0]


def queries_of(request: dict[str, Any]) -> list[str]:
    """Those that a request lists, for a judgment or for near misses."""
    listed = request["messages"][1]["content"].split("\nQueries:\n")[1]
    return [line[2:] for line in listed.splitlines() if line.startswith("- ")]


def verdicts(*given: dict[str, Any]) -> Reply:
    return Reply(json.dumps({"verdicts": given}, ensure_ascii=False))


def verdict(query: str, score: int = 9, **scores: int) -> dict[str, Any]:
    named = dict.fromkeys(("relevance", "accuracy", "context_support", "clarity"), score)
    return {"query": query, **named, **scores}


def make_chunks(documents: int, each: int = 1) -> list[Chunk]:
    return [
        Chunk(
            id=f"d{d}-{c}",
            document_id=f"d{d}",
            title=f"Document {d}",
            headings=["Part", f"Section {c}"],
            text=f"topic{d}x{c} is a machine that sorts letters by their weight and the colour of their stamps.",
            start=0,
            end=10,
            tokens=30,
        )
        for d in range(documents)
        for c in range(each)
    ]
