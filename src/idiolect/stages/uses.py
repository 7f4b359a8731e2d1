"""What a report says beside the verdict, and what decides nothing: dimensions, tasks, others, calibration."""

from pathlib import Path

import msgspec

from idiolect.evaluation.beir import Dataset
from idiolect.evaluation.classed_texts import read_classed
from idiolect.evaluation.compression import Compression, compression_table
from idiolect.evaluation.compression import Table as Compressed
from idiolect.evaluation.dimensions import Table, dimension_table, dimension_warnings
from idiolect.evaluation.evaluated import Evaluated, Sets
from idiolect.evaluation.report import Report
from idiolect.evaluation.tasks import TaskReport, report, task_warnings
from idiolect.files import write_json
from idiolect.records import Selection
from idiolect.runtimes.base import TextEncoder, Vectors
from idiolect.stages.against import measured_against
from idiolect.stages.calibration import calibrated
from idiolect.stages.context import Context
from idiolect.stages.encoders import Side, Sides, encode

DENSE = ("dense-base", "dense-tuned")


def with_uses(found: Report, context: Context, sides: Sides, sets: Sets, selection: Selection) -> Report:
    """The report with these sections and their warnings; what is calibrated is what the verdict ships.

    Writes what vectors of the shipped weights are compressed with.
    """
    dimensions = _dimensions(sets.deciding, sides, selection)
    shipped: Side = "tuned" if found.promoted else "base"
    table, compression = _compression(sets.deciding, sides, selection, shipped)
    write_json(context.workspace.compression, compression)
    tasks = _tasks(context, sides)
    asked = [item for item in (sets.test, sets.labelled, sets.steering) if item is not None]
    return msgspec.structs.replace(
        found,
        dimensions=dimensions,
        compression=table,
        tasks=tasks,
        against=measured_against(context, sides, asked),
        calibration=calibrated(context, sides, shipped, sets),
        warnings=[*found.warnings, *dimension_warnings(dimensions), *task_warnings(tasks, *DENSE)],
    )


def _dimensions(judge: Evaluated, sides: Sides, selection: Selection) -> Table:
    return dimension_table(judge.dataset, *_encoded(judge.dataset, sides.tuned), selection.dimensions)


def _compression(
    judge: Evaluated, sides: Sides, selection: Selection, shipped: Side
) -> tuple[Compressed, Compression]:
    sizes = selection.dimensions if shipped == "tuned" else selection.dimensions[:1]
    passages, queries = _encoded(judge.dataset, sides.encoder(shipped))
    table, quantisers = compression_table(judge.dataset, passages, queries, sizes)
    return table, Compression(weights=shipped, dimensions=quantisers)


def _encoded(dataset: Dataset, encoder: TextEncoder) -> tuple[Vectors, Vectors]:
    """Passages and queries."""
    passages = encoder.encode([passage.full_text for passage in dataset.corpus.values()], "passage")
    return passages, encoder.encode(list(dataset.queries.values()), "query")


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
