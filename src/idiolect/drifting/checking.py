"""`idiolect drift`: one window, from what is read to what is written down."""

import datetime
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import msgspec

from idiolect.bundle import Bundle
from idiolect.config import Config
from idiolect.drifting import asked, corpus, sides
from idiolect.drifting.measuring import Measuring
from idiolect.errors import DriftError, UsageError
from idiolect.files import digest_value
from idiolect.lifecycle.drift.examples import Shown
from idiolect.lifecycle.drift.reference import Asked, read_reference
from idiolect.lifecycle.drift.windows import Window, add, read_windows
from idiolect.lifecycle.feedback.log import FeedbackLog
from idiolect.lifecycle.feedback.moments import kept
from idiolect.mining.vectors import CachedEncoder
from idiolect.progress import Progress
from idiolect.records import Record
from idiolect.runtimes.mapping import endpoint_of
from idiolect.runtimes.model_files import load_tokenizer
from idiolect.runtimes.opening import open_encoder
from idiolect.runtimes.starting import counted_by
from idiolect.workspace import Workspace


@dataclass(frozen=True)
class Given:
    """What is to be looked at: documents, a file of queries or else the feedback log's from `since` on, before `until`.

    `accept`: the queries become the reference, whatever there was.
    """

    docs: Path | None = None
    queries: Path | None = None
    since: datetime.datetime | None = None
    until: datetime.datetime | None = None
    accept: bool = False


class Report(Record, frozen=True, kw_only=True):
    """The window as drift.jsonl has it, and what moved in words, which stands nowhere: side → texts and topics."""

    window: Window
    shown: dict[str, Shown]


def check(work: Workspace, config: Config, given: Given, progress: Progress) -> Report:
    """`look`, while no other process may change WORK. Raises WorkspaceError where one holds it."""
    with work.held():
        return look(work, config, given, progress)


def look(work: Workspace, config: Config, given: Given, progress: Progress) -> Report:
    """Look at one window and write it to WORK/drift.jsonl.

    Raises DriftError where there is nothing to look at, WorkspaceError where WORK has no bundle or training queries,
    UsageError for options that do not fit, and what reading documents, queries and the log raises.
    """
    now = datetime.datetime.now(datetime.UTC)
    if given.accept and given.queries is None and not work.feedback.is_file():
        raise UsageError(f"--accept takes queries: give --queries FILE, for {work.feedback} is not there")
    bundle = Bundle.load(work.require(work.bundle, "export")).manifest
    windows = read_windows(work.drift)
    found, since, until = _queries(work, config, given, windows, now)
    if found is None and given.docs is None:
        raise DriftError(
            f"nothing to look at: give DOCS or --queries FILE, or let {work.feedback} be written "
            "(idiolect serve, idiolect feedback import)"
        )
    served = open_encoder(work.bundle)
    held = corpus.trained(work, config.seed)
    counting = counted_by(config.train.base) if endpoint_of(work.bundle) else served.files
    measuring = Measuring(
        held, served, CachedEncoder(served, work.vectors), load_tokenizer(counting.path), progress
    )
    judged = []
    taken = kept(now)
    if found is not None:
        days = config.feedback.retention_days
        reference = None if given.accept else read_reference(work.drift_reference, days, now)
        kind = "file" if given.queries else "window"
        progress.note(f"{len(found):,} queries")
        judged.append(sides.queries(found, kind, reference, work.drift_reference, taken, measuring, config))
    if given.docs is not None:
        progress.note("reading the documents")
        cut = msgspec.structs.replace(
            config.ingest, chunk_tokens=bundle.chunk_tokens, overlap_tokens=bundle.overlap_tokens
        )
        as_ingested = msgspec.structs.replace(config, ingest=cut)
        new = corpus.current(given.docs, work, held, as_ingested, counting)
        judged.append(sides.documents(new, measuring, config))
    window = Window(
        taken=taken,
        since=since,
        until=until,
        model=bundle.model_digest,
        name=bundle.name,
        digest=digest_value([[side.name, side.digest, since] for side, _ in judged]),
        sides=[side for side, _ in judged],
    )
    window = add(work.drift, window, config.drift.windows)
    return Report(window=window, shown={side.name: one for side, one in judged})


def _queries(
    work: Workspace, config: Config, given: Given, windows: Sequence[Window], now: datetime.datetime
) -> tuple[list[Asked] | None, str, str]:
    """The window's queries, None where nothing says any, and its period where they have one."""
    if given.queries is not None:
        if given.since or given.until:
            raise UsageError("--since and --until are of the feedback log: a file is looked at as a whole")
        return asked.of_file(given.queries, config.privacy, work.privacy_key), "", ""
    if not work.feedback.is_file():
        if given.since or given.until:
            raise UsageError(f"--since and --until are of the feedback log, and {work.feedback} is not there")
        return None, "", ""
    until = min(given.until or now, now)  # what is still to be asked is the next window's
    since = given.since or _last(windows)
    if since and since >= until:
        raise UsageError(f"--since {since.isoformat()} is not before --until {until.isoformat()}")
    found = asked.of_log(FeedbackLog(work.feedback, config.feedback).seen(), since, until)
    return found, kept(since) if since else "", kept(until)


def _last(windows: Sequence[Window]) -> datetime.datetime | None:
    """Where the last window ended whose queries were enough: what came since is the next one."""
    for window in reversed(windows):
        told = [side for side in window.sides if side.name == "queries" and side.status != "too few"]
        if told and window.until:
            return datetime.datetime.fromisoformat(window.until)
    return None
