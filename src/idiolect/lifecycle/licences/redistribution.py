"""Whether what was made of documents may be handed on: what a card warns of and a publication asks."""

from collections import Counter
from collections.abc import Iterable
from typing import Any

from idiolect.config import Licences
from idiolect.lifecycle.licences.expressions import Ruling
from idiolect.lifecycle.licences.history import Licensed
from idiolect.lifecycle.licences.policy import Policy
from idiolect.lifecycle.licences.summary import UNSTATED, listed
from idiolect.records import UNSHARED, UNTRAINED, Document, Record


class Redistribution(Record, frozen=True, kw_only=True):
    """`permission` for all documents together; `denied` and `unknown`: licence → documents that speak against it."""

    permission: Ruling
    documents: int
    denied: dict[str, int]
    unknown: dict[str, int]

    @property
    def sentence(self) -> str:
        """One line for a card or a terminal, the permission first."""
        if self.permission == "denied":
            return f"denied: [licences] lets nothing be handed on of documents under {listed(self.denied)}"
        if self.permission == "unknown":
            return f"unknown: nobody says whether it may be handed on, for documents under {listed(self.unknown)}"
        return f"allowed by the licences of all {self.documents:,} documents"


def redistribution(documents: Iterable[Document | Licensed], settings: Licences) -> Redistribution:
    """What [licences] says of handing on a model that was made of these documents, now or when they were ingested;
    those that ingest kept out of training do not count.  Raises ConfigError as Policy does.
    """
    policy = Policy(settings)
    against: dict[Any, Counter[str]] = {"denied": Counter(), "unknown": Counter(), "allowed": Counter()}
    for one in documents:
        if isinstance(one, Document) and UNTRAINED in one.verdicts:
            continue
        identifier = one.document_id if isinstance(one, Licensed) else one.id
        denied = "redistribute" in policy.denied(one.licence, one.path, identifier)
        denied = denied or (isinstance(one, Document) and UNSHARED in one.verdicts)
        permission = "denied" if denied else policy.permission(one.licence, "redistribute")
        against[permission][one.licence or UNSTATED] += 1
    worst: tuple[Ruling, ...] = ("denied", "unknown")
    return Redistribution(
        permission=next((one for one in worst if against[one]), "allowed"),
        documents=sum(one.total() for one in against.values()),
        denied=dict(against["denied"].most_common()),
        unknown=dict(against["unknown"].most_common()),
    )
