"""The texts that prompts are made of: plain files, the package's own and those that a folder puts over them."""

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from importlib.resources import files
from pathlib import Path
from typing import Protocol

from idiolect.errors import ConfigError, UsageError

LONGEST_STYLE = 32
"""Characters of a style's name; an answer that names a longer one has the style "other"."""

MEASURED = ("claim", "inference", "keywords", "question")
"""The styles that are asked for unless others are named: those a trained model was seen to gain by
(docs/measured.md, SciFact).  The other packaged ones wait for such a figure."""

_INSTRUCTIONS = ("instructions", "multi_hop", "negatives")
_NAME = re.compile(rf"[a-z0-9][a-z0-9_-]{{0,{LONGEST_STYLE - 1}}}")


class _File(Protocol):
    """What a path and a packaged file have in common."""

    @property
    def name(self) -> str: ...

    def read_text(self, encoding: str) -> str: ...


@dataclass(frozen=True)
class StyleTexts:
    """`instructions` for one passage, `multi_hop` for several, and each style's description by its name.

    `own` are the names of the styles that the user's folder describes; `negatives` are the
    instructions for near misses.
    """

    instructions: str
    multi_hop: str
    negatives: str
    styles: Mapping[str, str]
    own: frozenset[str] = frozenset()

    def chosen(self, names: Sequence[str]) -> dict[str, str]:
        """The styles of these names; where there are none, those that were measured and the user's own.

        Raises ConfigError for a name without a text.
        """
        for name in names:
            if name not in self.styles:
                raise ConfigError(
                    f"generate.styles: {name!r} is no style; known are {', '.join(self.styles)}; "
                    f"describe it in WORK/styles/{name}.md to add it"
                )
        names = names or [name for name in self.styles if name in MEASURED or name in self.own]
        return {name: self.styles[name] for name in dict.fromkeys(names)}


def load_style_texts(folder: Path | None = None) -> StyleTexts:
    """The package's texts; NAME.md in `folder` takes the place of the one of that name, or adds a style.

    Raises UsageError for a file there that cannot be one.
    """
    packaged = (files("idiolect.teachers") / "styles").iterdir()
    texts = _read(file for file in packaged if file.name.endswith(".md"))
    own = _read(sorted(folder.glob("*.md"))) if folder is not None and folder.is_dir() else {}
    texts |= own
    styles = {name: texts[name] for name in sorted(texts) if name not in _INSTRUCTIONS}
    return StyleTexts(
        instructions=texts["instructions"],
        multi_hop=texts["multi_hop"],
        negatives=texts["negatives"],
        styles={name: _named(name, text) for name, text in styles.items()},
        own=frozenset(own),
    )


def _read(found: Iterable[_File]) -> dict[str, str]:
    texts = {}
    for file in found:
        name = file.name.removesuffix(".md")
        if not _NAME.fullmatch(name):
            raise UsageError(
                f"{file} is no style: name it with at most {LONGEST_STYLE} of the characters a-z, 0-9, _ and -"
            )
        try:
            text = file.read_text(encoding="utf-8").strip()
        except (OSError, UnicodeDecodeError) as error:
            raise UsageError(f"{file} cannot be read: {error}") from None
        if not text:
            raise UsageError(f"{file} is empty: describe the style in it, or delete the file")
        texts[name] = text
    return texts


def _named(name: str, text: str) -> str:
    return text if text.lower().startswith(f"{name}:") else f"{name}: {text}"
