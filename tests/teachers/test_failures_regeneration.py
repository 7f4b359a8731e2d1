"""What to ask more about: from dev queries that the tuned model gets wrong, and from no others."""

import pytest
from builders import a_chunk
from builders import dev_row as row

from idiolect.errors import UsageError, WorkspaceError
from idiolect.files import write_jsonl
from idiolect.records import Split
from idiolect.teachers.failures import allot, focuses, held_for_test, missed, read_dev_rows, trainable

CHUNKS = [a_chunk(f"{document}#{part}", f"{document} {part}") for document in "abcd" for part in range(3)]


def test_missed_queries_are_joined_by_the_documents_they_mix_up():
    rows = [
        row("q1", ["a#0"], ["b#1", "b#0"]),
        row("q2", ["a#1"], ["b#1", "c#0"]),
        row("q3", ["b#2"], ["a#0"]),
        row("q4", ["c#0"], ["d#0", "a#2"]),
        row("found", ["d#1"], ["a#0", "d#1"]),
    ]
    first, second = focuses(rows, CHUNKS)
    assert first.count == 3 and first.documents == ["a", "b"]
    assert first.chunks == {"a#0": ["b#1", "b#0"], "a#1": ["b#1", "c#0"], "b#2": ["a#0"]}
    assert (second.chunks, second.count) == ({"c#0": ["d#0", "a#2"]}, 1)
    assert focuses(rows[::-1], CHUNKS) == [first, second]


def test_a_positive_below_the_depth_is_missed():
    rows = [row("q1", ["a#0"], ["b#0", "b#1", "a#0"])]
    assert focuses(rows, CHUNKS, depth=3) == []
    assert list(focuses(rows, CHUNKS, depth=2)[0].chunks) == ["a#0"]


def test_only_chunks_that_may_train_are_asked_about():
    rows = [row("q1", ["a#0"], ["b#1", "c#0"]), row("q2", ["d#0"], ["a#1"])]
    (focus,) = focuses(rows, CHUNKS, trains={"b#1", "c#0"})
    assert focus.chunks == {"b#1": ["a#0"], "c#0": ["a#0"]}


def test_what_is_hidden_is_told_from_nothing():
    rows = [row("q1", ["a#0"], ["b#1", "c#0"])]
    (focus,) = focuses(rows, CHUNKS, trains={"a#0"}, hidden={"b#1"})
    assert focus.chunks == {"a#0": ["c#0"]}
    assert focuses(rows, CHUNKS, trains={"b#1"}, hidden={"a#0"}) == [], "nothing is left to tell it from"


def test_a_chunk_is_not_told_from_its_own_copy():
    chunks = [*CHUNKS, a_chunk("e#0", "a 0", duplicate_of="a#0"), a_chunk("e#1", "b 0", duplicate_of="b#0")]
    (focus,) = focuses([row("q1", ["a#0"], ["e#0", "e#1", "c#0"])], chunks)
    assert focus.chunks == {"a#0": ["e#1", "c#0"]}
    (focus,) = focuses([row("q1", ["e#0"], ["e#1", "b#0"])], chunks, trains={"a#0", "b#0"})
    assert focus.chunks == {"b#0": ["e#0"]}, "the copies are not asked about"


def test_held_out_groups_do_not_train():
    chunks = [a_chunk(f"d{n}#0", f"text {n}") for n in range(12)]
    splits = [Split(query_id="q1", split="test", group="d1"), Split(query_id="q2", split="dev", group="d2")]
    splits.append(Split(query_id="q3", split="train", group="d3"))
    assert trainable(chunks, splits) == {chunk.id for chunk in chunks} - {"d1#0", "d2#0"}
    assert held_for_test(chunks, splits) == {"d1#0"}


def test_duplicates_and_boilerplate_do_not_train():
    chunks = [a_chunk(f"d{n}#0", f"text {n}") for n in range(12)]
    chunks += [
        a_chunk("d1#1", "text 0", duplicate_of="d0#0"),
        a_chunk("d2#1", "notice", boilerplate=["notice"]),
    ]
    assert trainable(chunks, []) == {f"d{n}#0" for n in range(12)}


def test_documents_that_were_judged_whole_name_their_chunks():
    (focus,) = focuses([row("q1", ["a"], ["b"])], CHUNKS)
    assert focus.chunks == {f"a#{n}": ["b#0", "b#1", "b#2"] for n in range(3)}


@pytest.mark.parametrize("split", ["test", "train", "given", ""])
def test_rows_of_anything_but_dev_are_never_used(split, tmp_path):
    other = [row(f"t{n}", ["c#0"], ["d#0"], split, "test") for n in range(9)]
    mine = row("q1", ["a#0"], ["b#0"])
    path = tmp_path / "per_query.jsonl"
    write_jsonl(path, [*other, mine, *other])
    assert read_dev_rows(path) == [mine]
    assert focuses([*other, mine], CHUNKS) == focuses([mine], CHUNKS)
    assert missed([*other, mine]) == [mine]
    write_jsonl(path, other)
    with pytest.raises(WorkspaceError, match=r"per_query.jsonl holds no dev queries .*`idiolect evaluate`"):
        read_dev_rows(path)


def test_dev_rows_are_read_with_whatever_else_they_hold(tmp_path):
    path = tmp_path / "dev_per_query.jsonl"
    path.write_text(
        '{"dataset":"queries","split":"dev","query_id":"q1","query":"why","style":"question","cluster":"a",'
        '"positives":["a#0"],"runs":{"dense-tuned":{"metrics":{"ndcg@10":0.0},"top":["b#0"]}}}\n'
    )
    assert focuses(read_dev_rows(path), CHUNKS)[0].chunks == {"a#0": ["b#0"]}


def test_an_unknown_run_is_refused_with_those_there_are():
    with pytest.raises(UsageError, match="no run 'dense-base': it has dense-tuned"):
        focuses([row("q1", ["a#0"], [])], CHUNKS, run="dense-base")


def test_queries_are_allotted_by_how_many_were_missed():
    rows = [row(f"q{n}", ["a#0"], ["b#0"]) for n in range(3)] + [row("q9", ["c#0"], ["d#0"])]
    assert allot(focuses(rows, CHUNKS), 8) == {"a#0": 6, "c#0": 2}
    assert sum(allot(focuses(rows, CHUNKS), 7).values()) == 7
    assert allot([], 7) == {}


def test_no_chunk_gets_more_than_its_most_and_the_others_take_over():
    rows = [row(f"q{n}", ["a#0"], ["b#0"]) for n in range(8)]
    rows += [row("q8", ["c#0"], ["d#0"]), row("q9", ["d#1"], ["b#0"])]
    assert allot(focuses(rows, CHUNKS), 10, most=4) == {"a#0": 4, "c#0": 3, "d#1": 3}
    assert allot(focuses(rows, CHUNKS), 100, most=4) == {"a#0": 4, "c#0": 4, "d#1": 4}
