"""The teacher that needs no LLM: every query is copied from the corpus and says what was cut for it."""

from collections import Counter

import msgspec
import pytest
from builders import a_chunk
from small_corpus import MACHINES, sections

from idiolect.mining.masking import masked_passages, squeeze
from idiolect.progress import Silent
from idiolect.teachers import snippets
from idiolect.teachers.extractive import (
    JUDGING_STYLES,
    TRAINING_STYLES,
    ExtractiveTeacher,
    masked_queries,
    spread,
)

CODE = '''def drain(tank, minutes=5):
    """Empty a tank slowly through its lower outlet.

    :param minutes: how long it may take
    """
    for _ in range(minutes):
        tank.lower_outlet.open_for(seconds=60, until_dry=True, log_to=tank.book)
    return tank.level
'''
CHINESE = (
    "取水泵从河里抽取原水并送到沉淀池。工作人员每两周检查一次轴承和密封件的磨损情况。"
    "如果听到异常的响声，请立即停机并通知值班工程师。"
)


def manuals():
    chunks = []
    for number, name in enumerate(list(MACHINES)[:12]):
        stem = name.replace(" ", "-")
        chunks += [
            a_chunk(
                f"{stem}#{position}", text, title=f"Manual of the {name}", headings=["Daily care", heading]
            )
            for position, (heading, text) in enumerate(sections(name, number))
        ]
    return [*chunks, a_chunk("drain.py#0", CODE, title="Draining")]


CHUNKS = manuals()
BY_ID = {chunk.id: chunk for chunk in CHUNKS}


def write(chunks=CHUNKS, max_queries=1_000, seed=13, languages=None):
    return ExtractiveTeacher(max_queries, seed, languages or {}).write(chunks, Silent())


@pytest.fixture(scope="module")
def generated():
    return write()


def of_style(generated, style):
    return [query for query in generated.queries if query.style == style]


def test_every_style_is_written_and_counted(generated):
    counts = Counter(query.style for query in generated.queries)
    assert set(counts) == {*TRAINING_STYLES, *JUDGING_STYLES}
    assert generated.summary == {"styles": dict(counts)}


def test_every_query_is_marked_as_a_copy_of_its_source(generated):
    for query in generated.queries:
        assert query.copied
        assert query.teacher == "extractive"
        assert query.source in query.positives
        assert query.text == squeeze(query.text) != ""


def test_what_is_cut_stands_in_the_source(generated):
    for query in generated.queries:
        passage = BY_ID[query.source].passage
        if query.style == "keywords":
            assert query.cut == ""
        elif query.style == "heading":
            assert query.cut in (*BY_ID[query.source].headings, BY_ID[query.source].title)
            assert squeeze(query.cut) in squeeze(passage.full_text)
        else:
            assert query.cut in passage.text
            assert snippets.word_count(query.cut) >= 3


def test_a_chunk_keeps_enough_to_be_found_by(generated):
    for query in generated.queries:
        if query.cut:
            left = masked_passages(CHUNKS, [query])[query.source]
            assert snippets.word_count(left.text) >= 12


def test_sentences_and_windows_are_their_own_text(generated):
    for style in ("sentence", "window"):
        for query in of_style(generated, style):
            assert query.text == snippets.plain(query.cut)
    assert all(6 <= len(query.cut.split()) <= 20 for query in of_style(generated, "window"))


def test_key_terms_come_from_the_chunk(generated):
    for query in of_style(generated, "keywords"):
        words = query.text.split()
        assert 3 <= len(words) <= 8
        assert all(word in BY_ID[query.source].text for word in words)


def test_definitions_do_not_name_what_they_define(generated):
    found = of_style(generated, "definition")
    assert len(found) >= 12
    texts = {query.source: query.text for query in found}
    assert (
        texts["sand-filter#0"]
        == "a device that holds back floating particles without anyone standing beside it"
    )
    cuts = {query.source: query.cut for query in found}
    assert cuts["sand-filter#0"].startswith("A sand filter is a device")


def test_a_docstring_is_asked_for_by_its_first_sentence_and_cut_whole(generated):
    query = next(query for query in of_style(generated, "definition") if query.source == "drain.py#0")
    assert query.text == "Empty a tank slowly through its lower outlet."
    assert ":param minutes" in query.cut
    left = masked_passages(CHUNKS, [query])["drain.py#0"].text
    assert "Empty a tank" not in left and "open_for" in left


def test_headings_are_queries_only_where_one_document_has_them(generated):
    texts = {query.text: query for query in of_style(generated, "heading")}
    assert "Daily care" not in texts, "a heading of every document"
    assert "Draining" not in texts, "a single word"
    title = texts["Manual of the sand filter"]
    assert title.positives == ["sand-filter#0", "sand-filter#1", "sand-filter#2"]
    assert texts["Replacing the sand bed"].positives == ["sand-filter#1"]


def test_a_heading_over_too_many_chunks_is_too_broad():
    text = sections("mains valve", 0)[0][1]
    chunks = [a_chunk(f"manual#{n}", f"{text} Part {n}.", headings=["All the machines"]) for n in range(8)]
    assert not of_style(write(chunks), "heading")
    assert [query.text for query in of_style(write(chunks[:6]), "heading")] == ["All the machines"]


def test_a_heading_over_too_little_text_is_left_out():
    assert not of_style(write([a_chunk("a#0", "See below.", headings=["Replacing the bearing"])]), "heading")


def test_the_seed_decides_and_ids_are_stable(generated):
    assert write().queries == generated.queries
    assert write().rejected == generated.rejected
    other = write(seed=14).queries
    assert other != generated.queries
    ids = {(query.source, query.text): query.id for query in generated.queries}
    same = [query for query in other if (query.source, query.text) in ids]
    assert same
    assert all(ids[query.source, query.text] == query.id for query in same)
    assert len(set(ids.values())) == len(ids)


@pytest.mark.parametrize("budget", [1, 7, 30])
def test_the_budget_holds_for_training_and_for_judging_each(budget):
    purposes = Counter(query.style in JUDGING_STYLES for query in write(max_queries=budget).queries)
    assert purposes[False] == budget
    assert 0 < purposes[True] <= budget


def test_a_small_budget_is_spread_over_documents():
    sources = [
        query.source.partition("#")[0]
        for query in write(max_queries=12).queries
        if query.style in TRAINING_STYLES
    ]
    assert len(set(sources)) >= 11


def test_no_two_queries_are_the_same_and_a_duplicate_is_rejected_with_its_reason(generated):
    texts = [query.text.casefold() for query in generated.queries]
    assert len(set(texts)) == len(texts)
    shared = "It was put into service when the eastern works were rebuilt."
    kept = next((query for query in generated.queries if query.text == shared), None)
    rejected = [query for query in generated.rejected if query.text == shared]
    assert kept is not None
    assert rejected
    assert {query.reason for query in rejected} == {f"the same text as query {kept.id}"}
    assert all(query.source != kept.source for query in rejected)


def test_records_can_be_written_and_read_back(generated):
    for record in (generated.queries[0], generated.rejected[0]):
        assert msgspec.json.decode(msgspec.json.encode(record), type=type(record)) == record


def test_chinese_chunks_give_every_training_style():
    chunks = [
        a_chunk(f"手册{number}#0", CHINESE.replace("取水泵", machine), title=f"{machine}的使用手册")
        for number, machine in enumerate(("取水泵", "砂滤池", "加氯机", "压力罐"))
    ]
    generated = write(chunks, languages={chunk.document_id: "zh" for chunk in chunks})
    styles = Counter(query.style for query in generated.queries)
    assert styles["sentence"] and styles["window"] and styles["heading"]
    texts = {chunk.id: chunk.passage.full_text for chunk in chunks}
    assert all(query.cut in texts[query.source] for query in generated.queries)


def test_an_empty_corpus_gives_nothing():
    assert write([]).queries == []


def test_masked_queries_are_one_a_chunk_and_cut_from_it():
    queries = masked_queries(CHUNKS, 1_000, 13, "en")
    sources = [query.source for query in queries]
    assert len(set(sources)) == len(sources) > 25
    for query in queries:
        assert query.style == "masked"
        assert query.positives == [query.source]
        assert query.cut in BY_ID[query.source].text
        left = masked_passages(CHUNKS, [query])[query.source]
        assert query.text not in squeeze(left.full_text)
    docstring = next(query for query in queries if query.source == "drain.py#0")
    assert docstring.text == "Empty a tank slowly through its lower outlet."


def test_masked_queries_take_one_of_each_document_before_the_second_of_any():
    documents = {chunk.document_id for chunk in CHUNKS}
    queries = masked_queries(CHUNKS, len(documents), 13, "en")
    assert len(queries) == len(documents)
    assert queries == masked_queries(CHUNKS, len(documents), 13, "en")
    assert queries != masked_queries(CHUNKS, len(documents), 14, "en")


def test_a_chunk_of_one_long_sentence_gives_a_window():
    words = " ".join(f"part{number}" for number in range(60))
    (query,) = masked_queries([a_chunk("list#0", words)], 5, 13, "en")
    assert query.text in words
    assert 6 <= len(query.text.split()) <= 20


def test_spreading_takes_documents_in_turn():
    order = [chunk.document_id for chunk in spread(CHUNKS, 13)]
    documents = set(order)
    assert set(order[: len(documents)]) == documents
    assert sorted(order) == sorted(chunk.document_id for chunk in CHUNKS)
