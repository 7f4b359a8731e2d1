"""CSV and the like: a document a row, its columns found by name, and what is broken left out by row."""

import csv
from pathlib import Path

import pytest
from table_folder import categories, peak_megabytes, read

from idiolect.readers import Options, Parsed, delimited, read_documents

PLANTS = """\
_id,Name,Description,price
b1,Runner bean,"Climbs on poles,
up to three metres.",2.50
b2,Broad bean,Sown in autumn.,3
"""


def test_a_csv_is_one_document_a_row(tmp_path: Path) -> None:
    documents, reasons = read(tmp_path, {"plants.csv": PLANTS})
    assert list(documents) == ["b1", "b2"]
    assert documents["b1"].title == "Runner bean"
    assert documents["b1"].text == "Climbs on poles,\nup to three metres."
    assert documents["b1"].metadata == {"price": "2.50"}
    assert documents["b1"].path == "plants.csv"
    assert reasons == {}


def test_rows_without_an_id_are_named_by_file_and_row(tmp_path: Path) -> None:
    documents, reasons = read(tmp_path, {"notes.csv": "text,tag\nDig.\n\n,old\n,,\nWater.,new\n"})
    assert {name: document.text for name, document in documents.items()} == {
        "notes.csv:2": "Dig.",
        "notes.csv:6": "Water.",
    }
    assert reasons == {"notes.csv:4": "empty"}
    assert documents["notes.csv:2"].title == ""


@pytest.mark.parametrize("delimiter", [",", ";", "\t", "|"])
@pytest.mark.parametrize("suffix", ["csv", "tsv"])
def test_the_delimiter_is_found(tmp_path: Path, delimiter: str, suffix: str) -> None:
    text = 'Sow "early"; rake, then\twater | wait.'
    with (tmp_path / f"plants.{suffix}").open("w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file, delimiter=delimiter)
        writer.writerows(
            [["_id", "title", "text"], ["a", "Peas, beans; leeks", text], ["b", "Kale", "Hardy."]]
        )
    documents, _ = read(tmp_path, {})
    assert list(documents) == ["a", "b"]
    assert (documents["a"].title, documents["a"].text) == ("Peas, beans; leeks", text)


def test_excels_own_line_names_the_delimiter(tmp_path: Path) -> None:
    documents, _ = read(tmp_path, {"a.csv": "\ufeffsep=;\r\n_id;text\r\n1;Sow, then water.\r\n"})
    assert documents["1"].text == "Sow, then water."


def test_a_column_of_sentences_is_not_cut_at_their_commas(tmp_path: Path) -> None:
    documents, _ = read(tmp_path, {"a.csv": "text\nSow early, water late.\nDig, rake, wait.\n"})
    assert [document.text for document in documents.values()] == [
        "Sow early, water late.",
        "Dig, rake, wait.",
    ]


def test_quotes_that_quote_nothing_do_not_swallow_rows(tmp_path: Path) -> None:
    lines = ['1\t"Wet" soil is dark.', '2\t"Dry soil is pale.', "3\tClay is heavy.", "4\tSand is light."]
    documents, reasons = read(tmp_path, {"soil.tsv": "\n".join(["_id\ttext", *lines])})
    assert documents["2"].text == '"Dry soil is pale.'
    assert list(documents) == ["1", "2", "3", "4"]
    assert reasons == {}


def test_a_quote_that_never_closes_is_named_by_its_row(tmp_path: Path) -> None:
    text = '_id,text\n1,"Wet, dark."\n2,"Dry, pale."\n3,"Clay, heavy.\n'
    documents, reasons = read(tmp_path, {"soil.csv": text})
    assert list(documents) == ["1", "2"]
    assert reasons == {"soil.csv:4": "corrupt: a quote that opens here never closes"}


def test_configured_columns_are_taken_and_a_missing_one_is_named(tmp_path: Path) -> None:
    options = Options(text_columns=("symptom", "cure"), title_column="Plant", id_column="no")
    files: dict[str, str | bytes] = {
        "ills.csv": "no,plant,symptom,cure,text\n7,Rose,Black spots.,Cut and burn.,Unused.\n8,Box,,Cut.,\n",
        "other.csv": "no,plant,symptom\n1,Rose,Mildew.\n",
    }
    documents, reasons = read(tmp_path, files, options)
    assert documents["7"].text == "Black spots.\n\nCut and burn."
    assert (documents["7"].title, documents["7"].metadata) == ("Rose", {"text": "Unused."})
    assert documents["8"].text == "Cut."
    assert reasons == {"other.csv": "columns: the file has no column 'cure'; it has no, plant, symptom"}


def test_without_a_column_of_text_all_are_rendered_by_name(tmp_path: Path) -> None:
    (tmp_path / "beds.csv").write_text(
        "name,soil,sun,sun,\nNorth,Clay,Little,None at noon,x\nSouth,,Much,,\n"
    )
    found = [outcome for outcome in read_documents(tmp_path) if isinstance(outcome, Parsed)]
    north, south = (outcome.document for outcome in found)
    assert north.text == "soil: Clay\nsun: Little\nsun (2): None at noon\ncolumn 5: x"
    assert (north.title, south.text) == ("North", "sun: Much")
    assert [north.text[block.start : block.end] for block in found[0].blocks] == north.text.split("\n")


def test_rows_longer_and_shorter_than_the_header_are_read(tmp_path: Path) -> None:
    documents, _ = read(tmp_path, {"a.csv": "_id,text,tag\n1,Dig.\n2,Rake.,x,y\n3,Sow.,z\n"})
    assert documents["1"].metadata == {}
    assert documents["2"].metadata == {"tag": "x", "column 4": "y"}


def test_a_title_alone_is_the_text(tmp_path: Path) -> None:
    documents, _ = read(tmp_path, {"a.csv": "_id,title,text\n1,A title alone,\n"})
    assert (documents["1"].title, documents["1"].text) == ("", "A title alone")


def test_long_cells_are_paragraphs(tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_text('_id,text\n1,"First part.\n\nSecond part."\n')
    (found,) = read_documents(tmp_path)
    assert isinstance(found, Parsed)
    assert [found.document.text[block.start : block.end] for block in found.blocks] == [
        "First part.",
        "Second part.",
    ]


def test_tables_in_old_encodings_are_read(tmp_path: Path) -> None:
    rows = "Название;Описание\nТоматы;Поливают каждое утро до восхода солнца.\nБобы;Вьются по шестам.\n"
    german = "_id;text\n1;Der Gärtner gießt die Beete früh – „gründlich“.\n"
    documents, _ = read(
        tmp_path,
        {
            "ru.csv": rows.encode("cp1251"),
            "de.csv": german.encode("cp1252"),
            "en.csv": "_id\ttext\n2\tDig deep.\n".encode("utf-16"),
        },
    )
    assert documents["ru.csv:2"].text.startswith("Название: Томаты\nОписание: Поливают")
    assert documents["1"].text == "Der Gärtner gießt die Beete früh – „gründlich“."
    assert documents["2"].text == "Dig deep."


def test_a_row_that_is_too_large_is_named(tmp_path: Path) -> None:
    options = Options(largest=1_000)
    documents, reasons = read(
        tmp_path,
        {"a.csv": f'_id,a,b\n1,{"x" * 600},{"y" * 300}\n2,{"x" * 500},"{"y" * 400}\n{"z" * 300}"\n'},
        options,
    )
    assert list(documents) == ["1"]
    assert categories(reasons) == {"a.csv:3": "huge"}
    documents, reasons = read(tmp_path, {"a.csv": f"_id,text\n1,Dig.\n2,{'x' * 100_000}\n3,Rake.\n"}, options)
    assert list(documents) == ["1"]
    assert categories(reasons) == {"a.csv": "huge"}


def write_csv(path: Path, rows: int) -> None:
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(["id", "title", "text"])
        for number in range(rows):
            writer.writerow([number, f"Bean {number}", f"Bean {number} is watered, then staked. " * 8])


def test_large_tables_are_read_without_holding_them(tmp_path: Path) -> None:
    write_csv(tmp_path / "small.csv", 2_000)
    write_csv(tmp_path / "large.csv", 20_000)
    small = peak_megabytes(delimited.read(tmp_path / "small.csv", Options()))
    large = peak_megabytes(delimited.read(tmp_path / "large.csv", Options()))
    assert (tmp_path / "large.csv").stat().st_size > 6e6
    assert large < max(1.5 * small, 4)
