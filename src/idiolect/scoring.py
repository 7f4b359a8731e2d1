"""Any model on any BEIR set, or on texts with classes: what `score` does, as functions."""

from collections.abc import Sequence

from idiolect.chunking import TokenCounter, chunk_document
from idiolect.evaluation.beir import Dataset
from idiolect.evaluation.classed_texts import ClassedTexts
from idiolect.evaluation.metrics import aggregate
from idiolect.evaluation.retrieval import retrieve
from idiolect.evaluation.tasks import Task, measure
from idiolect.mining.fusion import DOCUMENTED_DEFAULT
from idiolect.mining.ranking import Corpus
from idiolect.named_models import open_model
from idiolect.progress import Progress, track
from idiolect.readers.base import Parsed, paragraphs
from idiolect.records import Document, Passage
from idiolect.runtimes.base import TextEncoder
from idiolect.runtimes.model_files import load_tokenizer, resolve


def score_model(
    model: str, dataset: Dataset, kinds: Sequence[str], unit: str, progress: Progress
) -> dict[str, dict[str, float]]:
    """Kind ("dense", "bm25", "hybrid") → metric → mean over the dataset's queries.

    `model` is a bundle (its own fusion), a sentence-transformers directory or hub name (the
    documented default fusion), or an endpoint's URL.  `unit` "document" encodes each document
    whole, cut at the model's maximum length; "chunk" chunks as ingest does and takes a
    document's best chunk.  Where the set itself holds parts of documents, as WORK/labelled does,
    the best part counts either way.  Raises ModelError, BundleError or MissingExtra.
    """
    opened = open_model(model)
    runtime, fusion = opened.runtime, opened.fusion or DOCUMENTED_DEFAULT
    passages, owners = list(dataset.corpus.values()), dataset.owners_of(dataset.corpus)
    if unit == "chunk":
        passages, owners = _chunked(dataset, runtime, opened.chunk_tokens, opened.overlap_tokens, progress)
    texts = [passage.full_text for passage in passages]
    progress.start(f"{runtime.files.name}: encoding passages", len(texts), "texts")
    vectors = runtime.encode(texts, "passage", on_batch=progress.advance)
    progress.start(f"{runtime.files.name}: encoding queries", len(dataset.queries), "texts")
    queries = runtime.encode(list(dataset.queries.values()), "query", on_batch=progress.advance)
    progress.finish()
    runs = retrieve(dataset, Corpus(passages, vectors, fusion), queries, kinds, owners=owners)
    return {kind: aggregate(run.values, dataset.queries) for kind, run in runs.items()}


def score_tasks(
    model: str, texts: ClassedTexts, tasks: Sequence[Task], seed: int, progress: Progress
) -> dict[str, float]:
    """Metric → value of a model on texts with classes, each encoded whole as a passage.

    `model` as in `score_model`, which says what is raised.
    """
    runtime = open_model(model).runtime
    progress.start(f"{runtime.files.name}: encoding texts", len(texts.texts), "texts")
    vectors = runtime.encode(texts.texts, "passage", on_batch=progress.advance)
    progress.finish()
    return measure(texts, vectors, tasks, seed)


def _chunked(
    dataset: Dataset, runtime: TextEncoder, chunk_tokens: int, overlap: int, progress: Progress
) -> tuple[list[Passage], list[str]]:
    """The chunks of all documents as passages, and each one's document id.

    An endpoint's chunks are counted with the default base's tokenizer, for want of its own.
    """
    files = runtime.files
    path = files.path if files.max_tokens else resolve("auto")
    counter = TokenCounter(load_tokenizer(path))
    limit = min(chunk_tokens, files.max_tokens or chunk_tokens)
    passages: list[Passage] = []
    owners: list[str] = []
    documents = track(progress, dataset.corpus.values(), "chunking", len(dataset.corpus), "documents")
    for document in documents:
        parsed = _parsed(document)
        chunks = chunk_document(parsed, counter, files.passage_prompt, limit, min(overlap, limit // 2))
        found = [chunk.passage for chunk in chunks] or [document]
        passages += found
        owners += [dataset.owners.get(document.id, document.id)] * len(found)
    return passages, owners


def _parsed(passage: Passage) -> Parsed:
    document = Document(id=passage.id, path=passage.id, title=passage.title, text=passage.text, sha256="")
    return Parsed(document=document, blocks=list(paragraphs(passage.text)))
