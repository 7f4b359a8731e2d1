"""What the messages of every kind of request are made of: a passage as it is quoted, and a request once more."""

from collections.abc import Sequence

from idiolect.records import Chunk
from idiolect.teachers.cache import Shown
from idiolect.teachers.protocol import Message

_QUOTED_BACK = 2_000


def quoted(chunk: Chunk, attribute: str = "", tag: str = "passage") -> str:
    """Title, section and the text verbatim."""
    lines = [f"Title: {chunk.title}"] if chunk.title else []
    if chunk.headings:
        lines.append("Section: " + " › ".join(chunk.headings))
    return "\n".join([*lines, f"<{tag}{attribute}>\n{chunk.text}\n</{tag}>"])


def told(chunk: Chunk) -> list[Shown]:
    """What quoting a chunk to be asked about shows."""
    return [Shown("chunk", chunk.id, "shown"), Shown("document", chunk.document_id, "shown")]


def again(messages: Sequence[Message], answer: str, problem: str) -> list[Message]:
    """A request once more, with the unusable answer and what was wrong with it."""
    complaint = f"That cannot be used: {problem}. Answer again, with the JSON object alone."
    return [
        *messages,
        {"role": "assistant", "content": answer[:_QUOTED_BACK]},
        {"role": "user", "content": complaint},
    ]
