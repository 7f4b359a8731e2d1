"""The registry's own audit log: what was published, marked, promoted and overridden, hash-chained beside the files."""

from collections.abc import Sequence
from typing import Any

import msgspec

from idiolect.lifecycle.audit.chain import Chain
from idiolect.lifecycle.audit.entries import LONGEST
from idiolect.lifecycle.registry.backend import Backend
from idiolect.lifecycle.registry.versions import Promotion

PROMOTION = "promotion"


def record(backend: Backend, event: str, /, **facts: Any) -> None:
    """Log an event; a server's registry has no folder for a log, and its history of promotions stands for one."""
    if backend.storage is not None:
        short = {key: value[:LONGEST] if isinstance(value, str) else value for key, value in facts.items()}
        Chain(backend.storage.audit).append(event, **short)


def caught_up(backend: Backend, promotions: Sequence[Promotion]) -> None:
    """Log what of a history is not logged yet, void entries too: a process may have died in between."""
    if backend.storage is None or not promotions:
        return
    chain = Chain(backend.storage.audit)
    with backend.storage.alone():
        entries = chain.entries() if chain.path.is_file() else ()
        logged = {entry.facts["number"] for entry in entries if entry.event == PROMOTION}
        for promotion in promotions:
            if promotion.number not in logged:
                record(backend, PROMOTION, **msgspec.structs.asdict(promotion))
