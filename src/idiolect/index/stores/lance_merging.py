"""The segments of each term made one, of rows that are read."""

from typing import Any

import numpy as np

from idiolect.index.store import Rows
from idiolect.index.stores import lance_tables as tables

PIECE = 1_000_000
"""Postings that are held at once, but for those of one term."""


def merge(postings: Any, live: Rows) -> None:
    """A new version of the table; those before it stay."""
    import pyarrow as pa

    ranges = _ranges(postings)
    if not ranges:
        return
    last = int(tables.column(postings, "last").max(initial=-1))
    live = np.sort(live)
    batches = (_merged(postings, *terms, live, last) for terms in ranges)
    merged = pa.RecordBatchReader.from_batches(tables.postings_schema(), batches)
    postings.add(merged, mode="overwrite")


def _ranges(postings: Any) -> list[tuple[str, str]]:
    """First and last terms of ranges that are small enough to be held."""
    import pyarrow as pa

    parts = list(tables.read(postings, ["term", "size"]))
    if not parts:
        return []
    sizes = pa.concat_tables(parts).group_by("term").aggregate([("size", "sum")]).sort_by("term")
    terms, ends = sizes["term"], np.cumsum(sizes["size_sum"].to_numpy())
    starts = np.flatnonzero(np.diff(ends // PIECE, prepend=-1))
    return [
        (terms[first].as_py(), terms[end - 1].as_py())
        for first, end in zip(starts.tolist(), [*starts[1:].tolist(), len(terms)], strict=True)
    ]


def _merged(postings: Any, first: str, last_term: str, live: Rows, last: int) -> Any:
    """A batch of the range's terms: rows ascending, without those that are not live."""
    import pyarrow as pa

    condition = f"term between {tables.quoted(first)} and {tables.quoted(last_term)}"
    parts = pa.concat_tables(list(tables.read(postings, ["term", "rows", "counts", "size"], condition)))
    terms = parts["term"].combine_chunks().dictionary_encode()
    rows, counts = (parts[name].combine_chunks().flatten().to_numpy() for name in ("rows", "counts"))
    term = np.repeat(terms.indices.to_numpy(), parts["size"].to_numpy())
    places = np.minimum(np.searchsorted(live, rows), max(len(live) - 1, 0))
    kept = np.flatnonzero(live[places] == rows) if len(live) else np.zeros(0, np.int64)
    kept = kept[np.lexsort((rows[kept], term[kept]))]
    sizes = np.bincount(term[kept], minlength=len(terms.dictionary))
    there = np.flatnonzero(sizes)
    offsets = np.concatenate([[0], np.cumsum(sizes[there])]).astype(np.int32)
    columns = {
        "term": terms.dictionary.take(pa.array(there)),
        "rows": pa.ListArray.from_arrays(offsets, rows[kept]),
        "counts": pa.ListArray.from_arrays(offsets, counts[kept]),
        "size": sizes[there],
        "last": np.full(len(there), last),
    }
    return pa.RecordBatch.from_pydict(columns, tables.postings_schema())
