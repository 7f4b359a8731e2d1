"""What the styles of a Word document say about its paragraphs."""

import re
from typing import Any

from docx.oxml.ns import qn

from idiolect.records import Record

_HEADING = re.compile(r"heading (\d)")
_CODE = re.compile(r"\b(?:source ?)?code\b|preformatted|verbatim|^macro")
_LIST = re.compile(r"list (?:bullet|number|continue)\s*(\d?)")
_CONTENTS = re.compile(r"toc (?:\d|heading)|table of (?:figures|authorities)|index \d")

_BODY_TEXT = 9
"""The outline level of what is no heading; 0 is the topmost heading's."""


class Role(Record, frozen=True):
    """What a paragraph is: a heading of `level`, a list's item `depth` (from 1) deep, code; or none."""

    level: int = 0
    depth: int = 0
    is_code: bool = False
    is_title: bool = False
    is_contents: bool = False
    """A line of the table of contents, which repeats headings."""


class Styles:
    """The paragraph styles by their ids, each read once."""

    def __init__(self, styles: Any) -> None:
        self._elements = {style.get(qn("w:styleId")): style for style in styles.iter(qn("w:style"))}
        self._roles: dict[str | None, Role] = {}

    def role(self, paragraph: Any) -> Role:
        """The paragraph's role; what its own properties say goes before its style."""
        own = paragraph.find(qn("w:pPr"))
        style = _value(own, "w:pStyle")
        if style not in self._roles:
            self._roles[style] = self._role_of_style(style)
        role = self._roles[style]
        level = _outline_level(own)
        depth = _depth(own)
        if (level is None and depth is None) or role.is_contents:
            return role
        return Role(
            level=role.level if level is None else level,
            depth=role.depth if depth is None else depth,
            is_code=role.is_code,
            is_title=role.is_title,
        )

    def _role_of_style(self, style: str | None) -> Role:
        """A style that says nothing about something does as the one that it is based on."""
        level = depth = None
        names = []
        followed: set[str | None] = set()
        while style in self._elements and style not in followed:
            followed.add(style)
            element = self._elements[style]
            name = (_value(element, "w:name") or "").lower()
            properties = element.find(qn("w:pPr"))
            if level is None:
                level = _level_named(name) or _outline_level(properties)
            if depth is None:
                depth = _depth_named(name) or _depth(properties)
            names.append(name)
            style = _value(element, "w:basedOn")
        return Role(
            level=level or 0,
            depth=depth or 0,
            is_code=any(_CODE.search(name) for name in names),
            is_title=names[:1] == ["title"],
            is_contents=any(_CONTENTS.match(name) for name in names[:1]),
        )


def _level_named(name: str) -> int | None:
    match = _HEADING.match(name)
    return int(match[1]) if match else 1 if name == "title" else None


def _depth_named(name: str) -> int | None:
    match = _LIST.match(name)
    return int(match[1] or 1) if match else None


def _outline_level(properties: Any) -> int | None:
    level = _number(properties, "w:outlineLvl")
    return None if level is None else level + 1 if 0 <= level < _BODY_TEXT else 0


def _depth(properties: Any) -> int | None:
    """How deep in a list the numbering puts a paragraph; number 0 takes it out of lists."""
    numbering = properties.find(qn("w:numPr")) if properties is not None else None
    if numbering is None:
        return None
    return 0 if _number(numbering, "w:numId") == 0 else (_number(numbering, "w:ilvl") or 0) + 1


def _number(element: Any, tag: str) -> int | None:
    value = _value(element, tag)
    return int(value) if value is not None and value.isdecimal() else None


def _value(element: Any, tag: str) -> str | None:
    """What the child `tag` is set to."""
    child = element.find(qn(tag)) if element is not None else None
    value: str | None = child.get(qn("w:val")) if child is not None else None
    return value
