"""The whole assessment: two minutes on two cores, no training, no LLM, nothing written."""

import time
from collections import Counter
from collections.abc import Sequence
from pathlib import Path

from idiolect.assessment.costs import Cost, tuning_costs
from idiolect.assessment.recommendation import Recommendation, recommend
from idiolect.assessment.repetition import Repetition, repetition
from idiolect.assessment.searching import Searching, search, some_chunks
from idiolect.assessment.vocabulary import Vocabulary, vocabulary
from idiolect.config import Config
from idiolect.errors import InputError
from idiolect.estimates.amounts import extrapolated
from idiolect.estimates.corpus import CorpusSample, sample_corpus
from idiolect.estimates.rates import Rates, measure, undisturbed
from idiolect.lifecycle.licences.permits import Permits
from idiolect.lifecycle.licences.summary import Rulings
from idiolect.lifecycle.privacy import masker
from idiolect.progress import Progress
from idiolect.readers.language import most_frequent
from idiolect.records import Chunk, Document, Record
from idiolect.runtimes.model_files import ModelFiles, load_tokenizer
from idiolect.runtimes.starting import starting_model

READ_CHUNKS = 6_000
READ_SECONDS = 30.0
SEARCHED_CHUNKS = 2_000
SEARCH_SECONDS = 50.0
QUERIES = 600
"""Pseudo-queries at most: a passage that one is cut out of is encoded once, so that they cost little."""

_STEP = 250  # chunks: a machine's speed varies, and another sample gives other figures
_RATE_TEXTS = 128


class KindOfFile(Record, frozen=True, kw_only=True):
    """Files of one suffix: all of them, and what they hold, extrapolated where only some were read."""

    files: int
    megabytes: float
    documents: int
    chunks: int
    read_share: float


class Assessment(Record, frozen=True, kw_only=True):
    """Counts are of the whole corpus, extrapolated by bytes where `complete` is false; shares are of what was read.

    `set_aside`: reason → files or documents; `languages`: ISO 639-1 code, or "unknown" → share of
    the characters; `licences`: SPDX expression, or "unknown" → share of the documents, and `denied`:
    use → share of them to which [licences] denies it; `busy`: a warning where the machine had other
    work; `seconds` it all took.
    """

    source: str
    base: str
    complete: bool
    documents_read: int
    chunks_read: int
    files: dict[str, KindOfFile]
    documents: int
    characters: int
    chunks: int
    tokens: int
    set_aside: dict[str, int]
    languages: dict[str, float]
    licences: dict[str, float]
    denied: dict[str, float]
    repetition: Repetition
    vocabulary: Vocabulary
    searching: Searching | None
    costs: list[Cost]
    busy: str
    recommendation: Recommendation
    seconds: float


def assess(source: Path, config: Config, progress: Progress, exclude: Path | None = None) -> Assessment:
    """Look at the documents in `source`, a seeded sample where they are many, and say whether to tune.

    Raises InputError where nothing in it can be read, MissingExtra without torch, ModelError
    where the base cannot be loaded, ConfigError where the file of prices cannot be used.
    """
    began = time.monotonic()
    files = starting_model(config.train.base)
    progress.note("reading a sample of the documents")
    permits, hide = Permits(config), masker(config.privacy, None)
    sample = sample_corpus(
        source, config.ingest, files, config.seed, READ_CHUNKS, READ_SECONDS, exclude, permits, hide
    )
    if not sample.chunks:
        reasons = ", ".join(f"{count} {reason}" for reason, count in _reasons(sample).items())
        raise InputError(f"no readable document under {source}: {reasons or 'it is empty'}")
    progress.note("measuring this machine")
    rates = measure(files, [chunk.passage.full_text for chunk in sample.chunks[:_RATE_TEXTS]], config.train)
    language = most_frequent(sample.documents)
    searching, searched = _search(files, sample.chunks, rates, config, language, progress)
    words = vocabulary((document.text for document in sample.documents), load_tokenizer(files.path))
    repeated = repetition(sample.documents, sample.chunks)
    rulings = Rulings(permits.policy)
    for document in sample.documents:
        rulings.add(document)
    chunks, documents = sample.total("chunks"), sample.total("documents")
    return Assessment(
        source=str(source),
        base=files.name,
        complete=sample.complete,
        documents_read=len(sample.parsed),
        chunks_read=len(sample.chunks),
        files=_files(sample),
        documents=round(documents),
        characters=round(sample.total("characters")),
        chunks=round(chunks),
        tokens=round(sample.total("tokens")),
        set_aside=_reasons(sample),
        languages=_languages(sample.documents),
        licences=rulings.shares(rulings.licences),
        denied=rulings.shares(rulings.denied),
        repetition=repeated,
        vocabulary=words,
        searching=searching,
        costs=tuning_costs(extrapolated(sample), config, files, rates),
        busy=rates.busy,
        recommendation=recommend(
            searching, words, repeated, chunks, documents, complete=searched >= round(chunks)
        ),
        seconds=round(time.monotonic() - began, 1),
    )


def _search(
    files: ModelFiles,
    chunks: Sequence[Chunk],
    rates: Rates,
    config: Config,
    language: str,
    progress: Progress,
) -> tuple[Searching | None, int]:
    """The search over as many chunks as this machine now encodes in SEARCH_SECONDS, and how many these are."""
    from idiolect.runtimes.torch import TorchRuntime

    runtime = TorchRuntime(files)
    each = sum(chunk.tokens for chunk in chunks) / len(chunks)
    with undisturbed(runtime.device) as (factor, _):
        affordable = int(SEARCH_SECONDS * rates.encode / factor / each) // _STEP * _STEP
        chosen = some_chunks(chunks, min(SEARCHED_CHUNKS, max(affordable, _STEP)), config.seed)
        found = search(chosen, runtime, QUERIES, language, config.seed, progress)
    return found, len(chosen)


def _languages(documents: Sequence[Document]) -> dict[str, float]:
    """Code → share of the characters, the largest first."""
    weights: Counter[str] = Counter()
    for document in documents:
        weights[document.language or "unknown"] += len(document.text)
    total = max(weights.total(), 1)
    return {code: round(weight / total, 4) for code, weight in weights.most_common()}


def _reasons(sample: CorpusSample) -> dict[str, int]:
    """How many for each reason; what follows its colon is about the single document."""
    return dict(Counter(one.reason.partition(":")[0] for one in sample.rejected).most_common())


def _files(sample: CorpusSample) -> dict[str, KindOfFile]:
    return {
        suffix: KindOfFile(
            files=kind.files,
            megabytes=round(kind.bytes / 1e6, 3),
            documents=round(kind.scaled("documents")),
            chunks=round(kind.scaled("chunks")),
            read_share=round(kind.bytes_read / kind.bytes, 4) if kind.bytes else 1.0,
        )
        for suffix, kind in sample.kinds.items()
    }
