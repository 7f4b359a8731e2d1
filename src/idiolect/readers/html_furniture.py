"""What of an HTML page is furniture: menus, banners, sidebars, footers, heaps of links.

A page says so by its elements, by roles, or by the names that its style sheets go by.  None of
these is proof: people call the wrapper of everything "sidebar-layout", and forget to close a
`<nav>`.  So each is believed only while the page keeps the better part of its text.
"""

import re
from collections.abc import Callable

from selectolax.lexbor import LexborNode

_ELEMENTS = {"nav", "footer", "header", "aside"}
_ROLES = {
    "banner": "header",
    "complementary": "aside",
    "contentinfo": "footer",
    "navigation": "nav",
    "search": "nav",
}
_NAMES = {
    *("ad", "ads", "advert", "adverts", "advertisement", "breadcrumb", "breadcrumbs", "cookie", "cookies"),
    *(
        "navbar",
        "navigation",
        "newsletter",
        "pager",
        "pagination",
        "sidebar",
        "sidebars",
        "sidenav",
        "topnav",
    ),
}
_NAMES_OF_LINKS = {"menu", "menus", "nav", "share", "sharing", "skip", "skiplink", "social", "toc"}
"""Furniture where links are most of what it says: a menu may also be that of a canteen."""

_BESIDE = {
    *(
        "area",
        "banner",
        "bar",
        "block",
        "bottom",
        "box",
        "button",
        "buttons",
        "consent",
        "container",
        "content",
    ),
    *(
        "footer",
        "form",
        "global",
        "header",
        "icons",
        "inner",
        "left",
        "link",
        "links",
        "list",
        "local",
        "main",
    ),
    *(
        "media",
        "mobile",
        "modal",
        "module",
        "notice",
        "outer",
        "overlay",
        "page",
        "panel",
        "popup",
        "primary",
    ),
    *("right", "secondary", "section", "signup", "site", "slot", "subscribe", "to", "tools", "top", "widget"),
    *("wrap", "wrapper"),
}
"""Words that stand beside those in a name and leave it what it is: "site-sidebar", "cookie-banner"."""

_NAMED_ELEMENTS = {"a", "details", "div", "dl", "form", "ol", "p", "section", "table", "td", "ul"}
_LISTS = {"div", "dl", "ol", "p", "section", "table", "td", "ul"}
_LANDMARKS = {"article", "h1", "main"}
_HEADINGS = {"h1", "h2", "h3", "h4", "h5", "h6"}
_WORDS = re.compile(r"[A-Z]?[a-z]+|[A-Z]+|\d+")
_SECTION = re.compile(r"section|level\d|sect\d")
"""Classes of elements whose id is made from the heading inside: a chapter on menus is called "menu"."""

_LARGEST = 0.5
"""Share of the page's words that one piece of furniture may have."""

_KEPT = 0.25
"""Share of the page's words that stays, whatever else is called furniture."""

_HEAP = 0.8
"""Share of characters within links from which a list is a heap of links."""

_HEAPED = 1 - _KEPT
_HEAPED_IN_MAIN = 0.5
"""Share of the page's characters that heaps of links may have: more of them are what the page is for."""

_FEWEST_LINKS = 5
_MOSTLY_LINKED = 0.5
_RATHER_LINKED = 0.3
_WEIGHT_OF_LINKS = 0.05
"""What a character within a link counts beside another: a long menu is not the better part of a page."""


class _Element:
    """An element with what it holds: characters without white space, those of them in links, and so on."""

    __slots__ = ("chars", "gone", "headings", "in_article", "landmarks", "linked", "links", "node", "parent")

    def __init__(self, node: LexborNode, parent: int, in_article: bool) -> None:
        self.node = node
        self.parent = parent
        self.in_article = in_article
        self.gone = False
        self.chars = self.linked = 0
        self.links = int(node.tag == "a" and "href" in node.attributes)
        self.landmarks = int(node.tag in _LANDMARKS)
        self.headings = int(node.tag in _HEADINGS)

    @property
    def weight(self) -> float:
        return self.chars - self.linked + _WEIGHT_OF_LINKS * self.linked

    @property
    def link_share(self) -> float:
        return self.linked / self.chars if self.chars else 0.0


def furniture(root: LexborNode, is_unread: Callable[[LexborNode], bool]) -> set[int]:
    """The `mem_id`s of the elements below `root` that are furniture; what is unread counts for nothing."""
    elements = _measured(root, is_unread)
    return _drop_furniture(elements) | _drop_heaps(elements)


def _measured(root: LexborNode, is_unread: Callable[[LexborNode], bool]) -> list[_Element]:
    """The elements from the root on, each before what it holds."""
    elements: list[_Element] = []
    stack = [(root, 0, root.tag != "body", False)]
    while stack:
        node, parent, in_article, in_link = stack.pop()
        if node.is_text_node:
            chars = sum(map(len, (node.text_content or "").split()))
            elements[parent].chars += chars
            elements[parent].linked += chars if in_link else 0
        elif node.is_element_node and not is_unread(node):
            element = _Element(node, parent, in_article)
            in_link = in_link or element.links > 0
            in_article = in_article or node.tag in ("article", "main")
            stack += [(child, len(elements), in_article, in_link) for child in node.iter(include_text=True)][
                ::-1
            ]
            elements.append(element)
    for element in elements[:0:-1]:
        around = elements[element.parent]
        around.chars += element.chars
        around.linked += element.linked
        around.links += element.links
        around.landmarks += element.landmarks
        around.headings += element.headings
    return elements


def _drop_furniture(elements: list[_Element]) -> set[int]:
    page = elements[0]
    left = page.weight
    dropped = set()
    for element in elements[1:]:
        element.gone = elements[element.parent].gone
        if element.gone or not element.chars:
            continue
        is_told = _is_told(element)
        if not is_told and not _is_named(element):
            continue
        sure = is_told and not element.landmarks and (page.landmarks or page.node.tag != "body")
        small = element.weight <= _LARGEST * page.weight and left - element.weight >= _KEPT * page.weight
        if sure or small:
            element.gone = True
            left -= element.weight
            dropped.add(element.node.mem_id)
    return dropped


def _is_told(element: _Element) -> bool:
    """Whether the element itself, or its role, says that it is furniture.

    In an article the header holds the heading, and an aside may be a remark.
    """
    role = (element.node.attributes.get("role") or "").lower()
    tag = _ROLES.get(role) or element.node.tag
    if tag == "header":
        return not element.in_article
    if tag == "aside":
        return not element.in_article or element.link_share > _RATHER_LINKED
    return tag in _ELEMENTS


def _is_named(element: _Element) -> bool:
    node = element.node
    if node.tag not in _NAMED_ELEMENTS:
        return node.tag == "aside" and _names(node)[0]
    by_name, by_links = _names(node)
    return by_name or (by_links and element.link_share >= _MOSTLY_LINKED)


def _names(node: LexborNode) -> tuple[bool, bool]:
    """Whether a class or the id is a name of furniture, and whether of that which consists of links."""
    classes = (node.attributes.get("class") or "").split()
    is_section = node.tag == "section" or any(_SECTION.fullmatch(name) for name in classes)
    by_name = by_links = False
    for name in classes if is_section else [*classes, node.attributes.get("id") or ""]:
        words = {word.lower() for word in _WORDS.findall(name)}
        if words <= _NAMES | _NAMES_OF_LINKS | _BESIDE:
            by_name = by_name or not words.isdisjoint(_NAMES)
            by_links = by_links or not words.isdisjoint(_NAMES_OF_LINKS)
    return by_name, by_links


def _drop_heaps(elements: list[_Element]) -> set[int]:
    """Lists of nothing but links: all of them, or none where a page is made of them."""
    page = elements[0]
    outermost = [one for one in elements[1:] if one.gone and not elements[one.parent].gone]
    left = page.chars - sum(one.chars for one in outermost)
    if page.linked - sum(one.linked for one in outermost) > _HEAP * left:
        return set()
    most = (_HEAPED if page.node.tag == "body" else _HEAPED_IN_MAIN) * left
    heaped = 0
    dropped = set()
    for element in elements[1:]:
        element.gone = element.gone or elements[element.parent].gone
        if not element.gone and _is_heap(element) and element.chars <= most:
            element.gone = True
            heaped += element.chars
            dropped.add(element.node.mem_id)
    return dropped if heaped <= most else set()


def _is_heap(element: _Element) -> bool:
    """What has headings is a part of the page, whatever links there are in it."""
    return (
        element.links >= _FEWEST_LINKS
        and element.link_share > _HEAP
        and element.node.tag in _LISTS
        and not element.headings
    )
