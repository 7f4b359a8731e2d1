"""What a refresh would cost: all stages over all documents, but a teacher that is asked about new chunks alone."""

from collections.abc import Sequence
from pathlib import Path

import msgspec

from idiolect.estimates.amounts import SAMPLED_CHUNKS, Corpus, extrapolated
from idiolect.estimates.corpus import CorpusSample, sample_corpus
from idiolect.estimates.estimate import SAMPLE_CHUNKS, SAMPLE_SECONDS, Estimate, estimate_corpus
from idiolect.files import digest_text, read_jsonl
from idiolect.lifecycle.licences.permits import Permits
from idiolect.lifecycle.privacy import Masker, masker
from idiolect.records import Chunk, Query
from idiolect.refreshing.news import asks_about_failures
from idiolect.runtimes.mapping import endpoint_of
from idiolect.runtimes.starting import starting_model
from idiolect.stages.carrying import shared_out
from idiolect.stages.context import Context
from idiolect.stages.generate import teacher_name

GENERATE = "generate"


def estimated(context: Context, stages: Sequence[str]) -> list[Estimate]:
    """An estimate for each of `stages` over a sample of DOCS, with nothing written; of WORK's own bundle, which stands
    in for the champion that it mostly is.

    None for a bundle that maps an endpoint's vectors.  Raises as `estimates.estimate`.
    """
    work, source = context.workspace, context.source
    assert source is not None
    if endpoint_of(work.bundle):
        return []
    config = context.config
    config = msgspec.structs.replace(
        config, train=msgspec.structs.replace(config.train, base=str(work.bundle))
    )
    context = Context(work, config, context.progress, source)
    files = starting_model(config.train.base)
    sample = sample_corpus(
        source, config.ingest, files, config.seed, SAMPLE_CHUNKS, SAMPLE_SECONDS, work.root, Permits(config),
        _hiding(context),
    )  # fmt: skip
    whole = extrapolated(sample)
    others = [stage for stage in stages if stage != GENERATE]
    found = {one.stage: one for one in estimate_corpus(whole, work, config, files, others)}
    if GENERATE in stages:
        found[GENERATE] = _asking(context, sample, whole)
    return [found[stage] for stage in stages]


def _asking(context: Context, sample: CorpusSample, whole: Corpus) -> Estimate:
    """Of what is new in the sample; answers that the cache holds are about other chunks, and spare nothing."""
    work = context.workspace
    trains = [chunk for chunk in sample.chunks if chunk.trains]
    known = _known(context)
    new = [chunk for chunk in trains if digest_text(chunk.passage.full_text) not in known]
    told = f"{len(new):,} of {len(trains):,} chunks that were looked at are to be asked about"
    if asks_about_failures(context):
        told += "; queries about failures come on top"
    if not new:
        return Estimate(
            stage=GENERATE, minutes=0.0, llm_calls=0, prompt_tokens=0, completion_tokens=0, price=0.0, disk_mb=0.0,
            scratch_mb=0.0, memory_mb=0.0, basis=[told],
        )  # fmt: skip
    share = len(new) / len(trains)
    corpus = msgspec.structs.replace(
        whole, asked=share * whole.asked, sample=new[:SAMPLED_CHUNKS], basis=f"{whole.basis}; {told}"
    )
    ours = shared_out(context, share).config
    files = starting_model(ours.train.base)
    (found,) = estimate_corpus(corpus, work, ours, files, [GENERATE], answered=False)
    return found


def _known(context: Context) -> set[str]:
    """What the chunks say that are not asked about again: none where another teacher wrote the last time."""
    work = context.workspace
    first = next(iter(read_jsonl(work.queries, Query)), None)
    if first is None or first.teacher != teacher_name(context.config.generate):
        return set()
    return {digest_text(chunk.passage.full_text) for chunk in read_jsonl(work.chunks, Chunk)}


def _hiding(context: Context) -> Masker:
    """With WORK's key, or the same texts would not be the same; none is made for an estimate."""
    key: Path = context.workspace.privacy_key
    return masker(context.config.privacy, key if key.is_file() or context.config.privacy.key else None)
