"""Whether what was made of documents may be handed on: what a card warns of and a publication asks."""

from collections import Counter
from collections.abc import Iterable
from typing import Any

from idiolect.config import Licences
from idiolect.lifecycle.licences.expressions import Ruling
from idiolect.lifecycle.licences.history import Licensed
from idiolect.lifecycle.licences.policy import Policy
from idiolect.lifecycle.licences.summary import UNSTATED, listed
from idiolect.records import Document, Record


class Redistribution(Record, frozen=True, kw_only=True):
    """`permission` for all documents together; `denied` and `unknown`: licence → documents that speak against it."""

    permission: Ruling
    documents: int
    denied: dict[str, int]
    unknown: dict[str, int]

    @property
    def sentence(self) -> str:
        """One line for a card or a terminal."""
        if self.permission == "denied":
            against = listed(self.denied)
            return f"not to be handed on: [licences] denies that for documents under {against}"
        if self.permission == "unknown":
            against = listed(self.unknown)
            return f"nobody has said whether it may be handed on, for documents under {against}"
        return f"may be handed on, as the licences of all {self.documents:,} documents stand"


def redistribution(documents: Iterable[Document | Licensed], settings: Licences) -> Redistribution:
    """What [licences] says of handing on what was made of these documents. Raises ConfigError as Policy does."""
    policy = Policy(settings)
    against: dict[Any, Counter[str]] = {"denied": Counter(), "unknown": Counter(), "allowed": Counter()}
    for one in documents:
        identifier = one.document_id if isinstance(one, Licensed) else one.id
        denied = "redistribute" in policy.denied(one.licence, one.path, identifier)
        permission = "denied" if denied else policy.permission(one.licence, "redistribute")
        against[permission][one.licence or UNSTATED] += 1
    worst: tuple[Ruling, ...] = ("denied", "unknown")
    return Redistribution(
        permission=next((one for one in worst if against[one]), "allowed"),
        documents=sum(one.total() for one in against.values()),
        denied=dict(against["denied"].most_common()),
        unknown=dict(against["unknown"].most_common()),
    )
