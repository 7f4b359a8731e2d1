"""What stands in a request: styles as files, exemplars, languages, the passage verbatim; and what never does."""

import json

import pytest
from builders import a_chunk
from chat_server import Reply, about, answer, make_chunks

from idiolect.config import Generate
from idiolect.errors import ConfigError, UsageError
from idiolect.progress import Silent
from idiolect.teachers.exemplars import read_exemplars
from idiolect.teachers.llm import LLMTeacher
from idiolect.teachers.plan import Ask
from idiolect.teachers.prompt import make_prompts
from idiolect.teachers.style_texts import load_style_texts

TEXTS = {
    "de": "Die Pumpe schaltet ab, sobald der Wasserstand »oben« erreicht;\n\tein Relais trennt den Strom.",
    "zh": "当水箱水位达到上限标记时，浮球开关会断开继电器，水泵随即停止运转。",
    "ar": "تتوقف المضخة عندما يصل منسوب المياه في الخزان إلى العلامة العليا، ويقطع المرحّل التيار.",
    "en": "  Braces {styles} {count}, <tags> and \\u00e9 stand here as they are; nothing of it is changed.  ",
}


@pytest.fixture
def make(tmp_path):
    """A teacher with all that the stage gives it."""
    pytest.importorskip("openai")

    def build(url, known=None, withheld=frozenset(), styles_folder=None, **settings):
        section = Generate(teacher="llm", base_url=url, model="tiny", **settings)
        return LLMTeacher(
            section,
            tmp_path / "llm.sqlite",
            13,
            languages=known,
            withheld=withheld,
            styles_folder=styles_folder,
        )

    return build


def wish(request):
    return request["messages"][1]["content"].splitlines()[-1]


def test_the_packaged_styles():
    texts = load_style_texts()
    assert set(texts.styles) == {
        "question", "claim", "keywords", "inference", "typo", "error", "snippet", "scenario", "comparison",
        "instruction",
    }  # fmt: skip
    for name, text in texts.styles.items():
        assert text.startswith(f"{name}: ")
        assert "\n" not in text


def test_passages_arrive_verbatim_and_their_language_by_name(serve, make):
    server = serve(lambda number, request: about(request))
    chunks = [a_chunk(f"{code}#0", text) for code, text in TEXTS.items()]
    make(server.url, known={code: code for code in TEXTS if code != "en"}).write(chunks, Silent())
    requests = {
        code: r
        for r in server.requests
        for code, text in TEXTS.items()
        if text in r["messages"][1]["content"]
    }
    assert requests.keys() == TEXTS.keys()
    for code, name in (
        ("de", "German"),
        ("zh", "Chinese"),
        ("ar", "Arabic"),
        ("en", "the language of the passage"),
    ):
        assert f" in {name}." in wish(requests[code])


def test_languages_that_are_set_are_asked_for_in_turn(serve, make):
    server = serve(lambda number, request: about(request))
    make(server.url, known={"d0": "en"}, languages=("de", "xx")).write(make_chunks(1, each=4), Silent())
    asked = sorted(wish(request).partition(" in ")[2].partition(".")[0] for request in server.requests)
    assert asked == ["German", "German", "xx", "xx"]


def test_all_that_is_common_comes_first_and_is_the_same(serve, make, tmp_path):
    (tmp_path / "real.txt").write_text("pump wont stop\nfloat stuck??\n", encoding="utf-8")
    server = serve(lambda number, request: about(request))
    chunks = [*make_chunks(5), a_chunk("long#0", " ".join(f"word{i}x" for i in range(60)))]
    make(server.url, known={"d0": "de"}, exemplars=str(tmp_path / "real.txt")).write(chunks, Silent())
    (system,) = {request["messages"][0]["content"] for request in server.requests}
    assert "- pump wont stop\n- float stuck??" in system
    assert "{styles}" not in system
    wishes = {wish(request) for request in server.requests}
    assert len(wishes) > 2
    assert not any(line in system for line in wishes)


def test_only_the_styles_that_are_set_are_described(serve, make):
    server = serve(lambda number, request: about(request))
    make(server.url, styles=("keywords", "typo"), per_chunk=3).write(make_chunks(1), Silent())
    system = server.requests[0]["messages"][0]["content"]
    assert "keywords: " in system and "typo: " in system and "claim: " not in system
    assert wish(server.requests[0]) in (
        "Write 3 queries in the language of the passage. Styles: 2 × keywords, typo.",
        "Write 3 queries in the language of the passage. Styles: 2 × typo, keywords.",
        "Write 3 queries in the language of the passage. Styles: keywords, 2 × typo.",
        "Write 3 queries in the language of the passage. Styles: typo, 2 × keywords.",
    )


def test_a_style_without_a_text_is_refused_before_anything_is_asked(serve, make):
    server = serve(lambda number, request: about(request))
    with pytest.raises(ConfigError, match=r"'rhyme' is no style; known are claim, .*WORK/styles/rhyme\.md"):
        make(server.url, styles=("rhyme",)).write(make_chunks(1), Silent())
    assert server.requests == []


def test_files_of_a_folder_change_and_add_styles(serve, make, tmp_path):
    folder = tmp_path / "styles"
    folder.mkdir()
    (folder / "claim.md").write_text("claim: a daring statement.", encoding="utf-8")
    (folder / "rhyme.md").write_text("two lines that rhyme.\n", encoding="utf-8")
    (folder / "instructions.md").write_text("Write queries, please.", encoding="utf-8")
    (folder / "notes.txt").write_text("no style", encoding="utf-8")
    server = serve(lambda number, request: about(request))
    make(server.url, styles_folder=folder, styles=("claim", "rhyme")).write(make_chunks(1), Silent())
    said = server.requests[0]["messages"][0]["content"]
    assert said == "Write queries, please.\n\nclaim: a daring statement.\n\nrhyme: two lines that rhyme."
    assert "typo" in load_style_texts(folder).styles


@pytest.mark.parametrize(
    ("name", "data", "said"),
    [
        ("empty.md", b" \n", r"empty\.md is empty"),
        ("latin.md", "heißt".encode("latin-1"), r"latin\.md cannot be read"),
        ("No Style.md", b"text", r"No Style\.md is no style: name it"),
    ],
)
def test_a_bad_style_file_is_one_clear_line(tmp_path, name, data, said):
    (tmp_path / name).write_bytes(data)
    with pytest.raises(UsageError, match=said) as caught:
        load_style_texts(tmp_path)
    assert "\n" not in str(caught.value)


def test_a_folder_that_is_not_there_changes_nothing(tmp_path):
    assert load_style_texts(tmp_path / "styles") == load_style_texts()


def test_twelve_exemplars_are_drawn_by_the_seed(tmp_path):
    path = tmp_path / "real.txt"
    lines = [f"query  {i}" for i in range(40)]
    path.write_text("\ufeff" + "\n\n".join([*lines, *lines]), encoding="utf-8")
    drawn = read_exemplars(str(path), 13)
    assert len(set(drawn)) == len(drawn) == 12
    assert drawn == read_exemplars(str(path), 13) != read_exemplars(str(path), 14)
    assert set(drawn) < {f"query {i}" for i in range(40)}
    assert read_exemplars("", 13) == []


@pytest.mark.parametrize(
    ("data", "said"),
    [
        (None, "cannot be read"),
        (b"", "holds no query"),
        (b"\n \n", "holds no query"),
        ("wie heißt".encode("latin-1"), "is not UTF-8"),
        (b"fine\n" + b"x" * 900, "line 2 of .* has 900 characters"),
        (b"SQLite\0format", "line 1 of .* is no text"),
    ],
)
def test_bad_exemplars_are_one_clear_line(tmp_path, data, said):
    path = tmp_path / "real.txt"
    if data is not None:
        path.write_bytes(data)
    with pytest.raises(ConfigError, match=f"^generate.exemplars: .*{said}") as caught:
        read_exemplars(str(path), 13)
    assert "\n" not in str(caught.value)


def test_a_request_for_one_query_without_styles():
    texts = load_style_texts()
    chunk = a_chunk("a#0", TEXTS["de"], title="Pumpen", headings=["Betrieb", "Abschalten"])
    messages = make_prompts(texts, texts.styles).messages(Ask("a#0", (chunk,), 1, (), "de"))
    assert messages[1]["content"] == (
        "Title: Pumpen\nSection: Betrieb › Abschalten\n<passage>\n"
        f"{TEXTS['de']}\n</passage>\n\nWrite 1 query in German."
    )


def test_withheld_documents_never_leave(serve, make):
    server = serve(lambda number, request: about(request))
    chunks = [
        a_chunk(
            f"d{i}#{j}",
            f"Secret{i}x{j} shares bridgeword{i // 2} with the next, [as](d{i + 1}.md) told at length.",
        )
        for i in range(8)
        for j in range(2)
    ]
    generated = make(server.url, withheld={"d1", "d6"}, multi_hop=0.5).write(chunks, Silent())
    sent = json.dumps(server.requests)
    assert "Secret0x0" in sent and "Secret7x1" in sent
    assert "Secret1x" not in sent and "Secret6x" not in sent
    assert not {query.source.partition("#")[0] for query in generated.queries} & {"d1", "d6"}


def test_an_answer_may_hold_more_than_was_asked_for_in_other_styles(serve, make):
    said = [{"query": f"which machine number {i} is it?", "style": "riddle"} for i in range(9)]
    generated = make(serve(lambda number, request: Reply(answer(*said))).url).write(make_chunks(1), Silent())
    written = [*generated.queries, *generated.rejected]
    assert len(written) == 9
    assert {query.style for query in written} == {"riddle"}


def test_no_more_is_asked_than_queries_are_wanted(serve, make):
    server = serve(
        lambda number, request: Reply(
            answer(*(f"{number} {word}?" for word in ("who", "why", "how", "when")))
        )
    )
    generated = make(server.url, max_queries=10).write(make_chunks(30), Silent())
    assert len(server.requests) == 3  # of four queries each
    assert len(generated.queries) + len(generated.rejected) == 10
    summary = generated.summary
    assert (summary["surplus"], summary["chunks_spared"], summary["chunks_unasked"]) == (2, 27, 0)


def test_more_is_asked_where_answers_are_thin(serve, make):
    def script(number, request):
        return about(request) if "x0" in request["messages"][1]["content"] else Reply(answer())

    server = serve(script)
    chunks = make_chunks(40)
    generated = make(server.url, max_queries=20, concurrency=7).write(chunks, Silent())
    assert len(generated.queries) + len(generated.rejected) == 20
    assert 20 <= len(server.requests) <= 24
    before = len(server.requests)
    again = make(server.url, max_queries=20, concurrency=2).write(chunks, Silent())
    assert again.queries == generated.queries
    assert len(server.requests) == before
