"""E-mails as mail programs save them, and EPUB books as publishers and converters make them."""

import base64
import io
import random
import zipfile
from collections.abc import Callable
from email.message import EmailMessage
from pathlib import Path

import pytest

from idiolect.readers import Content, Options, Parsed, epub, mail, read_documents
from idiolect.records import Document

ANSWER = "The bearing of the west pump runs hot again. Please send the fitter before Friday."


def content(data: bytes, folder: Path, reader: Callable = mail.read) -> Content:
    (folder / "a.file").write_bytes(data)
    (entry,) = reader(folder / "a.file", Options())
    return entry.content


def only(name: str, data: bytes, folder: Path) -> Document | str:
    """What becomes of the file: the document, or the reason why there is none."""
    (folder / name).write_bytes(data)
    (outcome,) = read_documents(folder / name)
    return outcome.document if isinstance(outcome, Parsed) else outcome.reason


def texts(parsed: Content) -> list[str]:
    return [parsed.text[block.start : block.end] for block in parsed.blocks]


def letter(text: str = ANSWER, subject: str = "West pump") -> EmailMessage:
    message = EmailMessage()
    message["Subject"] = subject
    message["From"] = "Grete Müller <grete@example.org>"
    message["To"] = "workshop@example.org"
    message["Date"] = "Tue, 05 Mar 2024 08:15:00 +0100"
    message.set_content(text)
    return message


def test_a_mail_is_its_text_titled_by_its_subject(tmp_path: Path) -> None:
    message = letter(f"{ANSWER}\n\nSecond thoughts: Thursday is better.", "Wärme im Westen")
    message.add_alternative(f"<p><b>{ANSWER}</b></p>", subtype="html")
    message.add_attachment(b"%PDF", maintype="application", subtype="pdf", filename="Prüfbericht.pdf")
    found = only("a.eml", message.as_bytes(), tmp_path)
    assert isinstance(found, Document)
    assert found.title == "Wärme im Westen"
    assert found.text == f"{ANSWER}\n\nSecond thoughts: Thursday is better."
    assert found.metadata == {
        "from": "Grete Müller <grete@example.org>",
        "to": "workshop@example.org",
        "date": "2024-03-05T08:15:00+01:00",
        "attachments": ["Prüfbericht.pdf"],
    }


def test_html_is_read_where_there_is_no_plain_text(tmp_path: Path) -> None:
    message = letter("\n \n")
    message.add_alternative(
        f"<h1>West pump</h1><p>{ANSWER}</p><div class='gmail_quote'>On Monday Ada wrote: <p>Old.</p></div>",
        subtype="html",
    )
    assert texts(content(message.as_bytes(), tmp_path)) == ["West pump", ANSWER]


@pytest.mark.parametrize("encoding", ["quoted-printable", "base64", "8bit"])
@pytest.mark.parametrize("charset", ["utf-8", "iso-8859-15", "windows-1252"])
def test_transfer_encodings_and_charsets_are_undone(tmp_path: Path, encoding: str, charset: str) -> None:
    message = letter()
    message.set_content("Das Lager wird heiß, ja glühend.", charset=charset, cte=encoding)
    assert content(message.as_bytes(), tmp_path).text == "Das Lager wird heiß, ja glühend."


def test_a_wrong_charset_is_seen_through(tmp_path: Path) -> None:
    for charset in ("us-ascii", "no-such-charset"):
        raw = f"Subject: x\nContent-Type: text/plain; charset={charset}\n\nDas Lager wird heiß.\n"
        assert content(raw.encode(), tmp_path).text == "Das Lager wird heiß."


QUOTE = "> The log says it was at 71 degrees.\n> What was it when you looked?\n"


@pytest.mark.parametrize(
    ("text", "own"),
    [
        (f"{ANSWER}\n\nOn Mon, 4 Mar 2024 at 17:02, Ada Imker <ada@example.org>\nwrote:\n\n{QUOTE}", ANSWER),
        (f"{ANSWER}\n\nAm 04.03.2024 um 17:02 schrieb Ada Imker:\n{QUOTE}\n>\n{QUOTE}", ANSWER),
        (f"{ANSWER}\n-- \nGrete Müller\nWaterworks, upper town\n", ANSWER),
        (f"{ANSWER}\n\n-----Original Message-----\nFrom: Ada\nSubject: pump\n\nWhat was it?\n", ANSWER),
        (
            f"{ANSWER}\n\nFrom: Ada <ada@example.org>\nSent: Monday\nTo: Grete\nSubject: pump\n\nOld.\n",
            ANSWER,
        ),
        (f"{QUOTE}\nIt was at 80.\n", f"{QUOTE.strip()}\n\nIt was at 80."),
        (f"Ada Imker wrote:\n{QUOTE * 4}\nIt was at 80.\n", "It was at 80."),
        ("> Nothing but a quote.\n", "Nothing but a quote."),
    ],
)
def test_quotes_below_an_answer_and_signatures_are_left_out(tmp_path: Path, text: str, own: str) -> None:
    assert content(letter(text).as_bytes(), tmp_path).text == own


def test_what_is_forwarded_is_what_the_mail_is_about(tmp_path: Path) -> None:
    text = f"See below.\n\n-----Original Message-----\nFrom: Ada\n\n{ANSWER}\n"
    assert ANSWER in content(letter(text, "Fwd: West pump").as_bytes(), tmp_path).text


def test_flowing_paragraphs_are_joined(tmp_path: Path) -> None:
    raw = "Subject: x\nContent-Type: text/plain; format=flowed\n\nThe bearing of \nthe west pump \nruns hot.\nAgain.\n"
    assert content(raw.encode(), tmp_path).text == "The bearing of the west pump runs hot.\nAgain."


def test_a_signed_mail_is_read_and_an_encrypted_one_is_set_aside(tmp_path: Path) -> None:
    signed = f"-----BEGIN PGP SIGNED MESSAGE-----\nHash: SHA256\n\n{ANSWER}\n-----BEGIN PGP SIGNATURE-----\n\nabcd\n"
    assert content(letter(f"{signed}-----END PGP SIGNATURE-----\n").as_bytes(), tmp_path).text == ANSWER
    head = "Subject: x\nFrom: a@example.org\nContent-Type: "
    for body in (
        'multipart/encrypted; boundary="b"\n\n--b\nContent-Type: application/pgp-encrypted\n\nVersion: 1\n--b--\n',
        "application/pkcs7-mime; smime-type=enveloped-data\nContent-Transfer-Encoding: base64\n\nMIIB\n",
        "text/plain\n\n-----BEGIN PGP MESSAGE-----\n\nhQEMA\n-----END PGP MESSAGE-----\n",
    ):
        assert only("a.eml", (head + body).encode(), tmp_path) == "password: the message is encrypted"


def test_a_message_inside_a_message_is_an_attachment(tmp_path: Path) -> None:
    message = letter()
    message.add_attachment(letter("Inside.", "The earlier one"))
    parsed = content(message.as_bytes(), tmp_path)
    assert (parsed.text, parsed.metadata["attachments"]) == (ANSWER, ["The earlier one"])


def test_what_is_no_mail_is_told_apart(tmp_path: Path) -> None:
    expected = {
        b"": "empty",
        b"Just a note that somebody named wrongly.\n": "corrupt",
        random.Random(1).randbytes(3000): "corrupt",
        b"Subject: nothing below\n\n": "empty",
        b"Subject: odd\n\n\x00\x01\x02\xff\xfe": "binary",
    }
    for data, category in expected.items():
        assert str(only("a.eml", data, tmp_path)).partition(":")[0] == category


def test_headers_that_make_no_sense_do_not_lose_the_text(tmp_path: Path) -> None:
    raw = f'Subject: =?utf-8?b?!!!?=\nFrom: <<>,"\nTo: @@@\nDate: someday\nMessage-ID: [[\n\n{ANSWER}\n'
    assert content(raw.encode(), tmp_path).text == ANSWER


CONTAINER = (
    '<?xml version="1.0"?><container xmlns="urn:oasis:names:tc:opendocument:xmlns:container"><rootfiles>'
    '<rootfile full-path="OEBPS/book.opf" media-type="application/oebps-package+xml"/></rootfiles></container>'
)
PACKAGE = """<?xml version="1.0"?><package xmlns="http://www.idpf.org/2007/opf">
<metadata xmlns:dc="http://purl.org/dc/elements/1.1/"><dc:title>The Weir
Keeper</dc:title><dc:creator>Ada Imker</dc:creator><dc:creator>Ines Roth</dc:creator>
<dc:language>en</dc:language><dc:publisher></dc:publisher></metadata>
<manifest><item id="two" href="text/chapter%202.xhtml" media-type="application/xhtml+xml"/>
<item id="one" href="text/one.xhtml" media-type="application/xhtml+xml"/>
<item id="nav" href="nav.xhtml" properties="nav" media-type="application/xhtml+xml"/>
<item id="gone" href="text/gone.xhtml" media-type="application/xhtml+xml"/>
<item id="pic" href="pic.jpg" media-type="image/jpeg"/></manifest>
<spine><itemref idref="nav"/><itemref idref="one"/><itemref idref="two"/><itemref idref="gone"/>
<itemref idref="pic"/><itemref idref="nobody"/></spine></package>"""
PAGES = {
    "OEBPS/nav.xhtml": "<html><body><ol><li><a href='text/one.xhtml'>High water</a></li></ol></body></html>",
    "OEBPS/text/one.xhtml": """<?xml version="1.0" encoding="utf-8"?><html xmlns="http://www.w3.org/1999/xhtml">
<head><title/><script src="x.js"/></head><body><a id="p1"/><h1>High water</h1><div class="toc-less"/>
<p>In March the river rose over&#160;the sill.</p></body></html>""",
    "OEBPS/text/chapter 2.xhtml": "<html><body><h2>The gate</h2><ul><li>oak</li><li>iron</li></ul></body></html>",
}


def book(**changes: str | None) -> bytes:
    """The files of a book; `changes` are other contents of container, package or encryption."""
    files = {"META-INF/container.xml": CONTAINER, "OEBPS/book.opf": PACKAGE, **PAGES}
    names = {"container": "META-INF/container.xml", "package": "OEBPS/book.opf"}
    names["encryption"] = "META-INF/encryption.xml"
    files |= {names[key]: value for key, value in changes.items()}
    target = io.BytesIO()
    with zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("mimetype", "application/epub+zip", zipfile.ZIP_STORED)
        for name, value in files.items():
            archive.writestr(name, value)
    return target.getvalue()


def test_a_book_is_read_in_the_order_of_its_spine(tmp_path: Path) -> None:
    parsed = content(book(), tmp_path, epub.read)
    assert [(block.kind, block.level, parsed.text[block.start : block.end]) for block in parsed.blocks] == [
        ("heading", 1, "High water"),
        ("paragraph", 0, "In March the river rose over the sill."),
        ("heading", 2, "The gate"),
        ("list", 0, "- oak\n- iron"),
    ]
    assert parsed.title == "The Weir Keeper"
    assert parsed.metadata == {"author": "Ada Imker, Ines Roth", "language": "en"}


def encryption(name: str) -> str:
    return (
        '<encryption xmlns="urn:oasis:names:tc:opendocument:xmlns:container"><EncryptedData '
        'xmlns="http://www.w3.org/2001/04/xmlenc#"><CipherData><CipherReference '
        f'URI="{name}"/></CipherData></EncryptedData></encryption>'
    )


def test_a_book_with_encrypted_chapters_is_set_aside_and_one_with_encrypted_fonts_is_not(
    tmp_path: Path,
) -> None:
    locked = book(encryption=encryption("OEBPS/text/chapter%202.xhtml"))
    assert only("a.epub", locked, tmp_path) == "password: the book is encrypted"
    fonts = book(encryption=encryption("OEBPS/fonts/serif.otf"))
    assert isinstance(only("a.epub", fonts, tmp_path), Document)


def test_broken_books_are_corrupt_and_their_entities_are_not_expanded(tmp_path: Path) -> None:
    bomb = '<!DOCTYPE x [<!ENTITY a "boom"><!ENTITY b "&a;&a;&a;&a;">]>' + PACKAGE.partition("?>")[2]
    whole = book()
    for data in (
        whole[: len(whole) // 2],
        random.Random(1).randbytes(3000),
        book(container="<container/>"),
        book(package="<package><spine>"),
        book(package=bomb),
        book(package=base64.b64encode(bytes(90)).decode()),
    ):
        assert str(only("a.epub", data, tmp_path)).startswith("corrupt:")


@pytest.mark.parametrize("name", ["a.eml", "a.epub"])
def test_damage_anywhere_has_a_reason_or_does_no_harm(tmp_path: Path, name: str) -> None:
    message = letter()
    message.add_alternative(f"<p>{ANSWER}</p>", subtype="html")
    whole = message.as_bytes() if name == "a.eml" else book()
    chance = random.Random(3)
    for _ in range(60):
        data = bytearray(whole)
        for _ in range(chance.choice((1, 4, 30))):
            data[chance.randrange(len(data))] = chance.randrange(256)
        outcome = only(
            name, bytes(data[: chance.choice((len(data), chance.randrange(1, len(data))))]), tmp_path
        )
        if isinstance(outcome, str):
            assert outcome.partition(":")[0] in (
                "corrupt",
                "password",
                "empty",
                "no text",
                "binary",
                "undecodable",
            )
