"""generate --for-failures: what is said before the stage runs, and whether there is anything for it to do."""

from pathlib import Path

from idiolect.cli.output import emit, print_lines
from idiolect.stages.context import Context
from idiolect.stages.failures import plan_round, write_round


def begin_round(context: Context, dry_run: bool, as_json: bool, out: Path | None) -> bool:
    """Write down a further round of questions; False where there are none, or where `dry_run` only tells of them."""
    planned = plan_round(context)
    if planned.round.requests and not dry_run:
        write_round(context, planned)
        context.progress.note(planned.sentence())
        return True
    figures = {"work": str(context.workspace.root), "failures": planned.round.figures}
    if not emit(figures, as_json, out):
        print_lines([planned.sentence()])
    return False
