"""The certificate of an erasure: what was deleted, tainted and searched, without a word that tells what it was."""

from collections.abc import Mapping

from idiolect.erasing.scanning import Searched
from idiolect.lifecycle.erasure.taint import Tainted
from idiolect.records import Record


class Certificate(Record, frozen=True, kw_only=True):
    """`reference` is a keyed digest of the documents' ids, whose key is destroyed: it ties this to the audit log's
    entries, and leads to no document.

    `removed` counts by kind; `stores` says of each what may stay in its files for a while; `left` are stores that the
    erasure was told to leave, `marked` versions of the registry. `shared` counts stretches of text that other documents
    hold too. `audit_after` is the log's head before the entry that seals this certificate by its digest.
    """

    reference: str
    idiolect: str
    began: str
    ended: str
    documents: int
    copies: int
    removed: Mapping[str, int]
    stores: Mapping[str, str]
    left: list[str]
    tainted: list[Tainted]
    marked: list[str]
    retraining: str
    searched: Searched
    shared: int
    audit_before: str
    audit_after: str
    not_covered: list[str]


NOT_COVERED = [
    "the source files: they were never touched, and the suppression list keeps them out of later runs",
    "weights that were trained with it: they are listed as tainted, and the retraining replaces them",
    "bundles, models and reports that were copied elsewhere, to a server of a registry among them",
    "other WORK folders, those of `idiolect reproduce` among them: erase there too",
    "logs, backups, and snapshots of disks",
]


def lines(certificate: Certificate) -> list[str]:
    """The certificate for people."""
    one = certificate
    searched = one.searched
    copies = f" and {one.copies:,} cop{'ies' if one.copies != 1 else 'y'}" if one.copies else ""
    return [
        f"Erased {one.documents:,} document{'s' * (one.documents != 1)}{copies}; reference {one.reference}",
        *(f"  {count:>7,} {kind}" for kind, count in one.removed.items()),
        *(f"  store {uri}{': ' * bool(note)}{note}" for uri, note in one.stores.items()),
        *(f"  left as it is: store {uri}" for uri in one.left),
        f"Searched {searched.files:,} files of {searched.bytes:,} bytes and {searched.stores:,} stores for "
        f"{searched.traces:,} traces: none is left",
        *(
            [f"{one.shared:,} stretches of its text stand in other documents too, and stay"]
            if one.shared
            else []
        ),
        *(f"Tainted: {tainted}" for tainted in one.tainted),
        *([f"No longer to be promoted: {', '.join(one.marked)}"] if one.marked else []),
        *([f"To retrain: {one.retraining}"] if one.retraining else []),
        f"Audit log: from {one.audit_before}",
        f"           to {one.audit_after}",
        "Not covered:",
        *(f"  {text}" for text in one.not_covered),
    ]
