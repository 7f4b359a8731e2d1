"""`search --queries`: what `score` says of a bundle, a store made with it gives too; and a cross-encoder's order."""

import itertools
import json

import numpy as np
import pytest
from indexed_manuals import command
from small_corpus import MACHINES, sections
from tiny_bundle import write_tiny_bundle
from tiny_model import save_tiny_cross_encoder

from idiolect.indexing import open_searcher
from idiolect.runtimes.cross_encoder import CrossEncoder
from idiolect.runtimes.model_files import describe

WORDS = sorted({word for name in MACHINES for _, text in sections(name, 3) for word in text.lower().split()})


@pytest.fixture(scope="module")
def beir(tmp_path_factory):
    """A hundred documents of about nine small chunks; each of the queries is answered by two.

    All chunks fit into one batch, so that bfloat16 rounds them alike in `index` and in `score`.
    """
    folder = tmp_path_factory.mktemp("judged") / "works"
    random = np.random.default_rng(5)
    documents = [
        " ".join(f"{' '.join(random.choice(WORDS, 12))}." for _ in range(random.integers(3, 9)))
        for _ in range(100)
    ]
    (folder / "qrels").mkdir(parents=True)
    lines = [
        {"_id": f"d{number}", "title": f"Sheet {number}", "text": text}
        for number, text in enumerate(documents)
    ]
    (folder / "corpus.jsonl").write_text("\n".join(map(json.dumps, lines)))
    queries, qrels = [], ["query-id\tcorpus-id\tscore"]
    for number in range(40):
        first, second = random.choice(100, 2, replace=False)
        parts = [documents[first].split()[6:12], documents[second].split()[:3]]
        queries.append({"_id": f"q{number}", "text": " ".join(itertools.chain(*parts))})
        qrels += [f"q{number}\td{first}\t1", f"q{number}\td{second}\t2"]
    (folder / "queries.jsonl").write_text("\n".join(map(json.dumps, queries)))
    (folder / "qrels" / "test.tsv").write_text("\n".join(qrels) + "\n")
    return folder


@pytest.fixture(scope="module")
def bundle(tmp_path_factory, tiny_model):
    return write_tiny_bundle(tmp_path_factory.mktemp("tiny") / "bundle", describe(tiny_model))


@pytest.fixture(scope="module")
def store(tmp_path_factory, bundle, beir):
    folder = tmp_path_factory.mktemp("stored") / "store"
    command("index", bundle, beir / "corpus.jsonl", "--store", folder, "-q")
    return folder


@pytest.fixture(scope="module")
def scored(bundle, beir):
    return command(
        "score", bundle, "--beir", beir, "--unit", "chunk", "--with", "bm25,hybrid", "--json", "-q"
    )


@pytest.mark.parametrize(("mode", "run"), [("dense", "dense"), ("lexical", "bm25"), ("hybrid", "hybrid")])
def test_a_store_gives_what_score_says(beir, store, scored, mode, run):
    found = command(
        *("search", "--queries", beir / "queries.jsonl", "--qrels", beir / "qrels" / "test.tsv"),
        *("--store", store, "--mode", mode, "--json", "-q"),
    )
    assert found["queries"] == 40 and found["milliseconds"]["p50"] > 0
    assert scored["runs"][run]["ndcg@10"] > 0.01, "a figure that says something"
    for metric in ("ndcg@10", "recall@10", "mrr@10"):
        assert found["runs"][run][metric] == pytest.approx(scored["runs"][run][metric], abs=0.002)


def test_a_run_file_is_as_trec_eval_reads_it(beir, store, tmp_path):
    said = command(
        *("search", "--queries", beir / "queries.jsonl", "--store", store, "--top", 5),
        *("--run", tmp_path / "run.trec", "--unit", "document", "-q"),
    )
    assert "40" in said and "p50 ms" in said and "nDCG" not in said
    rows = [line.split() for line in (tmp_path / "run.trec").read_text().splitlines()]
    assert len(rows) == 40 * 5 and {row[1] for row in rows} == {"Q0"}
    first = [row for row in rows if row[0] == "q3"]
    assert [row[3] for row in first] == list("12345")
    hits = command(
        "search",
        json.loads((beir / "queries.jsonl").read_text().splitlines()[3])["text"],
        *("--store", store, "--top", 5, "--unit", "document", "--json"),
    )["hits"]
    assert [row[2] for row in first] == [hit["document_id"] for hit in hits]


def test_a_query_without_a_letter_finds_nothing_and_stops_no_other(store, tmp_path):
    asked = tmp_path / "asked.jsonl"
    asked.write_text('{"_id": "a", "text": "???"}\n{"_id": "b", "text": "water"}\n')
    command("search", "--queries", asked, "--store", store, "--run", tmp_path / "run", "--top", 3, "-q")
    assert [line.split()[0] for line in (tmp_path / "run").read_text().splitlines()] == ["b"] * 3


def test_labels_may_be_a_table_of_queries_and_paths(store, tmp_path):
    table = tmp_path / "asked.csv"
    table.write_text("query,document\npump valve,d3\nriver water,d4\nsand bed,nowhere\n")
    found = command("search", "--queries", table, "--store", store, "--mode", "lexical", "--json", "-q")
    assert found["queries"] == 2 and found["unit"] == "document"
    table.write_text("query,document\nsand bed,nowhere\n")
    assert "no query of" in command("search", "--queries", table, "--store", store, "-q", code=1)


def test_a_cross_encoder_orders_the_hits(store, tmp_path):
    model = save_tiny_cross_encoder(tmp_path / "cross")
    query = "water in the fuel tank"
    before = open_searcher(str(store)).rank(query, 50)
    scores = CrossEncoder(str(model)).scores([(query, entry.full_text) for entry, _ in before])
    expected = [before[place][0].id for place in np.argsort(-scores)[:5]]
    hits = command("search", query, "--store", store, "--top", 5, "--rerank", model, "--json")["hits"]
    assert [hit["chunk_id"] for hit in hits] == expected
    assert hits[0]["score"] == pytest.approx(scores.max(), abs=0.05)
    documents = command(
        *("search", query, "--store", store, "--rerank", model, "--unit", "document", "--json")
    )["hits"]
    assert len({hit["document_id"] for hit in documents}) == len(documents) == 10


def test_wrong_wishes_are_one_clear_line(bundle, beir, store, tmp_path):
    assert "--queries FILE" in command("search", "--store", store, code=2)
    assert "need --queries" in command("search", "pump", "--store", store, "--run", tmp_path / "r", code=2)
    assert "need --store" in command("search", "pump", "--rerank", "x", "-w", tmp_path, code=2)
    assert "is no file" in command("search", "--queries", tmp_path / "no.jsonl", "--store", store, code=2)
    (tmp_path / "none.jsonl").write_text("")
    assert "holds no query" in command(
        "search", "--queries", tmp_path / "none.jsonl", "--store", store, code=1
    )
    assert "--rerank" in command("search", "pump", "--store", store, "--rerank", bundle, code=1)
