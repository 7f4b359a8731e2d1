"""train's teacher: whose ranking of their candidates queries distil, checked on dev before it is used."""

import math
import random
from collections.abc import Collection, Sequence
from dataclasses import dataclass, field

import numpy as np
from msgspec import convert
from msgspec.structs import replace

from idiolect.config import Train
from idiolect.evaluation.beir import Dataset
from idiolect.evaluation.metrics import per_query
from idiolect.evaluation.selection import DevJudge, Measured
from idiolect.files import read_json, read_jsonl
from idiolect.mining.ranking import Corpus
from idiolect.mining.top import top
from idiolect.records import (
    WITHHELD,
    Chunk,
    Document,
    Fusion,
    Mining,
    Query,
    TextRef,
    TrainingExample,
    WrittenNegative,
)
from idiolect.stages.context import Context, Summary
from idiolect.stages.encoders import base_encoder
from idiolect.teachers import cache
from idiolect.teachers.spending import settle
from idiolect.training.raters import CrossEncoderRater, LLMRater, Pair, Rater
from idiolect.workspace import Workspace

_QUERIES = 100  # of dev that a rater's ranking is checked on
_SPENT = ("calls", "cached", "prompt_tokens", "completion_tokens")


@dataclass(frozen=True)
class Lessons:
    """What is trained on, and how: as the config says, but for a teacher that was refused.

    `outcome` is the check's, empty where there was none to make; `asked` what an LLM was asked for it.
    """

    settings: Train
    examples: Sequence[TrainingExample]
    outcome: Summary = field(default_factory=dict)
    asked: Summary = field(default_factory=dict)


@dataclass(frozen=True)
class Compared:
    """nDCG@10 of the base and of the teacher, over so many dev queries."""

    base: float
    teacher: float
    queries: int

    @property
    def better(self) -> bool:
        return self.teacher > self.base


def lessons(
    context: Context, examples: Sequence[TrainingExample], judge: DevJudge, base: Measured
) -> Lessons:
    """The examples with the scores of the teacher that `train.teacher` names, if it beats the base on dev.

    Where it does not, written queries are distilled from nothing, and copied ones from the fused
    ranking, which prepare chose on dev already (`mining.json`): that alone is not checked again.
    `base` is what the base scores.  Raises TeacherError and ModelError where the teacher cannot be asked.
    """
    settings, progress = context.config.train, context.progress
    asked = settings.teacher != "fused" and any(example.objective == "listwise" for example in examples)
    if not examples or not (asked or settings.distill):
        return Lessons(settings, examples)
    rater = rater_of(context)
    compared = _of_fused(judge, base) if rater is None else _of_rater(context, rater, judge)
    figures = (
        f"nDCG@10 {compared.teacher:.4f} against {compared.base:.4f} on {compared.queries:,} dev queries"
    )
    if not compared.better:
        progress.note(
            f"teacher {settings.teacher!r} is not used: it does not rank better than the base ({figures})"
        )
        settings = replace(settings, distill=0.0)
        written = settings.contrastive or settings.complementary
        examples = [example for example in examples if written or example.objective == "listwise"]
    else:
        progress.note(f"teacher {settings.teacher!r} ranks better than the base ({figures})")
        if rater is not None:
            examples = _rated(context, rater, examples, written=settings.distill > 0)
    if settings.teacher == "llm":
        with cache.opened(context.workspace.llm_cache) as answers:
            settle(answers.connection)
    outcome = {
        "name": settings.teacher,
        "set": judge.chooses,
        "queries": compared.queries,
        "base": round(compared.base, 5),
        "teacher": round(compared.teacher, 5),
        "used": compared.better,
    }
    spent = rater.judge.counts if isinstance(rater, LLMRater) else {}
    return Lessons(settings, examples, outcome, {name: spent[name] for name in _SPENT if name in spent})


def rater_of(context: Context) -> Rater | None:
    """Whom `train.teacher` names; None for the fused ranking, which corpus and examples hold themselves."""
    settings, work = context.config.train, context.workspace
    if settings.teacher == "cross-encoder":
        return CrossEncoderRater(settings.cross_encoder, work.pair_scores)
    if settings.teacher == "llm":
        documents = read_jsonl(work.require(work.documents, "ingest"), Document)
        secret = {document.id for document in documents if WITHHELD in document.verdicts}
        owners = {chunk.id: chunk.document_id for chunk in read_jsonl(work.chunks, Chunk)}
        if work.negatives.exists():
            written = read_jsonl(work.negatives, WrittenNegative)
            owners |= {one.id: owners[one.source] for one in written if one.source in owners}
        withheld = {passage for passage, document in owners.items() if document in secret}
        withheld |= _cut_out_of(withheld, work)
        return LLMRater(context.config.generate, work.llm_cache, withheld, owners)
    return None


def _cut_out_of(chunks: Collection[str], work: Workspace) -> set[str]:
    """The ids of the queries whose words stand in any of some chunks: written ones too, they may quote it."""
    mining = convert(read_json(work.require(work.mining, "prepare")), Mining)
    queries = (*read_jsonl(work.require(work.queries, "generate"), Query), *mining.masked)
    return {one.id for one in queries if not {one.source, *one.positives}.isdisjoint(chunks)}


def _of_fused(judge: DevJudge, base: Measured) -> Compared:
    """Both rank the whole of the dev set that chooses."""
    name = judge.chooses
    return Compared(base.scores[f"{name}/dense"], base.scores[f"{name}/hybrid"], len(judge.dev[name].queries))


def _of_rater(context: Context, rater: Rater, judge: DevJudge) -> Compared:
    """Both rank the same passages for a sample of that set: the first of the base's fused ranking, as in mining."""
    dataset = judge.dev[judge.chooses]
    names = sorted(dataset.queries)
    names = sorted(random.Random(context.config.seed).sample(names, min(_QUERIES, len(names))))
    first, cosines = _first(context, dataset, names, judge.fusion, rater.depth)
    pairs = [
        Pair(
            TextRef(id=query, text=dataset.queries[query]),
            TextRef(id=passage, text=dataset.corpus[passage].full_text),
        )
        for query, passages in zip(names, first, strict=True)
        for passage in passages
    ]
    ratings = np.nan_to_num(rater.rate(pairs, context.progress), nan=-math.inf)
    rated = np.split(ratings, np.cumsum([len(passages) for passages in first])[:-1])
    return Compared(_ndcg(dataset, names, first, cosines), _ndcg(dataset, names, first, rated), len(names))


def _first(
    context: Context, dataset: Dataset, names: Sequence[str], fusion: Fusion, depth: int
) -> tuple[list[list[str]], list[np.ndarray]]:
    """Each query's first passages of the fused ranking, best first by cosine, and these cosines."""
    encoder = base_encoder(context)
    passages = list(dataset.corpus.values())
    vectors = encoder.encode([passage.full_text for passage in passages], "passage")
    corpus = Corpus(passages, vectors, fusion)
    asked = encoder.encode([dataset.queries[name] for name in names], "query")
    first, cosines = [], []
    for name, vector in zip(names, asked, strict=True):
        columns = top(corpus.fused(dataset.queries[name], vector), depth)
        scores = corpus.dense(vector)[columns]
        order = np.argsort(-scores, kind="stable")
        first.append([corpus.ids[columns[place]] for place in order])
        cosines.append(scores[order])
    return first, cosines


def _ndcg(
    dataset: Dataset, names: Sequence[str], passages: Sequence[Sequence[str]], scores: Sequence[np.ndarray]
) -> float:
    """Mean nDCG@10 of passages ranked by their scores, equals in the order given; a document counts where its best
    passage stands.
    """
    values = []
    for query, given, row in zip(names, passages, scores, strict=True):
        ranked = [given[place] for place in np.argsort(-row, kind="stable")]
        documents = dict.fromkeys(dataset.owners.get(passage, passage) for passage in ranked)
        documents.pop(dataset.itself(query) or "", None)
        values.append(per_query(list(documents), dataset.qrels[query])["ndcg@10"])
    return sum(values) / len(values)


def _rated(
    context: Context, rater: Rater, examples: Sequence[TrainingExample], written: bool
) -> list[TrainingExample]:
    """The examples with the rater's scores: of copied queries, and of `written` ones where that is set."""
    lists = [
        [example.positive, *(TextRef(id=one.id, text=one.text) for one in example.negatives)]
        for example in examples
    ]
    taught = [written or example.objective == "listwise" for example in examples]
    pairs = [
        Pair(TextRef(id=example.query_id, text=example.query), passage)
        for example, passages, use in zip(examples, lists, taught, strict=True)
        for passage in passages
        if use
    ]
    ratings = iter(rater.rate(pairs, context.progress).tolist())
    return [
        replace(example, teacher_scores=[next(ratings) for _ in passages]) if use else example
        for example, passages, use in zip(examples, lists, taught, strict=True)
    ]
