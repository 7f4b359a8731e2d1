"""A test set ranked by one encoder, with progress."""

from collections.abc import Sequence

from idiolect.evaluation.beir import Dataset
from idiolect.evaluation.retrieval import Run, retrieve
from idiolect.mining.lexical import BM25
from idiolect.mining.ranking import Corpus
from idiolect.mining.vectors import CachedEncoder
from idiolect.progress import Progress
from idiolect.records import Fusion
from idiolect.stages.encoders import encode

DEPTH = 100


def rank(
    dataset: Dataset,
    encoder: CachedEncoder,
    fusion: Fusion,
    kinds: Sequence[str],
    progress: Progress,
    who: str,
    bm25: BM25 | None = None,
) -> tuple[dict[str, Run], Corpus]:
    """Kind → its run, and the corpus with its vectors; `bm25` is an index of the same passages, if there is one."""
    passages = list(dataset.corpus.values())
    texts = [passage.full_text for passage in passages]
    questions = list(dataset.queries.values())
    vectors = encode(encoder, texts, "passage", progress, f"{dataset.name}: encoding passages ({who})")
    queries = encode(encoder, questions, "query", progress, f"{dataset.name}: encoding queries ({who})")
    corpus = Corpus(passages, vectors, fusion, bm25)
    return retrieve(dataset, corpus, queries, kinds, DEPTH, dataset.owners_of(corpus.ids)), corpus
