"""No query is drawn from what recurs over many documents, and none is written for a duplicate."""

import random

import msgspec
import pytest
from builders import Listening, a_chunk, documents_of
from small_corpus import MACHINES, sections

from idiolect.config import load
from idiolect.files import read_jsonl, write_jsonl
from idiolect.mining.masking import squeeze
from idiolect.progress import Silent
from idiolect.records import Query
from idiolect.stages.context import Context
from idiolect.stages.generate import run
from idiolect.teachers import snippets
from idiolect.teachers.extractive import ExtractiveTeacher, masked_queries
from idiolect.workspace import Workspace

NOTICE = (
    "A licence is a permission that the works grant to one reader at a time. Nobody may reproduce this "
    "handbook without the written consent of the publisher. The publisher accepts no liability whatever."
)
CODE_NOTICE = 'def licence():\n    """Return the licence of this handbook to whoever may ask for it."""\n'


def manuals():
    chunks = []
    for number, name in enumerate(list(MACHINES)[:12]):
        stem = name.replace(" ", "-")
        for position, (heading, text) in enumerate(sections(name, number)):
            notice = NOTICE if position % 2 else CODE_NOTICE
            whole = f"{notice}\n\n{text}" if number % 2 else f"{text}\n\n{notice}"
            chunks.append(
                a_chunk(f"{stem}#{position}", whole, title=stem, headings=[heading], boilerplate=[notice])
            )
    return chunks


CHUNKS = [chunk for chunk in manuals() if chunk.trains]
assert len(CHUNKS) > 20


@pytest.mark.parametrize(
    "queries",
    [
        ExtractiveTeacher(1_000, 13, {}).write(CHUNKS, Silent()).queries,
        masked_queries(CHUNKS, 1_000, 13, "en"),
    ],
    ids=["extractive", "masked"],
)
def test_no_query_of_any_style_comes_from_boilerplate(queries):
    assert len(queries) > 20
    notices = [squeeze(NOTICE), squeeze(CODE_NOTICE)]
    for query in queries:
        assert not query.cut or not any(squeeze(query.cut) in notice for notice in notices)
        assert not {"licence", "publisher", "liability", "handbook"} & set(query.text.split())


def test_without_the_marks_such_queries_are_drawn():
    unmarked = [msgspec.structs.replace(chunk, boilerplate=[]) for chunk in CHUNKS]
    queries = [
        *ExtractiveTeacher(1_000, 13, {}).write(unmarked, Silent()).queries,
        *masked_queries(unmarked, 1_000, 13, "en"),
    ]
    styles = {query.style for query in queries if {"licence", "publisher"} & set(query.text.split())}
    assert styles >= {"sentence", "window", "definition", "masked"}


def test_key_terms_come_from_the_rest_of_the_chunk():
    frequencies = {**snippets.document_frequencies(CHUNKS), "sluice": 1, "weir": 1, "culvert": 1, "rattle": 1}
    chunk = a_chunk("a#0", f"{NOTICE} The sluice, the weir and the culvert rattle.", boilerplate=[NOTICE])
    for seed in range(10):
        terms = snippets.key_terms(chunk, frequencies, len(CHUNKS), random.Random(seed))
        assert terms
        assert not set(terms) & set(NOTICE.split())


def test_windows_come_from_the_longest_stretch_between_boilerplate():
    words = " ".join(f"part{number}" for number in range(40))
    chunk = a_chunk("a#0", f"Before. {NOTICE} {words}", boilerplate=[NOTICE])
    assert snippets.longest_stretch(chunk).strip() == words
    assert snippets.longest_stretch(a_chunk("a#0", words)) == words
    assert snippets.longest_stretch(a_chunk("a#0", NOTICE, boilerplate=[NOTICE])) == ""


def test_what_a_cut_must_leave_is_the_chunks_own():
    """Without the notice nothing would be left to find the chunk by."""
    sentence = "The sluice of the eastern basin rattles when the river rises in spring."
    whole = f"{sentence}\n\n{NOTICE}"

    def cuts(**marks):
        chunks = [a_chunk("a#0", whole, **marks)]
        written = [ExtractiveTeacher(9, seed, {}).write(chunks, Silent()) for seed in range(9)]
        return {query.cut for generated in written for query in generated.queries}

    assert sentence in cuts()
    assert sentence not in cuts(boilerplate=[NOTICE])


def test_masked_queries_are_drawn_from_chunks_that_train():
    copies = [a_chunk("copy#0", CHUNKS[0].text, duplicate_of=CHUNKS[0].id)]
    mostly = [
        a_chunk("mostly#0", f"{NOTICE} {NOTICE} The sluice rattles.", boilerplate=[f"{NOTICE} {NOTICE}"])
    ]
    assert masked_queries(copies + mostly, 5, 13, "en") == []


def test_generate_asks_only_about_chunks_that_train_and_counts_the_others(tmp_path):
    copies = [a_chunk(f"copy-{n}#0", chunk.text, duplicate_of=chunk.id) for n, chunk in enumerate(CHUNKS[:3])]
    mostly = [a_chunk("notice#0", f"{NOTICE} Edition 3.", boilerplate=[NOTICE])]
    chunks, work = [*CHUNKS, *copies, *mostly], Workspace(tmp_path / "work")
    write_jsonl(work.chunks, chunks)
    write_jsonl(work.documents, documents_of(chunks))
    progress = Listening()
    summary = run(Context(work, load(None, []), progress=progress))
    assert (summary["chunks_duplicate"], summary["chunks_boilerplate"]) == (3, 1)
    (note,) = [note for note in progress.notes if "duplicate" in note]
    assert note == "no queries for 3 duplicate chunks and 1 that are mostly boilerplate"
    training = {chunk.id for chunk in CHUNKS}
    assert all(query.source in training for query in read_jsonl(work.queries, Query))


def test_generate_says_nothing_of_duplicates_where_there_are_none(tmp_path):
    work = Workspace(tmp_path / "work")
    write_jsonl(work.chunks, CHUNKS)
    write_jsonl(work.documents, documents_of(CHUNKS))
    progress = Listening()
    summary = run(Context(work, load(None, []), progress=progress))
    assert (summary["chunks_duplicate"], summary["chunks_boilerplate"]) == (0, 0)
    assert not any("duplicate" in note for note in progress.notes)
