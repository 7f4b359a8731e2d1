"""The search afterwards: every byte of WORK, caches, stores and a registry's folder for what was erased."""

from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path

from idiolect.erasing import stores
from idiolect.erasing.gone import Rules
from idiolect.erasing.needles import encoded
from idiolect.errors import PrivacyError
from idiolect.index.store import shown
from idiolect.records import Record
from idiolect.workspace import Workspace


class Searched(Record, frozen=True, kw_only=True):
    """Files and bytes that were read, rows of stores among them, for how many different traces; none was found."""

    files: int
    bytes: int
    traces: int
    stores: int


def search(
    work: Workspace, uris: Sequence[str], published: Iterable[Path], rules: Rules, needles: int
) -> Searched:
    """Read WORK, the stores and the files that were `published`.

    Raises PrivacyError naming the first file, or row of a store, in which anything is left."""
    count = size = 0
    for path in (*_files(work, uris), *published):
        if (found := rules.finder.in_file(path)) is not None or _named(path, rules):
            what = f"{len(found)} bytes of it" if found else "its name"
            raise PrivacyError(
                f"{path} still tells of what is erased ({what}): delete the file, or what of it does, and run "
                "`idiolect audit erase --resume` again"
            )
        count += 1
        size += path.stat().st_size
    for uri in uris:
        if row := stores.trace(uri, rules):
            raise PrivacyError(
                f"{shown(uri)} still holds row {row}: run `idiolect audit erase --resume` again"
            )
    return Searched(files=count, bytes=size, traces=needles, stores=len(uris))


def _files(work: Workspace, uris: Iterable[str]) -> Iterator[Path]:
    for path in sorted(work.root.rglob("*")):
        if path.is_file() and path != work.erasing:
            yield path
    for uri in uris:
        yield from stores.files(uri)


def _named(path: Path, rules: Rules) -> bool:
    return rules.finder.finds(encoded(path.name))
