"""HTML: the text that a person reads, one block a line or more, without scripts and page furniture."""

import re

from selectolax.lexbor import LexborHTMLParser, LexborNode

from idiolect.readers.base import Block, BlockKind, Content, has_words
from idiolect.readers.html_furniture import furniture

_HEADINGS = {f"h{level}": level for level in range(1, 7)}
_LISTS = {"ul", "ol", "dl"}
_UNREAD = {
    *("head", "script", "style", "template", "noscript", "svg", "iframe", "button", "select", "input"),
    *("textarea", "object", "canvas", "audio", "video", "dialog"),
}
_INLINE = {
    *("a", "abbr", "b", "bdi", "bdo", "cite", "code", "data", "del", "dfn", "em", "font", "i", "img", "ins"),
    *("kbd", "label", "mark", "q", "rp", "rt", "ruby", "s", "samp", "small", "span", "strike", "strong"),
    *("sub", "sup", "time", "tt", "u", "var", "wbr"),
}
_PERMALINKS = {"headerlink", "anchor-link", "anchorjs-link", "heading-link", "hash-link"}
_LAYOUT = "h1,h2,h3,h4,h5,h6"


def parse(text: str) -> Content:
    tree = LexborHTMLParser(text)
    writer = _Writer()
    root = _main(tree)
    if root is not None:
        _write(root, writer)
    writer.end_block()
    first = next((block.heading for block in writer.blocks if block.level == 1), "")
    stated = tree.css_first("head > title")
    title = first or (" ".join(stated.text().split()) if stated is not None else "")
    return Content(text="".join(writer.parts), blocks=writer.blocks, title=title, metadata=_metadata(tree))


def _main(tree: LexborHTMLParser) -> LexborNode | None:
    """The page's own main part where it names one, the longest of several; else all of it."""
    named = [node for node in tree.css("main, [role=main]") if has_words(node.text())]
    return max(named, key=lambda node: len(node.text()), default=tree.body)


def _metadata(tree: LexborHTMLParser) -> dict[str, str]:
    """`<meta name= content=>` pairs, and the target of `<link rel=license>`."""
    pairs = {}
    for node in tree.css("head meta[name][content]"):
        pairs[str(node.attributes["name"])] = str(node.attributes["content"] or "")
    link = tree.css_first("link[rel~=license][href], a[rel~=license][href]")
    if link is not None:
        pairs["license"] = str(link.attributes["href"] or "")
    return pairs


def _write(root: LexborNode, writer: "_Writer") -> None:
    """Walk the tree with a stack of its own: pages nest deeper than Python's."""
    passed_over = furniture(root, _is_unread)
    stack: list[tuple[LexborNode, bool]] = [(root, False)]
    while stack:
        node, leaving = stack.pop()
        if leaving:
            writer.leave(node)
        elif node.is_text_node:
            writer.words(node.text_content or "")
        elif node.is_element_node and not _is_unread(node) and node.mem_id not in passed_over:
            writer.enter(node)
            stack.append((node, True))
            stack += [(child, False) for child in reversed(list(node.iter(include_text=True)))]


def _is_unread(node: LexborNode) -> bool:
    attributes = node.attributes
    if node.tag in _UNREAD or "hidden" in attributes:
        return True
    return node.tag == "a" and not _PERMALINKS.isdisjoint((attributes.get("class") or "").split())


class _Writer:
    """Collects the readable text; `inside` is the element whose end ends the open block."""

    def __init__(self) -> None:
        self.parts: list[str] = []
        self.blocks: list[Block] = []
        self.length = 0
        self.buffer: list[str] = []
        self.kind: BlockKind = "paragraph"
        self.level = 0
        self.inside: int | None = None

    def enter(self, node: LexborNode) -> None:
        tag = node.tag or ""
        if self.inside is not None:
            self._enter_part(tag)
        elif tag == "br":
            self.buffer.append("\n")
        elif tag not in _INLINE:
            self.end_block()
            kind = _kind(node, tag)
            if kind is not None:
                self.kind, self.level, self.inside = kind, _HEADINGS.get(tag, 0), node.mem_id

    def _enter_part(self, tag: str) -> None:
        if tag in ("li", "dt"):
            self.buffer.append("\n- " if self.kind == "list" else "\n")
        elif tag in ("td", "th") and self.kind == "table":
            self.buffer.append(" | ")
        elif (tag not in _INLINE and self.kind != "table") or tag in ("tr", "caption", "br"):
            self.buffer.append("\n")

    def leave(self, node: LexborNode) -> None:
        if self.inside is None:
            if node.tag not in _INLINE and node.tag != "br":
                self.end_block()
        elif node.mem_id == self.inside:
            self.end_block()
            self.inside = None

    def words(self, text: str) -> None:
        self.buffer.append(text if self.kind == "code" else re.sub(r"\s+", " ", text))

    def end_block(self) -> None:
        """Put the open block down, a blank line after the one before."""
        raw = "".join(self.buffer)
        text = raw.strip("\n").rstrip() if self.kind == "code" else _tidy(raw, self.kind)
        if has_words(text):
            if self.parts:
                self.parts.append("\n\n")
                self.length += 2
            end = self.length + len(text)
            heading = text if self.kind == "heading" else ""
            self.blocks.append(
                Block(start=self.length, end=end, kind=self.kind, level=self.level, heading=heading)
            )
            self.parts.append(text)
            self.length = end
        self.buffer, self.kind, self.level = [], "paragraph", 0


def _kind(node: LexborNode, tag: str) -> BlockKind | None:
    """The kind of block that the element is as a whole; None where its children are blocks of their own."""
    if tag in _HEADINGS:
        return "heading"
    if tag == "pre":
        return "code"
    if (tag in _LISTS or tag == "table") and node.css_first(_LAYOUT) is None:
        return "list" if tag in _LISTS else "table" if len(node.css("table")) == 1 else None
    return None


def _tidy(raw: str, kind: BlockKind) -> str:
    """White space as a browser shows it: single spaces, no blank lines; a heading on one line."""
    if kind == "heading":
        return " ".join(raw.split())
    lines = (" ".join(line.split()).removeprefix("| ") for line in raw.split("\n"))
    joined = "\n".join(line for line in lines if line)
    return re.sub(r"^-\n(?!- )", "- ", joined, flags=re.MULTILINE)
