"""The test that later runs keep: written down when it is drawn, drawn anew only where it no longer fits."""

from collections.abc import Mapping, Sequence
from pathlib import Path

import msgspec

from idiolect.config import Config
from idiolect.errors import InputError
from idiolect.files import digest_text, digest_value, read_json, write_json
from idiolect.progress import Progress
from idiolect.records import Chunk, FrozenTest, Query


def still_frozen(
    path: Path,
    config: Config,
    queries: Sequence[Query],
    chunks: Sequence[Chunk],
    groups: Mapping[str, str],
    progress: Progress,
) -> FrozenTest | None:
    """The test of an earlier run, or None where there is none or it no longer fits corpus and settings."""
    if not path.exists():
        return None
    frozen = _read(path)
    if frozen is None:
        progress.note("the frozen test is drawn anew: its lock file cannot be read")
        return None
    texts = {chunk.id: digest_text(chunk.passage.full_text) for chunk in chunks}
    reasons = []
    if frozen.digest != _digest(frozen.queries, frozen.passages):
        reasons.append("its lock file was edited")
    if (frozen.seed, frozen.test_fraction) != (config.seed, config.prepare.test_fraction):
        reasons.append("seed or prepare.test_fraction changed")
    if any(texts.get(identifier) != digest for identifier, digest in frozen.passages.items()):
        reasons.append("passages that it was judged against changed")
    elif any(groups.get(query.source) not in frozen.groups for query in frozen.queries):
        reasons.append("documents are grouped otherwise")
    if frozen.teacher != queries[0].teacher:
        reasons.append(f"the teacher was {frozen.teacher}")
    if reasons:
        progress.note(f"the frozen test is drawn anew: {', '.join(reasons)}")
        return None
    return frozen


def is_test(path: Path, test: FrozenTest) -> bool:
    """Whether `path` holds this very test."""
    return path.is_file() and _read(path) == test


def read_test(path: Path) -> FrozenTest | None:
    """The test as it was frozen; None where there is none, or none that can be read, or one that was edited."""
    frozen = _read(path) if path.is_file() else None
    return frozen if frozen and frozen.digest == _digest(frozen.queries, frozen.passages) else None


def freeze(
    path: Path, config: Config, queries: Sequence[Query], chunks: Sequence[Chunk], groups: set[str]
) -> FrozenTest:
    needed = {identifier for query in queries for identifier in query.positives}
    passages = {chunk.id: digest_text(chunk.passage.full_text) for chunk in chunks if chunk.id in needed}
    frozen = FrozenTest(
        digest=_digest(queries, passages),
        seed=config.seed,
        test_fraction=config.prepare.test_fraction,
        teacher=queries[0].teacher,
        queries=list(queries),
        passages=passages,
        groups=sorted(groups),
    )
    write_json(path, frozen)
    return frozen


def sealed(frozen: FrozenTest) -> FrozenTest:
    """The same test with the digest of what it holds now: one that lost queries on purpose is not edited."""
    return msgspec.structs.replace(frozen, digest=_digest(frozen.queries, frozen.passages))


def _read(path: Path) -> FrozenTest | None:
    """None where the file holds none."""
    try:
        return msgspec.convert(read_json(path), FrozenTest)
    except (msgspec.ValidationError, InputError):
        return None


def _digest(queries: Sequence[Query], passages: Mapping[str, str]) -> str:
    return digest_value([msgspec.to_builtins(list(queries)), dict(passages)])
