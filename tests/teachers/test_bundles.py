"""Chunks that belong together, the queries that need more than one of them, and what supports each."""

import json
from collections import Counter
from itertools import pairwise

import pytest
from builders import a_chunk
from chat_server import Reply, answer

from idiolect.config import Generate
from idiolect.progress import Silent
from idiolect.teachers.bundles import bundles
from idiolect.teachers.links import linked_documents
from idiolect.teachers.plan import plan
from idiolect.teachers.protocol import UnsupportedQueryError, WrittenQuery, supporting

FILLER = "Chapter {0} of the handbook covers subject{0} with procedure{0}, material{0} and inspection{0} every month."
CABLE = a_chunk(
    "cable#0", "The zephyrite cable joins the winch to its motor and carries forty amperes at most."
)
MOTOR = a_chunk(
    "motor#0", "Zephyrite insulation melts above ninety degrees, so that wires near ovens need guards."
)


def corpus(*further):
    return [*further, *(a_chunk(f"filler{i}#0", FILLER.format(i)) for i in range(30))]


def ids(found):
    return [{chunk.id for chunk in members} for members in found]


def test_rare_words_join_chunks_wherever_they_lie():
    chunks = corpus(CABLE)
    chunks.append(MOTOR)  # thirty files later
    assert ids(bundles(chunks, 5, 13, {})) == [{"cable#0", "motor#0"}]


def test_frequent_words_join_nothing():
    assert bundles(corpus(), 5, 13, {}) == []


@pytest.mark.parametrize(
    "link",
    [
        "see [wiring](../wiring/setup.md#fuses)",
        "see <a href='../wiring/setup.html'>there</a>",
        "see https://docs.example.org/latest/wiring/setup/",
        "see [wiring][1]\n\n[1]: /wiring/setup",
    ],
)
def test_links_join_documents(link):
    one = a_chunk("one#0", f"Before the winch is mounted the fuses are taken out, {link}")
    other = a_chunk("two#0", "Every circuit breaker carries a label that names its room and floor.")
    paths = {"one": "guide/mount.md", "two": "wiring/setup.md", "filler3": "wiring/other.md"}
    assert ids(bundles(corpus(one, other), 5, 13, paths)) == [{"one#0", "two#0"}]


def test_links_to_elsewhere_are_none():
    texts = ["[a](mailto:x@y.z)", "[b](#here)", "https://example.org/", "[c](gone.md)", "[d](http://[broken)"]
    chunks = [a_chunk(f"d{i}#0", text) for i, text in enumerate(texts)]
    assert linked_documents(chunks, {f"d{i}": f"d{i}.md" for i in range(5)}) == [[]] * 5


def test_sections_of_one_document_join_but_parts_of_one_section_do_not():
    def part(number, heading, text):
        return a_chunk(f"winch#{number}", text, headings=[heading])

    chunks = corpus(
        part(0, "Load", "The gondola brake holds thirty tonnes while the drum turns slowly backwards."),
        part(1, "Load", "The gondola brake wears faster where salt and sand reach its drum pads."),
        part(2, "Care", "Grease for the gondola brake is renewed each spring by two trained fitters."),
    )
    found = ids(bundles(chunks, 9, 13, {}))
    assert found
    assert all("winch#2" in members for members in found)


def test_chunks_that_say_the_same_are_not_joined():
    text = "Zephyrite insulation melts above ninety degrees, so that wires near ovens need guards"
    assert bundles(corpus(a_chunk("a#0", text), a_chunk("b#0", f"{text} today")), 5, 13, {}) == []


def many():
    """Sixty chunks, each sharing a rare word with the next."""
    return [
        a_chunk(f"d{i}#0", f"{FILLER.format(i)} It mentions bridgeword{i} beside bridgeword{i + 1}.")
        for i in range(60)
    ]


def test_bundles_are_small_varied_and_the_seeds():
    found = bundles(many(), 40, 13, {})
    assert found == bundles(many(), 40, 13, {}) != bundles(many(), 40, 14, {})
    sizes = Counter(map(len, found))
    assert set(sizes) == {2, 3}
    assert len(found) == len(set(map(frozenset, ids(found)))) == 40
    assert max(Counter(member for members in ids(found) for member in members).values()) <= 3
    numbers = [[int(chunk.document_id[1:]) for chunk in members] for members in found]
    assert any(a > b for members in numbers for a, b in pairwise(members))  # not the files' order


@pytest.mark.parametrize("share", [0.0, 0.25, 1.0])
def test_the_share_of_requests_is_kept_in_every_stretch_of_the_order(share):
    asks = plan(many(), Generate(multi_hop=share), 13, ["question"])
    joined = [ask.is_multi_hop for ask in asks]
    assert sum(joined[:20]) == 20 * share
    assert sum(joined) / len(asks) == pytest.approx(share, abs=0.02)


def test_chinese_and_arabic_chunks_are_joined_by_their_words():
    chunks = corpus(
        a_chunk("zh1#0", "琥珀电缆连接绞车和电动机，最大电流为四十安培。"),
        a_chunk("zh2#0", "靠近烤箱的地方必须加装护罩，因为琥珀电缆在九十度以上会熔化。"),
        a_chunk("ar1#0", "يربط الكابل الكهرماني الرافعة بالمحرك ويحمل أربعين أمبيراً على الأكثر."),
        a_chunk("ar2#0", "يذوب العزل الكهرماني فوق تسعين درجة، لذلك تحتاج الأسلاك قرب الأفران إلى واقيات."),
    )
    assert sorted(map(sorted, ids(bundles(chunks, 5, 13, {})))) == [["ar1#0", "ar2#0"], ["zh1#0", "zh2#0"]]


def written(positives):
    return WrittenQuery(query="why?", quality=9, positives=positives)


@pytest.mark.parametrize(
    ("positives", "found"),
    [
        (["1", "3"], ["a", "c"]),
        ([3, 1, "1"], ["a", "c"]),
        (["passage 2", "[3]"], ["b", "c"]),
        (["b", "Passage #1"], ["a", "b"]),
        ("2", ["b"]),
        (2, ["b"]),
    ],
)
def test_passages_are_named_by_number_or_id(positives, found):
    assert supporting(written(positives), ["a", "b", "c"]) == found


@pytest.mark.parametrize("positives", [None, [], [""], ["4"], ["0"], ["1", "d"], [1, 17]])
def test_whoever_names_none_or_another_supports_nothing(positives):
    with pytest.raises(UnsupportedQueryError, match="malformed: names"):
        supporting(written(positives), ["a", "b", "c"])


def test_queries_over_several_chunks_from_request_to_record(serve, teacher):
    said = [
        {"query": "which load is safe for insulated wires close to an oven?", "positives": ["1", "2"]},
        {"query": "what limits current in hoists?", "positives": ["cable#0"]},
        {"query": "nothing supports this one"},
        {"query": "somebody else supports that one", "positives": ["1", "5"]},
    ]
    server = serve(lambda number, request: Reply(answer(*said)))
    generated = teacher(server.url, multi_hop=1.0, max_queries=10).write(corpus(CABLE, MOTOR), Silent())
    (request,) = server.requests
    asked = request["messages"][1]["content"]
    first, second = asked.split('<passage number="2">')
    assert '<passage number="1">' in first
    assert (
        {CABLE.text in first, CABLE.text in second}
        == {MOTOR.text in first, MOTOR.text in second}
        == {True, False}
    )
    item = request["response_format"]["json_schema"]["schema"]["properties"]["queries"]["items"]
    assert request["response_format"]["json_schema"]["name"] == "queries"
    assert "positives" in item["required"]
    both, one = generated.queries
    assert (sorted(both.positives), both.hops) == (["cable#0", "motor#0"], 2)
    assert both.source == both.positives[0]
    assert (one.positives, one.hops, one.source) == (["cable#0"], 1, "cable#0")
    assert {query.text: query.reason for query in generated.rejected} == {
        "nothing supports this one": "malformed: names no passage that supports it",
        "somebody else supports that one": "malformed: names passage '5', which was not shown",
    }
    assert (generated.summary["bundles_answered"], generated.summary["unsupported"]) == (1, 2)


def test_single_chunks_are_asked_as_ever_beside_bundles(serve, teacher):
    server = serve(lambda number, request: Reply(answer()))
    teacher(server.url, multi_hop=0.2).write(many(), Silent())
    kinds = {"positives" in json.dumps(request["response_format"]) for request in server.requests}
    systems = {request["messages"][0]["content"] for request in server.requests}
    assert (kinds, len(systems)) == ({True, False}, 2)
    single = next(text for text in server.asked_about() if "number=" not in text)
    assert "<passage>\n" in single
