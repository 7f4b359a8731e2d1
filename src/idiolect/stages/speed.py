"""How fast a model encodes: measured afresh where that is free, on what must be paid for where it is not."""

import datetime
import statistics
import time
from collections.abc import Callable, Sequence

import msgspec

from idiolect.evaluation.others import Speed
from idiolect.files import read_json, write_json
from idiolect.mining.vectors import CachedEncoder
from idiolect.runtimes.base import TextEncoder

QUERIES = 20
PASSAGES = 64

_FEWEST = 5  # queries from which a median is one


def local_speed(runtime: TextEncoder, queries: Sequence[str], passages: Sequence[str]) -> Speed:
    """Of QUERIES queries one by one and PASSAGES passages at once, nothing cached, after a warm-up."""
    runtime.encode([*queries[:1], *passages[:1]], "passage")
    times = [_seconds(lambda: runtime.encode([query], "query")) for query in queries[:QUERIES]]  # noqa: B023
    sample = list(passages[:PASSAGES])
    return _speed(times, len(sample), _seconds(lambda: runtime.encode(sample, "passage")))


def paid_speed(encoder: CachedEncoder, queries: Sequence[str], passages: Sequence[str]) -> Speed:
    """Encodes all of both that is not cached, and times that; with too little to time, what was measured before."""
    kept = encoder.rows.rows_path.with_suffix(".speed.json")
    single = encoder.missing(queries, "query")[:QUERIES]
    times = [_seconds(lambda: encoder.encode([query], "query")) for query in single]  # noqa: B023
    encoder.encode(queries, "query")
    missing = encoder.missing(passages, "passage")
    seconds = _seconds(lambda: encoder.encode(missing, "passage"))
    if len(times) >= _FEWEST and missing:
        speed = _speed(times, len(missing), seconds)
        today = datetime.datetime.now(datetime.UTC).date().isoformat()
        write_json(kept, msgspec.structs.replace(speed, measured=today))
        return speed
    return msgspec.convert(read_json(kept), Speed) if kept.is_file() else Speed()


def _speed(times: Sequence[float], passages: int, seconds: float) -> Speed:
    return Speed(
        query_ms=round(1000 * statistics.median(times), 3) if times else None,
        passages_per_second=round(passages / max(seconds, 1e-9), 1) if passages else None,
    )


def _seconds(work: Callable[[], object]) -> float:
    began = time.perf_counter()
    work()
    return time.perf_counter() - began
