"""`SPDX-License-Identifier:` tags, as the first lines of a file carry them in comments of any language."""

import re

from idiolect.lifecycle.licences.expressions import canonical, every

LINES = 30
"""First lines of a file in which a tag is the file's own."""

NAME = "SPDX-License-Identifier"

_NAMED = re.compile(f"{NAME}:", re.IGNORECASE)
_COMMENT = re.compile(r"\W*(?:@?rem\b|dnl\b)?\W*", re.IGNORECASE)
_OPENED = ("<!--", "/*", "/**")
_LONGEST = 200  # characters before a tag on its line: comment marks have fewer
_HEAD = 20_000  # characters of the first lines
_CLOSED = re.compile(r"[ \t]*(?:--+!?>|\*+/|-\}|\*\)|#>|%>|\"\"\"|''').*$")
_TRIMMED = " \t\r\"'*#;|"


def tagged(text: str, lines: int | None = LINES) -> str:
    """The expression that all tags in the first lines make together; "" where there is none, or no valid one.

    What a fenced block of code shows, as pages about licences do, is nobody's tag.
    """
    head = text if lines is None else text[:_HEAD]
    if NAME.casefold() not in head.casefold():
        return ""
    found = []
    for line in head.splitlines()[:lines]:
        if line.lstrip().startswith(("```", "~~~")):
            break
        found.append(_in_line(line))
    return every(found)


def _in_line(line: str) -> str:
    match = _NAMED.search(line)
    if match is None or match.start() > _LONGEST:
        return ""
    before = line[: match.start()]
    if not before.rstrip().endswith(_OPENED) and not _COMMENT.fullmatch(before):
        return ""
    return canonical(_CLOSED.sub("", line[match.end() :]).strip(_TRIMMED))
