"""BEIR folders: read as they come, written the same every time, refused with a reason."""

from pathlib import Path

import pytest

from idiolect.errors import InputError
from idiolect.evaluation.beir import Dataset, load_dataset, save_dataset
from idiolect.files import digest_path
from idiolect.records import Passage

CORPUS = """\
{"_id": "whale", "title": "Whales", "text": "Whales breathe air."}
{"_id": "7", "text": "Bats fly.", "metadata": {"url": "http://bats"}}
{"_id": 8, "title": null, "text": "Owls see."}
"""
QUERIES = """\
{"_id": "q1", "text": "do whales breathe?", "metadata": {"style": "question", "cluster": "sea.md", "hops": 2}}
{"_id": "q2", "text": "flying mammals"}

{"_id": "q3", "text": "in no split", "metadata": 3}
"""
QRELS = "query-id\tcorpus-id\tscore\nq2\t8\t0\nq2\t7\t2\nq1\twhale\t1\n"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "zoo" / "qrels").mkdir(parents=True)
    (tmp_path / "zoo" / "corpus.jsonl").write_text(CORPUS)
    (tmp_path / "zoo" / "queries.jsonl").write_text(QUERIES)
    (tmp_path / "zoo" / "qrels" / "test.tsv").write_text(QRELS)
    return tmp_path / "zoo"


def test_a_folder_is_read_with_its_judged_queries_only(folder: Path) -> None:
    dataset = load_dataset(folder)
    assert (dataset.name, dataset.split) == ("zoo", "test")
    assert dataset.corpus["whale"] == Passage(id="whale", title="Whales", text="Whales breathe air.")
    assert list(dataset.corpus) == ["whale", "7", "8"]
    assert dataset.queries == {"q1": "do whales breathe?", "q2": "flying mammals"}
    assert dataset.qrels == {"q1": {"whale": 1}, "q2": {"8": 0, "7": 2}}
    assert dataset.slices == {"q1": "question", "q2": ""}
    assert dataset.clusters == {"q1": "sea.md", "q2": "7"}, "the first positive where none is given"
    assert dataset.facets == {"hops": {"q1": "2"}}
    assert dataset.sliced == {"style": dataset.slices, **dataset.facets}


def test_the_header_is_optional_and_blank_lines_and_crlf_are_fine(folder: Path) -> None:
    (folder / "qrels" / "test.tsv").write_bytes(b"q1\twhale\t1\r\n\r\nq2\t7\t2\r\n")
    assert load_dataset(folder).qrels == {"q1": {"whale": 1}, "q2": {"7": 2}}


def test_written_and_read_again_it_is_the_same(folder: Path, tmp_path: Path) -> None:
    dataset = load_dataset(folder)
    save_dataset(tmp_path / "copy" / "zoo", dataset)
    assert load_dataset(tmp_path / "copy" / "zoo") == dataset


def parts(split, queries, qrels):
    """Two chunks of one document and one of another, which the qrels judge."""
    return Dataset(
        name="manual",
        split=split,
        corpus={key: Passage(id=key, title=key[0], text=f"text of {key}") for key in ("a#0", "a#1", "b#0")},
        queries=queries,
        qrels=qrels,
        owners={"a#0": "a", "a#1": "a", "b#0": "b"},
    )


def test_documents_whose_parts_are_ranked_are_read_again_with_all_their_splits(tmp_path: Path) -> None:
    dev = parts("dev", {"q1": "one"}, {"q1": {"a": 1}})
    test = parts("test", {"q2": "two", "b": "itself"}, {"q2": {"b": 1, "a": 0}, "b": {"a": 1}})
    save_dataset(tmp_path / "manual", dev, test)
    assert load_dataset(tmp_path / "manual", "dev") == dev
    found = load_dataset(tmp_path / "manual", "test")
    assert found.qrels == test.qrels and found.owners == test.owners
    assert found.clusters == {"b": "a", "q2": "b"}, "queries of one document are not independent"
    assert found.owners_of(found.corpus) == ["a", "a", "b"]
    assert found.relevant_passages("b") == ["a#0", "a#1"]
    assert found.documents["a"] == Passage(id="a", title="a", text="text of a#0")
    assert (found.itself("b"), found.itself("q2"), found.unreachable) == ("b", None, 0)


def test_passages_that_are_judged_themselves_have_no_owners(folder: Path) -> None:
    dataset = load_dataset(folder)
    assert (dataset.owners, dataset.owners_of(dataset.corpus)) == ({}, None)
    assert dataset.documents == dataset.corpus
    assert dataset.relevant_passages("q2") == ["7"]


def test_queries_may_begin_with_a_byte_order_mark(folder: Path) -> None:
    (folder / "queries.jsonl").write_text("\ufeff" + QUERIES, encoding="utf-8")
    assert len(load_dataset(folder).queries) == 2


def test_equal_datasets_give_equal_bytes_whatever_their_order(folder: Path, tmp_path: Path) -> None:
    dataset = load_dataset(folder)
    turned = Dataset(
        name="zoo",
        split="test",
        corpus=dict(reversed(dataset.corpus.items())),
        queries=dict(reversed(dataset.queries.items())),
        qrels={query: dict(reversed(judged.items())) for query, judged in reversed(dataset.qrels.items())},
        clusters=dataset.clusters,
        slices=dataset.slices,
        facets=dict(reversed(dataset.facets.items())),
    )
    save_dataset(tmp_path / "a", dataset)
    save_dataset(tmp_path / "b", turned)
    assert digest_path(tmp_path / "a") == digest_path(tmp_path / "b")


def test_a_failed_write_keeps_what_was_there(folder: Path, tmp_path: Path) -> None:
    dataset = load_dataset(folder)
    save_dataset(tmp_path / "kept", dataset)
    before = digest_path(tmp_path / "kept")
    broken = Dataset(name="", split="no/such/folder", corpus={}, queries={}, qrels={})
    with pytest.raises(OSError):
        save_dataset(tmp_path / "kept", broken)
    assert digest_path(tmp_path / "kept") == before


def test_judgments_that_no_run_can_satisfy_are_counted(folder: Path) -> None:
    (folder / "qrels" / "test.tsv").write_text("q1\twhale\t1\nq1\tlost\t1\nq2\tlost\t0\n")
    assert load_dataset(folder).unreachable == 1


def test_the_query_s_own_document_is_named_unless_it_is_relevant(folder: Path) -> None:
    (folder / "queries.jsonl").write_text('{"_id": "7", "text": "x"}\n{"_id": "8", "text": "y"}\n')
    (folder / "qrels" / "test.tsv").write_text("7\twhale\t1\n8\t8\t1\n")
    dataset = load_dataset(folder)
    assert (dataset.itself("7"), dataset.itself("8")) == ("7", None)


@pytest.mark.parametrize(
    ("file", "text", "message"),
    [
        (
            "qrels/test.tsv",
            "q1\twhale\n",
            r"test\.tsv, line 1: not 'query-id<TAB>corpus-id<TAB>score': 'q1.twhale'",
        ),
        ("qrels/test.tsv", "q1\twhale\t1\nq1\twhale\thigh\n", r"line 2: the score 'high' is no whole number"),
        (
            "qrels/test.tsv",
            "q1\twhale\t1\nq1\twhale\t0\n",
            r"line 2: query 'q1' and document 'whale' are judged twice",
        ),
        ("qrels/test.tsv", "query-id\tcorpus-id\tscore\n", "holds no judgments"),
        (
            "qrels/test.tsv",
            "q1\twhale\t1\nq8\t7\t1\nq9\t7\t1\n",
            r"judge 2 queries that .*queries\.jsonl lacks: 'q8', 'q9'",
        ),
        ("qrels/test.tsv", "q1\tnowhere\t1\n", r"no document that qrels/test\.tsv names"),
        ("corpus.jsonl", '{"_id": "whale", "text": "x"}\n{"_id": "b"}\n', r"corpus\.jsonl, line 2: .*text"),
        (
            "corpus.jsonl",
            '{"_id": "a", "text": "x"}\n{"_id": "a", "text": "y"}\n',
            "the _id 'a' stands there twice",
        ),
        ("queries.jsonl", '{"_id": "q1", "text": "x"\n', r"queries\.jsonl, line 1"),
    ],
)
def test_what_is_wrong_is_named(folder: Path, file: str, text: str, message: str) -> None:
    (folder / file).write_text(text)
    with pytest.raises(InputError, match=message):
        load_dataset(folder)


def test_an_unknown_split_names_those_there_are(folder: Path) -> None:
    (folder / "qrels" / "dev.tsv").write_text(QRELS)
    with pytest.raises(InputError, match="no split 'train': there is dev, test"):
        load_dataset(folder, "train")


@pytest.mark.parametrize("file", ["corpus.jsonl", "queries.jsonl"])
def test_a_missing_file_is_named(folder: Path, file: str) -> None:
    (folder / file).unlink()
    with pytest.raises(InputError, match=f"{file} does not exist"):
        load_dataset(folder)


def test_a_missing_folder_is_named(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="nowhere does not exist"):
        load_dataset(tmp_path / "nowhere")
