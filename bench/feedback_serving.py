"""What keeping feedback costs searches: one server with a log and one without, asked in turn.

    python bench/feedback_serving.py BUNDLE STORE QUERIES [--seconds 10] [--rounds 6] [--clients 4]

Both servers run all the time; each round asks either for some seconds, in changing order, every search with consent.
Prints searches/s and latencies of both, the median over rounds of their ratio, and how many impressions were kept.
"""

import argparse
import json
import random
import re
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from pathlib import Path

import httpx

from idiolect.evaluation.beir import read_queries
from idiolect.lifecycle.feedback.log import FeedbackLog


def started(bundle: Path, store: str, *given: str) -> tuple[subprocess.Popen[str], str]:
    """A server, and its address."""
    command = [
        sys.executable,
        "-m",
        "idiolect",
        "serve",
        str(bundle),
        "--store",
        store,
        "--port",
        "0",
        *given,
    ]
    process = subprocess.Popen(command, stderr=subprocess.PIPE, text=True)
    assert process.stderr is not None
    line = process.stderr.readline()
    found = re.search(r"http://[^/]+", line)
    if not found:
        raise SystemExit(line + process.stderr.read())
    return process, found[0]


def asked(url: str, queries: list[str], clients: int, seconds: float, mode: str) -> list[float]:
    """Milliseconds of every search that so many clients made one behind another."""
    taken: list[float] = []
    until = time.monotonic() + seconds

    def client(seed: int) -> None:
        drawn = random.Random(seed)
        with httpx.Client(timeout=60) as http:
            while time.monotonic() < until:
                body = {"query": drawn.choice(queries), "mode": mode, "consent": True, "user": f"u{seed}"}
                began = time.perf_counter()
                http.post(f"{url}/v1/search", json=body).raise_for_status()
                taken.append((time.perf_counter() - began) * 1000)

    threads = [threading.Thread(target=client, args=(random.randrange(1 << 30),)) for _ in range(clients)]
    for one in threads:
        one.start()
    for one in threads:
        one.join()
    return taken


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("bundle", type=Path)
    parser.add_argument("store")
    parser.add_argument("queries", type=Path, help="BEIR's queries.jsonl")
    parser.add_argument("--seconds", type=float, default=10)
    parser.add_argument("--rounds", type=int, default=6)
    parser.add_argument("--clients", type=int, default=4)
    parser.add_argument("--mode", default="hybrid")
    given = parser.parse_args()
    queries = [line.text for line in read_queries(given.queries).values()]
    with tempfile.TemporaryDirectory() as folder:
        running = {
            "without": started(given.bundle, given.store),
            "with": started(given.bundle, given.store, "--feedback", folder),
        }
        taken: dict[str, list[list[float]]] = {name: [] for name in running}
        for number in range(given.rounds + 1):
            for name in sorted(running, reverse=bool(number % 2)):
                found = asked(running[name][1], queries, given.clients, given.seconds, given.mode)
                if number:  # the first round warms both up
                    taken[name].append(found)
        page = httpx.get(f"{running['with'][1]}/metrics").text
        lost = re.search(r'feedback_events_total\{outcome="lost"\} (\S+)', page)
        for process, _ in running.values():
            process.terminate()
            process.wait()
        kept = sum(1 for _ in FeedbackLog(Path(folder) / "feedback.db").everything())
    pairs = list(zip(taken["with"], taken["without"], strict=True))
    figures = {
        "without": summary(taken["without"], given.seconds),
        "with": summary(taken["with"], given.seconds),
        "ratio, least, median and most of the rounds": {
            name: spread([figure(one) / figure(other) for one, other in pairs])
            for name, figure in (("searches", len), ("p50", statistics.median), ("p99", p99))
        },
        "kept": kept,
        "lost": float(lost[1]) if lost else 0,
    }
    sys.stdout.write(json.dumps(figures, indent=2) + "\n")


def p99(milliseconds: list[float]) -> float:
    return statistics.quantiles(milliseconds, n=100)[-1]


def summary(rounds: list[list[float]], seconds: float) -> dict[str, float]:
    together = [one for found in rounds for one in found]
    return {
        "searches/s": round(len(together) / seconds / len(rounds), 1),
        "p50 ms": round(statistics.median(together), 2),
        "p99 ms": round(p99(together), 2),
    }


def spread(ratios: list[float]) -> list[float]:
    return [round(one, 3) for one in (min(ratios), statistics.median(ratios), max(ratios))]


if __name__ == "__main__":
    main()
