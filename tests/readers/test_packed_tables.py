"""Workbooks, Parquet and packed JSONL: rows as documents, and files that are broken or not what they seem."""

import datetime
import gzip
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest
from table_folder import categories, peak_megabytes, read

from idiolect.readers import Options, jsonl_gz


def test_tables_that_are_none_are_rejected(tmp_path: Path) -> None:
    pytest.importorskip("python_calamine")
    pytest.importorskip("pyarrow")
    files: dict[str, str | bytes] = {
        "noise.csv": bytes(range(256)) * 8,
        "header.csv": "id,text\n",
        "blank.csv": "\n\n,,\n",
        "noise.parquet": b"PAR1" + bytes(range(256)),
        "secret.parquet": b"PARE" + bytes(64) + b"PARE",
        "noise.xlsx": bytes(range(256)) * 8,
        "secret.xlsx": b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(2048),
        "noise.jsonl.gz": bytes(range(256)) * 8,
    }
    documents, reasons = read(tmp_path, files)
    assert documents == {}
    assert categories(reasons) == {
        "blank.csv": "empty",
        "header.csv": "empty",
        "noise.csv": "binary",
        "noise.jsonl.gz": "corrupt",
        "noise.parquet": "corrupt",
        "noise.xlsx": "corrupt",
        "secret.parquet": "password",
        "secret.xlsx": "password",
    }


CORPUS = b'{"_id": "t1", "text": "Tomatoes like sun."}\nnot json\n{"_id": "t2", "text": "Beans climb."}\n'


def test_packed_jsonl_is_read_as_jsonl_is(tmp_path: Path) -> None:
    documents, reasons = read(tmp_path, {"corpus.jsonl.gz": gzip.compress(CORPUS)})
    assert [document.text for document in documents.values()] == ["Tomatoes like sun.", "Beans climb."]
    assert categories(reasons) == {"corpus.jsonl.gz:2": "not valid JSON"}


def test_of_a_truncated_archive_the_lines_before_are_kept(tmp_path: Path) -> None:
    lines = b"".join(
        b'{"_id": "%d", "text": "Bean %d is staked."}\n' % (at, at * 7919) for at in range(9_000)
    )
    packed = gzip.compress(lines)
    documents, reasons = read(tmp_path, {"corpus.jsonl.gz": packed[: len(packed) // 2]})
    last = len(documents)
    assert 1_000 < last < 9_000
    ((place, reason),) = reasons.items()
    assert place == f"corpus.jsonl.gz:{last + 1}"
    assert reason.startswith("corrupt: ") and reason.endswith(f"after line {last}")


def test_a_packed_line_of_any_length_takes_bounded_memory(tmp_path: Path) -> None:
    path = tmp_path / "bomb.jsonl.gz"
    with gzip.open(path, "wb") as file:
        for _ in range(60):
            file.write(b" " * 1_000_000)
        file.write(b'x\n{"_id": "t", "text": "After it."}\n')
    assert peak_megabytes(jsonl_gz.read(path, Options(largest=100_000))) < 5
    outcomes = [outcome for outcome in jsonl_gz.read(path, Options(largest=100_000)) if outcome.content]
    assert [outcome.place for outcome in outcomes] == [":2"]


def write_xlsx(path: Path, sheets: dict[str, Sequence[Sequence[Any]]], hidden: str = "") -> None:
    xlsxwriter = pytest.importorskip("xlsxwriter")
    with xlsxwriter.Workbook(path, {"default_date_format": "yyyy-mm-dd"}) as workbook:
        for name, rows in sheets.items():
            sheet = workbook.add_worksheet(name)
            for number, row in enumerate(rows):
                sheet.write_row(number, 0, row)
            if name == hidden:
                sheet.hide()


def test_a_workbook_is_one_document_a_row(tmp_path: Path) -> None:
    pytest.importorskip("python_calamine")
    sown = datetime.date(2024, 3, 1)
    rows = [
        ["_id", "title", "text", "rows", "sown"],
        [7, "Beans", "Climb on poles.", 3.5, sown],
        [],
        [8, "Peas"],
    ]
    write_xlsx(tmp_path / "plants.xlsx", {"Plants": rows})
    documents, reasons = read(tmp_path, {})
    assert list(documents) == ["7", "8"]
    assert (documents["7"].title, documents["7"].text) == ("Beans", "Climb on poles.")
    assert documents["7"].metadata == {"rows": 3.5, "sown": "2024-03-01"}
    assert reasons == {}


def test_sheets_are_told_apart_and_hidden_ones_left_out(tmp_path: Path) -> None:
    pytest.importorskip("python_calamine")
    sheets = {
        "Beds": [["Beds of the garden"], [], ["name", "soil"], ["North", "Clay"], [], ["South", "Sand"]],
        "Tools": [["text"], ["A spade digs."]],
        "Lists": [["text"], ["Internal."]],
        "Blank": [],
    }
    write_xlsx(tmp_path / "garden.xlsx", sheets, hidden="Lists")
    documents, reasons = read(tmp_path, {})
    assert {name: document.text for name, document in documents.items()} == {
        "garden.xlsx#Beds:4": "soil: Clay",
        "garden.xlsx#Beds:6": "soil: Sand",
        "garden.xlsx#Tools:2": "A spade digs.",
    }
    assert categories(reasons) == {"garden.xlsx#Blank": "empty", "garden.xlsx#Lists": "hidden"}


def test_one_cell_far_away_does_not_take_the_memory_of_a_whole_sheet(tmp_path: Path) -> None:
    pytest.importorskip("python_calamine")
    xlsxwriter = pytest.importorskip("xlsxwriter")
    with xlsxwriter.Workbook(tmp_path / "far.xlsx") as workbook:
        sheet = workbook.add_worksheet()
        sheet.write(0, 0, "text")
        sheet.write(1_048_575, 16_383, "far away")
    _, reasons = read(tmp_path, {})
    assert reasons == {"far.xlsx": "huge: the cells of a sheet span 1,048,576 rows and 16,384 columns"}


def write_parquet(path: Path, columns: dict[str, Any], **options: Any) -> None:
    pyarrow = pytest.importorskip("pyarrow")
    from pyarrow import parquet

    parquet.write_table(pyarrow.table(columns), path, **options)


def test_parquet_is_one_document_a_row(tmp_path: Path) -> None:
    pyarrow = pytest.importorskip("pyarrow")
    stamps = [datetime.datetime(2024, 3, 1), None, datetime.datetime(2024, 3, 2, 12, 30)]
    write_parquet(
        tmp_path / "plants.parquet",
        {
            "_id": ["a", "b", "c"],
            "title": ["Beans", None, ""],
            "text": [b"Climb on poles.", b"Like cool soil.", b""],
            "rows": [3, None, 1],
            "tags": [["tall", "green"], [], ["low"]],
            "seen": pyarrow.array(stamps, pyarrow.timestamp("ns")),
            "vector": [[0.1] * 8] * 3,
            "picture": [b"\x89PNG"] * 3,
        },
    )
    documents, reasons = read(tmp_path, {})
    assert {name: document.text for name, document in documents.items()} == {
        "a": "Climb on poles.",
        "b": "Like cool soil.",
    }
    assert documents["a"].metadata == {"rows": 3, "tags": "tall\ngreen", "seen": "2024-03-01"}
    assert documents["b"].metadata == {}
    assert reasons == {"plants.parquet:3": "empty"}


def test_parquet_without_anything_to_read_says_so(tmp_path: Path) -> None:
    write_parquet(tmp_path / "vectors.parquet", {"vector": [[0.1] * 8] * 3})
    write_parquet(tmp_path / "none.parquet", {"text": [""][:0]})
    _, reasons = read(tmp_path, {})
    assert categories(reasons) == {"none.parquet": "empty", "vectors.parquet": "no text"}


def test_of_a_parquet_file_with_a_broken_page_the_rows_before_are_kept(tmp_path: Path) -> None:
    path = tmp_path / "plants.parquet"
    texts = [f"Bean {number * 7919} is staked and watered." for number in range(4_000)]
    write_parquet(path, {"text": texts}, row_group_size=1_000, use_dictionary=False, compression="gzip")
    whole = path.read_bytes()
    from pyarrow import parquet

    third = parquet.ParquetFile(path).metadata.row_group(2).column(0)
    middle = third.data_page_offset + third.total_compressed_size // 2
    path.write_bytes(whole[: middle - 200] + b"\xff" * 400 + whole[middle + 200 :])
    documents, reasons = read(tmp_path, {})
    assert 2_000 <= len(documents) < 3_000
    ((place, reason),) = reasons.items()
    assert place == f"plants.parquet:{len(documents) + 1}"
    assert reason.startswith("corrupt: ") and reason.endswith(f"after line {len(documents)}")
