"""Where the definitions of a source file lie, in rows, and the blocks that make sections of them."""

import itertools
from collections.abc import Iterator, Sequence

import msgspec
from tree_sitter import Node

from idiolect.readers.base import Block, BlockKind, has_words, line_starts, trimmed
from idiolect.readers.grammars import ATTRIBUTES, COMMENTS, Grammar
from idiolect.readers.writer import squeezed

_LONGEST_NAME = 100


class Unit(msgspec.Struct, frozen=True):
    """A definition in the rows `first` to `last`; from `begin` on are the comments over it.

    `nodes` are the wrappers round it from the outside in, and the definition itself.
    """

    begin: int
    first: int
    last: int
    nodes: list[Node]


def outline(text: str, root: Node, grammar: Grammar) -> list[Block]:
    """The blocks of a source file whose tree is `root`.

    A heading block opens each definition: the first line with words of its comments, decorators or
    signature.  Its `heading` is the qualified name; methods are a level below their class.  What
    stands between definitions is headed by "".  Comments and docstrings outside of functions'
    bodies are paragraphs, the rest is code, cut at blank lines.
    """
    scanner = _Scanner(text, grammar)
    scanner.scope(root, 0, len(scanner.lines), 1, "")
    return scanner.blocks


class _Scanner:
    def __init__(self, text: str, grammar: Grammar) -> None:
        self.text = text
        self.lines = text.split("\n")
        self.starts = line_starts(text)
        self.grammar = grammar
        self.blocks: list[Block] = []
        self.prose: set[int] = set()
        """Rows of comments and docstrings."""

    def scope(self, body: Node, begin: int, end: int, level: int, prefix: str) -> None:
        """The rows `begin` to `end` (not included) that are a file's or a class's body."""
        self._note_docstring(body)
        at = begin
        inside = False
        for unit in self._units(body, begin):
            if unit.begin < at or unit.last >= end:
                continue
            self._between(at, unit.begin, level if inside else 0)
            self._definition(unit, level, prefix)
            at = unit.last + 1
            inside = True
        self._between(at, end, level if inside else 0)

    def _units(self, body: Node, begin: int) -> Iterator[Unit]:
        """The definitions among the nodes of `body`, with the comments that stand right above them."""
        above: tuple[int, int] | None = None
        before = begin - 1
        for node in self._members(body):
            first, last = _rows(node)
            if node.type in COMMENTS or node.type in ATTRIBUTES:
                if first > before:
                    if node.type not in ATTRIBUTES:
                        self.prose.update(range(first, last + 1))
                    above = (above[0] if above and first <= above[1] + 1 else first), last
                continue
            nodes = self._definition_in(node)
            if nodes:
                commented = above is not None and above[1] == first - 1
                yield Unit(above[0] if above and commented else first, first, last, nodes)
            above, before = None, last

    def _members(self, body: Node) -> Iterator[Node]:
        """The named nodes below `body` in their order, those of groups in the groups' place."""
        stack = list(reversed(body.named_children))
        while stack:
            node = stack.pop()
            if self._is_group(node):
                stack += reversed(node.named_children)
            else:
                yield node

    def _is_group(self, node: Node) -> bool:
        """Whether it holds definitions without being one, as an exported namespace does, and what is not understood."""
        if node.type in self.grammar.wrappers:
            return any(child.type in self.grammar.groups for child in node.named_children)
        return node.type in self.grammar.groups or node.type == "ERROR"

    def _definition_in(self, node: Node) -> list[Node]:
        """The path from `node` through wrappers to the definition inside; empty where there is none."""
        if node.type in self.grammar.definitions:
            return [node]
        if node.type in self.grammar.wrappers:
            for child in node.named_children:
                path = self._definition_in(child)
                if path:
                    return [node, *path]
        return []

    def _definition(self, unit: Unit, level: int, prefix: str) -> None:
        name = self._name(unit, prefix)
        at = self._heading(unit.begin, unit.last + 1, level, name)
        definition = unit.nodes[-1]
        body = definition.child_by_field_name("body")
        if body is not None and definition.type in self.grammar.scopes:
            self.scope(body, at, unit.last + 1, level + 1, name + self.grammar.separator)
        else:
            if body is not None:
                self._note_docstring(body)
            self._content(at, unit.last + 1)

    def _between(self, first: int, end: int, level: int) -> None:
        """What is no definition; with a `level` it is no part of the section above it."""
        if level and has_words(self._stretch(first, end)):
            first = self._heading(first, end, level, "")
        self._content(first, end)

    def _heading(self, first: int, end: int, level: int, name: str) -> int:
        """Put down the rows up to the first with words; returns the row after it."""
        after = next((row + 1 for row in range(first, end) if has_words(self.lines[row])), end)
        self._add(first, after, "heading", level, name)
        return after

    def _content(self, first: int, end: int) -> None:
        """Runs of prose and of code, that end where the one turns into the other and at blank lines of code."""

        def kind(row: int) -> BlockKind | None:
            if row in self.prose:
                return "paragraph"
            return "code" if self.lines[row].strip() else None

        for found, run in itertools.groupby(range(first, end), key=kind):
            rows = list(run)
            if found is not None:
                self._add(rows[0], rows[-1] + 1, found)

    def _add(self, first: int, end: int, kind: BlockKind, level: int = 0, heading: str = "") -> None:
        start, stop = trimmed(self.text, self.starts[first], self.starts[end])
        if has_words(self.text[start:stop]):
            self.blocks.append(Block(start=start, end=stop, kind=kind, level=level, heading=heading))
        elif kind == "code" and self.blocks and self.blocks[-1].kind == "code" and start < stop:
            self.blocks[-1] = msgspec.structs.replace(self.blocks[-1], end=stop)  # closing brackets

    def _stretch(self, first: int, end: int) -> str:
        return self.text[self.starts[first] : self.starts[end]] if first < end else ""

    def _note_docstring(self, body: Node) -> None:
        """Python's: a string that is the first statement."""
        first = next((node for node in body.named_children if node.type not in COMMENTS), None)
        if first is not None and first.type == "expression_statement" and first.named_child_count == 1:
            string = first.named_children[0]
            if string.type == "string" and string.start_point.column == first.start_point.column:
                self.prose.update(range(string.start_point.row, string.end_point.row + 1))

    def _name(self, unit: Unit, prefix: str) -> str:
        """As the first node says that has a name, a receiver's type before it; else the signature itself."""
        for node in unit.nodes:
            named = self._named(node)
            if named is not None:
                receiver = _first(node.child_by_field_name("receiver"), "type_identifier")
                names = [_words(part) for part in (receiver, named) if part is not None]
                return prefix + self.grammar.separator.join(names)
        signature = self.lines[unit.first]
        return squeezed(signature).rstrip(" {:")[:_LONGEST_NAME]

    def _named(self, node: Node) -> Node | None:
        field = self.grammar.named_by.get(node.type, "name")
        named = node.child_by_field_name(field)
        if named is not None:
            return named.child_by_field_name("type") or named
        # C's names stand inside of what they are declared to be: a pointer to a function and so on.
        while (inner := node.child_by_field_name("declarator")) is not None:
            named = node = inner
        return named


def _rows(node: Node) -> tuple[int, int]:
    """The first and the last row; an end at the very start of a row is that of the row before."""
    first, last = node.start_point.row, node.end_point.row
    return first, last - 1 if node.end_point.column == 0 and last > first else last


def _first(node: Node | None, kind: str) -> Node | None:
    """The first node of a kind at or below `node`."""
    stack: Sequence[Node] = [node] if node is not None else []
    while stack:
        node, *rest = stack
        if node.type == kind:
            return node
        stack = [*node.named_children, *rest]
    return None


def _words(node: Node) -> str:
    return squeezed((node.text or b"").decode("utf-8", "replace")).strip("()*& ")[:_LONGEST_NAME]
