"""Embedding servers side by side, in one run on one machine, on the same texts.

    python bench/serve.py --beir DIR [--infinity VENV] [--bundle BUNDLE] [--out RESULT.json]

idiolect serves --bundle, or the default base exported on the spot; sentence-transformers behind FastAPI and, with
--infinity, infinity-emb in a virtual environment of its own (made where there is none) load the same weights.
Passages and queries are those of a BEIR folder, at their own lengths; idiolect's cache of vectors is off, and no text
is in flight twice.  Each --modes is measured in turn:

throughput  single queries, single passages and lists of 32 passages, with so many requests open at once (--at-once)
            for --seconds and until the last is answered; a 429 is tried again when its header says so
overload    --times the server's own capacity of single passages for --overload-seconds, whatever comes back;
            nothing is tried again, and a request without answer after --patience seconds is given up
swaps       idiolect alone: ten times another bundle in the first one's place (POST /admin/reload) under load

Every answer is held against torch's float32 vectors (wrong: further away than .1, a cosine of .995).  The load
generator is a process of its own, pinned to the last core; the servers have the others, or all where there are
fewer than four.  Memory is the resident set, time to start from the process to the first answer.
"""

import argparse
import json
import os
import statistics
import sys
import tempfile
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from _bundles import altered, bundle_of
from _contenders import Contender, Started, idiolect, infinity, sentence_transformers, started
from _serve_modes import LIST, Bench, overload, point, swaps, throughput
from _serve_tables import markdown
from _served_texts import ceiling, prepare, read

from idiolect.bundle import Bundle
from idiolect.config import Serve
from idiolect.runtimes.model_files import resolve

MODES = ("throughput", "overload", "swaps")
CASES = {"queries": ("queries", 1), "passages": ("passages", 1), "lists": ("passages", LIST)}
KEY = "bench"


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--beir", type=Path, required=True)
    parser.add_argument("--bundle", type=Path)
    parser.add_argument("--infinity", type=Path, metavar="VENV")
    parser.add_argument("--only-idiolect", action="store_true")
    parser.add_argument("--modes", nargs="+", choices=MODES, default=["throughput"])
    parser.add_argument("--cases", nargs="+", choices=CASES, default=list(CASES))
    parser.add_argument("--at-once", type=int, nargs="+", default=[1, 8, 32, 128])
    parser.add_argument("--texts", type=int, default=5000, help="passages, and queries, at most")
    parser.add_argument("--seconds", type=float, default=10.0)
    parser.add_argument("--times", type=float, default=4.0)
    parser.add_argument("--overload-seconds", type=float, default=60.0)
    parser.add_argument("--patience", type=float, default=30.0)
    parser.add_argument("--swaps", type=int, default=10)
    parser.add_argument("--set", action="append", default=[], metavar="serve.KEY=VALUE", help="for idiolect")
    parser.add_argument("--out", type=Path, help="the findings as JSON")
    return parser.parse_args()


def main() -> None:
    given = arguments()
    cores = sorted(os.sched_getaffinity(0))
    servers = cores if len(cores) < 4 else cores[:-1]
    found: dict[str, Any] = {
        "machine": {
            "cores": len(cores),
            "server_cores": servers,
            "client_cores": cores[-1:],
            "load": os.getloadavg()[0],
        },
        "settings": {name: str(value) for name, value in vars(given).items()},
        "servers": {},
        "swaps": None,
    }
    with tempfile.TemporaryDirectory() as folder:
        work = Path(folder)
        bundles = [*_bundles(given, work)]
        bounds = [ceiling(bundles[0]) for _ in range(3)]
        found["machine"] |= {name: statistics.median(one[name] for one in bounds) for name in bounds[0]}
        rows = read(given.beir, given.texts)
        _refuse_repeats(given, rows)
        texts = prepare(rows, bundles, work)
        best = max(found["machine"]["layer"], found["machine"]["square"])
        bench = Bench(texts, work, cores[-1:], given.seconds, best)
        if set(given.modes) & {"throughput", "overload"}:
            for contender in _contenders(given, bundles[0]):
                with started(contender, servers, work / "log") as server:
                    found["servers"][contender.name] = _measured(given, bench, server)
        if "swaps" in given.modes:
            found["swaps"] = _swapped(given, bench, servers, bundles)
    if given.out:
        given.out.write_text(json.dumps(found, indent=1), encoding="utf-8")
    sys.stdout.write(markdown(found))


def _bundles(given: argparse.Namespace, work: Path) -> Iterator[Bundle]:
    """The one that is served and, for swaps, one of the same name with other weights."""
    first = Bundle.load(given.bundle) if given.bundle else bundle_of(resolve("auto"), work / "bundle", "base")
    if first.manifest.prompts.query or first.manifest.prompts.passage:
        sys.exit(f"{first.path} has prompts, which the other servers do not know: give a bundle without")
    yield first
    if "swaps" in given.modes:
        model = altered(first.path / "model", work / "altered")
        yield bundle_of(model, work / "other", first.manifest.name)


def _refuse_repeats(given: argparse.Namespace, rows: dict[str, list[str]]) -> None:
    """A server may encode a text once that two requests in flight hold: that is not what is measured here."""
    for case in given.cases:
        texts, per_request = CASES[case]
        needed = max(given.at_once) * per_request
        if len(rows[texts]) < needed:
            sys.exit(
                f"{case}: {len(rows[texts])} {texts} are too few for {max(given.at_once)} at once; it takes {needed}"
            )


def _contenders(given: argparse.Namespace, bundle: Bundle) -> Iterator[Contender]:
    name, weights = bundle.manifest.name, bundle.path / "model"
    yield idiolect(bundle.path, name, _settings(given))
    if not given.only_idiolect:
        yield sentence_transformers(weights, name)
        if given.infinity:
            yield infinity(given.infinity, weights, name)


def _settings(given: argparse.Namespace) -> list[str]:
    """The cache off, where there is one: the texts come round again."""
    without = ["serve.cache_mb=0"] if "cache_mb" in Serve.__struct_fields__ else []
    return [part for setting in [*without, *given.set] for part in ("--set", setting)]


def _measured(given: argparse.Namespace, bench: Bench, server: Started) -> dict[str, Any]:
    cells, overloads = [], []
    if "throughput" in given.modes:
        for case in given.cases:
            texts, per_request = CASES[case]
            for at_once in given.at_once:
                _tell(f"{server.contender.name}: {case}, {at_once} at once")
                cells.append(throughput(bench, server, texts, per_request, at_once))
    peak = server.peak_megabytes()
    if "overload" in given.modes:
        _tell(f"{server.contender.name}: overload")
        row = overload(bench, server, "passages", given.overload_seconds, given.times, given.patience)
        overloads.append(row)
    return {
        "start_seconds": server.start_seconds,
        "peak_megabytes": peak,
        "throughput": cells,
        "overload": overloads,
    }


def _swapped(
    given: argparse.Namespace, bench: Bench, cores: Sequence[int], bundles: list[Bundle]
) -> dict[str, Any]:
    _tell(f"{given.swaps} swaps")
    link, keys = bench.work / "served", bench.work / "keys"
    keys.write_text(f"{KEY}\n", encoding="utf-8")
    paths = [bundle.path for bundle in bundles]
    point(link, paths[0])
    options = ["--api-key-file", str(keys), *_settings(given)]
    contender = idiolect(link, bundles[0].manifest.name, options, {"authorization": f"Bearer {KEY}"})
    with started(contender, cores, bench.work / "log") as server:
        return swaps(bench, server, "queries", given.swaps, link, paths)


def _tell(line: str) -> None:
    sys.stderr.write(f"{line}\n")
    sys.stderr.flush()


if __name__ == "__main__":
    main()
