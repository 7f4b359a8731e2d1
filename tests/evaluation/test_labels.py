"""Queries that people asked: read from BEIR's files or a table, and found among the documents by any name."""

import pytest
from builders import a_chunk, documents_of

from idiolect.config import Prepare
from idiolect.errors import InputError, UsageError
from idiolect.evaluation.label_documents import DocumentNames, resolve
from idiolect.evaluation.labels import LabelledQuery, check_labels, normalised, read_labels
from idiolect.records import Document


@pytest.fixture
def table(tmp_path):
    """Writes a table and reads it: [(query, {document: grade})]."""

    def read(content, name="asked.csv"):
        path = tmp_path / name
        path.write_bytes(content if isinstance(content, bytes) else content.encode())
        return [(query.text, query.judged) for query in read_labels(Prepare(queries=str(path)))]

    return read


@pytest.mark.parametrize(
    ("content", "expected"),
    [
        ("query,document\nhow to start?,a.md\nstop,b.md\n", [("how to start?", "a.md"), ("stop", "b.md")]),
        ("Question;Path\nwie, und wann?;a.md\n", [("wie, und wann?", "a.md")]),
        ("doc_id\ttext\tnotes\na.md\thow, to; start\tx\n", [("how, to; start", "a.md")]),
        ("how to start,a.md\nstop,b.md\n", [("how to start", "a.md"), ("stop", "b.md")]),
        ("query|document\nstop|b.md\n", [("stop", "b.md")]),
        ("query,answered_by\nstop,b.md\n", [("stop", "b.md")]),
        ('query,document\n"stop, then\n""start""",b.md\n', [('stop, then "start"', "b.md")]),
        ("query,document\r\n\r\nstop,b.md\r\n,\r\n", [("stop", "b.md")]),
        ("\ufeffquery,document\nstop,b.md", [("stop", "b.md")]),
        ("query;document\nwie öffnen;b.md".encode("cp1252"), [("wie öffnen", "b.md")]),
        ("query\tdocument\nöffnen\tb.md".encode("utf-16"), [("öffnen", "b.md")]),
    ],
    ids=[
        "commas", "semicolons", "tabs-and-other-order", "no-header", "pipes", "one-name-known", "quotes",
        "blank-rows-crlf", "bom", "excel", "utf-16",
    ],
)  # fmt: skip
def test_a_table_is_read_however_a_spreadsheet_wrote_it(table, content, expected):
    assert table(content) == [(query, {document: 1}) for query, document in expected]


def test_rows_of_one_query_are_its_positives(table):
    rows = "query,document\nHow do I stop it?,a.md\nstart,b.md\nhow do i stop it,c.md\nstart,b.md\n"
    assert table(rows) == [("How do I stop it?", {"a.md": 1, "c.md": 1}), ("start", {"b.md": 1})]


def test_grades_and_ids_are_taken_where_there_are_any(tmp_path):
    (tmp_path / "q.csv").write_text("qid,query,doc,score\n7,stop,a.md,2\n7,Stop,b.md,0\n8,stop,b.md,1\n")
    first, second = read_labels(Prepare(queries=str(tmp_path / "q.csv")))
    assert (first.id, first.judged, first.relevant) == ("7", {"a.md": 2, "b.md": 0}, ["a.md"])
    assert (second.id, second.judged) == ("8", {"b.md": 1})


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ("query,document\nhow, and when?,a.md\n", r"line 2: 3 cells where the first row has 2"),
        ("query,document\nstop,\n", "line 2: the document is empty"),
        ("query,document\n\nx,a\n,b.md\n", "line 4: the query is empty"),
        ('query,document\nx,a\n"stop,b.md\n', r"line 3: unexpected end of data"),
        ("query,a,b\nstop,a.md,b.md\n", r"line 1: which of 'query', 'a', 'b' is the document"),
        ("query,document,grade\nstop,a.md,good\n", "line 2: the grade 'good' is no whole number"),
        ("query,document,grade\nstop,a.md,1\nstop,a.md,0\n", "line 3: .* have another grade further up"),
        ("qid,query,document\n1,stop,a\n1,start,b\n", "line 3: query '1' has another text further up"),
        ("how do I stop\nhow do I start\n", "has one column"),
        ("", "is empty"),
        (b"PK\x03\x04\x00\x00", "is binary"),
    ],
)
def test_what_is_wrong_with_a_table_is_named_with_its_line(table, content, message):
    with pytest.raises(InputError, match=message):
        table(content)


@pytest.fixture
def beir(tmp_path):
    """The paths of a queries.jsonl and a qrels file."""
    queries, qrels = tmp_path / "queries.jsonl", tmp_path / "test.tsv"
    queries.write_text(
        '\ufeff{"_id": 1, "text": "how  to stop", "metadata": {"style": "claim"}}\n'
        '{"_id": "2", "text": "never judged"}\n'
    )
    qrels.write_text("\ufeffquery-id\tcorpus-id\tscore\n1\ta.md\t1\n1\tb.md\t0\n")
    return queries, qrels


def test_beirs_two_files_are_read_with_or_without_a_byte_order_mark(beir):
    queries, qrels = beir
    (found,) = read_labels(Prepare(queries=str(queries), qrels=str(qrels)))
    assert found == LabelledQuery(id="1", text="how to stop", judged={"a.md": 1, "b.md": 0}, style="claim")


def test_judgments_of_unknown_queries_and_broken_lines_are_refused(beir):
    queries, qrels = beir
    settings = Prepare(queries=str(queries), qrels=str(qrels))
    qrels.write_text("9\ta.md\t1\n")
    with pytest.raises(InputError, match=r"judge 1 queries that .*queries\.jsonl lacks: '9'"):
        read_labels(settings)
    queries.write_text('{"_id": 1, "text": "x"}\n{"_id": 1}\n')
    with pytest.raises(InputError, match=r"queries\.jsonl, line 2"):
        read_labels(settings)


def test_options_that_do_not_fit_one_another_are_wrong_usage(beir, tmp_path):
    queries, qrels = beir
    (tmp_path / "asked.csv").write_text("stop,a.md\n")
    for settings, message in (
        (Prepare(qrels=str(qrels)), "judges queries that are not given: add --queries FILE"),
        (Prepare(queries=str(queries)), "says no documents: add --qrels FILE"),
        (Prepare(queries=str(tmp_path / "asked.csv"), qrels=str(qrels)), "leave --qrels out"),
        (Prepare(queries="nowhere.csv"), "--queries nowhere.csv is no file"),
        (Prepare(queries=str(queries), qrels=str(tmp_path)), "--qrels .* is no file"),
    ):
        with pytest.raises(UsageError, match=message):
            check_labels(settings)
    check_labels(Prepare())


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("How do I stop it?", "how do i  stop it"),
        ("Straße", "STRASSE"),
        ("C-3 valve", "c 3 Valve!"),
        ("??", "?? "),
    ],
)
def test_spellings_of_one_query_have_the_same_words(one, other):
    assert normalised(one) == normalised(other)
    assert normalised("start") != normalised("stop")


def a_document(path, identifier=""):
    return Document(id=identifier or path, path=path, title="", text="x", sha256="")


DOCUMENTS = [
    a_document("guide/pump.md"),
    a_document("guide/valve.md"),
    a_document("readme.md"),
    a_document("tank/readme.md"),
    a_document("old/tank.md"),
    a_document("new/tank.md"),
    a_document("the pump.md", "the%20pump.md"),
    a_document("faq.jsonl", "faq-17"),
]
CHUNKS = [a_chunk(f"{document.id}#0", "x", document=document.id) for document in DOCUMENTS]


def found(*names):
    known = DocumentNames(DOCUMENTS, CHUNKS)
    known.learn_folder(names)
    return [known.find(name)[0] for name in names]


def test_a_document_is_named_by_id_path_chunk_or_the_end_of_its_path():
    names = ["guide/pump.md", "the pump.md", "the%20pump.md", "faq-17", "guide/valve.md#0", "pump.md"]
    expected = [
        "guide/pump.md",
        "the%20pump.md",
        "the%20pump.md",
        "faq-17",
        "guide/valve.md",
        "guide/pump.md",
    ]
    assert found(*names) == expected
    assert found("./guide/pump.md", "guide\\pump.md") == ["guide/pump.md"] * 2
    assert found("readme.md", "tank/readme.md") == ["readme.md", "tank/readme.md"]


def test_paths_may_stand_with_the_folder_of_documents_before_them():
    assert found("docs/guide/pump.md", "docs/readme.md") == ["guide/pump.md", "readme.md"]
    assert found("/home/me/docs/guide/pump.md") == ["guide/pump.md"]


def test_a_mistyped_folder_does_not_mean_another_document():
    assert found("guide/pump.md", "guide/valve.md", "pumps/readme.md") == [
        "guide/pump.md",
        "guide/valve.md",
        "",
    ]
    assert found("tank.md") == [""], "two documents are called so"


def test_unknown_documents_are_counted_and_queries_without_any_are_left_out():
    names = DocumentNames(DOCUMENTS, CHUNKS)
    given = [
        LabelledQuery(id="1", text="stop", judged={"guide/pump.md": 1, "gone.md": 1}),
        LabelledQuery(id="2", text="start", judged={"gone.md": 1, "readme.md": 0}),
        LabelledQuery(id="3", text="", judged={"readme.md": 1}),
        LabelledQuery(id="4", text="both", judged={"pump.md": 0, "guide/pump.md": 2}),
        LabelledQuery(id="5", text="which tank", judged={"tank.md": 1}),
    ]
    kept, rejected = resolve(given, names)
    assert [(query.id, query.judged) for query in kept] == [
        ("1", {"guide/pump.md": 1}),
        ("4", {"guide/pump.md": 2}),
    ]
    assert [(row.query_id, row.document, row.reason) for row in rejected] == [
        ("1", "gone.md", "no such document"),
        ("2", "gone.md", "no such document"),
        ("2", "", "no document that answers it is known"),
        ("3", "", "the query is empty"),
        ("5", "tank.md", "2 documents are called so"),
        ("5", "", "no document that answers it is known"),
    ]


def test_the_documents_of_a_corpus_are_named_by_their_chunks_too():
    chunks = [a_chunk("pump#0", "stops"), a_chunk("pump#1", "starts")]
    names = DocumentNames(documents_of(chunks), chunks)
    assert [names.find(name)[0] for name in ("pump", "pump.md", "pump#1")] == ["pump"] * 3
