"""A JSONL corpus packed with gzip, read as a stream."""

import gzip
import zlib
from collections.abc import Iterator
from pathlib import Path

from idiolect.readers.base import Entry, Options
from idiolect.readers.jsonl import read_lines
from idiolect.readers.streams import bounded_lines, until_broken


def read(file: Path, options: Options) -> Iterator[Entry]:
    """Yield every line that is not blank, up to where the archive is broken.

    Raises InputError, its message the reason, where it is broken from the start, and OSError.
    """
    with gzip.open(file) as stream:
        lines = bounded_lines(stream, options.largest)
        yield from until_broken(read_lines(lines, options), (EOFError, gzip.BadGzipFile, zlib.error))
