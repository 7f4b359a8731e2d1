"""Queries that people asked, masked as the documents are: with the same key, so that they still fit these."""

from collections.abc import Sequence
from typing import TYPE_CHECKING
from urllib.parse import unquote

import msgspec

from idiolect.lifecycle.privacy.documents import place_masked
from idiolect.lifecycle.privacy.masking import Masker
from idiolect.readers.naming import document_id

if TYPE_CHECKING:  # whose module loads what counts words
    from idiolect.evaluation.labels import LabelledQuery


def labels_masked(labels: "Sequence[LabelledQuery]", hide: Masker) -> "list[LabelledQuery]":
    """Their texts and ids, and the names by which they call documents."""
    return [
        msgspec.structs.replace(
            label,
            id=hide.text(label.id),
            text=hide.text(label.text),
            judged={name_masked(name, hide): grade for name, grade in label.judged.items()},
        )
        for label in labels
    ]


def name_masked(name: str, hide: Masker) -> str:
    """A document's path or id; in an id that was made of a path, what was encoded is decoded to be looked at."""
    path = unquote(name)
    return document_id(place_masked(path, hide)) if name == document_id(path) else place_masked(name, hide)
