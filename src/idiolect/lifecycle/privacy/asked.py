"""Queries that people asked, masked as the documents are: with the same key, so that they still fit these."""

from collections.abc import Sequence

import msgspec

from idiolect.evaluation.labels import LabelledQuery
from idiolect.lifecycle.privacy.documents import place_masked
from idiolect.lifecycle.privacy.masking import Masker


def labels_masked(labels: Sequence[LabelledQuery], hide: Masker) -> list[LabelledQuery]:
    """Their texts and ids, and the names by which they call documents."""
    return [
        msgspec.structs.replace(
            label,
            id=hide.text(label.id),
            text=hide.text(label.text),
            judged={place_masked(name, hide): grade for name, grade in label.judged.items()},
        )
        for label in labels
    ]
