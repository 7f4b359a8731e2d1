"""How long recording and asking take over a graph of a million edges: `python bench/lineage.py [EDGES]`."""

import json
import random
import sys
import tempfile
import time
from pathlib import Path

from idiolect.lifecycle.lineage.explaining import explain_document, explain_model, explain_model_document
from idiolect.lifecycle.lineage.extract import export_model
from idiolect.lifecycle.lineage.naming import artefact, documents
from idiolect.lifecycle.lineage.store import Lineage, opened
from idiolect.lifecycle.lineage.writing import Run

CHUNKS = 4
NEGATIVES = 8


def make_large(lineage: Lineage, edges: int) -> None:
    """One run whose examples have so many edges in all; each document has four chunks, one is everywhere a negative."""
    rng = random.Random(13)
    examples = edges // (NEGATIVES + 5)
    with lineage.transaction():
        run = Run(lineage, "large", "train", "2026-01-02T03:04:05+00:00", 1.0)
        chunks = []
        for number in range(max(examples // CHUNKS, 10)):
            document = run.named("document", f"document-{number}@{rng.randbytes(8).hex()}", f"{number}.md")
            chunks += [
                run.made_of(
                    "chunk", f"document-{number}#{part}@{rng.randbytes(8).hex()}", [(document, "cut-from")]
                )
                for part in range(CHUNKS)
            ]
        train = run.artefact("dataset", f"{rng.randbytes(32).hex()}:train", "train")
        for number in range(examples):
            query = run.made_of("query", f"q{number:012x}", [(chunks[number % len(chunks)], "written-from")])
            negatives = {rng.randrange(len(chunks)) for _ in range(NEGATIVES)} | {20}
            parts = [(chunks[one], "hard-negative") for one in negatives]
            parts += [(query, "asked"), (chunks[number % len(chunks)], "positive")]
            run.edge(run.made_of("example", f"e{number}", parts), train, "part-of")
        model = run.artefact("model", rng.randbytes(32).hex(), "tuned")
        run.edge(train, model, "trained-on")
        bundle = run.artefact("bundle", rng.randbytes(32).hex(), "large")
        run.edge(model, bundle, "exported")
        run.finish()
        lineage.connection.execute("INSERT INTO facts VALUES ('artefact', ?)", (str(bundle.id),))


def main(edges: int) -> None:
    with tempfile.TemporaryDirectory() as folder, opened(Path(folder) / "lineage.db") as lineage:
        seconds: dict[str, float] = {}

        def timed(name, function):
            began = time.perf_counter()
            result = function()
            seconds[name] = round(time.perf_counter() - began, 3)
            return result

        timed("record", lambda: make_large(lineage, edges))
        chosen = artefact(lineage, "")
        usual, everywhere = documents(lineage, "document-7"), documents(lineage, "document-5")
        timed("explain MODEL", lambda: explain_model(lineage, chosen))
        timed("explain MODEL --document", lambda: explain_model_document(lineage, chosen, usual))
        timed(
            "explain MODEL --document, a negative of all",
            lambda: explain_model_document(lineage, chosen, everywhere),
        )
        timed("explain --document", lambda: explain_document(lineage, usual))
        timed("extract", lambda: export_model(lineage, "", Path(folder) / "part.db"))
        (count,) = lineage.connection.execute("SELECT COUNT(*) FROM edges").fetchone()
        size = lineage.path.stat().st_size / 1e6
        sys.stdout.write(
            json.dumps({"edges": count, "megabytes": round(size, 1), "seconds": seconds}, indent=2) + "\n"
        )


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 1_000_000)
