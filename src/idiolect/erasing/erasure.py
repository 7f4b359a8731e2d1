"""Documents out of everything that was made from them: planned, written down, taken out, searched for, certified."""

from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

import msgspec

from idiolect import __version__
from idiolect.erasing import feedback, registered, retraining, stores
from idiolect.erasing import journal as journals
from idiolect.erasing.caches import clear
from idiolect.erasing.certificate import NOT_COVERED, Certificate
from idiolect.erasing.files import take_out
from idiolect.erasing.gone import Rules
from idiolect.erasing.journal import Journal
from idiolect.erasing.planning import plan
from idiolect.erasing.reach import looked_at, reach
from idiolect.erasing.resolving import Resolved, resolve
from idiolect.erasing.scanning import search
from idiolect.errors import PrivacyError
from idiolect.files import digest_path, digest_value, read_json, write_json
from idiolect.index.store import absolute, shown
from idiolect.lifecycle.audit.chain import Chain
from idiolect.lifecycle.audit.manifests import REDACTED
from idiolect.lifecycle.erasure import suppression, taint
from idiolect.lifecycle.lineage.explaining import Touched
from idiolect.lifecycle.lineage.forgetting import forget
from idiolect.lifecycle.lineage.store import opened
from idiolect.progress import Progress, Silent
from idiolect.records import Record
from idiolect.workspace import Workspace

BEGUN, ERASED = "erasing", "erased"
"""The events of the audit log."""


class Preview(Record, frozen=True, kw_only=True):
    """What an erasure would do: `removed` counts by kind, `tainted` are the artefacts that it would mark."""

    resolved: Resolved
    removed: dict[str, int]
    stores: list[str]
    left: list[str]
    tainted: list[Touched]
    queries: int
    unknown: list[str]


def preview(
    work: Workspace,
    given: Sequence[str],
    uris: Sequence[str] = (),
    also: bool = False,
    left: Sequence[str] = (),
    registry: str = "",
) -> Preview:
    """What `erase` would do; nothing is changed. Raises as that does."""
    _refuse_unfinished(work)
    with looked_at(work) as copied:
        resolved = resolve(copied, given, also)
        journal = _planned(copied, resolved, uris, left, registry)
    return Preview(
        resolved=msgspec.structs.replace(resolved, texts=[]),
        removed=journal.removed,
        stores=[shown(uri) for uri in journal.stores],
        left=journal.left,
        tainted=journal.touched,
        queries=len(journal.gone.queries),
        unknown=journal.unknown,
    )


def erase(
    work: Workspace,
    given: Sequence[str],
    uris: Sequence[str] = (),
    also: bool = False,
    left: Sequence[str] = (),
    registry: str = "",
    progress: Progress | None = None,
) -> Certificate:
    """Take the documents that `given` names by id or path, and their whole copies, out of WORK and stores.

    `also`: those that share chunks with them too. `uris` are stores beside those that lineage knows, `left` those that
    are left as they are; versions of the `registry` are marked. Raises PrivacyError for a document that is not known, a
    store that cannot be opened, an earlier erasure that did not finish, and where the search finds anything.
    """
    with work.held():
        _refuse_unfinished(work)
        Chain(work.audit).ready()
        journal = _planned(work, resolve(work, given, also), uris, left, registry)
        journals.write(work.erasing, journal)
        return _carry_out(work, journal, progress or Silent())


def resume(work: Workspace, progress: Progress | None = None) -> Certificate:
    """Go on with an erasure that was killed, or that found something. Raises PrivacyError where there is none."""
    with work.held():
        journal = journals.read(work.erasing)
        if journal is None:
            raise PrivacyError(f"no erasure is unfinished in {work.root}: name a document with --document")
        return _carry_out(work, journal, progress or Silent())


def _refuse_unfinished(work: Workspace) -> None:
    if work.erasing.exists():
        raise PrivacyError(
            f"an earlier erasure did not finish in {work.root}: `idiolect audit erase --resume` goes on with it"
        )


def _planned(
    work: Workspace, resolved: Resolved, uris: Sequence[str], left: Sequence[str], registry: str = ""
) -> Journal:
    planned = plan(work, resolved)
    reached = reach(work, resolved.documents)
    found = reached.touched
    chosen = stores.chosen(uris, found, left)
    rules = Rules(planned.gone)
    removed = take_out(work, rules, write=False) + clear(work, rules, write=False)
    removed += feedback.clear(work, rules, write=False)
    removed += registered.clear(registry, found, rules, write=False)
    removed["manifests that name it"] += sum(left is not None for _, left in _manifests(work, rules))
    for uri in chosen:
        removed[f"rows of {shown(uri)}"] += stores.held(uri, resolved.documents)
    return Journal(
        key=journals.fresh_key(),
        began=journals.now(),
        asked=len(resolved.asked),
        copies=len(resolved.copies),
        gone=planned.gone,
        shared=planned.shared,
        texts=resolved.texts,
        stores=chosen,
        left=[shown(absolute(uri)) for uri in left],
        touched=found,
        unknown=reached.unknown,
        removed=dict(+removed),
        registry=registry,
        audit_before=str(Chain(work.audit).head()),
    )


def _carry_out(work: Workspace, journal: Journal, progress: Progress) -> Certificate:
    """Every step finds done what a killed one had done. What keeps the document out comes first."""
    rules, reference = Rules(journal.gone), journal.reference
    log = Chain(work.audit)
    log.append(BEGUN, reference=reference, documents=len(journal.gone.documents))
    suppression.suppress(work.suppressed, journal.gone.names, journal.texts)
    tainted = taint.taint(work.taint, journal.touched, reference)
    command = retraining.queue(work, reference) if tainted else ""
    own = [one for one in tainted if reference in one.erasures]
    marked = registered.mark(journal.registry, own) if journal.registry and own else []
    notes: dict[str, str] = {}

    def from_stores() -> None:
        notes.update({shown(uri): stores.expunge(uri, rules.documents) for uri in journal.stores})

    steps: dict[str, Callable[[], object]] = {
        "stores": from_stores,
        "files": lambda: take_out(work, rules, write=True),
        "feedback": lambda: feedback.clear(work, rules, write=True),
        "caches": lambda: clear(work, rules, write=True),
        "manifests": lambda: _redact_manifests(work, rules, log),
        "lineage": lambda: _forget(work, rules),
        "the registry": lambda: registered.clear(journal.registry, journal.touched, rules, write=True),
    }
    for name, step in steps.items():
        progress.note(f"erasing from {name}")
        step()
    progress.note("searching for traces")
    published = registered.files(journal.registry, journal.touched)
    searched = search(work, journal.stores, published, rules, len(journal.gone.needles))
    certificate = Certificate(
        reference=reference,
        idiolect=__version__,
        began=journal.began,
        ended=journals.now(),
        documents=journal.asked,
        copies=journal.copies,
        removed=journal.removed,
        stores=notes,
        left=journal.left,
        tainted=own,
        marked=marked,
        retraining=command,
        searched=searched,
        shared=journal.shared,
        audit_before=journal.audit_before,
        audit_after=str(log.head()),
        not_covered=[*journal.unknown, *NOT_COVERED],
    )
    path = work.certificates / f"{reference[:16]}.json"
    write_json(path, certificate)
    log.append(ERASED, reference=reference, certificate=path.name, sha256=digest_path(path))
    journals.destroy(work.erasing)
    return certificate


def _manifests(work: Workspace, rules: Rules) -> Iterator[tuple[Path, Any]]:
    """Each manifest, with what it is without the names that go; None where it has none of them."""
    for path in sorted(work.manifests.glob("*.json")):
        value = read_json(path)
        left = rules.redacted(value, rules.finder.in_file(path) is not None)
        yield path, None if left == value else left


def _redact_manifests(work: Workspace, rules: Rules, log: Chain) -> None:
    """The log is told each new digest before the manifest is replaced: a kill leaves no silent change."""
    for path, left in _manifests(work, rules):
        if left is None:
            continue
        draft = path.with_name(f".{path.name}.redacted")
        write_json(draft, left)
        log.append(REDACTED, manifest=path.name, sha256=digest_path(draft), contents=digest_value(left))
        draft.replace(path)


def _forget(work: Workspace, rules: Rules) -> None:
    if work.lineage.is_file():
        with opened(work.lineage) as lineage:
            forget(lineage, rules.documents, rules.queries | rules.negatives)
