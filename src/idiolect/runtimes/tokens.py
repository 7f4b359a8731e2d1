"""Texts to token ids, and token ids to padded batches."""

import threading
from collections.abc import Iterator, Sequence
from weakref import WeakValueDictionary

import numpy as np
from numpy.typing import NDArray
from tokenizers import Encoding

from idiolect.files import digest_path, digest_value
from idiolect.runtimes.base import Kind, TokenIds, Truncate
from idiolect.runtimes.model_files import ModelFiles, load_tokenizer, padding_id

IntArray = NDArray[np.int64]


class TextTokenizer:
    """The model's tokenizer with its prompts; safe to share between threads, as nothing alters it."""

    def __init__(self, files: ModelFiles) -> None:
        self.files = files
        self.padding = padding_id(files.path)
        self._loaded = _loaded(files)
        self._cutting, self._whole = self._loaded.cutting, self._loaded.whole

    def tokens(self, texts: Sequence[str], kind: Kind, truncate: Truncate | None = "END") -> list[TokenIds]:
        """Token ids of each text after the prompt of its kind, cut at `max_tokens` where `truncate` says so.

        "START" cuts the beginning of the text, never the prompt or special tokens.
        """
        prompt = self.files.prompt(kind)
        prompted = [_clean(prompt + text) for text in texts]
        if truncate == "END":
            return [self._ids(encoding.ids) for encoding in self._cutting.encode_batch_fast(prompted)]
        if truncate is None:
            return [self._ids(encoding.ids) for encoding in self._whole.encode_batch_fast(prompted)]
        return [self._ids(self._tail(item, len(prompt))) for item in self._whole.encode_batch(prompted)]

    def _tail(self, encoding: Encoding, prompt_length: int) -> list[int]:
        excess = len(encoding.ids) - self.files.max_tokens
        if excess <= 0:
            return list(encoding.ids)
        rows = zip(encoding.ids, encoding.special_tokens_mask, encoding.offsets, strict=True)
        kept = []
        for token, special, (start, _) in rows:
            if excess > 0 and not special and start >= prompt_length:
                excess -= 1
            else:
                kept.append(token)
        return kept

    def _ids(self, ids: list[int]) -> TokenIds:
        """A model needs one token at least: padding stands in where an empty text gives none."""
        return np.asarray(ids or [self.padding], dtype=np.int32)


class _Loaded:
    """One tokenizer that cuts and one that does not, of 10 MB each and more."""

    def __init__(self, files: ModelFiles) -> None:
        self.cutting = load_tokenizer(files.path, files.max_tokens)
        self.whole = load_tokenizer(files.path)


_held: WeakValueDictionary[str, _Loaded] = WeakValueDictionary()
_loading = threading.Lock()


def _loaded(files: ModelFiles) -> _Loaded:
    """Those of a model, which models with the same files share: adapters of one root, above all."""
    read = ("tokenizer.json", "sentence_bert_config.json")
    found = [file for name in read for file in (files.path / name, *sorted(files.path.glob(f"*/{name}")))]
    contents = {
        file.relative_to(files.path).as_posix(): digest_path(file) for file in found if file.is_file()
    }
    key = digest_value([contents, files.max_tokens])
    with _loading:
        loaded = _held.get(key)
        if loaded is None:
            loaded = _held[key] = _Loaded(files)
        return loaded


def _clean(text: str) -> str:
    """Lone surrogates, which no tokenizer takes, become replacement characters."""
    return text.encode("utf-8", "replace").decode() if not text.isascii() else text


def batches(lengths: Sequence[int], max_batch_tokens: int) -> Iterator[list[int]]:
    """Indices into `lengths` in batches, longest texts first.

    A batch's padded size (texts × its longest) stays within `max_batch_tokens`; a text longer
    than that is a batch of its own.
    """
    order = sorted(range(len(lengths)), key=lambda index: -lengths[index])
    start = 0
    while start < len(order):
        size = max(1, max_batch_tokens // max(1, lengths[order[start]]))
        yield order[start : start + size]
        start += size


def pad(tokens: Sequence[TokenIds], padding: int, width: int = 0) -> tuple[IntArray, IntArray]:
    """Ids and attention mask, both [texts, longest] or [texts, `width`] where that is more, padded on the right."""
    width = max(width, *(len(ids) for ids in tokens))
    ids = np.full((len(tokens), width), padding, dtype=np.int64)
    mask = np.zeros((len(tokens), width), dtype=np.int64)
    for row, item in enumerate(tokens):
        ids[row, : len(item)] = item
        mask[row, : len(item)] = 1
    return ids, mask
