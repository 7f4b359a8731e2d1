"""Which language a document is written in."""

import re
from collections import Counter
from collections.abc import Iterable
from functools import cache
from typing import Any

from idiolect.readers.base import Block
from idiolect.records import Document

SAMPLE_CHARACTERS = 2_000
FEWEST_LETTERS = 20
CERTAIN = 0.7
"""Probability below which no language is told: short texts and code are guessed wrongly below it."""

_NO_PROSE = re.compile(r"https?://\S+|\]\([^)\s]*\)|`[^`\n]*`|<[^<>\n]*>|\{\{.*?\}\}|[#*_|=~^>\[\]{}-]+|\d+")


def detect(text: str, blocks: list[Block]) -> str:
    """The ISO 639-1 code of the prose, judged by its first 2,000 characters; "" where that cannot be told."""
    sample = _sample(text, blocks)
    if sum(character.isalpha() for character in sample) < FEWEST_LETTERS:
        return ""
    language, probability = classifier().classify(sample)
    return str(language) if probability >= CERTAIN else ""


def most_frequent(documents: Iterable[Document]) -> str:
    """The corpus's most frequent language, weighted by text; English where none was recognised."""
    weights: Counter[str] = Counter()
    for document in documents:
        if document.language:
            weights[document.language] += len(document.text)
    return weights.most_common(1)[0][0] if weights else "en"


@cache
def classifier() -> Any:
    """The classifier, held to languages that have a two-letter code: short texts fall to rare ones else."""
    from py3langid import langid  # loading the model costs a second: only a run that reads pays it

    identifier = langid.LanguageIdentifier.from_model_file(langid.MODEL_FILE, norm_probs=True)
    identifier.set_languages([label for label in identifier.labels if len(label) == 2])
    return identifier


def _sample(text: str, blocks: list[Block]) -> str:
    """Prose ahead of everything: code and tables are asked only where there is nothing else."""
    prose = [block for block in blocks if block.kind in ("paragraph", "list", "heading")]
    pieces: list[str] = []
    length = 0
    for block in prose or blocks:
        piece = _NO_PROSE.sub(" ", text[block.start : min(block.end, block.start + SAMPLE_CHARACTERS)])
        pieces.append(piece)
        length += len(piece)
        if length >= SAMPLE_CHARACTERS:
            break
    return " ".join("\n".join(pieces)[:SAMPLE_CHARACTERS].split())
