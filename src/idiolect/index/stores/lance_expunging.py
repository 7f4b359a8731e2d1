"""A LanceDB folder written anew without some documents: no old version, fragment or index of it is kept."""

from collections import Counter
from collections.abc import Collection

import numpy as np

from idiolect.index.store import Batch, Reader, Store
from idiolect.mining.lexical import analyser

PIECE = 1024
"""Rows that are held at once."""


def without(reader: Reader | None, fresh: Store, documents: Collection[str]) -> None:
    """Write what `reader` reads into `fresh`, an empty store, but for these documents; vectors as they are."""
    if reader is None:
        return
    indexed = reader.indexed
    terms = analyser(indexed.fusion.language)
    rows = reader.sample(indexed.chunks)
    keep = set()
    with fresh.writing():
        for start in range(0, len(rows), PIECE):
            piece = rows[start : start + PIECE]
            entries = reader.entries(piece)
            stays = np.array([one.document_id not in documents for one in entries], bool)
            kept = [one for one, stay in zip(entries, stays, strict=True) if stay]
            keep |= {one.key for one in kept}
            if kept:
                counts = [Counter(terms(one.full_text)) for one in kept]
                fresh.put(Batch(kept, reader.vectors(piece)[stays], counts), indexed.model_digest)
        fresh.commit(indexed, keep)
