"""What each filter of written queries is worth: models trained with and without it, on queries people asked.

    idiolect run scifact/corpus.jsonl -w WORK --to generate --set generate.min_quality=1 --set generate.base_url=…
    python bench/filters.py WORK --dev scifact [--queries 512] [--seeds 13 14 15]

WORK holds an LLM's queries with the LLM's own scores, those that were rejected beside those that
were kept; all of them are put back together here.  For each seed they are shuffled; each
filter, alone, chooses among all, and every model trains on equally many queries for one epoch;
all of the change is kept, and no dev score chooses anything.  --dev is a BEIR folder over the same
documents whose qrels/train.tsv judges; its queries that share a relevant document with a test query
are left out, and the test is not read for anything else.  A recorded judge gives the LLM's own
scores, so the judge is the quality threshold here.
"""

import argparse
import random
import tempfile
import time
from collections.abc import Callable, Sequence
from pathlib import Path

import msgspec
from _human_dev import HumanDev, Scores, final_model, say, table

from idiolect.chunking.sentences import sentence_spans
from idiolect.config import load
from idiolect.files import read_jsonl
from idiolect.mining.duplicates import saying_the_same
from idiolect.mining.examples import Miner
from idiolect.mining.ranking import Corpus
from idiolect.records import Chunk, Fusion, Query, RejectedQuery
from idiolect.runtimes.torch import TorchRuntime
from idiolect.stages.context import Context
from idiolect.stages.encoders import base_encoder, base_files
from idiolect.teachers.roundtrip import places, travel
from idiolect.workspace import Workspace

NONE = "no filter"
FEWEST_REJECTED = 0.02
"""A filter that rejects a smaller share is not trained with: its effect is that of drawing other queries."""

Keep = Callable[[Sequence[Query], int], Sequence[Query]]
"""(queries, seed) → those that a filter leaves."""


class Bench:
    def __init__(self, work: Path, dev: Path, passages: int) -> None:
        self.context = Context(Workspace(work), load(None, ["train.epochs=1"]))
        self.chunks = list(read_jsonl(self.context.workspace.chunks, Chunk))
        refused = list(read_jsonl(self.context.workspace.rejected, RejectedQuery))
        self.reasons = {query.id: query.reason for query in refused}
        names = Query.__struct_fields__
        written = [Query(**{name: getattr(query, name) for name in names}) for query in refused]
        written += read_jsonl(self.context.workspace.queries, Query)
        self.queries = sorted(written, key=lambda query: query.id)
        self.encoder = base_encoder(self.context)
        vectors = self.encoder.encode([chunk.passage.full_text for chunk in self.chunks], "passage")
        self.corpus = Corpus([chunk.passage for chunk in self.chunks], vectors, Fusion())
        self.dev = HumanDev(dev, "train", passages, self.encoder)

    def filters(self) -> dict[str, Keep]:
        vectors = self.encoder.encode([query.text for query in self.queries], "query")
        same = saying_the_same(self.chunks)
        found = dict(
            zip(
                (query.id for query in self.queries),
                places(self.queries, vectors, self.corpus, same),
                strict=True,
            )
        )

        def trip(within: int, easy: float) -> Keep:
            return lambda queries, seed: (
                travel(queries, [found[query.id] for query in queries], within, easy, seed).kept
            )

        def scored(lowest: int) -> Keep:
            return lambda queries, _: [query for query in queries if query.scores["quality"] >= lowest]

        def not_for(*words: str) -> Keep:
            return lambda queries, _: [
                query
                for query in queries
                if not any(word in self.reasons.get(query.id, "") for word in words)
            ]

        return {
            "quality 6": scored(6),
            "quality 8": scored(8),
            "copies": not_for("cop"),
            "duplicates": not_for("duplicate"),
            "round trip 20": trip(20, 1.0),
            "round trip 3": trip(3, 1.0),
            "easy a quarter": trip(0, 0.25),
            "easy none": trip(0, 0.0),
        }

    def with_copies(self, queries: Sequence[Query], seed: int) -> Sequence[Query]:
        """Every fourth query made a sentence of its own chunk, as a lazy LLM does: what the copy filter is for."""
        texts = {chunk.id: chunk.text for chunk in self.chunks}
        generator = random.Random(seed)
        return [
            msgspec.structs.replace(query, text=_sentence(texts[query.source], generator))
            if number % 4 == 0
            else query
            for number, query in enumerate(queries)
        ]

    def train(self, queries: Sequence[Query], seed: int, root: Path) -> Scores:
        settings = self.context.config
        miner = Miner(self.chunks, self.corpus, settings.prepare, seed, [])
        vectors = self.encoder.encode([query.text for query in queries], "query")
        examples = [example for row in zip(queries, vectors, strict=True) for example in miner.examples(*row)]
        return self.dev.score(final_model(self.context, settings.train, examples, seed, root))


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("work", type=Path)
    parser.add_argument("--dev", type=Path, required=True)
    parser.add_argument("--queries", type=int, default=512)
    parser.add_argument("--passages", type=int, default=1_000)
    parser.add_argument("--seeds", type=int, nargs="+", default=[13, 14, 15])
    given = parser.parse_args()
    bench = Bench(given.work, given.dev, given.passages)
    filters = bench.filters()
    for name, keep in filters.items():
        kept = len(keep(bench.queries, given.seeds[0]))
        say(f"{name:16} keeps {kept:,} of {len(bench.queries):,} queries ({kept / len(bench.queries):.1%})")
    telling = {
        name: keep
        for name, keep in filters.items()
        if len(keep(bench.queries, given.seeds[0])) <= (1 - FEWEST_REJECTED) * len(bench.queries)
    }
    settings = {NONE: lambda queries, _: queries, **telling, "a quarter copied": bench.with_copies}
    dense, hybrid = bench.dev.score(TorchRuntime(base_files(bench.context)))
    say(f"base  dense {dense:.4f}  hybrid {hybrid:.4f}")
    rows: dict[str, list[Scores]] = {name: [] for name in settings}
    for seed in given.seeds:
        order = random.Random(seed).sample(bench.queries, len(bench.queries))
        for name, keep in settings.items():
            began = time.perf_counter()
            with tempfile.TemporaryDirectory() as folder:
                scores = bench.train(keep(order, seed)[: given.queries], seed, Path(folder) / "checkpoints")
            rows[name].append(scores)
            dense, hybrid = scores
            seconds = time.perf_counter() - began
            say(f"seed {seed}  {name:16} dense {dense:.4f}  hybrid {hybrid:.4f}  {seconds:.0f} s")
    say(table(rows, NONE))


def _sentence(text: str, generator: random.Random) -> str:
    start, end = generator.choice(sentence_spans(text, "en"))
    return text[start:end].strip()


if __name__ == "__main__":
    main()
