"""Events out of files: what is broken is set aside with its line and reason, and nothing of it is repeated."""

import io
import json
import re

import pytest
from documented import ROOT
from happened import action, impression

from idiolect.errors import FeedbackError
from idiolect.lifecycle.feedback.decoding import NoEventError, SetAside, decoded
from idiolect.lifecycle.feedback.events import Action, Impression
from idiolect.lifecycle.feedback.reading import LONGEST, read_events
from idiolect.lifecycle.feedback.resolving import resolved


def read(path):
    return list(read_events(path))


def refused(event):
    with pytest.raises(NoEventError) as found:
        decoded(json.dumps(event))
    return str(found.value)


@pytest.mark.parametrize("spelt", ["lines", "list"])
def test_json_lines_and_a_json_list_are_the_same_events(tmp_path, spelt):
    events = [impression(), action(kind="like"), action(kind="abandon")]
    path = tmp_path / "events.json"
    text = json.dumps(events, indent=1) if spelt == "list" else "\n".join(map(json.dumps, events))
    path.write_text(f"\n{text}\n")
    found = read(path)
    assert [type(event) for _, event in found] == [Impression, Action, Action]
    assert [place for place, _ in found] == ([1, 2, 3] if spelt == "list" else [2, 3, 4])


def test_stdin_is_read(monkeypatch):
    monkeypatch.setattr("sys.stdin", io.TextIOWrapper(io.BytesIO(json.dumps(impression()).encode())))
    assert len(read("-")) == 1


def test_broken_lines_are_set_aside_with_their_numbers(tmp_path):
    path = tmp_path / "events.jsonl"
    lines = [json.dumps(impression()), "{", '"secret"', "", json.dumps(action()), "[1]", "x" * (LONGEST + 9)]
    path.write_text("\n".join([*lines, json.dumps(action(kind="like"))]))
    found = read(path)
    aside = {one.place: one.reason for one in found if isinstance(one, SetAside)}
    assert sorted(aside) == [2, 3, 6, 7]
    assert aside[2] == "it is not valid JSON"
    assert aside[7] == "it is longer than 4 MiB"
    assert "secret" not in "".join(aside.values())
    assert [one[0] for one in found if isinstance(one, tuple)] == [1, 5, 8]


@pytest.mark.parametrize("held", [b"\x00\xff\n\x80", b'{"type": "secret"}\n', b"[1, 2]"])
def test_a_file_in_which_no_event_is_fails_at_its_end(tmp_path, held):
    path = tmp_path / "events.jsonl"
    path.write_bytes(held)
    with pytest.raises(FeedbackError, match=r"holds no event \(at 1: ") as failed:
        read(path)
    assert "secret" not in str(failed.value)
    path.write_text(json.dumps(impression(time="2999-01-01T00:00:00Z")))
    assert len(read(path)) == 1, "an event, though one that cannot be kept"
    path.write_text("")
    assert read(path) == [], "of a day on which nothing happened"


def test_a_list_that_is_cut_off_is_one_clear_line(tmp_path):
    path = tmp_path / "events.json"
    path.write_text(json.dumps([impression()])[:-20])
    with pytest.raises(FeedbackError, match="begins a JSON list and is none"):
        read(path)


def test_a_file_that_is_not_there_is_one_clear_line(tmp_path):
    with pytest.raises(FeedbackError, match="cannot be read"):
        read(tmp_path / "nothing.jsonl")


@pytest.mark.parametrize(
    ("event", "reason"),
    [
        ({"type": "secret"}, "type must be impression or action"),
        ({"kind": "click"}, "type must be impression or action"),
        (action(kind="secret", rank=1), "kind must be one of click, dwell"),
        (impression(query=""), "query: Expected str of length >= 1"),
        (impression(id="s" * 101), "id: Expected str of length <= 100"),
        (impression(time="2026-03-01T09:30:00"), "with an offset"),
        (impression(time="secret"), "ISO 8601"),
        (impression(time="2999-01-01T00:00:00Z"), "future"),
        (impression(hits=[{"rank": 0, "document": "a"}]), "hits[0].rank: Expected int >= 1"),
        (impression(hits=[{"rank": 1, "document": one} for one in "ab"]), "one rank"),
        (action(rank=0), "click is of a hit"),
        (action(kind="abandon", rank=2), "names no hit"),
        (action() | {"seconds": -1.0}, "seconds: Expected float >= 0"),
    ],
)
def test_what_is_no_event_is_said_without_its_words(event, reason):
    told = refused(event)
    assert reason in told
    assert "secret" not in told


def test_times_are_kept_in_one_spelling_and_hits_by_rank():
    event = decoded(
        json.dumps(
            impression(
                time="2026-03-01T09:30:00.5+01:00",
                hits=[{"rank": 4, "document": "b"}, {"rank": 2, "document": "a"}],
            )
        )
    )
    assert event.time == "2026-03-01T08:30:00.500000+00:00"
    assert [hit.rank for hit in event.hits] == [2, 4]


def test_the_documentations_examples_are_events():
    text = (ROOT / "docs" / "feedback.md").read_text(encoding="utf-8")
    lines = [line for block in re.findall(r"```json\n(.*?)```", text, re.S) for line in block.splitlines()]
    shown, *done = map(decoded, lines)
    assert isinstance(shown, Impression) and [one.kind for one in done] == ["click", "dwell"]
    assert all(resolved(one, shown).document == "faq.md" for one in done)
