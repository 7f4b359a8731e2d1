"""The look at memory that a run takes before it begins."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from idiolect.config import Config, is_endpoint
from idiolect.engines.processes import Failure, Pool
from idiolect.estimates.amounts import Amounts, Corpus, amounts, counted, extrapolated
from idiolect.estimates.corpus import sample_corpus
from idiolect.estimates.fitting import Fitting
from idiolect.estimates.machine import Machine, this_machine
from idiolect.estimates.model_size import model_size
from idiolect.estimates.recount import known_amounts
from idiolect.estimates.sizes import sizes
from idiolect.lifecycle.licences.permits import Permits
from idiolect.lifecycle.privacy import masker
from idiolect.readers import scan
from idiolect.runtimes.model_files import ModelFiles, load_tokenizer
from idiolect.runtimes.starting import starting_model
from idiolect.workspace import Workspace

_UNPACKED = 3  # characters of a file's byte, where documents are packed well
_SHORT = 100  # characters of a chunk, where chunks are short
_SAMPLE_CHUNKS = 300
_SAMPLE_SECONDS = 5.0
_LONGEST = 60.0  # seconds; then ingest will find out what the matter is


def require_memory(
    work: Workspace,
    config: Config,
    source: Path | None,
    stages: Sequence[str],
    machine: Machine | None = None,
) -> None:
    """Raise MemoryShortage where one of `stages` takes more memory than `machine`, this one, has free.

    Documents that ingest has yet to read are looked at for some seconds, and only where the most
    that they can hold would not fit.  Raises as `estimate` besides.
    """
    if is_endpoint(config.train.base):
        return
    files = starting_model(config.train.base)
    documents = _Documents(source, config, files, work.root) if source and "ingest" in stages else None
    if documents is None and not work.chunks.is_file():
        return
    model, machine = model_size(files), machine or this_machine()

    def fitting(known: Amounts) -> Fitting:
        return Fitting(stages, sizes(known, config, model, machine))

    if documents is None:
        corpus: Corpus | None = counted(work, config.seed)
    elif fitting(documents.at_most()).fits:
        return
    else:
        corpus = documents.sampled()
    if corpus is not None:
        known = amounts(corpus, config, {}, styles=work.styles)
        fitting(known_amounts(known, work, config, stages)).require()


@dataclass(frozen=True)
class _Documents:
    """What ingest is about to read."""

    source: Path
    config: Config
    files: ModelFiles
    exclude: Path

    def at_most(self) -> Amounts:
        """More than they hold, by the sizes of their files."""
        files = scan(self.source, self.exclude).files
        characters = _UNPACKED * sum(file.stat().st_size for file in files if file.is_file())
        chunks = len(files) + characters / _SHORT
        longest = min(self.config.ingest.chunk_tokens, self.files.max_tokens)
        return Amounts(
            documents=len(files),
            chunks=chunks,
            tokens=chunks * longest,
            characters=characters,
            asked=chunks,
            passage_tokens=longest,
            longest_tokens=longest,
            queries=self.config.generate.max_queries,
            examples=self.config.generate.max_queries,
        )

    def sampled(self) -> Corpus | None:
        """By a sample, read in a process of its own: what hangs or crashes that is ingest's to set aside."""
        pool = Pool["_Documents", Corpus](
            function=_sample,
            seconds=lambda _: _LONGEST,
            workers=1,
            memory_mb=self.config.ingest.memory_mb,
            setup=_set_up,
            given=(self.files,),
        )
        ((_, found),) = pool.map([self])
        return None if isinstance(found, Failure) else found


def _set_up(files: ModelFiles) -> None:
    load_tokenizer(files.path)


def _sample(documents: _Documents) -> Corpus:
    config, exclude = documents.config, documents.exclude
    return extrapolated(
        sample_corpus(
            documents.source,
            config.ingest,
            documents.files,
            config.seed,
            _SAMPLE_CHUNKS,
            _SAMPLE_SECONDS,
            exclude=exclude,
            permits=Permits(config),
            hide=masker(config.privacy, None),
        )
    )
