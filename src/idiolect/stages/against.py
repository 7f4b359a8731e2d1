"""Other models, bundles and endpoints on the same test queries; they decide nothing."""

from collections.abc import Sequence

import msgspec

from idiolect.config import is_endpoint
from idiolect.errors import IdiolectError, InputError
from idiolect.estimates.prices import MILLION, Quote, quote
from idiolect.evaluation.evaluated import Evaluated
from idiolect.evaluation.metrics import aggregate
from idiolect.evaluation.others import Other, Role, Speed
from idiolect.evaluation.significance import Comparison, compare
from idiolect.files import read_jsonl
from idiolect.mining.fusion import DOCUMENTED_DEFAULT
from idiolect.mining.vectors import CachedEncoder
from idiolect.named_models import NamedModel, open_model, short_names
from idiolect.records import WITHHELD, Chunk, Document
from idiolect.runtimes.base import TextEncoder
from idiolect.runtimes.mapping import MappedEncoder
from idiolect.stages.context import Context
from idiolect.stages.encoders import Side, Sides
from idiolect.stages.ranking import rank
from idiolect.stages.speed import local_speed, paid_speed
from idiolect.teachers.endpoint import Endpoint

KINDS = ("dense", "hybrid")

_PAID_BLOCK = 256  # texts that a failing endpoint can cost twice


def measured_against(context: Context, sides: Sides, sets: Sequence[Evaluated]) -> list[Other]:
    """Base and tuned, then each model of `evaluate.against`; one that fails holds its reason, and costs nobody else.

    Nothing where there is none to compare with.  Bare models and endpoints have no fusion of their
    own: their hybrid is the base's with the default weight.
    """
    models = context.config.evaluate.against
    if not models:
        return []
    names = short_names(models)
    found = [_own(context, sides, side, sets) for side in ("base", "tuned")]
    for model in dict.fromkeys(models):
        role: Role = "endpoint" if is_endpoint(model) else "model"
        try:
            found.append(_other(context, sides, sets, model, names[model]))
        except IdiolectError as error:
            again = (
                f"remove {context.workspace.report.name} from WORK and run `idiolect evaluate` to try again"
            )
            context.progress.note(f"against {names[model]}: left out: {error}")
            found.append(Other(name=names[model], role=role, note=f"left out: {error}; {again}"))
    return found


def _own(context: Context, sides: Sides, side: Side, sets: Sequence[Evaluated]) -> Other:
    """Base or tuned, whose runs the evaluation holds already; the speed and price of an endpoint are not asked for."""
    runtime = _uncached(sides.encoder(side))
    queries, passages = _texts(sets)
    paid = is_endpoint(context.config.train.base)
    return Other(
        name=side,
        role=side,
        dimension=runtime.files.dimension,
        runtime=runtime.name,
        datasets={
            found.name: {
                kind: aggregate(found.runs[f"{kind}-{side}"].values, found.dataset.queries) for kind in KINDS
            }
            for found in sets
        },
        speed=Speed() if paid else local_speed(runtime, queries, passages),
        price=None if paid else 0.0,
    )


def _uncached(encoder: TextEncoder) -> TextEncoder:
    """What computes an encoder's vectors, and looks up none."""
    if isinstance(encoder, CachedEncoder):
        return _uncached(encoder.runtime)
    if isinstance(encoder, MappedEncoder):
        return MappedEncoder(encoder.files, _uncached(encoder.base), encoder.matrix)
    return encoder


def _other(context: Context, sides: Sides, sets: Sequence[Evaluated], model: str, name: str) -> Other:
    opened = open_model(model)
    paid = opened.kind == "endpoint"
    if paid:
        _refuse_withheld(context, sets)
    encoder = CachedEncoder(opened.runtime, context.workspace.vectors, _PAID_BLOCK if paid else None)
    queries, passages = _texts(sets)
    context.progress.note(f"against {name}: {len(passages):,} passages, {len(queries):,} queries")
    speed = paid_speed(encoder, queries, passages) if paid else local_speed(opened.runtime, queries, passages)
    datasets: dict[str, dict[str, dict[str, float]]] = {}
    comparisons: dict[str, Comparison] = {}
    for found in sets:
        datasets[found.name], comparisons[found.name] = _measured(
            context, sides, found, opened, encoder, name
        )
    price = _price(context, opened, model)
    return Other(
        name=name,
        role=opened.kind,
        dimension=opened.runtime.files.dimension,
        runtime=opened.runtime.name,
        datasets=datasets,
        comparisons=comparisons,
        speed=speed,
        price=price.amount,
        currency=price.currency,
        note=price.note,
    )


def _refuse_withheld(context: Context, sets: Sequence[Evaluated]) -> None:
    """Raise InputError where a passage to be sent is of a document that may not be; these need not be few."""
    work = context.workspace
    documents = read_jsonl(work.require(work.documents, "ingest"), Document)
    secret = {one.id for one in documents if WITHHELD in one.verdicts}
    if not secret:
        return
    searched = {passage for found in sets for passage in found.dataset.corpus}
    chunks = read_jsonl(work.chunks, Chunk)
    sent = {chunk.document_id for chunk in chunks if chunk.document_id in secret and chunk.id in searched}
    if sent:
        raise InputError(
            f"its endpoint would be sent {len(sent):,} documents that must not be (verdict {WITHHELD!r}), "
            f"such as {min(sent)!r}"
        )


def _measured(
    context: Context, sides: Sides, found: Evaluated, opened: NamedModel, encoder: CachedEncoder, name: str
) -> tuple[dict[str, dict[str, float]], Comparison]:
    """Kind → metric → mean on one set, and the tuned model's dense run against this one's."""
    metric, dataset = context.config.evaluate.metric, found.dataset
    default = msgspec.structs.replace(sides.fusion["base"], weight=DOCUMENTED_DEFAULT.weight)
    runs, _ = rank(dataset, encoder, opened.fusion or default, KINDS, context.progress, name)
    comparison = compare(
        runs["dense"].metric(metric),
        found.runs["dense-tuned"].metric(metric),
        dataset.clusters,
        context.config.seed,
        names=(f"{name}/dense", "dense-tuned"),
        metric=metric,
    )
    return {kind: aggregate(run.values, dataset.queries) for kind, run in runs.items()}, comparison


def _texts(sets: Sequence[Evaluated]) -> tuple[list[str], list[str]]:
    """The different queries and passages of all sets."""
    queries = dict.fromkeys(text for found in sets for text in found.dataset.queries.values())
    passages = dict.fromkeys(passage.full_text for found in sets for passage in found.dataset.corpus.values())
    return list(queries), list(passages)


def _price(context: Context, opened: NamedModel, model: str) -> Quote:
    if opened.kind != "endpoint":
        return Quote(amount=0.0)
    asked = Endpoint(
        base_url=model.partition("#")[0], model=opened.runtime.files.name, api_key_env="", timeout=0
    )
    return quote(context.config.generate.prices, asked, MILLION, 0)
