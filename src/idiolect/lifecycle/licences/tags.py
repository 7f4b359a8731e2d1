"""`SPDX-License-Identifier:` tags, as the first lines of a file carry them in comments of any language."""

import re

from idiolect.lifecycle.licences.expressions import canonical, every

LINES = 30
"""First lines of a file in which a tag is the file's own."""

NAME = "SPDX-License-Identifier"

_TAG = re.compile(rf"(?:^\W*(?:@?rem\b|dnl\b)?\W*|<!--\s*|/\*+\s*){NAME}:[ \t]*(.*)$", re.IGNORECASE)
_CLOSED = re.compile(r"[ \t]*(?:--+!?>|\*+/|-\}|\*\)|#>|%>|\"\"\"|''').*$")
_TRIMMED = " \t\r\"'*#;|"


def tagged(text: str, lines: int | None = LINES) -> str:
    """The expression that all tags in the first lines make together; "" where there is none, or no valid one.

    What a fenced block of code shows, as pages about licences do, is nobody's tag.
    """
    if NAME.casefold() not in text.casefold():
        return ""
    found = []
    for line in text.splitlines()[:lines]:
        if line.lstrip().startswith(("```", "~~~")):
            break
        if match := _TAG.search(line):
            found.append(canonical(_CLOSED.sub("", match[1]).strip(_TRIMMED)))
    return every(found)
