"""What `index` does: the documents of a folder, or of a WORK, through a bundle's model into a store."""

import tempfile
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import msgspec

from idiolect.bundle import Bundle, Manifest
from idiolect.config import Config, Train
from idiolect.errors import AuditError, InputError, UsageError
from idiolect.files import read_jsonl
from idiolect.index.bridge import FLOOR, lay
from idiolect.index.building import Built, build, entries
from idiolect.index.searching import Reranker, Searcher
from idiolect.index.store import WHOLE, Candidates, Entry, Indexed, Store, absolute, shown
from idiolect.index.stores.opening import open_store
from idiolect.lifecycle.lineage.recording import record_index
from idiolect.lifecycle.registry import located
from idiolect.mining.vectors import CachedEncoder
from idiolect.progress import Progress
from idiolect.records import WITHHELD, Chunk, Document
from idiolect.runtimes.base import TextEncoder
from idiolect.runtimes.mapping import endpoint_of
from idiolect.runtimes.opening import open_encoder
from idiolect.stages import ingest
from idiolect.stages.context import Context
from idiolect.workspace import Workspace


def index(
    path: Path,
    source: Path,
    uri: str,
    progress: Progress,
    candidates: Mapping[str, Any] | None = None,
    bridge_floor: float = FLOOR,
    config: Config | None = None,
) -> Built:
    """Bring the store at `uri` up to `source`, a WORK folder or documents, with the bundle at `path`
    or registered as that.

    What a WORK's run has encoded with the same weights is not encoded again.  `candidates` names fields that are to
    differ from what the store has, or from whole vectors.  Where the store holds another model's vectors, a bridge of
    recall `bridge_floor` or more lets this one search them meanwhile.  Documents are read as `config` says.
    Raises BundleError, InputError where `source` has no readable document, StoreError where the store cannot be used,
    UsageError for a dimension that was not trained.
    """
    path = located(path)
    bundle = Bundle.load(path)
    bundle.verify()
    store = open_store(uri)
    before = store.indexed()
    chosen = msgspec.structs.replace(before.candidates if before else WHOLE, **(candidates or {}))
    store.supports(chosen)
    _check_trained(chosen, bundle.manifest)
    encoder = open_encoder(bundle.path)
    indexed = Indexed.by(bundle.manifest, str(path.resolve()), chosen)
    work = Workspace(source)
    if work.chunks.is_file():
        built = _built(store, indexed, CachedEncoder(encoder, work.vectors), work, progress, bridge_floor)
        try:
            record_index(work, bundle, shown(absolute(uri)))
        except AuditError as error:  # the index is there, and of use
            progress.note(str(error))
        return built
    if not source.exists():
        raise InputError(
            f"{source} is not there: give a folder of documents, a file, a JSONL corpus or a WORK folder"
        )
    with tempfile.TemporaryDirectory() as folder:
        work = Workspace(Path(folder))
        settings = _chunked_as(bundle, config or Config())
        summary = ingest.run(Context(work, settings, progress, source))
        if summary["privacy"].get("masked") and not settings.privacy.key:
            progress.note(
                "pseudonyms are this call's own, the next one will encode their chunks again: keep a key with "
                "--set privacy.key=FILE"
            )
        return _built(store, indexed, encoder, work, progress, bridge_floor)


def _built(
    store: Store, indexed: Indexed, encoder: TextEncoder, work: Workspace, progress: Progress, floor: float
) -> Built:
    bridge = lay(store, indexed, encoder, floor, progress)
    if bridge:
        usable = bridge.recall >= floor
        progress.note(
            f"until it is done, the new model searches the old vectors through a bridge: recall {bridge.recall:.2f}"
            if usable
            else f"no bridge from the new model to the old vectors: recall {bridge.recall:.2f} is below {floor:.2f}"
        )
    built = build(store, indexed, encoder, lambda: _entries(work, indexed), progress)
    return msgspec.structs.replace(built, bridge=bridge.recall if bridge else None)


def open_searcher(uri: str, path: Path | None = None, reranker: Reranker | None = None) -> Searcher:
    """The store at `uri` with the model that it was made with, the same at `path`, or one that a bridge leads from.

    Raises StoreError where the store holds no index, or the bundle is another than it was made with.
    """
    store = open_store(uri)
    indexed = store.indexed() or store.read().indexed  # which says that there is none
    place = located(path or indexed.bundle)
    return Searcher(store, Bundle.load(place).manifest, open_encoder(place), reranker)


def _check_trained(candidates: Candidates, manifest: Manifest) -> None:
    shorter = [one for one in manifest.dimensions if one < manifest.dimension]
    if candidates.dimension and candidates.dimension not in shorter:
        trained = ", ".join(map(str, shorter)) or "none that is shorter"
        raise UsageError(
            f"--short {candidates.dimension}: bundle {manifest.name} was trained for {trained}; "
            "--short 0 takes whole vectors"
        )


def _entries(work: Workspace, indexed: Indexed) -> Iterator[Entry]:
    chunks: Iterator[Chunk] = read_jsonl(work.chunks, Chunk)
    if endpoint_of(Path(indexed.bundle)):
        secret = {one.id for one in read_jsonl(work.documents, Document) if WITHHELD in one.verdicts}
        chunks = (chunk for chunk in chunks if chunk.document_id not in secret)
    documents = read_jsonl(work.documents, Document)
    return entries(documents, chunks, indexed.fusion.language)


def _chunked_as(bundle: Bundle, config: Config) -> Config:
    """Settings that cut documents as the bundle's own run did, and mask them with its key where that is beside it."""
    manifest = bundle.manifest
    beside = Workspace(bundle.path.parent).privacy_key
    key = config.privacy.key or (str(beside) if beside.is_file() else "")
    sizes = {"chunk_tokens": manifest.chunk_tokens, "overlap_tokens": manifest.overlap_tokens}
    return Config(
        ingest=msgspec.structs.replace(config.ingest, **sizes),
        privacy=msgspec.structs.replace(config.privacy, key=key),
        licences=config.licences,
        train=msgspec.structs.replace(Train(), base=str(bundle.files.path)),
    )
