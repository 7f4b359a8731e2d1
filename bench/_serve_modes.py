"""What is measured of a started server: throughput, overload, swaps. Each returns plain data for the tables."""

import subprocess
import sys
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import msgspec
from _contenders import Started, post
from _load import Plan, Result
from _processes import Watched
from _served_texts import Texts

LIST = 32


@dataclass(frozen=True)
class Bench:
    """What all measurements share; `ceiling` in FLOP/s."""

    texts: dict[str, Texts]
    work: Path
    cores: list[int]
    seconds: float
    ceiling: float

    def begin(self, server: Started, texts: str, **settings: Any) -> "Running":
        """Start the load generator on one kind of texts."""
        given = self.texts[texts]
        plan = Plan(
            port=server.port,
            path=server.contender.path,
            model=server.contender.model,
            texts=str(given.path),
            cores=self.cores,
            headers=server.contender.headers,
            **({"references": given.references[:1], "seconds": self.seconds} | settings),
        )
        return Running(plan, self.work)

    def load(self, server: Started, texts: str, **settings: Any) -> Result:
        return self.begin(server, texts, **settings).result()


class Running:
    """The load generator at work."""

    def __init__(self, plan: Plan, work: Path) -> None:
        self._out = work / "result.json"
        (work / "plan.json").write_bytes(msgspec.json.encode(plan))
        command = [
            sys.executable,
            str(Path(__file__).with_name("_load.py")),
            str(work / "plan.json"),
            str(self._out),
        ]
        self._process = subprocess.Popen(command)

    def result(self) -> Result:
        if self._process.wait():
            sys.exit("the load generator failed")
        return msgspec.json.decode(self._out.read_bytes(), type=Result)


def throughput(
    bench: Bench, server: Started, texts: str, per_request: int, concurrency: int
) -> dict[str, Any]:
    """One cell: so many requests open at once for bench.seconds, and until the last of them is answered."""
    result = bench.load(server, texts, per_request=per_request, concurrency=concurrency)
    flops = bench.texts[texts].flops
    done = sum(
        count * sum(flops[group * per_request : (group + 1) * per_request])
        for group, count in enumerate(result.answered)
    )
    requests = result.outcomes.get("200", 0)
    return {
        "texts": texts,
        "per_request": per_request,
        "concurrency": concurrency,
        "requests_per_second": requests / result.seconds,
        "texts_per_second": requests * per_request / result.seconds,
        "milliseconds": {name: _milliseconds(getattr(result, name)) for name in ("p50", "p95", "p99")},
        "share_of_ceiling": done / result.seconds / bench.ceiling,
        "outcomes": result.outcomes,
        "refused": result.refused,
        "wrong": result.wrong,
        "client_cpu": result.client_cpu,
    }


def overload(
    bench: Bench, server: Started, texts: str, seconds: float, times: float, patience: float
) -> dict[str, Any]:
    """So many times the server's capacity, which is what it answers with 32 requests open at once, for so long."""
    capacity = throughput(bench, server, texts, 1, 32)["requests_per_second"]
    with Watched(server.process.pid) as watched:
        result = bench.load(server, texts, rate=times * capacity, seconds=seconds, patience=patience)
        time.sleep(2)
    megabytes = [size for _, size in watched.samples]
    return {
        "texts": texts,
        "capacity": capacity,
        "rate": times * capacity,
        "seconds": seconds,
        "right": sum(result.matching),
        "wrong": result.wrong,
        "refused": result.outcomes.get("429", 0),
        "other": {name: count for name, count in result.outcomes.items() if name not in ("200", "429")},
        "milliseconds": {name: _milliseconds(getattr(result, name)) for name in ("p50", "p99")},
        "megabytes": {"first": megabytes[0], "most": max(megabytes), "last": megabytes[-1]},
        "memory": watched.samples,
        "client_cpu": result.client_cpu,
    }


def swaps(
    bench: Bench, server: Started, texts: str, times: int, link: Path, bundles: list[Path]
) -> dict[str, Any]:
    """Put one bundle in the other's place, so many times, with 32 requests open at once all the while.

    `link` is the path that is served; `bundles` are two, in the order of the texts' references.
    """
    over = bench.work / "over"
    over.unlink(missing_ok=True)
    references = bench.texts[texts].references[:2]
    running = bench.begin(
        server, texts, concurrency=32, references=references, seconds=600.0, until=str(over)
    )
    taken = []
    try:
        time.sleep(2)
        for number in range(times):
            point(link, bundles[(number + 1) % 2])
            began = time.monotonic()
            status = reload(server)
            taken.append(time.monotonic() - began)
            if status != 200:
                sys.exit(f"POST /admin/reload answered {status}")
            time.sleep(2)
    finally:
        over.touch()
        result = running.result()
    return {
        "swaps": len(taken),
        "slowest_seconds": max(taken),
        "answers": result.matching,
        "wrong": result.wrong,
        "lost": {name: count for name, count in result.outcomes.items() if name != "200"},
        "milliseconds": {name: _milliseconds(getattr(result, name)) for name in ("p50", "p99")},
    }


def reload(server: Started) -> int:
    """Ask the server to read its bundles again; the status."""
    body = {"model": server.contender.model}
    return post(server.port, "/admin/reload", body, server.contender.headers, patience=120)


def point(link: Path, bundle: Path) -> None:
    """Have a symbolic link point to a bundle, at once."""
    draft = link.with_name(link.name + ".new")
    draft.symlink_to(bundle.resolve())
    draft.replace(link)


def _milliseconds(seconds: float | None) -> float | None:
    return None if seconds is None else round(seconds * 1000, 1)
