"""What a report says beside the verdict, and what decides nothing: dimensions, tasks, others, calibration."""

from pathlib import Path

import msgspec

from idiolect.evaluation.classed_texts import read_classed
from idiolect.evaluation.dimensions import Table, dimension_table, dimension_warnings
from idiolect.evaluation.evaluated import Evaluated, Sets
from idiolect.evaluation.report import Report
from idiolect.evaluation.tasks import TaskReport, report, task_warnings
from idiolect.records import Selection
from idiolect.runtimes.base import Vectors
from idiolect.stages.against import measured_against
from idiolect.stages.calibration import calibrated
from idiolect.stages.context import Context
from idiolect.stages.encoders import Side, Sides, encode

DENSE = ("dense-base", "dense-tuned")


def with_uses(found: Report, context: Context, sides: Sides, sets: Sets, selection: Selection) -> Report:
    """The report with these sections and their warnings; what is calibrated is what the verdict ships."""
    dimensions = _dimensions(sets.deciding, sides, selection)
    tasks = _tasks(context, sides)
    asked = [item for item in (sets.test, sets.labelled, sets.steering) if item is not None]
    return msgspec.structs.replace(
        found,
        dimensions=dimensions,
        tasks=tasks,
        against=measured_against(context, sides, asked),
        calibration=calibrated(context, sides, "tuned" if found.promoted else "base", sets),
        warnings=[*found.warnings, *dimension_warnings(dimensions), *task_warnings(tasks, *DENSE)],
    )


def _dimensions(judge: Evaluated, sides: Sides, selection: Selection) -> Table:
    dataset, encoder = judge.dataset, sides.tuned
    passages = encoder.encode([passage.full_text for passage in dataset.corpus.values()], "passage")
    queries = encoder.encode(list(dataset.queries.values()), "query")
    return dimension_table(dataset, passages, queries, selection.dimensions)


def _tasks(context: Context, sides: Sides) -> dict[str, TaskReport]:
    """Collection → base against tuned; a name that two have is given with its path."""
    settings, found = context.config.evaluate, {}
    for path in settings.tasks:
        texts = read_classed(Path(path), settings.text_column, settings.label_column)
        vectors: dict[str, Vectors] = {}
        both: tuple[tuple[str, Side], ...] = ((DENSE[0], "base"), (DENSE[1], "tuned"))
        for run, side in both:
            task = f"{texts.name}: encoding texts ({side})"
            vectors[run] = encode(sides.encoder(side), texts.texts, "passage", context.progress, task)
        name = path if texts.name in found else texts.name
        found[name] = report(texts, vectors, DENSE, context.config.seed)
        if texts.left_out:
            context.progress.note(f"{name}: {texts.left_out:,} files or rows without text or class left out")
    return found
