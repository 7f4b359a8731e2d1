"""A folder as people have it: mixed formats, odd names, broken files, links in circles."""

from pathlib import Path

import pytest

from idiolect.errors import InputError
from idiolect.readers import Parsed, read_documents, scan, source_digest
from idiolect.records import Document, RejectedDocument

GARDEN = "The garden is watered every morning before the sun is high. Tomatoes need the most of it.\n"


def write(root: Path, files: dict[str, str | bytes]) -> Path:
    for name, content in files.items():
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content if isinstance(content, bytes) else content.encode())
    return root


def documents(source: Path) -> dict[str, Document]:
    return {
        outcome.document.id: outcome.document
        for outcome in read_documents(source)
        if isinstance(outcome, Parsed)
    }


def rejections(source: Path) -> dict[str, str]:
    return {
        outcome.path: outcome.reason
        for outcome in read_documents(source)
        if isinstance(outcome, RejectedDocument)
    }


def test_a_folder_of_mixed_formats_is_read_in_the_order_of_its_paths(tmp_path: Path) -> None:
    write(
        tmp_path,
        {
            "b/notes.TXT": GARDEN,
            "a.md": f"# Watering\n\n{GARDEN}",
            "c.rst": f"Pruning\n=======\n\n{GARDEN}",
            "d.html": f"<title>Soil</title><p>{GARDEN}</p>",
        },
    )
    found = documents(tmp_path)
    assert list(found) == ["a.md", "b/notes.TXT", "c.rst", "d.html"]
    assert [document.title for document in found.values()] == ["Watering", "Notes", "Pruning", "Soil"]
    assert {document.language for document in found.values()} == {"en"}
    assert found["b/notes.TXT"].text == GARDEN


def test_a_single_file_is_a_document_named_by_itself(tmp_path: Path) -> None:
    write(tmp_path, {"deep/down/water_plan-2024.txt": GARDEN})
    (document,) = documents(tmp_path / "deep/down/water_plan-2024.txt").values()
    assert (document.id, document.title) == ("water_plan-2024.txt", "Water plan 2024")


def test_an_index_is_titled_by_its_folder(tmp_path: Path) -> None:
    write(tmp_path, {"spring-sowing/index.md": GARDEN})
    assert documents(tmp_path)["spring-sowing/index.md"].title == "Spring sowing"


def test_ids_can_stand_in_a_table_of_tabs(tmp_path: Path) -> None:
    write(tmp_path, {"my plan\t(2).txt": GARDEN, "grüner daumen.txt": GARDEN})
    assert list(documents(tmp_path)) == ["grüner%20daumen.txt", "my%20plan%09(2).txt"]


def test_a_licence_in_front_matter_is_the_documents(tmp_path: Path) -> None:
    write(tmp_path, {"a.md": f"---\nLicense: CC BY 4.0\n---\n{GARDEN}"})
    assert documents(tmp_path)["a.md"].licence == "CC BY 4.0"


def test_line_ends_byte_order_marks_and_old_encodings_are_levelled(tmp_path: Path) -> None:
    write(
        tmp_path,
        {
            "dos.txt": b"\xef\xbb\xbfOne line.\r\nAnother line.\r\n",
            "utf16.txt": "One line.\r\nAnother line.\r\n".encode("utf-16"),
            "western.txt": "Ein Käfer im Gemüse – „ärgerlich“.\n".encode("cp1252"),
            "page.html": '<meta charset="iso-8859-7"><p>Καλημέρα κόσμε'.encode("iso-8859-7"),
        },
    )
    found = documents(tmp_path)
    assert found["dos.txt"].text == found["utf16.txt"].text == "One line.\nAnother line.\n"
    assert found["western.txt"].text == "Ein Käfer im Gemüse – „ärgerlich“.\n"
    assert found["page.html"].text == "Καλημέρα κόσμε"


def test_what_cannot_be_read_is_rejected_with_the_reason(tmp_path: Path) -> None:
    write(
        tmp_path,
        {
            "good.txt": GARDEN,
            "empty.txt": " \n\n",
            "picture.txt": b"\x89PNG\x00\x00",
            "odd.txt": b"\x81\x8d\xff\x02\x03 water",
            "settings.md": "---\ntitle: Nothing below\n---\n<!-- really -->\n",
        },
    )
    (tmp_path / "nowhere.md").symlink_to(tmp_path / "gone.md")
    reasons = rejections(tmp_path)
    assert list(documents(tmp_path)) == ["good.txt"]
    assert {path: reason.partition(":")[0] for path, reason in reasons.items()} == {
        "empty.txt": "empty",
        "nowhere.md": "unreadable",
        "odd.txt": "undecodable",
        "picture.txt": "binary",
        "settings.md": "no text",
    }


def test_a_file_without_permission_is_rejected(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    write(tmp_path, {"good.txt": GARDEN, "secret.txt": GARDEN})
    read_bytes = Path.read_bytes

    def refusing(path: Path) -> bytes:
        if path.name == "secret.txt":
            raise PermissionError(13, "Permission denied")
        return read_bytes(path)

    monkeypatch.setattr(Path, "read_bytes", refusing)
    assert rejections(tmp_path) == {"secret.txt": "unreadable: Permission denied"}


def test_hidden_and_foreign_files_are_passed_over_and_counted(tmp_path: Path) -> None:
    write(
        tmp_path,
        {
            "a.txt": GARDEN,
            ".git/x.md": GARDEN,
            ".draft.md": GARDEN,
            "b.png": "x",
            "c.PNG": "x",
            "Makefile": "x",
            "call.+49 30 90182077": "x",
            "LICENSE": "x",
        },
    )
    assert scan(tmp_path).skipped == {".png": 2, "hidden": 2, "no suffix": 3}
    reasons = {one.path: one.reason for one in scan(tmp_path).passed_over}
    assert reasons["LICENSE"] == "no document: it is looked at for a licence alone"
    assert "(no suffix)" in reasons["call.+49 30 90182077"]
    assert list(documents(tmp_path)) == ["a.txt"]


def test_work_folders_of_other_runs_are_no_documents(tmp_path: Path) -> None:
    write(tmp_path, {"a.txt": GARDEN, "tried/idiolect.lock.json": "{}", "tried/chunks.jsonl": "{}"})
    assert scan(tmp_path).skipped == {"WORK folder": 1}
    assert list(documents(tmp_path)) == ["a.txt"]
    assert scan(tmp_path / "tried").files == [tmp_path / "tried" / "chunks.jsonl"], "unless it is asked for"


def test_links_in_a_circle_end(tmp_path: Path) -> None:
    write(tmp_path, {"docs/a.txt": GARDEN})
    (tmp_path / "docs/again").symlink_to(tmp_path / "docs")
    (tmp_path / "docs/up").symlink_to(tmp_path)
    assert list(documents(tmp_path / "docs")) == ["a.txt"]


def test_work_inside_docs_is_no_document(tmp_path: Path) -> None:
    write(tmp_path, {"a.txt": GARDEN})
    before = source_digest(tmp_path, exclude=tmp_path / "work")
    write(tmp_path, {"work/documents.jsonl": '{"_id": "x", "text": "y"}\n'})
    assert [file.name for file in scan(tmp_path, exclude=tmp_path / "work").files] == ["a.txt"]
    assert source_digest(tmp_path, exclude=tmp_path / "work") == before


def test_a_missing_or_foreign_source_is_named(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="do not exist"):
        list(read_documents(tmp_path / "nowhere"))
    write(tmp_path, {"report.png": "x"})
    with pytest.raises(
        InputError, match=r"report\.png is of a kind that is not read; readable are \.txt \.md"
    ):
        list(read_documents(tmp_path / "report.png"))


def test_the_digest_follows_names_and_contents_of_what_is_read(tmp_path: Path) -> None:
    write(tmp_path, {"a.txt": GARDEN, "b.png": "x"})
    first = source_digest(tmp_path)
    write(tmp_path, {"b.png": "y", "c.png": "z"})
    assert source_digest(tmp_path) == first
    write(tmp_path, {"a.txt": GARDEN + "More."})
    second = source_digest(tmp_path)
    (tmp_path / "a.txt").rename(tmp_path / "z.txt")
    assert len({first, second, source_digest(tmp_path)}) == 3


CORPUS = """\
{"_id": "t1", "title": "Tomatoes", "text": "Tomatoes like sun.\\n\\nAnd water.", "metadata": {"url": "u"}, "year": 2021}

{"id": 7, "text": "Beans climb on poles."}
not json
{"_id": "t3", "title": "A title alone", "text": ""}
{"_id": "t1", "text": "Says the same id."}
["a", "list"]
{"title": "nobody", "text": "No id."}
{"_id": "t4", "text": ["not", "text"]}
{"_id": "t5", "title": "", "text": "  "}
"""


def test_a_jsonl_corpus_is_one_document_a_line(tmp_path: Path) -> None:
    found = documents(write(tmp_path, {"corpus.jsonl": CORPUS}) / "corpus.jsonl")
    assert list(found) == ["t1", "7", "t3"]
    assert found["t1"].text == "Tomatoes like sun.\n\nAnd water."
    assert found["t1"].title == "Tomatoes"
    assert found["t1"].metadata == {"url": "u", "year": 2021}
    assert (found["7"].title, found["7"].path) == ("", "corpus.jsonl")
    assert (found["t3"].title, found["t3"].text) == ("", "A title alone")


def test_broken_lines_are_rejected_by_number_and_the_others_go_on(tmp_path: Path) -> None:
    reasons = rejections(write(tmp_path, {"corpus.jsonl": CORPUS}) / "corpus.jsonl")
    assert {path: reason.partition(":")[0] for path, reason in reasons.items()} == {
        "corpus.jsonl:4": "not valid JSON",
        "corpus.jsonl:6": "duplicate id",
        "corpus.jsonl:7": "not a JSON object",
        "corpus.jsonl:8": "no id",
        "corpus.jsonl:9": "text is not a string",
        "corpus.jsonl:10": "empty",
    }
    assert "corpus.jsonl:1" in reasons["corpus.jsonl:6"]


@pytest.mark.parametrize(
    ("language", "text"),
    [
        ("de", "Der Garten wird jeden Morgen gegossen, bevor die Sonne hoch am Himmel steht."),
        ("zh", "每天早晨太阳升高之前都要给花园浇水，番茄需要的水最多，豆子需要的水比较少。"),
        ("ar", "تُسقى الحديقة كل صباح قبل أن ترتفع الشمس، والطماطم تحتاج إلى أكثر الماء."),
        ("", "Soil 7"),
    ],
)
def test_the_language_is_told_where_there_is_enough_text(tmp_path: Path, language: str, text: str) -> None:
    assert documents(write(tmp_path, {"a.txt": text}))["a.txt"].language == language
