"""How many tokens a text costs, and where they begin."""

from bisect import bisect_left
from collections.abc import Sequence

from tokenizers import Tokenizer

from idiolect.readers.base import Block

_BATCH = 256


class TokenCounter:
    """Counts as the encoder does: `tokenizer` is the model's own, neither padding nor truncating.

    `special` is the number of special tokens that stand round every text.
    """

    def __init__(self, tokenizer: Tokenizer) -> None:
        self.tokenizer = tokenizer
        self.special: int = tokenizer.num_special_tokens_to_add(False)

    def count(self, text: str) -> int:
        """Tokens of `text`, special tokens included."""
        return self.count_all([text])[0]

    def count_all(self, texts: Sequence[str]) -> list[int]:
        """Tokens of each text, special tokens included."""
        return [len(encoding) for encoding in self.tokenizer.encode_batch_fast(list(texts))]

    def starts(self, texts: Sequence[str]) -> list[list[int]]:
        """For each text the character offset at which each token begins, ascending, without special tokens."""
        encodings = self.tokenizer.encode_batch(list(texts), add_special_tokens=False)
        return [sorted(start for start, _ in encoding.offsets) for encoding in encodings]


class TokenMap:
    """Where the tokens of a document begin, so that any stretch of it is measured without encoding it.

    Exact where tokenizers split at white space first; elsewhere a token or two off at the edges.
    """

    def __init__(self, counter: TokenCounter, text: str, blocks: list[Block]) -> None:
        self.begins: list[int] = []
        spans = _spans(text, blocks)
        for first in range(0, len(spans), _BATCH):
            batch = spans[first : first + _BATCH]
            found = counter.starts([text[start:end] for start, end in batch])
            for (start, _), offsets in zip(batch, found, strict=True):
                self.begins.extend(start + offset for offset in offsets)

    def cost(self, start: int, end: int) -> int:
        """Tokens of `text[start:end]`, special tokens left out."""
        return bisect_left(self.begins, end) - bisect_left(self.begins, start)

    def next_begins(self, start: int, count: int) -> list[int]:
        """The offsets at which the first `count` tokens from `start` on begin."""
        first = bisect_left(self.begins, start)
        return self.begins[first : first + count]


def _spans(text: str, blocks: list[Block]) -> list[tuple[int, int]]:
    """The blocks and what is written between them, from the first block to the last."""
    spans = []
    at = blocks[0].start if blocks else 0
    for block in blocks:
        if text[at : block.start].strip():
            spans.append((at, block.start))
        spans.append((block.start, block.end))
        at = block.end
    return spans
