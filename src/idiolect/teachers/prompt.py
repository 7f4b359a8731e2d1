"""The messages of a request for queries: a part that never changes first, so that prefix caches hit."""

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from idiolect.files import digest_value
from idiolect.teachers.cache import Shown
from idiolect.teachers.language_names import language_name
from idiolect.teachers.messages import again, quoted, told
from idiolect.teachers.plan import Ask
from idiolect.teachers.protocol import MULTI_HOP_FORMAT, QUERIES_FORMAT, Message
from idiolect.teachers.style_texts import StyleTexts


@dataclass(frozen=True)
class Prompts:
    """`single` and `multi_hop` hold instructions, styles and exemplars, each the same for all its requests.

    `exemplars` is the digest of these, "" where there are none.
    """

    single: str
    multi_hop: str
    exemplars: str = ""

    def messages(self, ask: Ask) -> list[Message]:
        """What is particular to a request comes last, after the passages themselves."""
        if ask.is_multi_hop:
            passages = [quoted(chunk, f' number="{i}"') for i, chunk in enumerate(ask.chunks, 1)]
        else:
            passages = [quoted(ask.chunks[0]), *_apart(ask)]
        return [
            {"role": "system", "content": self.multi_hop if ask.is_multi_hop else self.single},
            {"role": "user", "content": "\n\n".join([*passages, _wish(ask)])},
        ]

    def shown(self, ask: Ask) -> list[Shown]:
        """What the messages hold."""
        real = [Shown("exemplars", self.exemplars, "exemplar")] if self.exemplars else []
        return [*real, *(one for chunk in (*ask.chunks, *ask.apart_from) for one in told(chunk))]

    def format(self, ask: Ask) -> dict[str, Any]:
        """The `response_format` of the request."""
        return MULTI_HOP_FORMAT if ask.is_multi_hop else QUERIES_FORMAT

    def again(self, messages: list[Message], answer: str, problem: str) -> list[Message]:
        """The request once more, with the unusable answer and what was wrong with it."""
        return again(messages, answer, problem)


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
    return Prompts(
        _filled(texts.instructions, described),
        _filled(texts.multi_hop, described),
        digest_value(list(exemplars)) if exemplars else "",
    )


def _filled(instructions: str, described: str) -> str:
    # replaced, not formatted: the instructions show JSON, which is full of braces
    if "{styles}" in instructions:
        return instructions.replace("{styles}", described)
    return f"{instructions}\n\n{described}"


def _apart(ask: Ask) -> list[str]:
    """The passages that the first one is taken for, and what follows for the queries; nothing where there are none."""
    parts = []
    if ask.apart_from:
        parts.append("A search engine mixes that passage up with these:")
        parts += [quoted(chunk, f' number="{i}"', "other") for i, chunk in enumerate(ask.apart_from, 1)]
        parts.append(
            "Write every query so that the first passage answers it and none of the others does: ask about what "
            "only the first one says, in words that tell which one is meant."
        )
    if ask.before:
        parts.append(
            f"That passage was asked about like this {_times(ask.before)} before: ask about other facts of it."
        )
    return parts


def _times(count: int) -> str:
    return "once" if count == 1 else f"{count} times"


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
