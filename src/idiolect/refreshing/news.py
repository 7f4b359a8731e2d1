"""Is there anything to refresh for?  What is other than when WORK's stages last ran, without running any."""

from pathlib import Path

from idiolect import pipeline
from idiolect.files import digest_path
from idiolect.lifecycle.drift.windows import read_windows, standing
from idiolect.readers import source_digest
from idiolect.records import Record
from idiolect.refreshing import feedback
from idiolect.refreshing.figures import came
from idiolect.refreshing.journal import refreshes
from idiolect.stages.context import Context
from idiolect.stages.failures import plan_round
from idiolect.workspace import Workspace

_THE_CHAMPIONS = ("train.base", "train.start")
"""Settings that every refresh chooses itself."""


class News(Record, frozen=True, kw_only=True):
    """`documents`: DOCS are not what was ingested last; `others`: what else is new, in words."""

    documents: bool
    others: list[str]

    @property
    def reasons(self) -> list[str]:
        return [*(["documents"] if self.documents else []), *self.others]


def news(context: Context) -> News:
    """What is new for `context`, whose source is DOCS.

    Raises WorkspaceError where WORK's last run did not go through to its bundle, as there is nothing to go on from.
    """
    work, config = context.workspace, context.config
    # what a refresh that found not a word of DOCS changed has left: texts that were touched, and nothing made of them
    touched = work.carried.is_dir() and not came(work).any
    last = pipeline.finished(context, ("documents", "chunks") if touched else ())
    others = []
    labels = [name for name in (config.prepare.queries, config.prepare.qrels) if name]
    if any(last["prepare"].get(name) != digest_path(Path(name)) for name in labels if Path(name).is_file()):
        others.append("queries that people asked")
    if changed := pipeline.changed_settings(context, _THE_CHAMPIONS):
        others.append(f"settings ({', '.join(changed)})")
    if feedback.is_new(context):
        others.append("feedback")
    if asks_about_failures(context) and _mixed_up(context, last["generate"].get("focuses", "")):
        others.append("failures")
    assert context.source is not None
    documents = last["ingest"].get("DOCS") != source_digest(context.source, work.root)
    return News(documents=documents, others=others)


def _mixed_up(context: Context, asked: str) -> bool:
    """Whether the last model mixes up what nobody has been asked about yet; `asked`: the digest of the rounds that
    generate has read.
    """
    planned, rounds = plan_round(context), context.workspace.focuses
    waits = (
        rounds.is_file() and digest_path(rounds) != asked
    )  # written down by a refresh that was killed then
    return bool(planned.round.requests) and (not planned.known or waits)


def asks_about_failures(context: Context) -> bool:
    """Whether the config wants that, and has an LLM to ask."""
    return context.config.refresh.failures and context.config.generate.teacher == "llm"


def drifted(work: Workspace) -> bool:
    """Whether an alarm of `idiolect drift` stands that no champion has come after, and no calm window.

    Raises DriftError for a line that is no window.
    """
    answered = max((done.ended for done in refreshes(work) if done.promoted), default="")
    return bool(standing([window for window in read_windows(work.drift) if window.taken >= answered]))
