"""What `feedback learn` does: WORK's log in, WORK/learnt out."""

from collections.abc import Iterable, Iterator, Sequence

from msgspec import convert
from msgspec.structs import replace

from idiolect.bundle import Bundle
from idiolect.evaluation.label_documents import DocumentNames
from idiolect.files import read_json, read_jsonl
from idiolect.lifecycle.feedback.confirming import Confirmer
from idiolect.lifecycle.feedback.events import Hit, Seen
from idiolect.lifecycle.feedback.learning import learn, save
from idiolect.lifecycle.feedback.learnt import Learnt
from idiolect.lifecycle.feedback.log import FeedbackLog
from idiolect.lifecycle.feedback.negatives import Doubt, Opinion
from idiolect.lifecycle.feedback.resolving import resolved
from idiolect.mining.fusion import DOCUMENTED_DEFAULT
from idiolect.mining.permitted import permitted
from idiolect.mining.ranking import Corpus
from idiolect.mining.vectors import CachedEncoder
from idiolect.records import WITHHELD, Chunk, Document, Fusion, Mining
from idiolect.runtimes.layout import is_bundle
from idiolect.runtimes.mapping import endpoint_of
from idiolect.runtimes.opening import open_encoder
from idiolect.stages.context import Context
from idiolect.stages.distilling import rater_of
from idiolect.stages.encoders import base_encoder, encode
from idiolect.training.raters import CrossEncoderRater, Rater
from idiolect.workspace import Workspace


def learn_feedback(context: Context) -> Learnt:
    """Learn from WORK/feedback.db what is there now, and write WORK/learnt anew.

    Raises WorkspaceError without chunks, FeedbackError without a log or an impression in it; what had been
    learnt before then stays.
    """
    work, config = context.workspace, context.config
    work.require(work.chunks, "ingest")
    with work.held():
        chunks = permitted(read_jsonl(work.chunks, Chunk))
        names = DocumentNames(read_jsonl(work.documents, Document), chunks)
        seen = named(FeedbackLog(work.feedback, config.feedback).seen(), names, chunks)
        learnt = learn(
            seen, config.feedback, _Champion(context, chunks), config.prepare.margin, _who(context)
        )
        save(learnt, work.learnt)
    return learnt


def named(seen: Iterable[Seen], names: DocumentNames, chunks: Iterable[Chunk]) -> Iterator[Seen]:
    """Hits, and what was done with them, by the ids of WORK's documents and chunks.

    Of a known document's chunk that is gone the document's name is left. What WORK does not know keeps its names:
    documents may be indexed, and searched, before a refresh takes them in. Every action on a hit must have its rank,
    as `FeedbackLog.seen` gives it.
    """
    owners = {chunk.id: chunk.document_id for chunk in chunks}
    ingested = set(owners.values())

    def known(hit: Hit) -> Hit:
        document = names.find(hit.document)[0] or hit.document
        gone = document in ingested and owners.get(hit.chunk) != document
        return replace(hit, document=document, chunk="" if gone else hit.chunk)

    for one in seen:
        impression = replace(one.impression, hits=[known(hit) for hit in one.impression.hits])
        renamed = (resolved(replace(action, document="", chunk=""), impression) for action in one.actions)
        yield replace(one, impression=impression, actions=[action for action in renamed if action])


def _who(context: Context) -> str:
    train = context.config.train
    if train.cross_encoder:
        return "cross-encoder"
    return "llm" if train.teacher == "llm" else "fused"


class _Champion:
    """The teacher of WORK: opened, with its corpus, when there is something to ask."""

    def __init__(self, context: Context, chunks: Sequence[Chunk]) -> None:
        self.context, self.chunks = context, chunks

    def __call__(self, doubts: Sequence[Doubt]) -> Sequence[Opinion | None]:
        encoder, fusion, chunks = _opened(self.context, self.chunks)
        passages = [chunk.passage for chunk in chunks]
        texts = [passage.full_text for passage in passages]
        vectors = encode(encoder, texts, "passage", self.context.progress, "encoding chunks")
        owners = [chunk.document_id for chunk in chunks]
        corpus = Corpus(passages, vectors, fusion)
        return Confirmer(corpus, owners, encoder, self.context.progress, _rater(self.context))(doubts)


def _opened(context: Context, chunks: Sequence[Chunk]) -> tuple[CachedEncoder, Fusion, Sequence[Chunk]]:
    """WORK's bundle, or before there is one the base; and the chunks that it may read."""
    work = context.workspace
    if not is_bundle(work.bundle):
        fusion = (
            convert(read_json(work.mining), Mining).fusion if work.mining.is_file() else DOCUMENTED_DEFAULT
        )
        return base_encoder(context), fusion, chunks
    if endpoint_of(work.bundle):
        chunks = _sendable(work, chunks)
    return (
        CachedEncoder(open_encoder(work.bundle), work.vectors),
        Bundle.load(work.bundle).manifest.fusion,
        chunks,
    )


def _sendable(work: Workspace, chunks: Sequence[Chunk]) -> list[Chunk]:
    secret = {one.id for one in read_jsonl(work.documents, Document) if WITHHELD in one.verdicts}
    return [chunk for chunk in chunks if chunk.document_id not in secret]


def _rater(context: Context) -> Rater | None:
    train = context.config.train
    if train.cross_encoder:
        return CrossEncoderRater(train.cross_encoder, context.workspace.pair_scores)
    return rater_of(context)
