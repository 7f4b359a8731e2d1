"""Which files under DOCS can be read, and what is passed over."""

import os
import re
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import msgspec

from idiolect.errors import InputError
from idiolect.files import digest_path, digest_value
from idiolect.readers.formats import SUFFIXES, suffix_of
from idiolect.readers.licence_files import SIDECAR, states_a_licence
from idiolect.readers.naming import printable, relative_path
from idiolect.records import RejectedDocument
from idiolect.workspace import STAGE_LOCK

HIDDEN = "hidden"
WORK = "WORK folder"
NO_SUFFIX = "no suffix"

_SUFFIX = re.compile(r"\.(?:[^\W\d_]{1,12}|[^\W\d_]\w{1,7}|\w{1,4})")
"""What tells a kind of file; after another full stop may stand a telephone number, which nobody is told."""


class Scan(msgspec.Struct, frozen=True):
    """`files` in the order of their relative paths; `passed_over` are files of kinds that are not read,
    and `skipped` counts them by suffix, hidden files and folders as "hidden"; `unreadable` are
    folders that could not be opened; `licences` are files, documents or not, that say under what
    licence others stand.  WORK folders of other runs are no documents, and counted as such.
    """

    root: Path
    files: list[Path]
    skipped: dict[str, int]
    unreadable: list[RejectedDocument]
    passed_over: list[RejectedDocument] = []
    licences: list[Path] = []


def scan(source: Path, exclude: Path | None = None) -> Scan:
    """Look through a folder, links followed, or take one file as it is.

    `exclude` is a folder that is no part of the documents even where it lies among them: WORK.
    Raises InputError where `source` is missing, or a file of a kind that is not read.
    """
    if source.is_file():
        if suffix_of(source) not in SUFFIXES:
            raise InputError(f"{source} is of a kind that is not read; readable are {' '.join(SUFFIXES)}")
        beside = source.with_name(source.name + SIDECAR)
        return Scan(source, [source], {}, [], licences=[beside] if beside.is_file() else [])
    if not source.is_dir():
        raise InputError(f"documents {source} do not exist: give a folder, a file or a JSONL corpus")
    skipped: Counter[str] = Counter()
    unreadable: list[RejectedDocument] = []
    passed_over: list[RejectedDocument] = []
    files, licences = [], []
    for file in _walk(source, exclude, skipped, unreadable):
        suffix = suffix_of(file)
        licence = states_a_licence(file)
        if licence:
            licences.append(file)
        if suffix in SUFFIXES:
            files.append(file)
        else:
            shown = suffix if _SUFFIX.fullmatch(suffix) else NO_SUFFIX
            skipped[shown] += 1
            reason = f"not read ({shown}): no document format that idiolect knows"
            if licence:
                reason = "no document: it is looked at for a licence alone"
            passed_over.append(RejectedDocument(path=printable(relative_path(file, source)), reason=reason))
    files.sort(key=lambda file: relative_path(file, source))
    passed_over.sort(key=lambda one: one.path)
    return Scan(source, files, dict(sorted(skipped.items())), unreadable, passed_over, sorted(licences))


def _walk(
    source: Path, exclude: Path | None, skipped: Counter[str], unreadable: list[RejectedDocument]
) -> Iterator[Path]:
    """Every file that is not hidden; a folder that links lead back to is entered once."""

    def refused(error: OSError) -> None:
        path = relative_path(Path(error.filename), source)
        unreadable.append(RejectedDocument(path=printable(path), reason=f"unreadable: {error.strerror}"))

    excluded = exclude.resolve() if exclude is not None else None
    entered: set[Path] = set()
    for folder, folders, names in os.walk(source, onerror=refused, followlinks=True):
        real = Path(folder).resolve()
        if real in entered or (real == excluded and Path(folder) != source):
            folders.clear()
            continue
        entered.add(real)
        if STAGE_LOCK in names and Path(folder) != source:
            skipped[WORK] += 1
            folders.clear()
            continue
        skipped[HIDDEN] += sum(name.startswith(".") for name in (*folders, *names))
        folders[:] = sorted(name for name in folders if not name.startswith("."))
        yield from (Path(folder, name) for name in names if not name.startswith("."))
    if not skipped[HIDDEN]:
        del skipped[HIDDEN]


def source_digest(source: Path, exclude: Path | None = None) -> str:
    """SHA-256 of the relative names and contents of the files that would be read, as documents or for their licence.

    Raises InputError as `scan` does.
    """
    found = scan(source, exclude)
    files = {*found.files, *found.licences}
    return digest_value({printable(_place(file, source)): _digest(file) for file in files})


def _place(file: Path, source: Path) -> str:
    return relative_path(file, source.parent if source.is_file() else source)


def _digest(file: Path) -> str:
    try:
        return digest_path(file) if file.is_file() else ""
    except OSError:
        return ""
