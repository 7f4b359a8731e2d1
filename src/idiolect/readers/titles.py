"""Titles that files state about themselves, most of which nobody wrote."""

import re
from typing import Any

from idiolect.readers.writer import squeezed, visible

_PROGRAM = re.compile(r"^(?:Microsoft (?:Word|PowerPoint|Excel)|Word|PowerPoint)\s+-\s+", re.IGNORECASE)
_FILE_NAME = re.compile(
    r"\S*\.(?:docx?|dotx?|pptx?|xlsx?|odt|rtf|indd|tex|dvi|ps|pdf|qxd|fm|pages|html?|md)$", re.IGNORECASE
)
_PLACEHOLDER = re.compile(
    r"(?:\(?untitled\)?|no title|title|unknown|anonymous|slide|layout|document|presentation|"
    r"powerpoint(?:[- ]pr\w+)?|word document)[\s\d]*$",
    re.IGNORECASE,
)


def worth_showing(stated: str) -> str:
    """The title that a file's properties state; "" for a file name and for what programs fill in."""
    title = _PROGRAM.sub("", squeezed(visible(stated)))
    return "" if _FILE_NAME.search(title) or _PLACEHOLDER.match(title) else title


def office_metadata(properties: Any) -> dict[str, Any]:
    """Author, subject, keywords, language and dates from the core properties of an Office document."""
    named = {
        name: visible(getattr(properties, name) or "")
        for name in ("author", "subject", "keywords", "language")
    }
    dates = {name: getattr(properties, name) for name in ("created", "modified")}
    return named | {name: date.isoformat() if date else "" for name, date in dates.items()}
