"""train: the base, tuned on the examples; then the share of the change that dev likes best, and its fusion."""

from collections import defaultdict
from collections.abc import Iterable, Sequence

import msgspec

from idiolect import __version__
from idiolect.config import is_endpoint
from idiolect.evaluation.beir import load_dataset
from idiolect.evaluation.labels import NAME
from idiolect.evaluation.selection import DevJudge, Scores
from idiolect.files import digest_path, digest_value, read_json, read_jsonl, remove, replacing, write_json
from idiolect.mining.duplicates import saying_the_same
from idiolect.mining.permitted import permitted
from idiolect.mining.weighting import Weighed, choose_weight
from idiolect.records import Chunk, Mining, Selection, TrainingExample
from idiolect.runtimes.base import Kind
from idiolect.runtimes.cross_encoder import cross_encoder_digest
from idiolect.runtimes.model_files import ModelFiles
from idiolect.runtimes.starting import base_digest
from idiolect.stages.context import Context, Summary
from idiolect.stages.distilling import lessons
from idiolect.stages.encoders import base_encoder, base_files, encode, model_encoder
from idiolect.stages.guarding import choose_guarded
from idiolect.stages.guiding import guided, trained_dimensions
from idiolect.stages.labelled import asked
from idiolect.training.checkpoints import Checkpoints
from idiolect.training.guides import Guide
from idiolect.training.learners import Learner, TunedWeights
from idiolect.training.linear import TunedMap
from idiolect.training.trainer import train

SOUPED = 3
"""Evaluated checkpoints that `train.soup` averages: the best one is among them, as training ends PATIENCE after it."""

SHARES = (0.0, 0.25, 0.5, 0.75, 1.0)
"""The shares of the weights' change that are tried on dev; 0 is the base."""


def run(context: Context) -> Summary:
    work, config, progress = context.workspace, context.config, context.progress
    read = read_jsonl(work.require(work.train, "prepare"), TrainingExample)
    examples = repeated(read, config.train.label_weight)
    mining = msgspec.convert(read_json(work.require(work.mining, "prepare")), Mining)
    files = base_files(context)
    dimensions = trained_dimensions(config.train, files)
    dev = {path.name: load_dataset(path, "dev") for path in sorted(work.dev_sets.iterdir())}
    judge = DevJudge(dev, mining.fusion, config.train.target)

    trained: Summary = {"steps": 0}
    curve = {0.0: judge.measure(base_encoder(context))}
    taught = lessons(context, examples, judge, curve[0.0])
    examples = list(taught.examples)
    share = 0.0
    guards: dict[str, Scores] = {}
    learner = learner_of(context, examples)
    if examples and config.train.epochs:
        trained = train(
            learner.student,
            files,
            examples,
            guide_of(context, examples),
            texts_of(examples),
            taught.settings,
            dimensions,
            config.seed,
            Checkpoints(work.checkpoints, _key(context, files, examples), SOUPED if config.train.soup else 0),
            lambda _: judge.score(learner.encoder()),
            progress,
        )
    if (examples and config.train.epochs) or config.train.start:
        progress.start("interpolating with the base", len(SHARES) - 1, "shares")
        for candidate in SHARES[1:]:
            curve[candidate] = judge.measure(learner.at(candidate))
            progress.advance()
        progress.finish()
        share, guards = choose_guarded(context, judge, curve, learner.at)
        learner.at(share)
    else:
        progress.note("nothing to train on, or no epochs: the base stays as it is")
    if taught.outcome:
        trained["teacher"] = taught.outcome
    remove(work.selection)  # a new model beside the selection of an older one would pass for its own
    with replacing(work.model) as folder:
        learner.save(folder)

    weighed = Weighed(mining.fusion, mining.weight_curve, mining.weight_curves, mining.weight_interval)
    if share:
        weighed = _refit_fusion(context, mining, judge)
    selection = Selection(
        share=share,
        shares={f"{candidate:g}": found.scores for candidate, found in curve.items()},
        judged_by=judge.chooses,
        dimensions=dimensions,
        fusion={"base": mining.fusion, "tuned": weighed.fusion},
        weight_curve=weighed.curve,
        weight_curves=weighed.curves,
        weight_intervals={
            side: interval
            for side, interval in (("base", mining.weight_interval), ("tuned", weighed.interval))
            if interval
        },
        training=trained,
        guards=guards,
    )
    write_json(work.selection, selection)
    progress.note(
        f"kept {100 * share:g}% of the change (dev {judge.objective} {curve[0.0].scores[judge.objective]:.4f} → "
        f"{curve[share].scores[judge.objective]:.4f}), fusion weight {weighed.fusion.weight:g}"
    )
    judged = {"judge": taught.asked} if taught.asked else {}
    return {"share": share, "examples": len(examples), "dimensions": list(dimensions), **trained, **judged}


def learner_of(context: Context, examples: Sequence[TrainingExample]) -> Learner:
    """What train.adapter says that training changes."""
    settings = context.config.train
    if settings.adapter != "linear":
        return TunedWeights(base_files(context), settings, context.config.seed)
    texts: dict[Kind, Iterable[str]] = {
        "query": [example.query for example in examples],
        "passage": texts_of(examples).values(),
    }
    return TunedMap(base_encoder(context), texts, settings.base if is_endpoint(settings.base) else "")


def _key(context: Context, files: ModelFiles, examples: Sequence[TrainingExample]) -> str:
    """All that the course of training depends on: checkpoints of another course are of no use."""
    work, config = context.workspace, context.config
    read = (work.chunks, work.train, work.dev_sets, work.mining)
    settings = {name: value for name, value in config.get("train").items() if name != "max_minutes"}
    inputs = [digest_path(path) for path in read]
    if config.train.start:
        inputs.append(base_digest(config.train.start))
    if config.train.guide == "cross-encoder":
        inputs.append(cross_encoder_digest(config.train.cross_encoder))
    taught = [[example.query_id, example.teacher_scores] for example in examples]
    return digest_value(
        [__version__, inputs, files.digest, settings, config.prepare.margin, config.seed, taught]
    )


def repeated(examples: Iterable[TrainingExample], label_weight: int) -> list[TrainingExample]:
    """What an epoch shows: queries that people asked `label_weight` times."""
    return [example for example in examples for _ in range(label_weight if example.asked else 1)]


def guide_of(context: Context, examples: Sequence[TrainingExample]) -> Guide:
    """The base's vectors of everything that is trained on, and what else `train.guide` and the objectives need:
    all vectors were paid for by prepare. Raises ModelError where the cross-encoder that guides cannot be loaded.
    """
    encoder = base_encoder(context)
    queries = {example.query_id: example.query for example in examples}
    texts = texts_of(examples)
    chunks = permitted(read_jsonl(context.workspace.chunks, Chunk))
    same = saying_the_same(chunks)
    members: dict[str, set[str]] = defaultdict(set)
    document = {chunk.id: chunk.document_id for chunk in chunks}
    # what was written to miss one query may well answer another of the same document
    written: dict[str, set[str]] = defaultdict(set)
    for example in examples:
        written[example.positive.id].update(one.id for one in example.negatives if one.id not in document)
    for chunk in chunks:
        for member in same[chunk.id]:
            members[chunk.document_id] |= {member, *written[member]}
    related: dict[str, frozenset[str]] = defaultdict(frozenset)
    for example in examples:
        related[example.query_id] |= members[document[example.positive.id]]
    guide = Guide(
        queries=dict(zip(queries, encoder.encode(list(queries.values()), "query"), strict=True)),
        passages=dict(zip(texts, encoder.encode(list(texts.values()), "passage"), strict=True)),
        related=related,
        margin=context.config.prepare.margin,
    )
    return guided(context, guide, chunks, queries, texts)


def texts_of(examples: Sequence[TrainingExample]) -> dict[str, str]:
    """Chunk id → text, of every passage that is trained on."""
    texts = {example.positive.id: example.positive.text for example in examples}
    return texts | {negative.id: negative.text for example in examples for negative in example.negatives}


def _refit_fusion(context: Context, mining: Mining, judge: DevJudge) -> Weighed:
    """The fusion weight of the tuned model, chosen as the base's was."""
    work, progress = context.workspace, context.progress
    chunks = permitted(read_jsonl(work.chunks, Chunk))
    encoder = model_encoder(context, work.model)
    texts = [chunk.passage.full_text for chunk in chunks]
    vectors = encode(encoder, texts, "passage", progress, "encoding chunks with the tuned model")
    steering = asked(judge.dev[NAME]) if judge.chooses == NAME else ()
    return choose_weight(chunks, vectors, mining.masked, steering, mining.fusion, encoder)
