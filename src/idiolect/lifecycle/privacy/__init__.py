"""Personal data and secrets: found, and masked, dropped or left, before anything is kept, sent or trained."""

from idiolect.lifecycle.privacy.asked import labels_masked, name_masked
from idiolect.lifecycle.privacy.documents import document_masked, place_masked
from idiolect.lifecycle.privacy.entities import ENTITIES, WORDED, Entity, Found
from idiolect.lifecycle.privacy.masking import Masked, Masker, masker
from idiolect.lifecycle.privacy.summary import MaskedCounts

__all__ = [
    "ENTITIES",
    "WORDED",
    "Entity",
    "Found",
    "Masked",
    "MaskedCounts",
    "Masker",
    "document_masked",
    "labels_masked",
    "masker",
    "name_masked",
    "place_masked",
]
