"""How much the stages have to work on: counted where WORK holds it, else extrapolated from a sample."""

import random
from collections.abc import Mapping
from pathlib import Path

import msgspec

from idiolect.config import Config
from idiolect.estimates.asking import Requests, asked
from idiolect.estimates.corpus import CorpusSample
from idiolect.estimates.paid import Answers
from idiolect.files import read_jsonl
from idiolect.records import Chunk, Record
from idiolect.workspace import Workspace

SAMPLED_CHUNKS = 2_000
"""Chunks of WORK that are looked at one by one."""

_QUERIES_A_CHUNK = 6  # the extractive teacher's rounds over the chunks


class Amounts(Record, frozen=True, kw_only=True):
    """Counts, and means in tokens of the base; those about training follow the config.

    `asked`: chunks that queries are written for; `passage_tokens`: mean tokens of a chunk as
    training reads it, `longest_tokens` the most; `encoded`: share of the chunks whose base vectors lie
    in WORK; `requests`: to LLMs, and `spared` those that generate.max_queries leaves out; `examples`: of
    training; `judging`: queries of test or dev each; `masked`: whether those are cut out of the passages
    that they must find; `read_seconds`: reading and chunking, of one process.
    """

    documents: float
    chunks: float
    tokens: float
    characters: float
    asked: float
    passage_tokens: float
    longest_tokens: float = 0.0
    encoded: float = 0.0
    read_seconds: float = 0.0
    requests: list[Requests] = []
    spared: int = 0
    queries: float = 0.0
    examples: float = 0.0
    judging: float = 0.0
    masked: bool = True

    @property
    def chunk_tokens(self) -> float:
        return self.tokens / self.chunks if self.chunks else 0.0

    @property
    def calls(self) -> int:
        """To all LLMs."""
        return sum(one.calls for one in self.requests)


class Corpus(Record, frozen=True, kw_only=True):
    """The corpus's part of the amounts, a sample of its chunks, and what both rest on."""

    documents: float
    chunks: float
    tokens: float
    characters: float
    asked: float
    read_seconds: float
    sample: list[Chunk]
    basis: str


def counted(work: Workspace, seed: int) -> Corpus:
    """The corpus as ingest left it in WORK."""
    documents: set[str] = set()
    chunks = tokens = characters = asked = 0
    kept: list[Chunk] = []
    generator = random.Random(seed)
    for chunk in read_jsonl(work.require(work.chunks, "ingest"), Chunk):
        documents.add(chunk.document_id)
        chunks, tokens = chunks + 1, tokens + chunk.tokens
        characters, asked = characters + len(chunk.text), asked + chunk.trains
        if len(kept) < SAMPLED_CHUNKS:
            kept.append(chunk)
        elif (place := generator.randrange(chunks)) < SAMPLED_CHUNKS:
            kept[place] = chunk
    return Corpus(
        documents=len(documents),
        chunks=chunks,
        tokens=tokens,
        characters=characters,
        asked=asked,
        read_seconds=0.0,
        sample=kept,
        basis=f"{chunks:,} chunks counted in {work.chunks}",
    )


def extrapolated(sample: CorpusSample) -> Corpus:
    """The corpus as a sample of it suggests, by bytes of each kind of file."""
    chunks = sample.total("chunks")
    trains = sum(chunk.trains for chunk in sample.chunks) / max(len(sample.chunks), 1)
    read = f"{len(sample.parsed):,} documents with {len(sample.chunks):,} chunks"
    return Corpus(
        documents=sample.total("documents"),
        chunks=chunks,
        tokens=sample.total("tokens"),
        characters=sample.total("chunk_characters"),
        asked=chunks * trains,
        read_seconds=sample.total("seconds"),
        sample=sample.chunks[:SAMPLED_CHUNKS],
        basis=f"{read}, all there are" if sample.complete else f"a sample of {read}, extrapolated by bytes",
    )


def amounts(
    corpus: Corpus,
    config: Config,
    paid: Mapping[str, Answers],
    encoded: float = 0.0,
    styles: Path | None = None,
) -> Amounts:
    """What follows for every stage from the corpus and the config; `paid` and `styles` as `asked` takes them.

    Calls are those without a cached answer, within generate.max_calls and generate.max_tokens; a prompt
    is the instructions and the chunk, counted by the base's tokenizer (the LLM's differs by some percent),
    or as cached answers of the model report.
    """
    cut = [min(chunk.tokens, config.train.max_tokens) for chunk in corpus.sample]
    base = Amounts(
        documents=corpus.documents,
        chunks=corpus.chunks,
        tokens=corpus.tokens,
        characters=corpus.characters,
        asked=corpus.asked,
        passage_tokens=sum(cut) / max(len(cut), 1),
        longest_tokens=max(cut, default=0),
        encoded=encoded,
        read_seconds=corpus.read_seconds,
    )
    if config.generate.teacher != "llm":
        return _copied(base, config)
    wanted = asked(corpus.sample, corpus.asked, config, paid, styles)
    return msgspec.structs.replace(
        base,
        requests=wanted.requests,
        spared=wanted.spared,
        queries=wanted.queries,
        examples=wanted.queries * _training_share(config),
        judging=wanted.queries * config.prepare.test_fraction,
        masked=False,
    )


def _copied(base: Amounts, config: Config) -> Amounts:
    """The extractive teacher's queries: so many to train on, and as many headings and definitions at most."""
    settings = config.generate
    training = min(float(settings.max_queries), _QUERIES_A_CHUNK * base.asked)
    judging = min(float(settings.max_queries), base.asked)
    return msgspec.structs.replace(
        base,
        queries=training + judging,
        examples=training * _training_share(config),
        judging=judging * config.prepare.test_fraction,
    )


def _training_share(config: Config) -> float:
    return 1 - config.prepare.test_fraction - config.prepare.dev_fraction
