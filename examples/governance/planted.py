"""The personal data that the story plants: made up here, of the form that detectors look for, and nobody's."""

from collections.abc import Iterable
from pathlib import Path

TEMPLATES = Path(__file__).parent / "people"
PERSON = "ines-carvalho.md"

VALUES = {
    "email": "ines.carvalho@kranhafen-telemetrie.eu",
    "second_email": "t.brandt@kranhafen-telemetrie.eu",
    "phone": "+44 20 7946 0123",  # of the range that Ofcom keeps for fiction
    "second_phone": "+44 20 7946 0987",
    "iban": "GB82 WEST 1234 5698 7654 32",  # the one that explains IBANs everywhere
    "card": "4111 1111 1111 1111",  # every payment provider's test card
    "ip": "81.92.113.45",
    "key": "AKIA" + "QX3V7LMTR2HNC5ZD",  # in two parts, or scanners of secrets would report this file
}


def plant(name: str, folder: Path) -> Path:
    """Write the document `name` with its values in place."""
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / name
    path.write_text((TEMPLATES / name).read_text(encoding="utf-8").format(**VALUES), encoding="utf-8")
    return path


def sentences(name: str) -> list[str]:
    """What the document `name` says, without headings, values and line breaks; and its name."""
    text = (TEMPLATES / name).read_text(encoding="utf-8")
    blocks = [" ".join(block.split()) for block in text.split("\n\n") if not block.startswith("#")]
    return [name, *(one for block in blocks for one in block.split(". ") if "{" not in one)]


def holders(texts: Iterable[str], places: Iterable[Path]) -> dict[str, list[Path]]:
    """Text → the files below `places` that hold its bytes, however its lines are broken, with blanks or without."""
    forms = {text: (text.encode(), text.replace(" ", "").encode()) for text in texts}
    found: dict[str, list[Path]] = {}
    for path in (path for place in places for path in sorted(place.rglob("*")) if path.is_file()):
        data = path.read_bytes()
        whole = b" ".join(data.replace(b"\\n", b" ").split())
        for text, written in forms.items():
            if any(form in data or form in whole for form in written):
                found.setdefault(text, []).append(path)
    return found
