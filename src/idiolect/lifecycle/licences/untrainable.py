"""Which licences deny that a model was trained as it was, by the policy as it is now: ingest had an earlier one."""

from collections import Counter
from collections.abc import Collection

from idiolect.config import Licences
from idiolect.lifecycle.licences.history import recorded
from idiolect.lifecycle.licences.reviewing import review
from idiolect.lifecycle.licences.summary import UNSTATED, listed
from idiolect.lifecycle.licences.tracing import tracing
from idiolect.workspace import Workspace


def denied_to_train(work: Workspace, digests: Collection[str], settings: Licences) -> str:
    """The licences, with counts, of documents that shaped one of these artefacts and may not train; "" where none did.

    Of a WORK without lineage nobody knows.  Raises ConfigError as Policy does, AuditError where the lineage fails.
    """
    unknown = tuple(use for use in settings.unknown if use == "train")
    asked = Licences(train=settings.train, deny=settings.deny, unknown=unknown, redistribute=())
    if not (asked.train or asked.deny or asked.unknown):
        return ""
    with tracing(work.lineage) as trace:
        found = review(recorded(work.licences, work.documents), asked, trace)
    against: Counter[str] = Counter()
    for one in found.breaches:
        if any(reached.digest in digests and "train" in reached.against for reached in one.reached):
            against[one.licence or UNSTATED] += 1
    return listed(dict(against.most_common()))
