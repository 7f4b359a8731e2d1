"""The chunks that a verdict leaves over."""

from collections.abc import Iterable

import msgspec

from idiolect.records import UNTRAINED, Chunk


def permitted(chunks: Iterable[Chunk], verdict: str = UNTRAINED) -> list[Chunk]:
    """The chunks that `verdict` is not on; of duplicates, the first one left trains in the place of one that went."""
    kept = [chunk for chunk in chunks if verdict not in chunk.verdicts]
    known = {chunk.id for chunk in kept}
    heirs: dict[str, str] = {}
    result = []
    for chunk in kept:
        group = chunk.duplicate_of
        if group and group not in known:
            heir = heirs.setdefault(group, chunk.id)
            chunk = msgspec.structs.replace(chunk, duplicate_of="" if heir == chunk.id else heir)
        result.append(chunk)
    return result
