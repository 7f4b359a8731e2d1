"""WORK/taint.json: artefacts that an erased document shaped, until they are made anew without it."""

from collections.abc import Collection, Iterable
from pathlib import Path

import msgspec

from idiolect.errors import InputError, PrivacyError
from idiolect.files import read_json, remove, write_json
from idiolect.lifecycle.lineage.explaining import Influence, Touched
from idiolect.lifecycle.lineage.graph import USES
from idiolect.records import Record

BLOCKING = ("weights", "choice", "packaging")
"""Uses that a promotion may not pass over: something of the document is in what would be served."""

MARK = "erasure"
"""What a registered version's taint says of it."""


class Tainted(Record, frozen=True, kw_only=True):
    """One artefact, by lineage's digest of it; `uses` are what the documents did to it, the heaviest first.

    `influences` count examples, queries and judgments by role; `erasures` are the references of the erasures.
    """

    kind: str
    digest: str
    name: str
    uses: list[str]
    influences: list[Influence]
    erasures: list[str]

    @property
    def blocks(self) -> bool:
        return not set(self.uses).isdisjoint(BLOCKING)

    def __str__(self) -> str:
        meant = [USES[use] for use in USES if use in self.uses]
        return (
            f"{self.kind} {self.name} ({self.digest[:16]}): what was erased {'; '.join(meant) or 'is in it'}"
        )


def read(path: Path) -> list[Tainted]:
    """None where there is no file. Raises PrivacyError where it cannot be read."""
    if not path.exists():
        return []
    try:
        return msgspec.convert(read_json(path), dict[str, list[Tainted]])["tainted"]
    except (InputError, msgspec.ValidationError, KeyError, OSError) as error:
        raise PrivacyError(
            f"{path}, which lists what an erasure tainted, cannot be read ({error}): put it back"
        ) from None


def taint(path: Path, touched: Iterable[Touched], erasure: str) -> list[Tainted]:
    """Add what an erasure touched; the whole list. A second call with the same erasure changes nothing."""
    held = {(one.kind, one.digest): one for one in read(path)}
    for one in touched:
        key = one.artefact.kind, one.artefact.digest
        before = held.get(key)
        if before and erasure in before.erasures:
            continue
        held[key] = Tainted(
            kind=one.artefact.kind,
            digest=one.artefact.digest,
            name=one.artefact.name,
            uses=[use for use in USES if use in one.uses or (before and use in before.uses)],
            influences=[*(before.influences if before else ()), *one.influences],
            erasures=[*(before.erasures if before else ()), erasure],
        )
    return _write(path, held.values())


def settled(path: Path, digests: Collection[str]) -> list[Tainted]:
    """Take out what was just made anew without the documents, by its digests; what was taken out.

    Who gets the same digest without a document as with it has shown that the document is not in it.
    """
    held = read(path)
    gone = [one for one in held if one.digest in digests]
    if gone:
        _write(path, (one for one in held if one.digest not in digests))
    return gone


def tainted_by(path: Path, digests: Collection[str]) -> list[Tainted]:
    """Those of the list that have one of these digests and may not be promoted: a bundle's, or its model's."""
    return [one for one in read(path) if one.blocks and one.digest in digests]


def warnings(bundle: Path, digests: Collection[str]) -> list[str]:
    """What to say of a bundle that lies in the WORK that made it, before it is served."""
    found = tainted_by(bundle.resolve().parent / "taint.json", digests)
    return [f"{bundle} is tainted: {one}; run the command of retrain.json beside it" for one in found]


def _write(path: Path, tainted: Iterable[Tainted]) -> list[Tainted]:
    listed = list(tainted)
    if listed:
        write_json(path, {"tainted": listed})
    else:
        remove(path)
    return listed
