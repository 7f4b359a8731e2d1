"""The shipped search calibrated on dev's judged queries, over the passages that it may be chosen on."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace

from idiolect.evaluation.beir import Dataset, load_dataset
from idiolect.evaluation.calibrating import DEPTH, PRECISION, Hits, calibrate, hits_of
from idiolect.evaluation.calibration import Calibration
from idiolect.evaluation.evaluated import Evaluated, Sets
from idiolect.evaluation.labels import FEWEST_STEERING, NAME
from idiolect.files import read_jsonl
from idiolect.mining.permitted import permitted
from idiolect.records import Chunk
from idiolect.stages.context import Context
from idiolect.stages.encoders import Side, Sides
from idiolect.stages.ranking import rank

MODES = ("dense", "hybrid")

CROSS_FITTED = "dev, cross-fitted"


def calibrated(context: Context, sides: Sides, side: Side, sets: Sets) -> Calibration | None:
    """The curves of one side's dense and hybrid search; None where no dev set has enough to fit on.

    Fitted on what people asked where that is enough to choose by, else on the teacher's dev
    queries, else on masked ones; the error is taken on the test set of the same kind of query.
    """
    chunks = permitted(read_jsonl(context.workspace.chunks, Chunk))
    for name, dataset in _dev_sets(context, chunks):
        documents = {} if dataset.owners else {chunk.id: chunk.document_id for chunk in chunks}
        runs, _ = rank(
            dataset, sides.encoder(side), sides.fusion[side], MODES, context.progress, "calibrating"
        )
        hits = {mode: hits_of(dataset, runs[mode], documents) for mode in MODES}
        if not all(found.enough for found in hits.values()):
            continue
        test = sets.labelled if name == NAME else sets.test if name == "queries" else None
        modes = {}
        for mode, found in hits.items():
            held_out = _held_out(test, f"{mode}-{side}", documents)
            measured_on = test.name if test is not None and held_out is not None else CROSS_FITTED
            modes[mode] = calibrate(found, measured_on, held_out)
        return Calibration(
            weights=side,
            fitted_on=name,
            unit="document" if dataset.owners else "chunk",
            depth=DEPTH,
            precision=PRECISION,
            modes=modes,
        )
    context.progress.note("no calibration: no dev set has enough relevant hits, and irrelevant ones")
    return None


def _held_out(test: Evaluated | None, run: str, documents: Mapping[str, str]) -> Hits | None:
    """The hits of a test set; None where they are too few to measure on."""
    if test is None or len(test.dataset.queries) < FEWEST_STEERING:
        return None
    hits = hits_of(test.dataset, test.runs[run], documents)
    return hits if hits.enough else None


def _dev_sets(context: Context, chunks: Sequence[Chunk]) -> Iterator[tuple[str, Dataset]]:
    """What may be fitted on, the best first, each over all chunks; `dev/` holds only pools of them."""
    work = context.workspace
    if (work.labelled / "qrels" / "dev.tsv").is_file():
        labelled = load_dataset(work.labelled, "dev")
        if len(labelled.queries) >= FEWEST_STEERING:
            yield NAME, labelled
    searched = {chunk.id: chunk.passage for chunk in chunks}
    for name in ("queries", "masked"):
        if (work.dev_sets / name).is_dir():
            dev = load_dataset(work.dev_sets / name, "dev")
            yield name, replace(dev, corpus=searched | dev.corpus)
