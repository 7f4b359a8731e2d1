"""What WORK has paid for already, answers of the LLM and vectors of the base, looked at without touching it."""

import contextlib
import hashlib
import shutil
import sqlite3
import tempfile
from collections.abc import Iterator, Sequence
from pathlib import Path

from idiolect.config import Generate
from idiolect.records import Chunk, Record
from idiolect.runtimes.model_files import ModelFiles
from idiolect.teachers.endpoint import of_judge

_KEY_BYTES = 16  # of a vector's key, see idiolect.mining.vectors


class Answers(Record, frozen=True, kw_only=True):
    """How many answers of a model there are; the tokens are means over them, 0 where there are none."""

    count: int = 0
    prompt_tokens: float = 0.0
    completion_tokens: float = 0.0


def paid(cache: Path, settings: Generate) -> dict[str, Answers]:
    """The cached answers of the teacher and of the judge, by the list that they hold."""
    judge = of_judge(settings).model
    models = {"queries": settings.model, "verdicts": judge, "negatives": settings.model}
    return {holding: answered(cache, model, holding) for holding, model in models.items()}


def answered(cache: Path, model: str, holding: str) -> Answers:
    """What the cache of LLM answers holds of a model's lists of this name; nothing where it cannot be read.

    Answers to earlier settings' requests are counted too: their keys are not looked up one by one.
    """
    if not cache.is_file():
        return Answers()
    try:
        with reading(cache) as connection:
            count, asked, told = connection.execute(
                "SELECT COUNT(*), AVG(prompt_tokens), AVG(completion_tokens) FROM answers "
                "WHERE model = ? AND instr(text, ?)",
                (model, f'"{holding}"'),
            ).fetchone()
    except sqlite3.Error:
        return Answers()
    return Answers(count=count, prompt_tokens=asked or 0.0, completion_tokens=told or 0.0)


@contextlib.contextmanager
def reading(path: Path) -> Iterator[sqlite3.Connection]:
    """The database opened so that no byte beside it changes.

    What a killed run left in its write-ahead log can only be read by writing: then a copy is read.
    """
    log = path.with_name(f"{path.name}-wal")
    with contextlib.ExitStack() as stack:
        mode = "immutable=1"
        if log.is_file() and log.stat().st_size:
            folder = Path(stack.enter_context(tempfile.TemporaryDirectory()))
            for file in (path, log):
                shutil.copy(file, folder / file.name)
            path, mode = folder / path.name, "mode=rw"
        connection = sqlite3.connect(f"{path.resolve().as_uri()}?{mode}", uri=True)
        yield stack.enter_context(contextlib.closing(connection))


def encoded(directory: Path, files: ModelFiles, chunks: Sequence[Chunk]) -> float:
    """The share of `chunks` whose vectors by the model `files` lie in `directory`, as CachedEncoder keeps them."""
    path = (directory / files.digest[:16]).with_suffix(".keys")
    if not chunks or not path.is_file():
        return 0.0
    data = path.read_bytes()
    known = {data[start : start + _KEY_BYTES] for start in range(0, len(data), _KEY_BYTES)}
    return sum(_key(files, chunk) in known for chunk in chunks) / len(chunks)


def _key(files: ModelFiles, chunk: Chunk) -> bytes:
    text = files.passage_prompt + chunk.passage.full_text
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).digest()[:_KEY_BYTES]
