"""Values that occur nowhere else, documents that hold them everywhere, and a search of bytes for them."""

import json
import sqlite3
import zipfile
from pathlib import Path
from urllib.parse import quote

from idiolect.readers.naming import document_id

PRIVATE_KEY = (
    "-----BEGIN EC PRIVATE KEY-----\n"
    "MHcCAQEEIKpQz7vCanaryKeyBodyLineOneOfTwoThatNobodyElseHasAAoGCCqG\n"
    "SM49AwEHoUQDQgAECanaryKeyBodyLineTwoOfTwoZx81Yy0qLw==\n"
    "-----END EC PRIVATE KEY-----"
)

CANARIES = {
    "email": "mira.canary77@werk-ost.de",
    "phone": "+49 30 90182077",
    "iban": "DE44 5001 0517 5407 3249 31",
    "card": "4539 5787 6362 1486",
    "ip": "91.198.174.77",
    "national_id": "48213377H",
    "api key": "glpat-Kq7ZcAnArY4xWv2TbN8s",
    "private key": PRIVATE_KEY,
    "password": "c4n4ry!Pump-Gate",
}

TELLING = (
    "canary77", "werk-ost", "90182077", "9018 2077", "5407324931", "5407 3249", "4539578763621486", "5787 6362",
    "91.198.174.77", "48213377", "cAnArY4xWv2", "CanaryKeyBody", "c4n4ry!Pump",
)  # fmt: skip
"""Parts of them that tell enough, in any case of letters."""


def write_canaries(folder: Path) -> Path:
    """Documents with canaries in text, titles, headings, tables, code, front matter, licences, metadata, names."""
    email, phone, iban, card, ip, identity, api_key, key, password = CANARIES.values()
    (folder / "ledger.md").write_text(
        f"---\ntitle: Ledger kept by {email}\nkeeper:\n  mail: {email}\n  tel: '{phone}'\n  account: {iban}\n"
        f"license: by consent of {email}, {phone}\n---\n\n"
        f"# Ledger of {email}\n\nThe keeper of the ledger can be reached under {phone} on working days.\n\n"
        f"## Account {iban}\n\nThe bill for the valves is paid from {iban}, never from another account.\n\n"
        f"| what | value |\n|---|---|\n| card | {card} |\n| machine | {ip} |\n| DNI | {identity} |\n\n"
        f"## How the ledger is opened\n\nThe ledger is opened with this key, which lies on the machine {ip}.\n\n"
        f'```python\ntoken = "{api_key}"\npassword = "{password}"\nkey = """{key}"""\n```\n\n'
        f"    indented = '{api_key}'\n\nWhoever finds the ledger open asks the keeper, {email}, what to do.\n",
        encoding="utf-8",
    )
    (folder / f"minutes of {email}.txt").write_text(
        f"The minutes say that the pump was mended. They were sent to {email} and read on the telephone {phone}.\n\n"
        f"The pump was paid with the card {card}. The second pump waits for its bearing until the autumn.\n"
    )
    line = {
        "_id": f"entry-{email}", "title": f"Entry for {phone}", "author": {"dni": identity, "hosts": [ip]},
        "text": f"This entry says that the gate is opened with the password: {password} and nothing else on Mondays.",
    }  # fmt: skip
    (folder / "entries.jsonl").write_text(json.dumps(line) + "\n")
    (folder / f"page for {email}.html").write_text(
        f"<html><head><title>Page of {email}</title></head><body><h1>Call {phone}</h1><p>The gate keeper lives by the "
        f"river and answers {email} within a day or two.</p><pre>{key}</pre><p>His host is {ip}.</p></body></html>"
    )
    (folder / f"{email}.pdf").write_bytes(b"%PDF-1.4 broken")
    (folder / f"draft {phone}.blob").write_bytes(b"draft")
    (folder / f"call.{phone}").write_bytes(b"draft")
    (folder / "empty of mira.canary77@werk-ost.de.txt").write_text("")
    (folder / f"minutes of {email}.txt.license").write_text("SPDX-License-Identifier: LicenseRef-48213377H\n")
    (folder / "yard").mkdir()
    (folder / "yard" / "package.json").write_text(json.dumps({"license": f"whatever {email} says, {phone}"}))
    (folder / "yard" / "gate.md").write_text(
        f"# The yard\n\nThe gate of the yard is shut at night, and opened by {email} before the lorries come.\n"
    )
    return folder


def write_labels(folder: Path) -> tuple[Path, Path]:
    """A table of queries that people asked, which name documents as they lie there; and exemplars."""
    email, phone = CANARIES["email"], CANARIES["phone"]
    rows = [
        ("who keeps the ledger, " + email + "?", "ledger.md"),
        ("was the pump mended", f"minutes of {email}.txt"),
        ("how is the gate opened", f"entry-{email}"),
        (f"who answers {phone}", document_id(f"page for {email}.html")),
    ]
    labels = folder / "asked.csv"
    labels.write_text("query,document\n" + "".join(f'"{query}","{document}"\n' for query, document in rows))
    exemplars = folder / "exemplars.txt"
    exemplars.write_text(
        f"what did {email} write of the pump?\nwhose number is {phone}\nhow to mend a valve\n"
    )
    return labels, exemplars


def telling(data: bytes | str) -> set[str]:
    """Which parts of canaries stand in it, percent-encoded too."""
    text = (
        data
        if isinstance(data, str)
        else data.decode("utf-8", "replace") + data.decode("utf-16-le", "ignore")
    )
    lower = text.lower()
    return {part for part in TELLING if part.lower() in lower or quote(part).lower() in lower}


def leaks(root: Path) -> dict[str, set[str]]:
    """File under `root` → parts of canaries in its name, its bytes, or what its format packs."""
    found = {}
    for path in root.rglob("*"):
        parts = telling(path.name)
        if path.is_file():
            parts |= telling(path.read_bytes()) | telling(_unpacked(path))
        if parts:
            found[str(path.relative_to(root))] = parts
    return found


def _unpacked(path: Path) -> bytes:
    data = path.read_bytes()
    if data.startswith(b"SQLite format 3"):
        with sqlite3.connect(f"file:{path}?mode=ro", uri=True) as database:
            tables = [
                name for (name,) in database.execute("select name from sqlite_master where type = 'table'")
            ]
            rows = [row for table in tables for row in database.execute(f'select * from "{table}"')]
        return b"\n".join(one if isinstance(one, bytes) else str(one).encode() for row in rows for one in row)
    if zipfile.is_zipfile(path):
        with zipfile.ZipFile(path) as packed:
            return b"\n".join(name.encode() + packed.read(name) for name in packed.namelist())
    return b""
