"""Web pages with everything that stands around their text, and pages that only look as if they had it."""

import pytest

from idiolect.readers import html

MENU = "".join(
    f"<li><a href='/{name}'>{name.title()}</a></li>" for name in ["plots", "tools", "seeds", "club", "shop"]
)
ARTICLE = """<h1>Pruning currants</h1>
<p>Red currants fruit on wood of the second and third year, so each autumn the oldest stems go, cut at the
ground, and the strongest of the young ones stay. Nine stems are enough for one bush.</p>
<p>Black currants are another matter: they fruit best on the shoots of last summer.</p>"""
OWN = html.parse(ARTICLE).text


def page(body: str) -> str:
    return f"<!doctype html><html><head><title>Allotment</title></head><body class='has-sidebar'>{body}</body></html>"


def test_a_blog_page_is_its_article() -> None:
    parsed = html.parse(
        page(f"""
<a class="skip-link" href="#content">Skip to content</a>
<div id="cookie-banner"><p>We set cookies to count our readers. Do you accept them?</p><button>Yes</button></div>
<div role="banner"><div class="site-title">The Allotment</div></div>
<div class="navbar navbar-light"><ul>{MENU}</ul></div>
<ol class="breadcrumbs"><li><a href="/">Home</a></li><li><a href="/fruit">Fruit</a></li><li>Currants</li></ol>
<div class="layout two-columns">
  <div class="post">{ARTICLE}
    <div class="share-buttons">Share: <a href="#">Mail</a> <a href="#">Post</a></div></div>
  <div class="SidebarRight"><h3>About</h3><p>We are nine people with one well.</p></div>
  <aside><p>This week: seed potatoes for half the price.</p></aside>
</div>
<div class="related"><ul>{MENU}</ul></div>
<section class="newsletter-signup"><p>One letter a month. No spam.</p></section>
<div role="contentinfo">© The Allotment</div>
<div class="pagination"><a href="?2">2</a> <a href="?3">3</a></div>""")
    )
    assert parsed.text == OWN
    assert parsed.title == "Pruning currants"
    assert [parsed.text[block.start : block.end] for block in parsed.blocks] == OWN.split("\n\n")


@pytest.mark.parametrize(
    "wrapped",
    [
        "<div class='sidebar'>{}</div>",
        "<div class='content-sidebar-wrap'><div class='sidebar-content'>{}</div></div>",
        "<nav><ul><li>Home</ul>{}",
        "<aside>{}</aside>",
        "<div role='search'><header>{}</header></div>",
        "<section class='advert'>{}</section><p>© The Allotment</p>",
    ],
)
def test_an_article_in_what_is_called_furniture_is_not_lost(wrapped: str) -> None:
    for outside in ("", "<div class='footer'>© The Allotment</div>"):
        assert OWN in html.parse(page(wrapped.format(ARTICLE) + outside)).text


def test_many_small_pieces_of_furniture_do_not_lose_the_page_either() -> None:
    cards = "".join(
        f"<div class='advert'><p>Card {n}: a spade, hardly used, for twenty.</p></div>" for n in range(8)
    )
    text = html.parse(page(f"<h1>Notice board</h1>{cards}")).text
    assert text.count("a spade") >= 2


def test_a_long_menu_beside_a_short_text_goes() -> None:
    menu = "".join(f"<li><a href='/{n}'>Chapter {n} of the handbook</a></li>" for n in range(80))
    assert html.parse(page(f"<div class='sidebar'><ul>{menu}</ul></div>{ARTICLE}")).text == OWN
    assert html.parse(page(f"<div><ul>{menu}</ul></div><main>{ARTICLE}</main>")).text == OWN


def test_names_that_only_sound_like_furniture_stay() -> None:
    body = f"""{ARTICLE}
<section id="menu"><h2>The menu</h2><p>The menu widget opens below the bar.</p></section>
<div class="section" id="pagination"><h2>Pagination</h2><p>Long lists are cut into pages.</p></div>
<div class="menu"><p>Monday: currant soup. Tuesday: currant cake. Wednesday: whatever is left.</p></div>
<p class="social-security">Helpers are insured by the club.</p>
<p class="cookies-recipe">Two eggs, flour and a handful of currants.</p>"""
    text = html.parse(page(body)).text
    for words in ("menu widget", "cut into pages", "currant soup", "insured", "Two eggs"):
        assert words in text


def test_an_aside_in_an_article_is_a_remark_unless_it_is_links() -> None:
    remark = "<aside><p>Wear gloves: the wood of some kinds is spiny.</p></aside>"
    links = f"<aside><h4>More</h4><ul>{MENU}</ul></aside>"
    text = html.parse(page(f"<article>{ARTICLE}{remark}{links}</article>")).text
    assert "Wear gloves" in text
    assert "Seeds" not in text


def test_a_list_of_links_goes_from_a_text_and_stays_where_it_is_the_page() -> None:
    heap = "".join(f"<li><a href='/{n}'>Notes on currants, part {n}</a></li>" for n in range(6))
    assert html.parse(page(f"{ARTICLE}<ul>{heap}</ul>")).text == OWN
    assert "part 5" in html.parse(page(f"<h1>All notes</h1><p>By year.</p><ul>{heap}</ul>")).text
    assert "part 5" in html.parse(page(f"<main><h1>All notes</h1><p>By year.</p><ul>{heap}</ul></main>")).text


def test_lists_that_mention_links_stay() -> None:
    described = "".join(
        f"<li><a href='/{n}'>Tool {n}</a>: what it is for, and how it is sharpened</li>" for n in range(6)
    )
    two = "<ul><li><a href='/a'>Spades</a></li><li><a href='/b'>Rakes</a></li></ul>"
    text = html.parse(page(f"{ARTICLE}<ul>{described}</ul>{two}")).text
    assert text.count("sharpened") == 6
    assert "Rakes" in text


def test_a_page_laid_out_in_tables_is_read_cell_by_cell() -> None:
    data = "<table><tr><th>kind</th><th>stems</th></tr><tr><td>red</td><td>9</td></tr></table>"
    body = f"<table><tr><td><table><tr><td>{MENU}</td></tr></table></td><td>{ARTICLE}{data}</td></tr></table>"
    parsed = html.parse(page(body))
    assert parsed.text == f"{OWN}\n\nkind | stems\nred | 9"
    assert [block.kind for block in parsed.blocks][-1] == "table"


def test_of_several_main_parts_the_longest_is_read() -> None:
    parsed = html.parse(page(f"<main><p>Loading …</p></main><div role='main'>{ARTICLE}</div>"))
    assert parsed.text == OWN
