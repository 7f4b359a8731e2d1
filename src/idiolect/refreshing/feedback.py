"""What people found satisfying since, learnt at the beginning of a refresh: prepare then trains on it."""

from idiolect.errors import FeedbackError
from idiolect.files import read_jsonl
from idiolect.learning import learn_feedback
from idiolect.lifecycle.feedback.learnt import read_learnt
from idiolect.records import Split
from idiolect.stages.context import Context


def learnt(context: Context) -> None:
    """Learn from WORK's log, where the config wants that and there is one; what teaches nothing is said."""
    work, config = context.workspace, context.config
    if not (config.refresh.feedback and config.prepare.feedback and work.feedback.is_file()):
        return
    try:
        report = learn_feedback(context).report
    except FeedbackError as error:
        context.progress.note(f"feedback: {error}")
        return
    context.progress.note(
        f"feedback: {report.queries:,} queries with {report.positives:,} positives learnt from {report.impressions:,} "
        "impressions"
    )


def is_new(context: Context) -> bool:
    """Whether a query was learnt that the last prepare did not know: weights move with every click, and are no news."""
    work = context.workspace
    if not (context.config.refresh.feedback and context.config.prepare.feedback):
        return False
    known = {split.query_id for split in read_jsonl(work.splits, Split)}
    return any(query.id not in known for query in read_learnt(work.learnt_queries))
