"""What is kept of a document to find what it shares with others, once its text is out of memory."""

import hashlib
import re
import unicodedata
import zlib
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any

import numpy as np

from idiolect.mining.lexical import analyser
from idiolect.readers.base import Parsed
from idiolect.records import Chunk

PERMUTATIONS = 128

_SHINGLE = 5  # words
_FEWEST_WORDS = 4
_FEWEST_LETTERS = 20  # eleven characters, where they are counted in pairs
_NUMBER = re.compile(r"\d+")
_terms = analyser("")


@dataclass(frozen=True)
class Fingerprint:
    """One document: `signatures` of its chunks, uint32 [chunks, 128]; `paragraphs`, the digests of
    its blocks, uint64 [blocks], and where these stand in its text, `spans`, int64 [blocks, 2].
    """

    signatures: np.ndarray
    paragraphs: np.ndarray
    spans: np.ndarray


def fingerprint(parsed: Parsed, chunks: Sequence[Chunk]) -> Fingerprint:
    """Signatures of the document's chunks, and digests of its blocks; headings and short blocks have none."""
    signatures = np.empty((len(chunks), PERMUTATIONS), np.uint32)
    for row, chunk in enumerate(chunks):
        signatures[row] = signature(chunk.text)
    digests: list[int] = []
    spans: list[tuple[int, int]] = []
    for block in parsed.blocks:
        if block.kind == "heading":
            continue
        digest = paragraph_digest(parsed.document.text[block.start : block.end])
        if digest is not None:
            digests.append(digest)
            spans.append((block.start, block.end))
    return Fingerprint(
        signatures=signatures,
        paragraphs=np.array(digests, np.uint64),
        spans=np.array(spans, np.int64).reshape(-1, 2),
    )


def words(text: str) -> list[str]:
    """Words as they are compared: compatible characters made one, case folded, punctuation gone.

    Scripts written without spaces give overlapping pairs of characters.
    """
    return _terms(unicodedata.normalize("NFKC", text).casefold())


def shingles(text: str) -> set[str]:
    """Every five words in a row; a text of fewer words is a single shingle."""
    found = words(text)
    return {" ".join(found[i : i + _SHINGLE]) for i in range(max(len(found) - _SHINGLE + 1, 1))}


def signature(text: str) -> np.ndarray:
    """MinHash of the text's shingles (Broder, 1997): uint32 [128].

    The share of places at which two signatures agree estimates their sets' Jaccard similarity,
    and the minimum of several at each place is the signature of their sets' union.
    """
    from datasketch import MinHash  # imports much of SciPy: half a second that other stages are spared

    sketch = MinHash(PERMUTATIONS, hashfunc=zlib.crc32, permutations=_permutations(), scheme="affine32")
    sketch.update_batch(_encoded(shingle) for shingle in shingles(text))
    return np.asarray(sketch.hashvalues, np.uint32)


@cache
def _permutations() -> Any:
    from datasketch import MinHash

    return MinHash(PERMUTATIONS, seed=1, scheme="affine32").permutations


def paragraph_digest(text: str) -> int | None:
    """64 bits of the paragraph's words, all numbers taken for one: "page 3 of the annual report" is
    "page 4 of the annual report".  None where the paragraph is too short to say something.
    """
    found = words(_NUMBER.sub("0", text))
    if not _say_something(found):
        return None
    return int.from_bytes(hashlib.blake2b(_encoded(" ".join(found)), digest_size=8).digest(), "little")


def is_substantial(text: str) -> bool:
    """Whether there is so much of a text that two documents which hold it have something in common."""
    return _say_something(words(text))


def _say_something(found: Sequence[str]) -> bool:
    return len(found) >= _FEWEST_WORDS and sum(map(len, found)) >= _FEWEST_LETTERS


def _encoded(text: str) -> bytes:
    return text.encode("utf-8", "surrogatepass")
