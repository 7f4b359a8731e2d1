"""Files that appear whole or not at all, JSON lines of records, and digests."""

import contextlib
import hashlib
import os
import re
import shutil
from collections.abc import Collection, Iterable, Iterator
from pathlib import Path
from typing import Any, TypeVar

import msgspec

from idiolect.errors import InputError

T = TypeVar("T")


_UNFINISHED = re.compile(r"\.(?P<name>.+)\.\d+\.(?P<kind>part|old|gone)")
"""Beside a path: what is to take its place, what a successor has just displaced, what is being deleted."""


@contextlib.contextmanager
def replacing(path: Path) -> Iterator[Path]:
    """Yield a temporary sibling of `path`; it takes the path's place when the block succeeds.

    Works for a file and for a directory alike; on an exception `path` keeps what it held.  A process
    that is killed leaves the old or the new, whole; `recover` puts right what it left beside that.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    temporary = _unfinished(path, "part")
    _delete(temporary)
    try:
        yield temporary
        if temporary.is_dir() and path.exists():
            _exchange(path, temporary)
        else:
            temporary.replace(path)
    finally:
        _delete(temporary)


def remove(path: Path) -> None:
    """Delete a file or a directory tree if it is there; the path is free at once, or not at all."""
    if path.is_dir() and not path.is_symlink():
        doomed = _unfinished(path, "gone")
        _delete(doomed)
        path.rename(doomed)
        path = doomed
    _delete(path)


def recover(folder: Path, name: str = "") -> None:
    """Put right what killed processes left directly in `folder`, of `name` alone if given; none may write it now.

    What had been moved aside for a successor that never came is moved back; the rest is deleted.
    """
    for path in sorted(folder.iterdir()) if folder.is_dir() else ():
        left = _UNFINISHED.fullmatch(path.name)
        if left is None or (name and left["name"] != name):
            continue
        place = path.with_name(left["name"])
        if left["kind"] == "old" and not place.exists():
            path.rename(place)
        else:
            _delete(path)


def _exchange(path: Path, successor: Path) -> None:
    aside = _unfinished(path, "old")
    _delete(aside)
    path.rename(aside)
    successor.rename(path)
    _delete(aside)


def _unfinished(path: Path, kind: str) -> Path:
    return path.with_name(f".{path.name}.{os.getpid()}.{kind}")


def _delete(path: Path) -> None:
    if path.is_dir() and not path.is_symlink():
        shutil.rmtree(path)
    else:
        path.unlink(missing_ok=True)


def write_text(path: Path, text: str) -> None:
    with replacing(path) as temporary:
        temporary.write_text(text, encoding="utf-8")


def write_json(path: Path, value: Any) -> None:
    write_text(path, msgspec.json.format(msgspec.json.encode(value), indent=2).decode() + "\n")


def read_json(path: Path) -> Any:
    try:
        return msgspec.json.decode(path.read_bytes())
    except msgspec.DecodeError as error:
        raise InputError(f"{path} is not valid JSON ({error})") from None


def write_jsonl(path: Path, records: Iterable[Any]) -> int:
    """Write one JSON object a line; return how many."""
    encoder = msgspec.json.Encoder()
    count = 0
    with replacing(path) as temporary, temporary.open("wb") as file:
        for record in records:
            file.write(encoder.encode(record) + b"\n")
            count += 1
    return count


def read_jsonl(path: Path, kind: type[T]) -> Iterator[T]:
    """Yield the records of a JSON-lines file, blank lines skipped.

    Raises InputError with the line number where a line is no `kind`.
    """
    decoder = msgspec.json.Decoder(kind)
    with path.open("rb") as file:
        for number, line in enumerate(file, 1):
            if not line.strip():
                continue
            try:
                yield decoder.decode(line)
            except msgspec.MsgspecError as error:
                raise InputError(f"{path}, line {number}: {error}") from None


def whole_numbers(value: Any) -> Any:
    """A JSON value with 3.0 as 3: to JSON Schema both are integers, to msgspec one of them."""
    if isinstance(value, dict):
        return {key: whole_numbers(item) for key, item in value.items()}
    if isinstance(value, list):
        return [whole_numbers(item) for item in value]
    return int(value) if isinstance(value, float) and value.is_integer() else value


def digest_text(text: str) -> str:
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()


def digest_value(value: Any) -> str:
    """SHA-256 of a JSON-like value, independent of the order of keys."""
    return hashlib.sha256(msgspec.json.encode(value, order="sorted")).hexdigest()


def digest_path(path: Path, without: Collection[str] = ()) -> str:
    """SHA-256 of a file, or of a directory's relative names and contents (hidden files and `without` left out)."""
    if path.is_file():
        with path.open("rb") as file:
            return hashlib.file_digest(file, "sha256").hexdigest()
    digest = hashlib.sha256()
    for name, file_digest in tree_digests(path, without).items():
        digest.update(f"{name}\0{file_digest}\n".encode())
    return digest.hexdigest()


def tree_digests(root: Path, without: Collection[str] = ()) -> dict[str, str]:
    """Relative POSIX path → SHA-256 for every file under `root`, sorted, hidden ones and `without` left out."""
    return {
        name.as_posix(): digest_path(root / name)
        for name in sorted(file.relative_to(root) for file in root.rglob("*") if file.is_file())
        if name.as_posix() not in without and not any(part.startswith(".") for part in name.parts)
    }
