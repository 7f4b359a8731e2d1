"""Runs commands in a folder and shows them with what they print; runs a server beside them."""

import contextlib
import json
import re
import signal
import subprocess
import sys
import time
import urllib.request
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, TypeVar

HERE = Path(__file__).parent
EXAMPLES = "^(?:Won|Lost|What to try next):$"
"""Where a run's closing words begin to quote documents, and to advise."""
QUOTES = "^  (?:What has grown|Least like before):$"
"""Where drift begins to quote documents and queries."""
NOTES = ("error:", "warning:", "  feedback:")
"""What is shown of progress on stderr."""

START_SECONDS = 120.0

Found = TypeVar("Found")


class Telling:
    """Shows what is done in PLACE; `settings` are those of run and refresh beyond idiolect.toml."""

    def __init__(self, place: Path, settings: Sequence[str]) -> None:
        self.place = place
        self.settings = [
            "-c",
            str(HERE / "idiolect.toml"),
            *(part for one in settings for part in ("--set", one)),
        ]

    def tell(self, text: str) -> None:
        print(f"\n# {text}", flush=True)

    def aside(self, text: str) -> None:
        """What no command says."""
        print(f"({text})", flush=True)

    def idiolect(
        self, *arguments: str, expect: Sequence[int] = (0,), hidden: Sequence[str] = (), until: str = r"\Z"
    ) -> int:
        """Run a command, with `hidden` arguments that are not shown; print it and what it says before `until`.

        Returns its exit code, which must be one of `expect`.
        """
        print(f"$ idiolect {' '.join(map(_quoted, arguments))}", flush=True)
        command = [sys.executable, "-m", "idiolect", *arguments, *hidden]
        done = subprocess.run(command, cwd=self.place, capture_output=True, text=True)
        shown, *more = re.split(until, done.stdout, maxsplit=1, flags=re.MULTILINE)
        notes = [line.strip() for line in done.stderr.splitlines() if line.startswith(NOTES)]
        code = [f"[exit code {done.returncode}]"] if done.returncode else []
        told = [*notes, shown.rstrip(), *(["…"] if any(more) else []), *code]
        print("\n".join(line.rstrip() for line in told).strip("\n"), flush=True)
        if done.returncode not in expect:
            raise SystemExit(f"that was not expected here:\n{done.stderr}")
        return done.returncode

    @contextlib.contextmanager
    def serving(self, *arguments: str) -> Iterator[str]:
        """A server in a process of its own, and its URL; stopped in order at the end."""
        print(f"$ idiolect serve {' '.join(arguments)} &", flush=True)
        log = self.place / "serve.log"
        command = [sys.executable, "-m", "idiolect", "serve", *arguments, "--port", "0"]
        with log.open("w") as errors:
            process = subprocess.Popen(command, cwd=self.place, stderr=errors)
        try:
            line = until(lambda: _serving(log, process), START_SECONDS, "the server serves")
            print(line.partition(" on ")[0], flush=True)
            yield line.split()[-1].removesuffix("/v1")
        finally:
            process.send_signal(signal.SIGTERM)
            try:
                process.wait(30)
            except subprocess.TimeoutExpired:
                process.kill()


def until(look: Callable[[], Found | None], seconds: float, what: str) -> Found:
    """What `look` finds in the end; raises SystemExit where that takes longer."""
    last = time.monotonic() + seconds
    while time.monotonic() < last:
        if (found := look()) is not None:
            return found
        time.sleep(0.2)
    raise SystemExit(f"waited {seconds:g} s until {what}, in vain")


def posted(url: str, body: Mapping[str, Any] | None = None) -> dict[str, Any]:
    """The server's answer to a JSON object, or where there is none to a GET. Raises urllib.error.HTTPError."""
    data = None if body is None else json.dumps(body).encode()
    with urllib.request.urlopen(url, data, timeout=60) as answer:
        found: dict[str, Any] = json.load(answer)
    return found


def _serving(log: Path, process: subprocess.Popen[bytes]) -> str | None:
    said = log.read_text(encoding="utf-8")
    if process.poll() is not None:
        raise SystemExit(f"the server stopped:\n{said}")
    return next((line for line in said.splitlines() if line.startswith("serving ")), None)


def _quoted(argument: str) -> str:
    return f'"{argument}"' if " " in argument else argument
