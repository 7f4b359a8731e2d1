"""The messages of a request for queries: a part that never changes first, so that prefix caches hit."""

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from idiolect.records import Chunk
from idiolect.teachers.language_names import language_name
from idiolect.teachers.plan import Ask
from idiolect.teachers.protocol import MULTI_HOP_FORMAT, QUERIES_FORMAT, Message
from idiolect.teachers.style_texts import StyleTexts

_QUOTED_BACK = 2_000


@dataclass(frozen=True)
class Prompts:
    """`single` and `multi_hop` hold instructions, styles and exemplars, each the same for all its requests."""

    single: str
    multi_hop: str

    def messages(self, ask: Ask) -> list[Message]:
        """What is particular to a request comes last, after the passages themselves."""
        if ask.is_multi_hop:
            passages = [_passage(chunk, f' number="{i}"') for i, chunk in enumerate(ask.chunks, 1)]
        else:
            passages = [_passage(ask.chunks[0])]
        return [
            {"role": "system", "content": self.multi_hop if ask.is_multi_hop else self.single},
            {"role": "user", "content": "\n\n".join([*passages, _wish(ask)])},
        ]

    def format(self, ask: Ask) -> dict[str, Any]:
        """The `response_format` of the request."""
        return MULTI_HOP_FORMAT if ask.is_multi_hop else QUERIES_FORMAT

    def again(self, messages: list[Message], answer: str, problem: str) -> list[Message]:
        """The request once more, with the unusable answer and what was wrong with it."""
        complaint = f"That cannot be used: {problem}. Answer again, with the JSON object alone."
        return [
            *messages,
            {"role": "assistant", "content": answer[:_QUOTED_BACK]},
            {"role": "user", "content": complaint},
        ]


def make_prompts(texts: StyleTexts, styles: Iterable[str], exemplars: Sequence[str] = ()) -> Prompts:
    """The prompts that describe these styles, by name, and show these real queries."""
    parts = ["\n\n".join(texts.styles[style] for style in styles)]
    if exemplars:
        parts.append(
            "These are queries that people really typed here. Take on their length, their tone and the words "
            "that they choose, in every style; take nothing of their content, which is about other passages:"
            "\n\n" + "\n".join(f"- {query}" for query in exemplars)
        )
    described = "\n\n".join(parts)
    return Prompts(_filled(texts.instructions, described), _filled(texts.multi_hop, described))


def _filled(instructions: str, described: str) -> str:
    # replaced, not formatted: the instructions show JSON, which is full of braces
    if "{styles}" in instructions:
        return instructions.replace("{styles}", described)
    return f"{instructions}\n\n{described}"


def _passage(chunk: Chunk, attribute: str = "") -> str:
    lines = [f"Title: {chunk.title}"] if chunk.title else []
    if chunk.headings:
        lines.append("Section: " + " › ".join(chunk.headings))
    return "\n".join([*lines, f"<passage{attribute}>\n{chunk.text}\n</passage>"])


def _wish(ask: Ask) -> str:
    """What this request asks for, in one line."""
    queries = "1 query" if ask.count == 1 else f"{ask.count} queries"
    several = "passages" if ask.is_multi_hop else "passage"
    language = language_name(ask.language) if ask.language else f"the language of the {several}"
    styles = f" Styles: {_listed(ask.styles)}." if ask.styles else ""
    parts = f" Ask about these parts of the passage: {_listed(ask.parts)}." if ask.parts else ""
    return f"Write {queries} in {language}.{styles}{parts}"


def _listed(names: Iterable[str]) -> str:
    return ", ".join(name if count == 1 else f"{count} × {name}" for name, count in Counter(names).items())
