"""Each side of a window: its current texts held against their reference, or the reason why that cannot be."""

from pathlib import Path
from typing import Any

import msgspec

from idiolect.config import Config
from idiolect.drifting.corpus import Found, Trained
from idiolect.drifting.measuring import Measuring, some
from idiolect.lifecycle.drift.examples import Shown, shown
from idiolect.lifecycle.drift.findings import Finding
from idiolect.lifecycle.drift.panel import findings, only_uncovered, sliced
from idiolect.lifecycle.drift.reference import Asked, Reference, digest_of, keep_reference
from idiolect.lifecycle.drift.samples import FEWEST_GROUPS, Measured, Pooled, Text, distinct, pooled
from idiolect.lifecycle.drift.windows import Against, Side

Judged = tuple[Side, Shown]


def documents(found: Found, measuring: Measuring, config: Config) -> Judged:
    """New chunks against WORK's."""
    held, settings = measuring.trained, config.drift
    side = Side(
        name="documents",
        status="too few",
        digest=found.digest,
        texts=len(found.new),
        compared=0,
        reference=Against(kind="training", digest=held.digest, texts=held.chunks),
        facts={"read": found.read, "documents": found.documents, "complete": int(found.complete)},
    )
    if reason := _too_few(found.new, settings.smallest, "new chunks", "documents"):
        return _with(side, reason=reason), Shown()
    if reason := _too_few(held.passages, settings.smallest, "chunks in WORK", "documents"):
        return _with(side, reason=reason), Shown()
    before = some(held.passages, settings.sample, config.seed)
    after = some(found.new, settings.sample, config.seed)
    both = pooled(measuring.documents(before, of_work=True), measuring.documents(after, of_work=False))
    return _compared(side, both, config)


def queries(
    asked: list[Asked],
    kind: str,
    reference: Reference | None,
    keep: Path,
    taken: str,
    measuring: Measuring,
    config: Config,
) -> Judged:
    """What people asked against what they asked before; `keep`: where it becomes the reference where there is none."""
    settings = config.drift
    texts = _texts(asked)
    against = reference.against if reference else _training(measuring.trained)
    side = Side(
        name="queries",
        status="too few",
        digest=digest_of(asked),
        texts=len(asked),
        compared=0,
        reference=against,
    )
    if reason := _too_few(texts, settings.smallest, "different queries", "users"):
        return _with(side, reason=reason), Shown()
    after = some(texts, settings.sample, config.seed)
    if reference is None or reference.against.digest == side.digest:
        side = _with(side, reference=_training(measuring.trained))
        found = _covered(after, measuring, config)
        if reference is None:  # looked at again it stays the one that later windows were held against
            keep_reference(keep, Reference(kind=kind, taken=taken, queries=asked))
        reason = (
            "they are what later windows are held against: written queries differ from people's in manner"
        )
        return _with(side, status="reference", reason=reason, compared=len(after), findings=found), Shown()
    before = some(_texts(reference.queries), settings.sample, config.seed)
    return _compared(side, pooled(measuring.queries(before), measuring.queries(after)), config)


def _covered(after: list[Text], measuring: Measuring, config: Config) -> list[Finding]:
    held = measuring.trained.queries
    if len(held) < config.drift.smallest:
        return []
    asked: Measured = measuring.queries(after)
    written = measuring.training(some(held, config.drift.sample, config.seed))
    return only_uncovered(pooled(written, asked), config.drift, config.seed)


def _compared(side: Side, both: Pooled, config: Config) -> Judged:
    if both.blocks < FEWEST_GROUPS:
        whose = {"queries": "users asked", "documents": "documents say"}[side.name]
        return _with(side, reason=f"fewer than {FEWEST_GROUPS} {whose} what the others did not"), Shown()
    found = findings(both, config.drift, config.seed)
    parts, untested = sliced(both, config.drift, config.seed)
    done = _with(side, status="counted", compared=both.sizes[1], findings=[*found, *parts], untested=untested)
    return done, shown(both, config.seed)


def _too_few(texts: list[Text], smallest: int, what: str, groups: str) -> str:
    """Why so few texts tell nothing; "" where they are enough."""
    if len(texts) < smallest:
        return f"{len(texts):,} {what}, and {smallest:,} are needed (drift.smallest)"
    number = len({text.group or text.text for text in texts})
    if number < FEWEST_GROUPS:
        return f"they are of {number} {groups}, and {FEWEST_GROUPS} are needed: few are not all"
    return ""


def _texts(asked: list[Asked]) -> list[Text]:
    return distinct([Text(text=one.text, group=one.user) for one in asked])


def _training(held: Trained) -> Against:
    return Against(kind="training", digest=held.digest, texts=len(held.queries))


def _with(side: Side, **changed: Any) -> Side:
    return msgspec.structs.replace(side, **changed)
