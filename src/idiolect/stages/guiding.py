"""What a training's guide knows beyond the base's vectors: the corpus for hybrid scores, or a cross-encoder."""

import dataclasses
from collections.abc import Mapping, Sequence

import msgspec

from idiolect.config import Train
from idiolect.files import read_json
from idiolect.mining.ranking import Corpus
from idiolect.records import Chunk, Mining, Passage
from idiolect.runtimes.model_files import ModelFiles
from idiolect.stages.context import Context
from idiolect.stages.encoders import base_encoder, base_files
from idiolect.training.guides import FusedGuide, Guide, RatedGuide
from idiolect.training.hybrid import Hybrid
from idiolect.training.raters import CrossEncoderRater


def trained_dimensions(settings: Train, files: ModelFiles) -> tuple[int, ...]:
    """The configured Matryoshka dimensions that the base has, its full one always first."""
    smaller = {size for size in settings.dimensions if 0 < size < files.dimension}
    return (files.dimension, *sorted(smaller, reverse=True))


def guided(
    context: Context,
    guide: Guide,
    chunks: Sequence[Chunk],
    queries: Mapping[str, str],
    texts: Mapping[str, str],
) -> Guide:
    """`guide` as `train.guide` and `train.complementary` want it; `queries` and `texts` are by their ids."""
    settings = context.config.train
    facts = {field.name: getattr(guide, field.name) for field in dataclasses.fields(guide)}
    if settings.complementary or settings.guide == "fused":
        known = {chunk.id for chunk in chunks}
        further = [Passage(id=name, text=text) for name, text in texts.items() if name not in known]
        facts["hybrid"] = _hybrid(context, guide, [*(chunk.passage for chunk in chunks), *further], queries)
    if settings.guide == "fused":
        return FusedGuide(**facts)
    if settings.guide == "cross-encoder":
        rater = CrossEncoderRater(settings.cross_encoder, context.workspace.pair_scores)
        return RatedGuide(**facts, rater=rater, query_texts=queries, passage_texts=texts)
    return Guide(**facts)


def _hybrid(
    context: Context, guide: Guide, passages: Sequence[Passage], queries: Mapping[str, str]
) -> Hybrid:
    """All passages, those that are trained on and are no chunks among them, with the fusion that prepare chose."""
    mining = msgspec.convert(read_json(context.workspace.mining), Mining)
    vectors = base_encoder(context).encode([passage.full_text for passage in passages], "passage")
    dimensions = trained_dimensions(context.config.train, base_files(context))
    return Hybrid(Corpus(passages, vectors, mining.fusion), queries, guide.queries, dimensions)
