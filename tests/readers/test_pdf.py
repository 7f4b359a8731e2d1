"""PDFs as word processors, typesetters and scanners leave them."""

import io
import random
from collections.abc import Iterator
from pathlib import Path

import pytest
from PIL import Image
from reportlab.lib.pagesizes import A4
from reportlab.lib.pdfencrypt import StandardEncryption
from reportlab.lib.utils import ImageReader
from reportlab.pdfgen.canvas import Canvas

from idiolect.readers import Content, Options, Parsed, pdf, read_documents
from idiolect.records import RejectedDocument

LEFT, TOP, LEADING = 72, 760, 14


class Typesetter:
    """Sets lines from the top of a page down."""

    def __init__(self, encrypt: StandardEncryption | None = None) -> None:
        self.target = io.BytesIO()
        self.canvas = Canvas(self.target, pagesize=A4, encrypt=encrypt)
        self.height = TOP

    def lines(self, *lines: str, size: float = 11, font: str = "Helvetica", indent: float = 0) -> None:
        for line in lines:
            self.canvas.setFont(font, size)
            self.canvas.drawString(LEFT + indent, self.height, line)
            self.height -= LEADING * size / 11

    def gap(self) -> None:
        self.height -= LEADING

    def at(self, height: float, text: str, size: float = 9) -> None:
        self.canvas.setFont("Helvetica", size)
        self.canvas.drawString(LEFT, height, text)

    def picture(self) -> None:
        self.canvas.drawImage(ImageReader(Image.new("RGB", (60, 80), "grey")), 0, 0, *A4)

    def page(self) -> None:
        self.canvas.showPage()
        self.height = TOP

    def done(self) -> bytes:
        self.canvas.save()
        return self.target.getvalue()


def content(data: bytes, folder: Path) -> Content:
    (folder / "a.pdf").write_bytes(data)
    (entry,) = pdf.read(folder / "a.pdf", Options())
    return entry.content


def only(data: bytes, folder: Path) -> Parsed | RejectedDocument:
    (folder / "a.pdf").write_bytes(data)
    (outcome,) = read_documents(folder)
    return outcome


def outline(parsed: Content) -> list[tuple[str, int, str]]:
    """Each block's kind, level and the text that it covers."""
    return [(block.kind, block.level, parsed.text[block.start : block.end]) for block in parsed.blocks]


def test_lines_become_headings_paragraphs_lists_and_code(tmp_path: Path) -> None:
    paper = Typesetter()
    paper.lines("Looking after bees", size=20)
    paper.lines("In winter", size=15)
    paper.lines(
        "A colony that has stores enough is left alone until the",
        "willows bloom. Whoever opens the hive in frost does the bees",
        "more harm than good.",
    )
    paper.gap()
    paper.lines("What is done instead, from outside the hive:")
    paper.lines("• listen at the wall", "• clear the entrance of dead bees, with a", indent=12)
    paper.lines("bent wire", indent=22)
    paper.gap()
    paper.lines("weigh --hive 3", "  log.append(weight)", font="Courier")
    parsed = content(paper.done(), tmp_path)
    assert outline(parsed) == [
        ("heading", 1, "Looking after bees"),
        ("heading", 2, "In winter"),
        (
            "paragraph",
            0,
            "A colony that has stores enough is left alone until the willows bloom. Whoever opens the hive in "
            "frost does the bees more harm than good.",
        ),
        ("paragraph", 0, "What is done instead, from outside the hive:"),
        ("list", 0, "- listen at the wall\n- clear the entrance of dead bees, with a bent wire"),
        ("code", 0, "weigh --hive 3\n  log.append(weight)"),
    ]
    assert parsed.text == "\n\n".join(text for _, _, text in outline(parsed))


def test_indented_first_lines_begin_paragraphs(tmp_path: Path) -> None:
    paper = Typesetter()
    for first, second in [("Smoke calms", "the bees soon."), ("Cold air", "wakes them all.")]:
        paper.lines(f"{first} them, and a little of it is enough for one hive,", indent=14)
        paper.lines(f"as everybody knows who has worked with them, {second}")
    blocks = outline(content(paper.done(), tmp_path))
    assert [text[:11] for _, _, text in blocks] == ["Smoke calms", "Cold air th"]


def test_words_divided_at_line_ends_are_joined_as_they_are_written_elsewhere(tmp_path: Path) -> None:
    paper = Typesetter()
    paper.lines(
        "The well-known smoker is lit first. The temper-",
        "ature of the hive falls, as the well-",
        "known books say, to that of the ISO-",
        "9001 shed.",
    )
    (block,) = outline(content(paper.done(), tmp_path))
    assert block[2] == (
        "The well-known smoker is lit first. The temperature of the hive falls, as the well-known books say, "
        "to that of the ISO-9001 shed."
    )


def sentences(number: int) -> Iterator[str]:
    for line in range(20):
        yield f"Page {number} of the log has its line {line} on what the colony did that day"


def test_running_heads_and_page_numbers_are_no_text(tmp_path: Path) -> None:
    paper = Typesetter()
    for number in range(1, 7):
        paper.at(810, "The hive log" if number % 2 else "Part one: spring")
        paper.lines(f"Week {number}", size=16)
        paper.lines(*sentences(number))
        paper.at(30, f"{number} of 6")
        paper.page()
    parsed = content(paper.done(), tmp_path)
    assert "The hive log" not in parsed.text
    assert "Part one" not in parsed.text
    assert "of 6" not in parsed.text
    assert [text for kind, _, text in outline(parsed) if kind == "heading"] == [
        f"Week {number}" for number in range(1, 7)
    ]


def test_a_page_of_one_line_keeps_it_even_if_others_have_its_like(tmp_path: Path) -> None:
    paper = Typesetter()
    for number in range(1, 5):
        paper.lines(f"The queen of hive {number} is marked.")
        paper.at(30, str(number))
        paper.page()
    lines = [f"The queen of hive {number} is marked." for number in range(1, 5)]
    assert [text for _, _, text in outline(content(paper.done(), tmp_path))] == lines


def test_two_pages_alike_have_no_running_heads(tmp_path: Path) -> None:
    paper = Typesetter()
    for _ in range(2):
        paper.lines("The queen is marked.")
        paper.page()
    assert content(paper.done(), tmp_path).text.count("The queen is marked.") == 2


def test_pages_begin_where_they_say_and_sentences_run_over_them(tmp_path: Path) -> None:
    paper = Typesetter()
    paper.lines("The swarm that left the hive at noon went over")
    paper.page()
    paper.lines("the river and was not seen again.")
    paper.page()
    paper.page()
    paper.lines("Next year it may return.")
    parsed = content(paper.done(), tmp_path)
    assert outline(parsed) == [
        (
            "paragraph",
            0,
            "The swarm that left the hive at noon went over the river and was not seen again.",
        ),
        ("paragraph", 0, "Next year it may return."),
    ]
    pages = parsed.metadata["pages"]
    assert [parsed.text[start : start + 9] for start in pages] == [
        "The swarm",
        "the river",
        "Next year",
        "Next year",
    ]
    assert "pages_without_text" not in parsed.metadata


def test_the_outline_names_headings_that_are_no_larger_than_the_text(tmp_path: Path) -> None:
    paper = Typesetter()
    paper.canvas.setTitle("Bees through the year")
    paper.canvas.setAuthor("Ada Imker")
    for number, (title, level) in enumerate([("Spring", 0), ("First flight", 1), ("Summer", 0)]):
        paper.canvas.bookmarkPage(f"mark{number}")
        paper.canvas.addOutlineEntry(title, f"mark{number}", level)
        paper.lines(f"{number + 1}. {title}", font="Helvetica-Bold")
        paper.gap()
        paper.lines(*sentences(number))
        paper.page()
    parsed = content(paper.done(), tmp_path)
    assert [(level, text) for kind, level, text in outline(parsed) if kind == "heading"] == [
        (1, "1. Spring"),
        (2, "2. First flight"),
        (1, "3. Summer"),
    ]
    assert (parsed.title, parsed.metadata["author"]) == ("Bees through the year", "Ada Imker")


def test_a_title_that_a_program_filled_in_is_none(tmp_path: Path) -> None:
    for stated in ("untitled", "Microsoft Word - bees_final.docx", "report.indd"):
        paper = Typesetter()
        paper.canvas.setTitle(stated)
        paper.lines("The queen is marked.")
        assert content(paper.done(), tmp_path).title == ""


def test_scanned_pages_are_told_of(tmp_path: Path) -> None:
    paper = Typesetter()
    for number in range(5):
        paper.picture() if number in (1, 3) else paper.lines(f"The queen of hive {number} is marked.")
        paper.page()
    assert content(paper.done(), tmp_path).metadata["pages_without_text"] == [2, 4]


def test_a_scan_with_nothing_but_stamped_numbers_is_set_aside(tmp_path: Path) -> None:
    paper = Typesetter()
    for number in range(4):
        paper.picture()
        paper.at(20, str(number + 1))
        paper.page()
    outcome = only(paper.done(), tmp_path)
    assert isinstance(outcome, RejectedDocument)
    assert outcome.reason == "no text layer: 4 pages are images"


def whole(password: str = "", pages: int = 3) -> bytes:
    paper = Typesetter(StandardEncryption(password, canPrint=0) if password else None)
    for number in range(pages):
        paper.lines(*sentences(number))
        paper.page()
    return paper.done()


def test_what_cannot_be_opened_is_told_apart(tmp_path: Path) -> None:
    blank = Typesetter()
    blank.page()
    expected = {
        b"": "empty",
        blank.done(): "empty",
        whole("secret"): "password",
        whole()[:900]: "corrupt",
        whole()[:-200]: "corrupt",
        random.Random(1).randbytes(3000): "corrupt",
        b"%PDF-1.4\n%%EOF\n": "corrupt",
        b"just some text": "corrupt",
    }
    for data, category in expected.items():
        outcome = only(data, tmp_path)
        assert isinstance(outcome, RejectedDocument)
        assert outcome.reason.partition(":")[0] == category


def test_an_owners_password_alone_locks_no_reader_out(tmp_path: Path) -> None:
    paper = Typesetter(StandardEncryption("", ownerPassword="secret"))
    paper.lines("The queen is marked.")
    assert content(paper.done(), tmp_path).text == "The queen is marked."


@pytest.mark.parametrize("seed", range(3))
def test_damage_anywhere_has_a_reason_or_does_no_harm(tmp_path: Path, seed: int) -> None:
    chance = random.Random(seed)
    for _ in range(20):
        data = bytearray(whole(pages=2))
        for _ in range(chance.choice((1, 1, 8, 60))):
            data[chance.randrange(len(data))] = chance.randrange(256)
        outcome = only(bytes(data[: chance.choice((len(data), chance.randrange(1, len(data))))]), tmp_path)
        if isinstance(outcome, RejectedDocument):
            assert outcome.reason.partition(":")[0] in (
                "corrupt",
                "password",
                "empty",
                "no text",
                "no text layer",
            )
