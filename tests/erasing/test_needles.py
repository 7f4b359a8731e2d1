"""Stretches of a text as needles, and the search for many of them at once."""

import random

import pytest

from idiolect.erasing import needles
from idiolect.erasing.needles import Finder, windows

TEXT = (
    "The ferry to the lower islands leaves at nine, and its captain keeps a list of those who forgot to pay. "
    'He says: "nobody pays twice".\nOn feast days it leaves an hour later; the list is then read aloud.'
)


def test_every_passage_of_fifty_characters_holds_a_needle_whole():
    finder = Finder(map(needles.encoded, windows(TEXT)))
    for line in TEXT.replace('"', "\n").splitlines():
        for start in range(len(line) - 50):
            assert finder.finds(line[start : start + 50].encode()), line[start : start + 50]


def test_needles_stand_as_they_are_in_json_and_in_html():
    assert not any(set(needle) & set("\"'\n<>&\\") for needle in windows(TEXT))


def test_what_is_too_short_to_betray_anything_is_no_needle():
    assert list(windows("see the annex\n\nsee above")) == []


def test_the_finder_finds_just_what_a_search_one_by_one_does():
    draw = random.Random(5)
    data = bytes(draw.choices(b"abcd \x00", k=20_000))
    wanted = [data[place : place + draw.randint(3, 40)] for place in draw.sample(range(19_900), 60)]
    wanted += [bytes(draw.choices(b"abcd", k=draw.randint(8, 14))) for _ in range(60)]
    assert set(Finder(wanted).found(data)) == {one for one in wanted if one in data}


def test_a_needle_across_two_blocks_of_a_file_is_found(tmp_path, monkeypatch):
    monkeypatch.setattr(needles, "_BLOCK", 64)
    path = tmp_path / "file"
    for place in range(50, 80):
        path.write_bytes(b"." * place + b"a planted sentence" + b"." * 90)
        assert Finder([b"a planted sentence"]).in_file(path) == b"a planted sentence"
        assert Finder([b"a planted sentinel"]).in_file(path) is None


@pytest.mark.parametrize("data", [b"", b"short"])
def test_little_data_is_no_trouble(data):
    assert not Finder([b"a planted sentence"]).finds(data)
    assert not Finder([]).finds(data)
