"""Whether WORK's records are those that were written: the audit log, and each manifest that it names."""

from idiolect.errors import AuditError
from idiolect.files import digest_path
from idiolect.lifecycle.audit.chain import Chain, Head, Verified
from idiolect.lifecycle.audit.manifests import LOGGED, REDACTED
from idiolect.records import Record
from idiolect.workspace import Workspace


class Audited(Record, frozen=True, kw_only=True):
    """`manifests` are as the log knows them; `unlogged` are those it does not know: a killed run's, or an older
    idiolect's, of which nothing can be said.
    """

    log: Verified
    manifests: int
    unlogged: list[str] = []


def verify(work: Workspace, anchor: Head | None = None) -> Audited:
    """Raises AuditError naming the first entry, or the first manifest, that is not what was written."""
    chain = Chain(work.audit)
    log = chain.verify(anchor)
    named = {
        entry.facts["manifest"]: (entry.seq, entry.facts["sha256"])
        for entry in chain.entries()
        if entry.event in (LOGGED, REDACTED)
    }
    for name, (seq, digest) in named.items():
        path = work.manifests / name
        if not path.is_file():
            raise AuditError(f"{path} is missing: entry {seq:,} of {work.audit.name} names it")
        if digest_path(path) != digest:
            raise AuditError(
                f"{path} was edited: entry {seq:,} of {work.audit.name} knows it with other contents"
            )
    there = {path.name for path in work.manifests.glob("*.json")}
    return Audited(log=log, manifests=len(named), unlogged=sorted(there - named.keys()))
