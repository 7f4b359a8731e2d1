"""A corpus whose every sentence can be told, and endpoints that answer about it with a leaning."""

import re
from collections.abc import Callable, Mapping
from typing import Any

from builders import a_chunk
from teachers.chat_server import Reply, answer

from idiolect.files import digest_text

PARTS = {"beginning": 0, "middle": 1, "end": 2}


def word(*parts: object) -> str:
    """A word of letters that no other parts have."""
    digits = digest_text("/".join(map(str, parts)))[:9]
    return digits.translate(str.maketrans("0123456789", "ghijklmnop"))


def folder(sizes: Mapping[str, int], sentences: int = 9):
    """Documents of so many chunks each, of nine sentences of eight words."""
    chunks = []
    for document, size in sizes.items():
        start = 0
        for part in range(size):
            text = " ".join(
                f"Valve {word(document, part, n)} feeds basin {word(document, part, n, 'b')} through "
                f"{word(document, part, n, 'c')} pipes."
                for n in range(sentences)
            )
            chunks.append(a_chunk(f"{document}#{part}", text, title=f"Works {document}", start=start))
            start += len(text) + 2
    return chunks


def even_folder(documents: int = 40, each: int = 3):
    return folder({f"d{n}": each for n in range(documents)})


def asked_for(request: dict[str, Any]) -> tuple[str, list[str], list[str]]:
    """The passage, and the styles and parts of it that the last line asks for, one a query."""
    text = request["messages"][1]["content"]
    wish = text.splitlines()[-1]
    found = {
        name: [
            entry.split(" × ")[-1]
            for entry in listed.split(", ")
            for _ in range(int(entry.split(" × ")[0]) if " × " in entry else 1)
        ]
        for name, listed in re.findall(r"(Styles|passage): ([^.]+)\.", wish)
    }
    passage = text.split("<passage>\n")[1].split("\n</passage>")[0]
    return passage, found.get("Styles", []), found.get("passage", [])


Keep = Callable[[str, str, int], str | None]
"""(passage, style that was asked for, number of the query) → the style to write it in, or None."""


def leaning(style: Keep = lambda passage, style, number: style, place: str = "even"):
    """A script that writes one query a style; its answer stands in the part that was asked for, else where
    `place` says: "even", "first" or "last"."""

    def script(number: int, request: dict[str, Any]) -> Reply:
        passage, styles, parts = asked_for(request)
        sentences = [sentence for sentence in re.split(r"(?<=\.) ", passage) if sentence]
        queries = []
        for n, wanted in enumerate(styles):
            written = style(passage, wanted, n)
            if written is None:
                continue
            drawn = int(digest_text(f"{passage}{n}")[:8], 16)
            third = len(sentences) // 3
            if parts:
                at = PARTS[parts[n]] * third + drawn % third
            elif place == "even":
                at = drawn % len(sentences)
            else:
                at = drawn % third + (2 * third if place == "last" else 0)
            told = sentences[at]
            text = f"what does {told.split()[1]} reach by way of {word(passage, n, written)}"
            queries.append({"query": text, "style": written, "answer": told})
        return Reply(answer(*queries))

    return script


def now_and_then(share: float, *parts: object) -> bool:
    """True for about `share` of what it is asked, always the same."""
    return int(digest_text("/".join(map(str, parts)))[:8], 16) / 2**32 < share
