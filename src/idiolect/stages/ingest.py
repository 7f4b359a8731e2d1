"""DOCS → documents.jsonl and chunks.jsonl; what was left out → rejected_documents.jsonl."""

from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

import msgspec
from msgspec.structs import replace

from idiolect import __version__
from idiolect.config import Config
from idiolect.engines.processes import Failure, Pool
from idiolect.errors import InputError, UsageError
from idiolect.files import digest_value, write_jsonl
from idiolect.lifecycle.erasure import suppression
from idiolect.lifecycle.erasure.suppression import Suppression
from idiolect.lifecycle.licences.history import remember
from idiolect.lifecycle.licences.permits import Permits
from idiolect.lifecycle.licences.summary import Rulings
from idiolect.lifecycle.privacy import MaskedCounts, Masker, masker, place_masked
from idiolect.mining.repetition import CorpusFingerprints, Marks
from idiolect.progress import Progress
from idiolect.readers import SUFFIXES, Options, Scan, scan, source_digest
from idiolect.readers.documents import same_id
from idiolect.records import Chunk, Document, RejectedDocument
from idiolect.runtimes.hardware import available_cpus
from idiolect.runtimes.model_files import ModelFiles
from idiolect.runtimes.starting import counted_by
from idiolect.stages.context import Context, Summary
from idiolect.stages.parts import Part, parts, smaller
from idiolect.stages.reading import Outcome, Settings, outcomes, read, set_up

__all__ = ["run", "source_digest"]

_TOLD = 5
"""Files that could not be read are named up to here; a corpus file among them may be most of DOCS."""


def run(context: Context) -> Summary:
    """Read, chunk and write the documents of `context.source`, in the order of paths and places.

    What was read is kept in WORK/cache/reading, so that a killed run goes on where it was.
    Raises UsageError without a source, InputError where nothing in it can be read.
    """
    if context.source is None:
        raise UsageError("ingest needs DOCS: a folder, a file or a JSONL corpus")
    work, config = context.workspace, context.config
    found = scan(context.source, exclude=work.root)
    model = counted_by(config.train.base)
    hide, suppressed = masker(config.privacy, work.privacy_key), suppression.read(work.suppressed)
    corpus = _read(found, config, model, work.reading, suppressed, hide, context.progress)
    tally = _Tally(Rulings(corpus.permits.policy), MaskedCounts(config.privacy))
    remember(work.licences, tally.through(corpus.outcomes()))
    write_jsonl(work.rejected_documents, corpus.rejected())
    if not tally.documents:
        raise InputError(_nothing(found, tally.reasons))
    marks = tally.fingerprints.marks(config.ingest.near_duplicate, config.ingest.boilerplate_documents)
    write_jsonl(work.documents, corpus.documents())
    write_jsonl(work.chunks, (marks.on(chunk) for chunk in corpus.chunks()))
    summary = _summary(tally, marks, found)
    _tell(context.progress, summary)
    for line in corpus.unread():
        context.progress.note(line)
    for note in (*tally.rulings.notes(), *tally.masked.notes()):
        context.progress.note(note)
    return summary


def _read(
    found: Scan,
    config: Config,
    model: ModelFiles,
    kept: Path,
    suppressed: Suppression,
    hide: Masker,
    progress: Progress,
) -> "_Corpus":
    ingest = config.ingest
    limit = min(ingest.chunk_tokens, model.max_tokens)
    if limit < ingest.chunk_tokens:
        progress.note(f"chunks of {limit} tokens: {model.name} takes no more")
    settings = Settings(
        kept=str(kept),
        model=str(model.path),
        model_digest=model.digest,
        prompt=model.passage_prompt,
        chunk_tokens=limit,
        overlap_tokens=min(ingest.overlap_tokens, limit // 2),
        languages=ingest.languages,
        options=Options(
            text_columns=ingest.text_columns,
            title_column=ingest.title_column,
            id_column=ingest.id_column,
            largest=int(ingest.largest_mb * 1e6),
        ),
        suppressed=suppressed,
        privacy=config.privacy,
        privacy_key=str(hide.key),
        pseudonyms=hide.fingerprint,
    )
    kept.mkdir(parents=True, exist_ok=True)
    pool = Pool[Part, str](
        function=read,
        seconds=lambda part: part.seconds(ingest.seconds_per_file),
        workers=ingest.workers or available_cpus(),
        memory_mb=ingest.memory_mb,
        setup=set_up,
        given=(settings, digest_value([__version__, msgspec.to_builtins(settings)])),
        smaller=smaller,
    )
    permits = Permits(config)
    to_read = list(parts(found, permits.policy.assumed, hide))
    corpus = _Corpus(found, permits, suppressed, hide)
    progress.start(
        "reading documents", len(to_read), "files" if len(to_read) == len(found.files) else "parts of files"
    )
    ends = {(part.file, part.end) for part in to_read}
    for part, result in pool.map(to_read):
        corpus.add(part, result)
        if (part.file, part.end) in ends:  # and not a smaller one, of which more follow
            progress.advance()
    progress.finish()
    return corpus


@dataclass(frozen=True)
class _Corpus:
    """What was read, in files that are gone through again for each purpose: no document is held in memory."""

    found: Scan
    permits: Permits
    suppressed: Suppression
    hide: Masker
    places: list[Path | RejectedDocument] = field(default_factory=list)

    def add(self, part: Part, result: str | Failure) -> None:
        if isinstance(result, Failure):
            place = place_masked(part.place, self.hide)
            self.places.append(RejectedDocument(path=place, reason=result.reason))
        else:
            self.places.append(Path(result))

    def documents(self) -> Iterator[Document]:
        return (one.document for one in self.outcomes() if one.document and not one.reason)

    def chunks(self) -> Iterator[Chunk]:
        return (chunk for outcome in self.outcomes() for chunk in outcome.chunks)

    def rejected(self) -> Iterator[RejectedDocument]:
        for outcome in self.outcomes():
            if outcome.reason:
                yield RejectedDocument(path=self.suppressed.hidden(outcome.place), reason=outcome.reason)

    def unread(self) -> Iterator[str]:
        """What could not be read at all, however many documents are in it, and which settings let it be."""
        failed = [place for place in self.places if isinstance(place, RejectedDocument)]
        for one in failed[:_TOLD]:
            yield f"nothing of {self.suppressed.hidden(one.path)} was taken: {one.reason}"
        if failed:
            more = f"{len(failed) - _TOLD:,} more so, in rejected_documents.jsonl; " if failed[_TOLD:] else ""
            yield f"{more}ingest.seconds_per_file and ingest.memory_mb allow more"

    def outcomes(self) -> Iterator[Outcome]:
        """Every document, or the reason for none; of two with one id the second is left out.

        One that its licence keeps out stands beside its reason, without chunks.
        """
        for one in (*self.found.unreadable, *self.found.passed_over):
            yield Outcome(place=place_masked(one.path, self.hide), reason=one.reason)
        seen: dict[str, str] = {}
        for place in self.places:
            if isinstance(place, RejectedDocument):
                yield Outcome(place=place.path, reason=place.reason)
                continue
            for outcome in outcomes(place):
                if outcome.document is None:
                    yield outcome
                elif reason := self.permits.refusal(outcome.document):
                    yield Outcome(place=outcome.place, reason=reason, document=outcome.document)
                elif outcome.document.id in seen:
                    yield Outcome(place=outcome.place, reason=same_id(outcome.document.id, seen))
                else:
                    seen[outcome.document.id] = outcome.place
                    document, chunks = self.permits.judged(outcome.document, outcome.chunks)
                    yield replace(outcome, document=document, chunks=chunks)


@dataclass
class _Tally:
    """What is counted over the corpus, and what tells its duplicates."""

    rulings: Rulings
    masked: MaskedCounts
    documents: int = 0
    chunks: int = 0
    tokens: int = 0
    shortened: int = 0
    reasons: Counter[str] = field(default_factory=Counter)
    languages: Counter[str] = field(default_factory=Counter)
    fingerprints: CorpusFingerprints = field(default_factory=CorpusFingerprints)

    def through(self, outcomes: Iterable[Outcome]) -> Iterator[Document]:
        """Count each outcome, and pass its document on where it has one."""
        for outcome in outcomes:
            self.add(outcome)
            if outcome.document:
                yield outcome.document

    def add(self, outcome: Outcome) -> None:
        if outcome.document:
            self.rulings.add(outcome.document)
        if outcome.document is None or outcome.reason:
            self.reasons[outcome.reason.partition(":")[0]] += (
                1  # after the colon stands what is the document's own
            )
            return
        self.documents += 1
        self.chunks += len(outcome.chunks)
        self.tokens += sum(chunk.tokens for chunk in outcome.chunks)
        self.shortened += any(chunk.title != outcome.document.title for chunk in outcome.chunks)
        self.languages[outcome.document.language or "unknown"] += 1
        self.masked.add(outcome.document)
        self.fingerprints.add(outcome.chunks, outcome.fingerprint)


def _nothing(found: Scan, reasons: Counter[str]) -> str:
    seen = [f"{count:,} set aside ({reason})" for reason, count in reasons.most_common()]
    return (
        f"no readable document under {found.root}: {', '.join(seen) or 'it is empty'}; "
        f"readable are {' '.join(SUFFIXES)}"
    )


def _summary(tally: _Tally, marks: Marks, found: Scan) -> Summary:
    return {
        "documents": tally.documents,
        "chunks": tally.chunks,
        "tokens": tally.tokens,
        "rejected": tally.reasons.total(),
        "reasons": dict(tally.reasons.most_common()),
        "skipped": found.skipped,
        "languages": dict(tally.languages.most_common()),
        "licences": tally.rulings.licences,
        "denied": tally.rulings.denied,
        "privacy": tally.masked.figures(dropped=tally.reasons["privacy"]),
        "titles_shortened": tally.shortened,
        "duplicate_chunks": len(marks.duplicate_of),
        "boilerplate_chunks": len(marks.boilerplate),
    }


def _tell(progress: Progress, summary: Summary) -> None:
    progress.note(
        f"{summary['documents']:,} documents, {summary['chunks']:,} chunks; {summary['rejected']:,} set aside"
    )
    if summary["duplicate_chunks"] or summary["boilerplate_chunks"]:
        progress.note(
            f"{summary['duplicate_chunks']:,} chunks say what another does, "
            f"{summary['boilerplate_chunks']:,} hold boilerplate: searched all the same"
        )
