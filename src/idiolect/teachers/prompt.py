"""The messages of a request for queries: a part that never changes first, so that prefix caches hit."""

from dataclasses import dataclass
from importlib.resources import files

from idiolect.records import Chunk
from idiolect.teachers.protocol import Message

STYLES = ("question", "claim", "keywords", "inference")
_QUOTED_BACK = 2_000


@dataclass(frozen=True)
class Prompt:
    """`system` holds instructions and styles and is the same for every chunk of a run."""

    system: str

    def messages(self, chunk: Chunk) -> list[Message]:
        lines = [f"Title: {chunk.title}"] if chunk.title else []
        if chunk.headings:
            lines.append("Section: " + " › ".join(chunk.headings))
        passage = f"<passage>\n{chunk.text}\n</passage>"
        return [
            {"role": "system", "content": self.system},
            {"role": "user", "content": "\n".join([*lines, passage])},
        ]

    def again(self, messages: list[Message], answer: str, problem: str) -> list[Message]:
        """The request once more, with the unusable answer and what was wrong with it."""
        complaint = f"That cannot be used: {problem}. Answer again, with the JSON object alone."
        return [
            *messages,
            {"role": "assistant", "content": answer[:_QUOTED_BACK]},
            {"role": "user", "content": complaint},
        ]


def load_prompt(per_chunk: int) -> Prompt:
    """The prompt that asks for `per_chunk` queries a chunk, from the texts in `styles/`."""
    folder = files("idiolect.teachers") / "styles"
    styles = [(folder / f"{style}.md").read_text(encoding="utf-8").strip() for style in STYLES]
    instructions = (folder / "instructions.md").read_text(encoding="utf-8").strip()
    # replaced, not formatted: the instructions show JSON, which is full of braces
    return Prompt(instructions.replace("{count}", str(per_chunk)).replace("{styles}", "\n\n".join(styles)))
