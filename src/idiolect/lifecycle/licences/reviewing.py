"""The policy as it is now, held against every document that was ever ingested: what a denied one has reached."""

from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from typing import Any

from idiolect.config import Licences, Use
from idiolect.lifecycle.licences.history import Licensed
from idiolect.lifecycle.licences.policy import Policy
from idiolect.lifecycle.licences.summary import UNSTATED
from idiolect.records import Record

SHAPING: Mapping[Use, frozenset[str]] = {
    "train": frozenset({"weights", "choice", "figures", "packaging"}),
    "index": frozenset({"vectors"}),
    "send": frozenset(),
    "redistribute": frozenset(),
}
"""What a document may not have done to an artefact where a use is denied to it, in the lineage's words.

An artefact that lies here is not handed on: that is for whoever publishes it to ask (see `redistribution`).
"""

SENT = frozenset({"shown", "judged", "rated"})
"""The lineage's roles of what stood in a request to an LLM."""

KINDS = ("model", "bundle", "index")
"""The artefacts that somebody uses; what lies between them and a document is not listed."""


class Touch(Record, frozen=True):
    """An artefact that one version of a document shaped: in which of the lineage's roles, and to what uses."""

    kind: str
    name: str
    digest: str
    roles: list[str]
    uses: list[str]


Trace = Callable[[Licensed], Iterable[Touch]]
"""All that a version of a document touched."""


class Reached(Record, frozen=True, kw_only=True):
    """One artefact that a denied document shaped; `against` are the denied uses that it was put to there."""

    kind: str
    name: str
    digest: str
    roles: list[str]
    against: list[Use]


class Denied(Record, frozen=True, kw_only=True):
    """A document version to which the policy denies uses; `pattern` where licences.deny names its path."""

    document_id: str
    sha256: str
    path: str
    licence: str
    origin: str
    denied: list[Use]
    pattern: str = ""
    reached: list[Reached] = []


class Review(Record, frozen=True, kw_only=True):
    """`licences`: expression → versions; `documents`: those that something is denied to; `traced`: by a lineage."""

    versions: int
    licences: dict[str, int]
    documents: list[Denied]
    traced: bool

    @property
    def figures(self) -> dict[str, Any]:
        """The counts, of denied documents and of those that were put to a denied use."""
        return {
            "versions": self.versions,
            "licences": self.licences,
            "denied": len(self.documents),
            "breaches": len(self.breaches),
            "traced": self.traced,
        }

    @property
    def breaches(self) -> list[Denied]:
        """The documents that reached an artefact by a use which is denied to them."""
        return [one for one in self.documents if any(found.against for found in one.reached)]


def review(recorded: Iterable[Licensed], settings: Licences, trace: Trace | None) -> Review:
    """Weigh every recorded version; `trace` asks the lineage, None where there is none.

    Raises ConfigError as Policy does.
    """
    policy = Policy(settings)
    licences: Counter[str] = Counter()
    found: list[Denied] = []
    for one in recorded:
        licences[one.licence or UNSTATED] += 1
        uses = policy.denied(one.licence, one.path, one.document_id)
        if not uses:
            continue
        touches = (touch for touch in trace(one) if touch.kind in KINDS) if trace else ()
        found.append(
            Denied(
                document_id=one.document_id,
                sha256=one.sha256,
                path=one.path,
                licence=one.licence,
                origin=one.origin,
                denied=list(uses),
                pattern=policy.denied_path(one.path, one.document_id),
                reached=[_reached(touch, uses) for touch in touches],
            )
        )
    return Review(
        versions=licences.total(),
        licences=dict(licences.most_common()),
        documents=found,
        traced=trace is not None,
    )


def _reached(touch: Touch, denied: Iterable[Use]) -> Reached:
    against = [use for use in denied if not SHAPING[use].isdisjoint(touch.uses)]
    if "send" in denied and not SENT.isdisjoint(touch.roles):
        against.append("send")
    return Reached(kind=touch.kind, name=touch.name, digest=touch.digest, roles=touch.roles, against=against)
