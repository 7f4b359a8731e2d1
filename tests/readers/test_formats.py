"""What each format's reader makes of a file that a person might have."""

from idiolect.readers import html, markdown, rst, text
from idiolect.readers.base import Content


def outline(content: Content) -> list[tuple[str, str]]:
    """Each block's kind and the text that it covers; the offsets must hold for it to read well."""
    return [(block.kind, content.text[block.start : block.end]) for block in content.blocks]


def headings(content: Content) -> list[tuple[int, str]]:
    return [(block.level, block.heading) for block in content.blocks if block.kind == "heading"]


def test_plain_text_is_paragraphs_between_blank_lines() -> None:
    content = text.parse("\n\nThe kettle is descaled monthly.\nUse vinegar.\n\n---\n\n  Rinse twice.  \n")
    assert outline(content) == [
        ("paragraph", "The kettle is descaled monthly.\nUse vinegar."),
        ("paragraph", "  Rinse twice."),
    ]


MARKDOWN = """\
---
title: Kettle care
tags: [kitchen, water]
updated: 2024-03-01
---
<!-- reviewed by nobody
yet -->

# Looking after *the* [kettle](kettle.jpg) {#top}

{{< toc >}}

[shop]: https://example.org

Descale it
monthly.

What you need
-------------

- vinegar

  white, not brown
- water

| size | vinegar |
|------|---------|
| 1 l  | 50 ml   |

***

```sh
# not a heading
boil --water
```

> Never boil vinegar.

<div>Ask for <b>help</b>.</div>
"""


def test_markdown_blocks_lie_where_they_are_in_the_file() -> None:
    content = markdown.parse(MARKDOWN)
    assert content.text == MARKDOWN
    assert outline(content) == [
        ("heading", "# Looking after *the* [kettle](kettle.jpg) {#top}"),
        ("paragraph", "Descale it\nmonthly."),
        ("heading", "What you need\n-------------"),
        ("list", "- vinegar\n\n  white, not brown\n- water"),
        ("table", "| size | vinegar |\n|------|---------|\n| 1 l  | 50 ml   |"),
        ("code", "```sh\n# not a heading\nboil --water\n```"),
        ("paragraph", "> Never boil vinegar."),
        ("paragraph", "<div>Ask for <b>help</b>.</div>"),
    ]


def test_markdown_headings_are_words_without_marks() -> None:
    assert headings(markdown.parse(MARKDOWN)) == [(1, "Looking after the kettle"), (2, "What you need")]
    assert headings(markdown.parse("## The `kettle` <i class='x'></i> &amp; pot ##\n")) == [
        (2, "The kettle & pot")
    ]


def test_front_matter_becomes_metadata_that_json_can_hold() -> None:
    content = markdown.parse(MARKDOWN)
    assert content.title == "Kettle care"
    assert content.metadata == {"title": "Kettle care", "tags": ["kitchen", "water"], "updated": "2024-03-01"}


def test_toml_front_matter_and_broken_yaml_are_understood_as_far_as_they_go() -> None:
    assert markdown.parse('+++\ntitle = "Pots"\n+++\nText here.\n').title == "Pots"
    broken = markdown.parse("---\ntitle: Pots: a 'history\nbad: [1, 2\n---\nText here.\n")
    assert broken.title == "Pots: a 'history"
    assert outline(broken) == [("paragraph", "Text here.")]


def test_two_rulers_are_no_front_matter() -> None:
    content = markdown.parse("---\n\nJust a sentence between rulers.\n\n---\n\nAnd one after.\n")
    assert content.metadata == {}
    assert [covered for _, covered in outline(content)] == [
        "Just a sentence between rulers.",
        "And one after.",
    ]


RST = """\
:license: MIT

.. _kettle:

==========
 Kettles
==========

.. toctree::
   :maxdepth: 2

   pots

Descale with :ref:`vinegar <vinegar>`. Type::

    descale now

    rinse

.. A comment that
   nobody reads.

Using :kbd:`boil`
-----------------

* fill
* boil

.. code-block:: sh
   :linenos:

   boil --water

.. vendor-directive:: Take care
   of the steam.

=====  ======
size   water
=====  ======
1      2
=====  ======

Deeper
~~~~~~
Text right below.

Rinsing
-------
Twice.
"""


def test_rst_sections_have_the_levels_in_which_their_styles_appear() -> None:
    assert headings(rst.parse(RST)) == [(1, "Kettles"), (2, "Using boil"), (3, "Deeper"), (2, "Rinsing")]


def test_rst_text_is_kept_and_settings_and_comments_are_not() -> None:
    content = rst.parse(RST)
    assert content.text == RST
    assert content.metadata == {"license": "MIT"}
    assert [block for block in outline(content) if block[0] != "heading"] == [
        ("paragraph", "Descale with :ref:`vinegar <vinegar>`. Type::"),
        ("code", "    descale now\n\n    rinse"),
        ("list", "* fill\n* boil"),
        ("code", "   boil --water"),
        ("paragraph", ".. vendor-directive:: Take care\n   of the steam."),
        ("table", "=====  ======\nsize   water\n=====  ======\n1      2\n=====  ======"),
        ("paragraph", "Text right below."),
        ("paragraph", "Twice."),
    ]


HTML = """<!doctype html><html><head><title>Kettle  page</title><meta name="license" content="CC0">
<style>p { color: red }</style></head><body>
<header><h1>Kettle Shop</h1></header><nav><ul><li>Home</ul></nav>
<article><header><h1>Kettle <em>care</em><a class="headerlink" href="#k">¶</a></h1></header>
<p>Descale   it<br>monthly.</p>loose words
<ul><li>vinegar<ul><li>white</li></ul></li><li><p>water</p></li></ul>
<table><tr><th>size</th><th>vinegar</th></tr><tr><td><p>1 l</p></td><td>50 ml</td></tr></table>
<pre><code>boil --water
  rinse</code></pre>
<table><tr><td><h2>Layout</h2><p>A cell that is a column.</p></td></tr></table>
<script>track()</script></article><footer>© Shop</footer></body></html>"""


def test_html_is_read_as_a_person_reads_it() -> None:
    content = html.parse(HTML)
    assert outline(content) == [
        ("heading", "Kettle care"),
        ("paragraph", "Descale it\nmonthly."),
        ("paragraph", "loose words"),
        ("list", "- vinegar\n- white\n- water"),
        ("table", "size | vinegar\n1 l | 50 ml"),
        ("code", "boil --water\n  rinse"),
        ("heading", "Layout"),
        ("paragraph", "A cell that is a column."),
    ]
    assert content.text == "\n\n".join(covered for _, covered in outline(content))
    assert content.title == "Kettle care"
    assert content.metadata == {"license": "CC0"}


def test_an_html_page_without_headings_has_its_title() -> None:
    assert html.parse("<title>Steam &amp; water</title><p>Both are wet.").title == "Steam & water"


def test_html_nested_deeper_than_the_interpreter_is_read() -> None:
    assert html.parse("<div>" * 5_000 + "at the bottom").text == "at the bottom"
