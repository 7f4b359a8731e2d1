"""Names of people, where the user has installed a model that finds them; none is ever downloaded."""

import importlib.util
import re
from collections.abc import Callable, Iterable, Iterator
from functools import cache
from pathlib import Path
from typing import Any

from idiolect.errors import MissingExtra, PrivacyError
from idiolect.lifecycle.privacy.entities import Found

NOT_LOOKED_FOR = (
    "names of people are not looked for: set privacy.names to a spaCy model that is installed (such as "
    "en_core_web_sm) or to the folder of a transformers model that classifies tokens"
)

_PERSONS = frozenset({"PER", "PERSON", "PERSNAME", "NAME_PERSON"})
_PIECE = 2_000
"""Characters that the model reads at once, cut between paragraphs, lines or words."""

_CUT = re.compile(r"\n\s*\n|\n|(?<=[.!?]) |\s")

Model = Callable[[list[str]], Iterable[list[tuple[int, int]]]]
"""Texts → of each, where the persons stand."""


def check_model(model: str) -> None:
    """Raise PrivacyError where no model is called so; it is not loaded."""
    folder = Path(model)
    if any((folder / name).is_file() for name in ("config.json", "config.cfg")):
        return
    if not (model.isidentifier() and importlib.util.find_spec(model)):
        raise PrivacyError(
            f"privacy.names = {model!r} is no installed spaCy model and no folder of a spaCy or transformers model: "
            "install it first (nothing is downloaded), or leave privacy.names empty"
        )


def names(text: str, model: str) -> Iterator[Found]:
    """Those that the model finds. Raises PrivacyError where it cannot be loaded, MissingExtra without its library."""
    starts = list(_pieces(text))
    pieces = [text[start:end] for start, end in starts]
    for (offset, _), spans in zip(starts, opened(model)(pieces), strict=True):
        for start, end in spans:
            value = " ".join(text[offset + start : offset + end].split()).casefold()
            if any(character.isalpha() for character in value):
                yield Found(offset + start, offset + end, "name", value)


def _pieces(text: str) -> Iterator[tuple[int, int]]:
    start = 0
    while start < len(text):
        end = min(start + _PIECE, len(text))
        if end < len(text):
            cuts = [match.end() for match in _CUT.finditer(text, start + _PIECE // 2, end)]
            end = cuts[-1] if cuts else end
        yield start, end
        start = end


@cache
def opened(model: str) -> Model:
    """The model called so: a folder, or the name of an installed spaCy model."""
    folder = Path(model)
    if folder.is_dir() and (folder / "config.json").is_file():
        return _transformer(folder)
    return _spacy(model)


def _spacy(model: str) -> Model:
    try:
        import spacy
    except ImportError:
        raise MissingExtra("spacy", "privacy") from None
    try:
        language: Any = spacy.load(model)
    except (OSError, ValueError) as error:
        raise PrivacyError(
            f"privacy.names = {model!r} cannot be loaded ({str(error).splitlines()[0]}): install that spaCy model, "
            "or give the folder of one"
        ) from None
    if not {"ner", "entity_ruler"} & set(language.pipe_names):
        raise PrivacyError(f"privacy.names = {model!r} finds no names: its pipeline is {language.pipe_names}")

    def find(texts: list[str]) -> Iterable[list[tuple[int, int]]]:
        for document in language.pipe(texts, batch_size=16):
            yield [(one.start_char, one.end_char) for one in document.ents if one.label_.upper() in _PERSONS]

    return find


def _transformer(folder: Path) -> Model:
    try:
        from transformers import AutoModelForTokenClassification, AutoTokenizer, pipeline
    except ImportError:
        raise MissingExtra("transformers", "train") from None
    try:
        tokenizer = AutoTokenizer.from_pretrained(folder, local_files_only=True)
        weights = AutoModelForTokenClassification.from_pretrained(folder, local_files_only=True)
    except (OSError, ValueError) as error:
        raise PrivacyError(
            f"privacy.names = {str(folder)!r} cannot be loaded: {str(error).splitlines()[0]}"
        ) from None
    classify = pipeline(
        "token-classification",
        model=weights,
        tokenizer=tokenizer,
        aggregation_strategy="simple",
        device="cpu",
    )

    def find(texts: list[str]) -> Iterable[list[tuple[int, int]]]:
        for found in classify(texts) if texts else []:
            yield [
                (int(one["start"]), int(one["end"]))
                for one in found
                if one["entity_group"].upper() in _PERSONS
            ]

    return find
