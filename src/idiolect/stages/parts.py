"""What of the documents is read in one go: a file, or a stretch of lines of a large JSONL corpus."""

import io
from collections.abc import Iterator
from pathlib import Path

from msgspec.structs import replace

from idiolect.files import digest_value
from idiolect.lifecycle.licences.folders import Folders, Stated
from idiolect.lifecycle.privacy import Masker
from idiolect.readers import Scan
from idiolect.readers.naming import printable, relative_path
from idiolect.records import Record

PART_BYTES = 2_000_000
"""Of a JSONL corpus; other files are one part."""

LIMITED_BYTES = 5_000_000
"""`ingest.seconds_per_file` is for each so many bytes begun."""

_PIECES = 8
"""Stretches that are made of one that could not be read: a line that hangs is found among thousands in four rounds."""


class Part(Record, frozen=True):
    """`path` is the file's below DOCS; `start` to `end` are bytes, and `line` the number of the first line.

    `around` is the licence of the folder that it lies in.
    """

    file: str
    path: str
    start: int = 0
    end: int = 0
    line: int = 0
    around: Stated = Stated()

    @property
    def place(self) -> str:
        """What a person is told where the whole part could not be read."""
        return f"{printable(self.path)}:{self.line}" if self.line > 1 else printable(self.path)

    def seconds(self, each: float) -> float:
        return each * (1 + (self.end - self.start) // LIMITED_BYTES)

    def key(self, settings: str) -> str:
        """A name for what was read of it, as long as the file stays untouched."""
        try:
            status = Path(self.file).stat()
            version = [status.st_size, status.st_mtime_ns, status.st_ino]
        except OSError:
            version = []
        around = [self.around.licence, self.around.origin]
        return digest_value([self.file, self.path, self.start, self.end, version, around, settings])[:32]


def parts(found: Scan, assumed: str, hide: Masker) -> Iterator[Part]:
    """The parts of all files, in the order of paths and lines; `assumed` is the licence where none is stated."""
    folders = Folders(found, assumed, hide)
    for file in found.files:
        path = relative_path(file, found.root)
        around = folders.of(file)
        try:
            size = file.stat().st_size if file.is_file() else 0
            if _is_corpus(file) and size > PART_BYTES:
                yield from _stretches(file, path, around)
                continue
        except OSError:
            size = 0
        yield Part(str(file), path, 0, size, around=around)


def smaller(part: Part) -> list[Part]:
    """What to read instead of a part that took too long, or too much memory: about a _PIECES-th of its lines each.

    Empty where it is one line, or of no JSONL corpus. So a corpus on a busy machine takes its time, and a line that
    cannot be read costs itself alone.
    """
    if not _is_corpus(Path(part.file)):
        return []
    try:
        with Path(part.file).open("rb") as file:
            file.seek(part.start)
            lines = io.BytesIO(file.read(part.end - part.start)).readlines()
    except OSError:
        return []
    if len(lines) < 2:
        return []
    many = -(-len(lines) // _PIECES)  # of lines, not bytes: one may be as long as all others
    found, start, first = [], part.start, part.line or 1
    for at in range(0, len(lines), many):
        end = start + sum(map(len, lines[at : at + many]))
        found.append(replace(part, start=start, end=end, line=first + at))
        start = end
    return found


def _is_corpus(file: Path) -> bool:
    return file.suffix.lower() == ".jsonl"


def _stretches(file: Path, path: str, around: Stated) -> Iterator[Part]:
    """Stretches of whole lines, each of PART_BYTES or one line more."""
    with file.open("rb") as lines:
        start, first = 0, 1
        while block := lines.read(PART_BYTES):
            rest = lines.readline()
            end = start + len(block) + len(rest)
            yield Part(str(file), path, start, end, first, around)
            first += block.count(b"\n") + rest.count(b"\n")
            start = end
