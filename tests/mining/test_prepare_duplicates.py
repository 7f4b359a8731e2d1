"""prepare on a corpus that holds manuals in two editions: copies neither mislead training nor leak into the test."""

import pytest
from builders import a_chunk, documents_of, written
from small_corpus import MACHINES, sections

from idiolect.config import load
from idiolect.evaluation.beir import load_dataset
from idiolect.files import read_json, read_jsonl, write_jsonl
from idiolect.mining.duplicates import saying_the_same
from idiolect.records import TrainingExample
from idiolect.stages.context import Context
from idiolect.stages.prepare import run
from idiolect.workspace import Workspace

pytestmark = pytest.mark.usefixtures("one_thread")

SETTINGS = ("prepare.masked_queries=24", "prepare.test_fraction=0.25", "prepare.dev_fraction=0.2")


def two_editions():
    """Every manual, and of every second one a later edition that says the same."""
    chunks = []
    for edition in ("", "-second-edition"):
        for number, name in enumerate(MACHINES):
            if edition and number % 2:
                continue
            stem = name.replace(" ", "-")
            for position, (heading, text) in enumerate(sections(name, number)):
                chunks.append(
                    a_chunk(
                        f"{stem}{edition}#{position}",
                        f"{text} Revised." if edition else text,
                        title=f"Manual of the {name}",
                        headings=[heading],
                        duplicate_of=f"{stem}#{position}" if edition else "",
                    )
                )
    return chunks


CHUNKS = two_editions()
SAME = saying_the_same(CHUNKS)
QUERIES = [
    written(question, f"{name.replace(' ', '-')}#{position}")
    for name, (_, part, sign, cause) in MACHINES.items()
    for position, question in (
        (2, f"why does the {name} show {sign}, is it {cause}?"),
        (1, f"how many weeks may the {part} of the {name} go without inspection?"),
    )
]


@pytest.fixture(scope="module")
def work(tiny_model, tmp_path_factory):
    work = Workspace(tmp_path_factory.mktemp("editions"))
    write_jsonl(work.chunks, CHUNKS)
    write_jsonl(work.queries, QUERIES)
    write_jsonl(work.documents, documents_of(CHUNKS))
    run(Context(work, load(None, [f"train.base={tiny_model}", *SETTINGS])))
    return work


def test_duplicates_of_a_positive_answer_as_well(work):
    test = load_dataset(work.test)
    positives = {query.id: query.positives for query in QUERIES}
    for query, judged in test.qrels.items():
        assert sorted(judged) == sorted(member for one in positives[query] for member in SAME[one])
    assert any(len(judged) > 1 for judged in test.qrels.values())


def test_no_negative_says_the_same_as_a_positive_or_as_what_is_tested(work):
    tested = {one for judged in load_dataset(work.test).qrels.values() for one in judged}
    examples = list(read_jsonl(work.train, TrainingExample))
    assert examples
    for example in examples:
        negatives = {negative.id for negative in example.negatives}
        assert not negatives & set(SAME[example.positive.id])
        assert not negatives & tested


def test_both_editions_are_one_cluster_of_the_test(work):
    clusters = load_dataset(work.test).clusters
    assert all("second-edition" not in group for group in clusters.values())


def test_masked_queries_come_from_chunks_that_train(work):
    masked = read_json(work.mining)["masked"]
    assert masked
    assert not any("second-edition" in query["source"] for query in masked)
