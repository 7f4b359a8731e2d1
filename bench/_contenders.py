"""Embedding servers as processes: how each is started, when it answers, what memory it takes."""

import contextlib
import json
import os
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from _processes import group_of, memory

INFINITY_PACKAGES = ("torch==2.13.0", "infinity-emb[server,torch]==0.0.78", "click<8.2")
"""Its typer cannot do with a later click; torch as everywhere here."""

SILENT = {
    "HF_HUB_OFFLINE": "1",
    "DO_NOT_TRACK": "1",
    "INFINITY_ANONYMOUS_USAGE_STATS": "0",
    "TOKENIZERS_PARALLELISM": "false",
}
PATIENCE = 300.0


@dataclass(frozen=True)
class Contender:
    """`command` has PORT where its port goes; `model` is the name that requests say."""

    name: str
    command: Sequence[str]
    model: str
    headers: dict[str, str] = field(default_factory=dict)
    path: str = "/v1/embeddings"


def idiolect(
    bundle: Path, model: str, options: Sequence[str] = (), headers: dict[str, str] | None = None
) -> Contender:
    command = [sys.executable, "-m", "idiolect", "serve", str(bundle), "--port", "PORT", *options]
    return Contender("idiolect", command, model, headers or {})


def sentence_transformers(weights: Path, model: str) -> Contender:
    server = Path(__file__).with_name("_sentence_transformers_server.py")
    return Contender(
        "sentence-transformers + FastAPI", [sys.executable, str(server), str(weights), "PORT"], model
    )


def infinity(venv: Path, weights: Path, model: str) -> Contender:
    """Makes the virtual environment where it does not have infinity yet: it pins numpy below 2."""
    program = venv / "bin" / "infinity_emb"
    if not program.exists():
        subprocess.run([sys.executable, "-m", "venv", str(venv)], check=True)
        subprocess.run([str(venv / "bin" / "pip"), "install", "-q", *INFINITY_PACKAGES], check=True)
    command = [str(program), "v2", "--model-id", str(weights), "--served-model-name", model]
    command += ["--engine", "torch", "--device", "cpu", "--no-bettertransformer", "--log-level", "error"]
    command += ["--host", "127.0.0.1", "--port", "PORT", "--url-prefix", "/v1"]
    return Contender("infinity-emb", command, model)


@dataclass
class Started:
    contender: Contender
    port: int
    process: "subprocess.Popen[bytes]"
    start_seconds: float

    def peak_megabytes(self) -> float:
        """The largest resident sets of the process and what it has begun, added up."""
        return sum(memory(folder, "VmHWM") for folder in group_of(self.process.pid)) / 1024


@contextlib.contextmanager
def started(contender: Contender, cores: Sequence[int], log: Path) -> Iterator[Started]:
    """The server from its first right answer on; it is stopped on leaving. Exits where it does not start."""
    port = _free_port()
    command = [str(port) if part == "PORT" else part for part in contender.command]
    began = time.monotonic()
    with log.open("wb") as output:
        process = subprocess.Popen(
            command,
            env=os.environ | SILENT,
            stdout=output,
            stderr=output,
            start_new_session=True,
            preexec_fn=lambda: os.sched_setaffinity(0, cores),
        )
    try:
        while not _answers(contender, port):
            if process.poll() is not None or time.monotonic() - began > PATIENCE:
                sys.exit(f"{contender.name} did not start:\n{log.read_text(errors='replace')[-2000:]}")
            time.sleep(0.02)
        yield Started(contender, port, process, time.monotonic() - began)
    finally:
        _stop(process)


def _answers(contender: Contender, port: int) -> bool:
    body = {"model": contender.model, "input": "warm up"}
    return post(port, contender.path, body, contender.headers) == 200


def post(port: int, path: str, body: object, headers: dict[str, str], patience: float = 60) -> int:
    """The status of a POST of JSON; 0 where nobody listens."""
    asked = urllib.request.Request(
        f"http://127.0.0.1:{port}{path}",
        json.dumps(body).encode(),
        {"content-type": "application/json"} | headers,
    )
    try:
        with urllib.request.urlopen(asked, timeout=patience) as answer:
            return int(answer.status)
    except urllib.error.HTTPError as error:
        return error.code
    except OSError:
        return 0


def _free_port() -> int:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        return int(free.getsockname()[1])


def _stop(process: "subprocess.Popen[bytes]") -> None:
    with contextlib.suppress(ProcessLookupError):
        os.killpg(process.pid, signal.SIGTERM)
    try:
        process.wait(40)
    except subprocess.TimeoutExpired:
        os.killpg(process.pid, signal.SIGKILL)
        process.wait()
