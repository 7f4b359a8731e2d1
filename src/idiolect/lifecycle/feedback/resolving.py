"""Which hit an action is of: named by rank, or by document and chunk."""

import msgspec

from idiolect.lifecycle.feedback.events import Action, Hit, Impression

WHOLE = frozenset({"reformulate", "abandon"})
"""Kinds of actions that are of the whole impression, and name no hit."""


def hit_of(action: Action, impression: Impression) -> Hit | None:
    """The hit that it names, of several chunks of its document the topmost; None where no such hit was shown."""
    for hit in impression.hits:
        if (
            action.rank in (0, hit.rank)
            and action.document in ("", hit.document)
            and action.chunk in ("", hit.chunk)
        ):
            return hit
    return None


def resolved(action: Action, impression: Impression) -> Action | None:
    """The action with rank, document and chunk of the hit that was shown; None where none was."""
    if action.kind in WHOLE:
        return action
    hit = hit_of(action, impression)
    if hit is None:
        return None
    return msgspec.structs.replace(action, rank=hit.rank, document=hit.document, chunk=hit.chunk)
