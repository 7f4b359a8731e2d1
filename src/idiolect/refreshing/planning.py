"""What a refresh would do now, without doing it: nothing is written, published or asked."""

from idiolect.estimates.estimate import Estimate
from idiolect.pipeline import NAMES
from idiolect.records import Record
from idiolect.refreshing import journal
from idiolect.refreshing.champion import known_as, opened, standing
from idiolect.refreshing.costs import estimated
from idiolect.refreshing.news import drifted, news
from idiolect.stages.context import Context


class Planned(Record, frozen=True, kw_only=True):
    """`champion`: NAME@VERSION, or what would be published first; `news`: why; `stages` that would run, and what each
    would cost.
    """

    champion: str
    news: list[str]
    stages: list[str]
    estimates: list[Estimate] = []


def planned(context: Context, uri: str, name: str) -> Planned:
    """Raises what `news`, `known_as` and `estimated` raise."""
    under_way = journal.unfinished(context.workspace)
    if under_way is not None:
        told = [*under_way.news, f"under way since {under_way.began}"]
        return Planned(
            champion=str(under_way.champion),
            news=told,
            stages=list(NAMES),
            estimates=estimated(context, NAMES),
        )
    registry = opened(uri)
    name = known_as(registry, context.workspace, name)
    reasons = news(context).reasons
    return Planned(
        champion=str(
            standing(registry, name) or f"{name}, WORK's own bundle, which would be published first"
        ),
        news=reasons,
        stages=list(NAMES) if reasons else [],
        estimates=estimated(context, NAMES) if reasons else [],
    )


def called_for(context: Context) -> bool:
    """Whether there was a drift alarm, documents are new, or a refresh is under way. Raises what `news` raises."""
    work = context.workspace
    return journal.unfinished(work) is not None or drifted(work) or news(context).documents
