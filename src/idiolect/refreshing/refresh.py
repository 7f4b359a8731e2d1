"""The champion, brought up to date in WORK: what is new is asked about, trained on, measured, and published."""

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING

import msgspec

from idiolect import pipeline
from idiolect.bundle import Bundle
from idiolect.config import Config
from idiolect.errors import UsageError, WorkspaceError
from idiolect.evaluation.report import read_report
from idiolect.holding import held
from idiolect.lifecycle.lineage.published import publish_with_lineage
from idiolect.refreshing import feedback, journal
from idiolect.refreshing.accepting import accept
from idiolect.refreshing.carrying import carry
from idiolect.refreshing.champion import known_as, opened, settled, standing
from idiolect.refreshing.figures import asked, came, gone, tested
from idiolect.refreshing.gating import judged
from idiolect.refreshing.journal import Refreshed, Refreshing, now
from idiolect.refreshing.news import news
from idiolect.stages.context import Context
from idiolect.workspace import Workspace

if TYPE_CHECKING:
    from idiolect.lifecycle.registry.catalogue import Registry

NOTHING_NEW = (
    "nothing new came: documents, people's queries, failures and settings are those of the last time"
)

INGEST, REST = pipeline.STAGES[:1], pipeline.STAGES[1:]


def refresh(
    context: Context,
    uri: str,
    name: str = "",
    before: Callable[[Context, Sequence[str]], None] | None = None,
) -> Refreshed:
    """Bring the champion called `name` in the registry at `uri` up to date with `context.source`, DOCS.

    A killed refresh is continued by the same call.  Where nothing is new, nothing is trained, published or written
    down.  `before` is called, as by `pipeline.run`, with the context of the refresh and its stale stages.  Raises
    what `champion.settled`, `news.news`, `carrying.carry` and the stages raise.
    """
    from idiolect.lifecycle.registry.catalogue import Registry

    if context.source is None:
        raise UsageError("refresh needs DOCS: a folder, a file or a JSONL corpus, as it is now")
    work = context.workspace
    work.require(work.stage_lock, "run DOCS")
    with _alone(work):
        under_way = journal.unfinished(work)
        if under_way is None:
            feedback.learnt(context)
            found = news(context)
            if not found.reasons:
                there = opened(uri)
                name = known_as(there, work, name)
                return _nothing(now(), str(standing(there, name) or name))
            registry = Registry.at(uri, create=True)
            champion = settled(registry, work, context.config.licences, name)
            under_way = Refreshing(
                began=now(), docs=str(context.source), news=found.reasons, champion=champion
            )
            carry(context)
            journal.begin(work, under_way)
        elif name and name != under_way.champion.name:
            raise UsageError(
                f"a refresh of {under_way.champion.name} is under way in {work.root}: finish that first, without --name"
            )
        else:
            context.progress.note(
                f"going on with the refresh of {under_way.champion}, begun {under_way.began}"
            )
        return _carried_out(context, Registry.at(uri), under_way, before)


def of_champion(config: Config, bundle: str) -> Config:
    """The config with the champion's weights as what training starts from, and what is to be beaten."""
    return msgspec.structs.replace(config, train=msgspec.structs.replace(config.train, base=bundle, start=""))


def _carried_out(
    context: Context,
    registry: "Registry",
    under_way: Refreshing,
    before: Callable[[Context, Sequence[str]], None] | None,
) -> Refreshed:
    work, champion = context.workspace, under_way.champion
    config = of_champion(context.config, champion.path)
    ours = Context(work, config, context.progress, context.source)
    check = (lambda stages: before(ours, stages)) if before else None
    pipeline.run(ours, INGEST, check)
    if not came(work).any and under_way.news == ["documents"]:
        return _ended(work, _nothing(under_way.began, str(champion)))
    pipeline.run(ours, REST, check)
    version, _ = publish_with_lineage(
        registry, Bundle.load(work.bundle), work, champion.name, policy=config.licences
    )
    outcome = judged(registry, version, champion)
    learnt = outcome.promoted and config.refresh.feedback and config.prepare.feedback
    accepted = accept(work, config, context.progress) if learnt else ""
    report = read_report(work.report)
    return _ended(
        work,
        Refreshed(
            began=under_way.began,
            ended=now(),
            champion=str(champion),
            news=under_way.news,
            came=came(work),
            asked=asked(work),
            tested=tested(work),
            gone=gone(work),
            version=str(version),
            promoted=outcome.promoted,
            against=outcome.against,
            notes=[*outcome.notes, *filter(None, [accepted])],
            verdict=report.verdict,
            sentence=report.sentence,
            next=report.what_next,
        ),
    )


def _nothing(began: str, champion: str) -> Refreshed:
    """Documents may have been touched without a word of them changing."""
    return Refreshed(began=began, ended=now(), champion=champion, news=[], against=NOTHING_NEW)


def _ended(work: Workspace, refreshed: Refreshed) -> Refreshed:
    journal.end(work, refreshed)
    return refreshed


@contextmanager
def _alone(work: Workspace) -> Iterator[None]:
    """Hold WORK for one refresh, whose stages hold it one after the other."""
    with held(work.cache / "refreshing", WorkspaceError, "give another folder with -w"):
        yield
