"""DOCS → documents.jsonl and chunks.jsonl; what was left out → rejected_documents.jsonl."""

from collections import Counter
from collections.abc import Iterator

from idiolect.chunking import TokenCounter, chunk_document
from idiolect.config import Config
from idiolect.errors import InputError, UsageError
from idiolect.files import write_jsonl
from idiolect.progress import Progress
from idiolect.readers import SUFFIXES, Parsed, Scan, read_documents, scan, source_digest
from idiolect.records import Chunk, Document, RejectedDocument
from idiolect.runtimes.model_files import ModelFiles, describe, load_tokenizer, resolve
from idiolect.stages.context import Context, Summary

__all__ = ["run", "source_digest"]

Outcome = tuple[Document, list[Chunk]] | RejectedDocument


def run(context: Context) -> Summary:
    """Read, chunk and write the documents of `context.source`, in the order of paths and lines.

    Raises UsageError without a source, InputError where nothing in it can be read.
    """
    if context.source is None:
        raise UsageError("ingest needs DOCS: a folder, a file or a JSONL corpus")
    workspace = context.workspace
    found = scan(context.source, exclude=workspace.root)
    model = describe(resolve(context.config.train.base))
    documents: list[Document] = []
    chunks: list[Chunk] = []
    rejected: list[RejectedDocument] = []
    for outcome in _ingested(found, context.config, model, context.progress):
        if isinstance(outcome, RejectedDocument):
            rejected.append(outcome)
        else:
            documents.append(outcome[0])
            chunks.extend(outcome[1])
    write_jsonl(workspace.rejected_documents, rejected)
    if not documents:
        raise InputError(_nothing(found, rejected))
    write_jsonl(workspace.documents, documents)
    write_jsonl(workspace.chunks, chunks)
    return _summary(documents, chunks, rejected, found)


def _ingested(found: Scan, config: Config, model: ModelFiles, progress: Progress) -> Iterator[Outcome]:
    counter = TokenCounter(load_tokenizer(model.path))
    limit = min(config.ingest.chunk_tokens, model.max_tokens)
    if limit < config.ingest.chunk_tokens:
        progress.note(f"chunks of {limit} tokens: {model.name} takes no more")
    overlap = min(config.ingest.overlap_tokens, limit // 2)
    progress.start("reading documents", None, "documents")
    for parsed in read_documents(found):
        progress.advance()
        if isinstance(parsed, RejectedDocument):
            yield parsed
            continue
        reason = _unwanted(parsed, config.ingest.languages)
        chunks = [] if reason else chunk_document(parsed, counter, model.passage_prompt, limit, overlap)
        if chunks:
            yield parsed.document, chunks
        else:
            reason = reason or "no text: it has no letter or digit"
            yield RejectedDocument(path=parsed.document.path, reason=reason)
    progress.finish()


def _unwanted(parsed: Parsed, languages: tuple[str, ...]) -> str:
    """Why the language filter leaves the document out; a language that cannot be told passes."""
    language = parsed.document.language
    if not languages or not language or language in {code.lower() for code in languages}:
        return ""
    return f"language: {language} is not among {', '.join(languages)}"


def _nothing(found: Scan, rejected: list[RejectedDocument]) -> str:
    seen = [f"{count} {suffix} file{'s' * (count != 1)} skipped" for suffix, count in found.skipped.items()]
    seen += [f"{count} rejected ({reason})" for reason, count in _reasons(rejected).items()]
    return (
        f"no readable document under {found.root}: {', '.join(seen) or 'it is empty'}; "
        f"readable are {' '.join(SUFFIXES)}"
    )


def _reasons(rejected: list[RejectedDocument]) -> dict[str, int]:
    """How many for each reason; what follows its colon is about the single document."""
    return dict(Counter(one.reason.partition(":")[0] for one in rejected).most_common())


def _summary(
    documents: list[Document], chunks: list[Chunk], rejected: list[RejectedDocument], found: Scan
) -> Summary:
    titles = {document.id: document.title for document in documents}
    shortened = {chunk.document_id for chunk in chunks if chunk.title != titles[chunk.document_id]}
    return {
        "documents": len(documents),
        "chunks": len(chunks),
        "tokens": sum(chunk.tokens for chunk in chunks),
        "rejected": len(rejected),
        "reasons": _reasons(rejected),
        "skipped": found.skipped,
        "languages": dict(Counter(document.language or "unknown" for document in documents).most_common()),
        "titles_shortened": len(shortened),
    }
