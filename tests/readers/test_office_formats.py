"""Word documents and presentations as offices have them, whole and broken."""

import io
import random
import sys
import zipfile
from collections.abc import Callable
from datetime import datetime
from pathlib import Path

import docx
import pptx
import pytest
from docx.oxml import OxmlElement, parse_xml
from docx.oxml.ns import nsdecls, qn
from pptx.util import Inches

from idiolect.readers import Content, Options, Parsed, read_documents
from idiolect.readers import docx as docx_reader
from idiolect.readers import pptx as pptx_reader
from idiolect.records import RejectedDocument

WATER = "The pump house stands by the weir and lifts water to the upper tank every night."


def only(folder: Path, options: Options | None = None) -> Parsed | RejectedDocument:
    (outcome,) = read_documents(folder, options)
    return outcome


def reason(folder: Path, options: Options | None = None) -> str:
    outcome = only(folder, options)
    assert isinstance(outcome, RejectedDocument)
    return outcome.reason


def content(file: Path, reader: Callable) -> Content:
    (entry,) = reader(file, Options())
    return entry.content


def outline(parsed: Content) -> list[tuple[str, int, str]]:
    """Each block's kind, level and the text that it covers."""
    return [(block.kind, block.level, parsed.text[block.start : block.end]) for block in parsed.blocks]


def saved(document: object) -> bytes:
    target = io.BytesIO()
    document.save(target)
    return target.getvalue()


def handbook() -> "docx.document.Document":
    document = docx.Document()
    document.core_properties.author = "Ines Roth"
    document.core_properties.title = "Microsoft Word - pumps_final2.doc"
    document.core_properties.created = datetime(2021, 5, 4, 9, 30)
    document.sections[0].header.paragraphs[0].text = "Internal use"
    document.add_heading("Pump house handbook", 0)
    document.add_paragraph(WATER)
    document.add_heading("Starting a pump", 1)
    document.add_paragraph("Open the inlet valve.", style="List Number")
    document.add_paragraph("Prime the casing:", style="List Number")
    document.add_paragraph("with clean water only.", style="List Bullet 2")
    table = document.add_table(3, 2)
    for row, (pump, litres) in enumerate([("pump", "litres a second"), ("west", "40"), ("east", "55")]):
        table.cell(row, 0).text, table.cell(row, 1).text = pump, litres
    document.add_paragraph("Both pumps together need the large transformer.")
    document.add_heading("Noise", 2)
    document.add_paragraph("A rattle means that air is in the casing.")
    return document


def test_a_word_document_is_read_in_its_order(tmp_path: Path) -> None:
    (tmp_path / "pumps.docx").write_bytes(saved(handbook()))
    parsed = content(tmp_path / "pumps.docx", docx_reader.read)
    assert outline(parsed) == [
        ("heading", 1, "Pump house handbook"),
        ("paragraph", 0, WATER),
        ("heading", 1, "Starting a pump"),
        ("list", 0, "- Open the inlet valve.\n- Prime the casing:\n  - with clean water only."),
        ("table", 0, "pump | litres a second\nwest | 40\neast | 55"),
        ("paragraph", 0, "Both pumps together need the large transformer."),
        ("heading", 2, "Noise"),
        ("paragraph", 0, "A rattle means that air is in the casing."),
    ]
    assert parsed.text == "\n\n".join(text for _, _, text in outline(parsed))


def test_a_word_document_is_titled_by_what_it_shows_and_not_by_a_file_name(tmp_path: Path) -> None:
    document = handbook()
    (tmp_path / "pumps.docx").write_bytes(saved(document))
    read = only(tmp_path).document
    assert read.title == "Pump house handbook"
    assert read.language == "en"
    assert read.metadata["author"] == "Ines Roth"
    assert read.metadata["created"].startswith("2021-05-04T09:30")
    plain = docx.Document()
    plain.add_paragraph(WATER)
    (tmp_path / "pumps.docx").write_bytes(saved(plain))
    assert only(tmp_path).document.title == "Pumps"


def run_of(text: str, tag: str = "w:t") -> object:
    run, words = OxmlElement("w:r"), OxmlElement(tag)
    words.text = text
    run.append(words)
    return run


def wrapped(tag: str, *inside: object) -> object:
    element = OxmlElement(tag)
    for one in inside:
        element.append(one)
    return element


def test_what_word_wraps_is_read_and_what_it_hides_is_not(tmp_path: Path) -> None:
    document = docx.Document()
    body = document.element.body
    paragraph = document.add_paragraph("Close the ")._p
    paragraph.append(wrapped("w:ins", run_of("upper ")))
    paragraph.append(wrapped("w:del", run_of("lower ", "w:delText")))
    paragraph.append(run_of("sluice."))
    secret = document.add_paragraph("").add_run("Nobody sees this.")
    secret.font.hidden = True
    control = wrapped("w:sdt", wrapped("w:sdtContent", document.add_paragraph("In a form field.")._p))
    body.insert(2, control)
    contents = document.add_paragraph("Sluices 12")
    contents.style = document.styles.add_style("toc 1", 1)
    (tmp_path / "a.docx").write_bytes(saved(document))
    assert outline(content(tmp_path / "a.docx", docx_reader.read)) == [
        ("paragraph", 0, "Close the upper sluice."),
        ("paragraph", 0, "In a form field."),
    ]


def test_text_boxes_layout_tables_code_and_own_heading_styles(tmp_path: Path) -> None:
    document = docx.Document()
    style = document.styles.add_style("Kapitel", 1)
    style.base_style = document.styles["Heading 2"]
    document.add_paragraph("Wehr und Mühle", style=style)
    document.styles.add_style("Source Code", 1)
    document.add_paragraph("valve.open()", style="Source Code")
    document.add_paragraph("  valve.wait()", style="Source Code")
    cell = document.add_table(1, 1).cell(0, 0)
    cell.text = "A frame around words."
    box = f"<w:txbxContent {nsdecls('w')}><w:p><w:r><w:t>In the box.</w:t></w:r></w:p></w:txbxContent>"
    anchor = document.add_paragraph("Beside it.")
    anchor._p.append(wrapped("w:r", wrapped("w:pict", parse_xml(box))))
    (tmp_path / "a.docx").write_bytes(saved(document))
    assert outline(content(tmp_path / "a.docx", docx_reader.read)) == [
        ("heading", 2, "Wehr und Mühle"),
        ("code", 0, "valve.open()\n  valve.wait()"),
        ("paragraph", 0, "A frame around words."),
        ("paragraph", 0, "Beside it."),
        ("paragraph", 0, "In the box."),
    ]


def test_footnotes_follow_the_block_that_refers_to_them(tmp_path: Path) -> None:
    document = docx.Document()
    paragraph = document.add_paragraph("The weir is of 1884.")._p
    mark = OxmlElement("w:footnoteReference")
    mark.set(qn("w:id"), "2")
    paragraph.append(wrapped("w:r", mark))
    document.add_paragraph("It was mended twice.")
    notes = (
        f'<w:footnotes {nsdecls("w")}><w:footnote w:type="separator" w:id="0"><w:p/></w:footnote>'
        '<w:footnote w:id="2"><w:p><w:r><w:t>Town archive, box 7.</w:t></w:r></w:p></w:footnote></w:footnotes>'
    )
    kind = "application/vnd.openxmlformats-officedocument.wordprocessingml.footnotes+xml"
    part = docx.opc.part.Part(docx.opc.packuri.PackURI("/word/footnotes.xml"), kind, notes.encode())
    document.part.relate_to(part, docx.opc.constants.RELATIONSHIP_TYPE.FOOTNOTES)
    (tmp_path / "a.docx").write_bytes(saved(document))
    assert [text for _, _, text in outline(content(tmp_path / "a.docx", docx_reader.read))] == [
        "The weir is of 1884.",
        "Town archive, box 7.",
        "It was mended twice.",
    ]


def training() -> "pptx.presentation.Presentation":
    show = pptx.Presentation()
    show.core_properties.title = "PowerPoint Presentation"
    opening = show.slides.add_slide(show.slide_layouts[0])
    opening.shapes.title.text, opening.placeholders[1].text = (
        "Valves for new fitters",
        "A morning in the workshop",
    )
    slide = show.slides.add_slide(show.slide_layouts[1])
    slide.shapes.title.text = "Gate valves"
    bullets = slide.placeholders[1].text_frame
    bullets.text = "Open them slowly"
    deeper = bullets.add_paragraph()
    deeper.text, deeper.level = "two turns\va minute", 1
    table = slide.shapes.add_table(2, 2, Inches(1), Inches(1), Inches(3), Inches(1)).table
    for row, texts in enumerate([("size", "turns"), ("DN 50", "14")]):
        for column, text in enumerate(texts):
            table.cell(row, column).text = text
    group = slide.shapes.add_group_shape()
    group.shapes.add_textbox(0, 0, 100, 100).text_frame.text = "Never use a pipe as a lever."
    slide.notes_slide.notes_text_frame.text = "Show the broken spindle."
    return show


def test_a_presentation_is_read_slide_by_slide(tmp_path: Path) -> None:
    (tmp_path / "show.pptx").write_bytes(saved(training()))
    parsed = content(tmp_path / "show.pptx", pptx_reader.read)
    assert outline(parsed) == [
        ("heading", 2, "Valves for new fitters"),
        ("paragraph", 0, "A morning in the workshop"),
        ("heading", 2, "Gate valves"),
        ("list", 0, "- Open them slowly\n  - two turns a minute"),
        ("table", 0, "size | turns\nDN 50 | 14"),
        ("paragraph", 0, "Never use a pipe as a lever."),
        ("paragraph", 0, "Show the broken spindle."),
    ]
    assert parsed.title == "Valves for new fitters"
    assert [parsed.text[start:].split("\n")[0] for start in parsed.metadata["slides"]] == [
        "Valves for new fitters",
        "Gate valves",
    ]


MAKERS = {"a.docx": lambda: saved(handbook()), "a.pptx": lambda: saved(training())}
OLE = bytes.fromhex("D0CF11E0A1B11AE1") + bytes(600)


@pytest.mark.parametrize("name", MAKERS)
def test_what_is_no_readable_archive_is_told_apart(tmp_path: Path, name: str) -> None:
    whole = MAKERS[name]()
    file = tmp_path / name
    expected = {
        b"": "empty",
        OLE: "password",
        whole[: len(whole) // 2]: "corrupt",
        random.Random(1).randbytes(3000): "corrupt",
        b"just some text": "corrupt",
        whole.replace(b"word/", b"wird/").replace(b"ppt/", b"ptp/"): "corrupt",
    }
    for data, category in expected.items():
        file.write_bytes(data)
        assert reason(tmp_path).partition(":")[0] == category


@pytest.mark.parametrize("name", MAKERS)
def test_an_archive_that_unpacks_to_too_much_is_not_unpacked(tmp_path: Path, name: str) -> None:
    with zipfile.ZipFile(tmp_path / name, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("word/document.xml", bytes(11_000_000))
    assert reason(tmp_path, Options(largest=1_000_000)).startswith("huge: 11.0 MB")


def test_entities_are_not_expanded(tmp_path: Path) -> None:
    bomb = '<!DOCTYPE x [<!ENTITY a "boom boom boom"><!ENTITY b "&a;&a;&a;">]>'
    source, target = zipfile.ZipFile(io.BytesIO(saved(handbook()))), zipfile.ZipFile(tmp_path / "a.docx", "w")
    with source, target:
        for name in source.namelist():
            text = source.read(name)
            if name == "word/document.xml":
                declaration, _, rest = text.partition(b"?>")
                text = declaration + b"?>" + bomb.encode() + rest.replace(b"rattle", b"&b;")
            target.writestr(name, text)
    outcome = only(tmp_path)
    assert isinstance(outcome, RejectedDocument) or "boom" not in outcome.document.text


@pytest.mark.parametrize("name", MAKERS)
def test_damage_anywhere_has_a_reason_or_does_no_harm(tmp_path: Path, name: str) -> None:
    whole = MAKERS[name]()
    chance = random.Random(7)
    for _ in range(40):
        data = bytearray(whole)
        for _ in range(chance.choice((1, 1, 8, 60))):
            data[chance.randrange(len(data))] = chance.randrange(256)
        (tmp_path / name).write_bytes(data[: chance.choice((len(data), chance.randrange(1, len(data))))])
        outcome = only(tmp_path)
        if isinstance(outcome, RejectedDocument):
            assert outcome.reason.partition(":")[0] in ("corrupt", "password", "empty", "no text", "huge")


@pytest.mark.parametrize(
    ("name", "library"), [("a.docx", "docx"), ("a.pptx", "pptx"), ("a.pdf", "pypdfium2")]
)
def test_a_missing_library_is_named_with_its_cure(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str, library: str
) -> None:
    (tmp_path / name).write_bytes(b"never opened")
    for module in [one for one in sys.modules if one.partition(".")[0] == library]:
        monkeypatch.delitem(sys.modules, module)
    monkeypatch.delitem(sys.modules, f"idiolect.readers.{name[2:]}", raising=False)
    for module in [one for one in sys.modules if one.startswith(f"idiolect.readers.{name[2:]}_")]:
        monkeypatch.delitem(sys.modules, module)
    monkeypatch.setitem(sys.modules, library, None)
    assert reason(tmp_path) == (
        f"not installed: it needs the package '{library}': pip install 'idiolect[documents]'"
    )
