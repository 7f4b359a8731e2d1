"""Personal data and secrets: found, and masked, dropped or left, before anything is kept, sent or trained."""

from idiolect.lifecycle.privacy.asked import labels_masked
from idiolect.lifecycle.privacy.documents import VERDICT, document_masked, place_masked
from idiolect.lifecycle.privacy.entities import ENTITIES, WORDED, Entity, Found
from idiolect.lifecycle.privacy.masking import Masked, Masker, masker
from idiolect.lifecycle.privacy.names import NOT_LOOKED_FOR

__all__ = [
    "ENTITIES",
    "NOT_LOOKED_FOR",
    "VERDICT",
    "WORDED",
    "Entity",
    "Found",
    "Masked",
    "Masker",
    "document_masked",
    "labels_masked",
    "masker",
    "place_masked",
]
