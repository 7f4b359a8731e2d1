"""Files of every format that idiolect reads, whole and broken, made by the formats' own libraries.

The texts are made up word by word: a village of workshops, its tools, and what happens to them.
"""

import csv
import email.message
import gzip
import io
import json
import random
import zipfile
from collections.abc import Callable, Iterator
from pathlib import Path

_WORDS = """
forge loom kiln mill press lathe still oven saw wheel anvil bellows winch crane ladder pump
spindle belt hinge valve bearing collar shuttle grate flue blade crank pulley gauge wick hose latch
warms turns lifts cuts presses dries cools weighs grinds bends holds drains feeds sorts seals lights
clay wool iron barley paper oak copper linen resin glass leather salt flint honey chalk straw
rattles smokes sticks leaks slips squeals rusts cracks wanders stalls
"""
_SUBJECTS, _PARTS, _VERBS, _MATTER, _SIGNS = map(str.split, _WORDS.strip().splitlines())


class Village:
    """Sentences without end, the same for the same seed."""

    def __init__(self, seed: int) -> None:
        self.chance = random.Random(seed)

    def sentence(self) -> str:
        pick = self.chance.choice
        one, other, number = pick(_SUBJECTS), pick(_SUBJECTS), self.chance.randint(2, 90)
        return pick(
            (
                f"The {one} in workshop {number} {pick(_VERBS)} the {pick(_MATTER)} before the {other} does.",
                f"When its {pick(_PARTS)} {pick(_SIGNS)}, the {one} must rest for {number} minutes.",
                f"Every {number} days somebody oils the {pick(_PARTS)} and counts the {pick(_MATTER)} that is left.",
                f"A worn {pick(_PARTS)} on the {one} is why the {pick(_MATTER)} {pick(_SIGNS)} near the {other}.",
            )
        )

    def paragraph(self, sentences: int = 5) -> str:
        return " ".join(self.sentence() for _ in range(sentences))

    def title(self) -> str:
        return f"Keeping the {self.chance.choice(_SUBJECTS)} and its {self.chance.choice(_PARTS)}"

    def sections(self, count: int = 4) -> list[tuple[str, str]]:
        return [(f"About the {self.chance.choice(_PARTS)}", self.paragraph()) for _ in range(count)]


def text(village: Village) -> bytes:
    return "\n\n".join(village.paragraph() for _ in range(4)).encode()


def markdown(village: Village) -> bytes:
    body = "".join(f"## {heading}\n\n{words}\n\n" for heading, words in village.sections())
    return f"# {village.title()}\n\n{body}".encode()


def rst(village: Village) -> bytes:
    title = village.title()
    body = "".join(f"{heading}\n{'-' * len(heading)}\n\n{words}\n\n" for heading, words in village.sections())
    return f"{title}\n{'=' * len(title)}\n\n{body}".encode()


def html(village: Village) -> bytes:
    body = "".join(f"<h2>{heading}</h2><p>{words}</p>" for heading, words in village.sections())
    menu = "<nav><a href=/>Home</a> <a href=/all>All workshops</a></nav>"
    return f"<html><head><title>{village.title()}</title></head><body>{menu}{body}</body></html>".encode()


def jsonl(village: Village) -> bytes:
    rows = ({"title": village.title(), "text": village.paragraph()} for _ in range(5))
    key = village.chance.getrandbits(60)
    return "".join(json.dumps({"_id": f"{key}-{n}", **row}) + "\n" for n, row in enumerate(rows)).encode()


def jsonl_gz(village: Village) -> bytes:
    return gzip.compress(jsonl(village), mtime=0)


def table(village: Village, delimiter: str = ",") -> bytes:
    target = io.StringIO()
    writer = csv.writer(target, delimiter=delimiter)
    writer.writerow(["title", "text"])
    writer.writerows([village.title(), village.paragraph()] for _ in range(5))
    return target.getvalue().encode()


def tabs(village: Village) -> bytes:
    return table(village, "\t")


def parquet(village: Village) -> bytes:
    import pyarrow
    import pyarrow.parquet

    rows = [{"title": village.title(), "text": village.paragraph()} for _ in range(5)]
    target = io.BytesIO()
    pyarrow.parquet.write_table(pyarrow.Table.from_pylist(rows), target)
    return target.getvalue()


def xlsx(village: Village) -> bytes:
    import xlsxwriter

    target = io.BytesIO()
    with xlsxwriter.Workbook(target, {"in_memory": True}) as book:
        sheet = book.add_worksheet("Workshops")
        sheet.write_row(0, 0, ["title", "text"])
        for row in range(1, 6):
            sheet.write_row(row, 0, [village.title(), village.paragraph()])
    return target.getvalue()


def docx(village: Village) -> bytes:
    import docx as library

    document = library.Document()
    document.add_heading(village.title(), 0)
    for heading, words in village.sections():
        document.add_heading(heading, 1)
        document.add_paragraph(words)
    target = io.BytesIO()
    document.save(target)
    return target.getvalue()


def pptx(village: Village) -> bytes:
    import pptx as library

    show = library.Presentation()
    for heading, words in village.sections():
        slide = show.slides.add_slide(show.slide_layouts[1])
        slide.shapes.title.text = heading
        slide.placeholders[1].text = words
    target = io.BytesIO()
    show.save(target)
    return target.getvalue()


def pdf(village: Village, password: str = "") -> bytes:
    from reportlab.lib.pdfencrypt import StandardEncryption
    from reportlab.lib.styles import getSampleStyleSheet
    from reportlab.platypus import Paragraph, SimpleDocTemplate

    target, styles = io.BytesIO(), getSampleStyleSheet()
    story = [Paragraph(village.title(), styles["Title"])]
    for heading, words in village.sections():
        story += [Paragraph(heading, styles["Heading2"]), Paragraph(words, styles["BodyText"])]
    encryption = StandardEncryption(password, canPrint=0) if password else None
    SimpleDocTemplate(target, encrypt=encryption).build(story)
    return target.getvalue()


def epub(village: Village) -> bytes:
    target = io.BytesIO()
    with zipfile.ZipFile(target, "w") as book:
        book.writestr("mimetype", "application/epub+zip")
        book.writestr(
            "META-INF/container.xml",
            '<container xmlns="urn:oasis:names:tc:opendocument:xmlns:container" version="1.0"><rootfiles>'
            '<rootfile full-path="book.opf" media-type="application/oebps-package+xml"/></rootfiles></container>',
        )
        book.writestr(
            "book.opf",
            '<package xmlns="http://www.idpf.org/2007/opf" version="3.0">'
            f'<metadata xmlns:dc="http://purl.org/dc/elements/1.1/"><dc:title>{village.title()}</dc:title></metadata>'
            '<manifest><item id="c" href="c.xhtml" media-type="application/xhtml+xml"/></manifest>'
            '<spine><itemref idref="c"/></spine></package>',
        )
        body = "".join(f"<h1>{heading}</h1><p>{words}</p>" for heading, words in village.sections())
        book.writestr("c.xhtml", f'<html xmlns="http://www.w3.org/1999/xhtml"><body>{body}</body></html>')
    return target.getvalue()


def mail(village: Village) -> bytes:
    message = email.message.EmailMessage()
    message["Subject"], message["From"], message["To"] = village.title(), "ada@example.org", "ben@example.org"
    message.set_content("\n\n".join(village.paragraph() for _ in range(3)))
    return message.as_bytes()


def notebook(village: Village) -> bytes:
    import nbformat.v4 as v4

    cells = [v4.new_markdown_cell(f"# {village.title()}\n\n{village.paragraph()}", id="one")]
    cells.append(v4.new_code_cell(f"minutes = {village.chance.randint(1, 99)}\nprint(minutes)", id="two"))
    return json.dumps(v4.new_notebook(cells=cells)).encode()


def source(village: Village) -> bytes:
    functions = (
        f'def check_{number}(minutes):\n    """{village.sentence()}"""\n    return minutes > {number}\n'
        for number in village.chance.sample(range(1000), 4)
    )
    return f'"""{village.paragraph(2)}"""\n\n\n'.encode() + "\n\n".join(functions).encode()


WHOLE: dict[str, Callable[[Village], bytes]] = {
    ".txt": text, ".md": markdown, ".rst": rst, ".html": html, ".jsonl": jsonl, ".jsonl.gz": jsonl_gz,
    ".csv": table, ".tsv": tabs, ".parquet": parquet, ".xlsx": xlsx, ".docx": docx, ".pptx": pptx,
    ".pdf": pdf, ".epub": epub, ".eml": mail, ".ipynb": notebook, ".py": source,
}  # fmt: skip
"""Suffix → what makes such a file."""

OLE = bytes.fromhex("D0CF11E0A1B11AE1") + bytes(2000)
"""How an encrypted Office file begins."""

BROKEN: dict[str, tuple[Callable[[Village], bytes], str]] = {
    "empty.txt": (lambda village: b"", "empty"),
    "blank.md": (lambda village: b" \n\n ", "empty"),
    "noise.txt": (lambda village: village.chance.randbytes(4000), "binary"),
    "locked.pdf": (lambda village: pdf(village, "secret"), "password"),
    "locked.docx": (lambda village: OLE, "password"),
    "locked.xlsx": (lambda village: OLE, "password"),
    "half.pdf": (lambda village: pdf(village)[:600], "corrupt"),
    "half.docx": (lambda village: docx(village)[:5000], "corrupt"),
    "half.pptx": (lambda village: pptx(village)[:5000], "corrupt"),
    "half.xlsx": (lambda village: xlsx(village)[:2000], "corrupt"),
    "half.epub": (lambda village: epub(village)[:500], "corrupt"),
    "half.parquet": (lambda village: parquet(village)[:300], "corrupt"),
    "half.ipynb": (lambda village: notebook(village)[:200], "corrupt"),
    "noise.jsonl.gz": (lambda village: village.chance.randbytes(900), "corrupt"),
    "picture.png": (lambda village: b"\x89PNG\r\n\x1a\n", "not read (.png)"),
}
"""File name → what makes it, and the category of the reason for which it is set aside."""


def write_whole(folder: Path, count: int, seed: int = 0) -> Path:
    """`count` files, the formats in turn, in folders of a hundred."""
    for number, suffix in zip(range(count), _turns(), strict=False):
        path = folder / f"{number // 100:03d}" / f"file{number:05d}{suffix}"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(WHOLE[suffix](Village(seed * 1_000_003 + number)))
    return folder


def write_broken(folder: Path) -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    for number, (name, (make, _)) in enumerate(BROKEN.items()):
        (folder / name).write_bytes(make(Village(number)))
    return folder


def _turns() -> Iterator[str]:
    while True:
        yield from WHOLE
