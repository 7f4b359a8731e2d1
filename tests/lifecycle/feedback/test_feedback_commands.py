"""`idiolect feedback`: import, show, forget."""

import json
import subprocess
import sys
from functools import partial

import pytest
from happened import action, impression, keep, log_of
from indexed_manuals import command

from idiolect.config import Privacy
from idiolect.files import read_jsonl, write_jsonl
from idiolect.lifecycle.audit.verifying import verify
from idiolect.lifecycle.feedback import database, forgetting
from idiolect.workspace import Workspace


@pytest.fixture
def events(tmp_path):
    path = tmp_path / "events.jsonl"
    told = [
        impression("a", documents="xyz", session="s1"),
        action("a", rank=2),
        action("a", kind="dwell", rank=2) | {"seconds": 45.0},
        impression("b", 90, query="Why does the PUMP rattle?", documents="yx", user="tom"),
        action("b", 95, rank=1),
        action("b", 96, rank=7),
        action("unknown", rank=1),
        impression("c", 200, consent=False),
    ]
    path.write_text("".join(f"{json.dumps(one)}\n" for one in told) + "{broken\n")
    return path


def test_a_file_is_kept_and_told_and_shown(tmp_path, events):
    work = tmp_path / "work"
    told = command("feedback", "import", events, "-w", work, "--json")
    assert (told["impressions"], told["actions"], told["waiting"], told["again"]) == (2, 4, 1, 0)
    assert [(one["place"], one["reason"]) for one in told["set_aside"]] == [
        (8, "no consent"),
        (9, "it is not valid JSON"),
    ]
    found = command("feedback", "show", "-w", work, "--json", "--out", tmp_path / "figures.json")
    assert json.loads((tmp_path / "figures.json").read_text()) == found
    assert (found["impressions"], found["kept"], found["users"], found["sessions"]) == (2, 2, 2, 1)
    assert found["queries"] == 1, "letters' case makes no other query"
    assert found["actions"] == {"click": 2, "dwell": 1}
    assert found["left_out"] == {"not shown": {"impressions": 0, "actions": 1}}
    assert (found["satisfied"], found["waiting"], found["days"], found["documents"]) == (1, 1, 1, 3)
    assert found["ranks"][1] == {"rank": 2, "shown": 2, "clicked": 1, "satisfied": 1}


def test_people_are_told_the_same_in_words(tmp_path, events):
    work = tmp_path / "work"
    told = command("feedback", "import", events, "-w", work)
    assert "Kept 2 impressions and 4 actions" in told
    assert "      9  it is not valid JSON" in told and "      8  no consent" in told
    assert "7 were kept before" in command("feedback", "import", events, "-w", work)
    shown = command("feedback", "show", "-w", work)
    assert "2 impressions of 2 kept, on 1 days" in shown
    assert "actions on hits that were not shown" in shown
    assert "mira" not in shown


def test_stdin_is_a_file_too(tmp_path):
    given = [sys.executable, "-m", "idiolect", "feedback", "import", "-", "-w", tmp_path / "work", "--json"]
    done = subprocess.run(given, input=json.dumps([impression()]).encode(), capture_output=True, check=True)
    assert json.loads(done.stdout)["impressions"] == 1


def test_where_nothing_is_kept_one_line_says_what_to_do(tmp_path):
    told = command("feedback", "show", "-w", tmp_path, code=1)
    assert told.startswith("error: ") and "idiolect feedback import FILE" in told
    assert "cannot be read" in command("feedback", "import", tmp_path / "no.jsonl", "-w", tmp_path, code=1)


def test_a_user_is_forgotten_with_what_only_they_asked(tmp_path):
    work = Workspace(tmp_path)
    keep(
        tmp_path,
        impression("a", query="where is the spare key of Quillfeather?"),
        action("a"),
        impression("b", 60, query="why does it rattle?"),
        impression("c", 90, query="Why does it rattle?", user="tom"),
        action("c", 99, user="tom"),
        action("c", 120, rank=2, user="mira"),
    )
    learnt = [
        {"id": text[:5], "text": text}
        for text in ("where is the spare key of quillfeather?", "why does it rattle?")
    ]
    write_jsonl(work.learnt / "queries.jsonl", learnt)
    told = command("feedback", "forget", "--user", "mira", "-w", tmp_path, "--json")
    assert (told["impressions"], told["actions"], told["learnt"]) == (2, 2, 1)
    (left,) = log_of(tmp_path).everything()
    assert (left.impression.id, len(left.actions)) == ("c", 1)
    assert [row["text"] for row in read_jsonl(work.learnt / "queries.jsonl", dict)] == ["why does it rattle?"]
    held = b"".join(path.read_bytes().lower() for path in tmp_path.rglob("*") if path.is_file())
    assert b"quillfeather" not in held and b"mira" not in held
    entry = json.loads(work.audit.read_text().splitlines()[-1])
    assert (entry["event"], entry["facts"]["reference"]) == ("feedback-forgotten", told["reference"])
    verify(work)
    assert "Forgot 0 impressions" in command("feedback", "forget", "--user", "mira", "-w", tmp_path)


def test_other_spellings_are_the_same_question(tmp_path):
    work = Workspace(tmp_path)
    keep(tmp_path, impression("a", query="Where is the key?"), impression("b", 60, query="And the pump?"))
    keep(tmp_path, impression("c", 90, query="and the pump", user="tom"))
    rows = [
        {"id": str(number), "text": text} for number, text in enumerate(("where is the key", "And the pump?"))
    ]
    write_jsonl(work.learnt_queries, rows)
    told = command("feedback", "forget", "--user", "mira", "-w", tmp_path, "--json")
    assert told["learnt"] == 1
    assert [row["text"] for row in read_jsonl(work.learnt_queries, dict)] == ["And the pump?"], "tom's too"


def test_a_forgetting_that_was_killed_is_done_by_the_next(tmp_path, monkeypatch):
    """At whatever step: what is learnt must not stay because the log no longer says whose it was."""
    work = Workspace(tmp_path)
    keep(tmp_path, impression(query="where is the key?"))
    write_jsonl(work.learnt_queries, [{"id": "f1", "text": "where is the key?"}])
    for step in ("_unlearnt", "forget_users", "_taken_out"):
        with monkeypatch.context() as patched:
            patched.setattr(forgetting, step, killed)
            with pytest.raises(KeyboardInterrupt):
                forgetting.forget(work, "mira", Privacy())
    forgetting.forget(work, "mira", Privacy())
    assert list(log_of(tmp_path).everything()) == list(read_jsonl(work.learnt_queries, dict)) == []


def killed(*_, **__):
    raise KeyboardInterrupt


def test_nobody_is_forgotten_while_something_is_learnt(tmp_path):
    """Which read the log before, and would write what it said there after."""
    keep(tmp_path, impression())
    with Workspace(tmp_path).held():
        told = command("feedback", "forget", "--user", "mira", "-w", tmp_path, code=1)
    assert "another idiolect run holds" in told
    assert len(list(log_of(tmp_path).everything())) == 1


def test_a_file_without_an_event_fails_in_one_line(tmp_path):
    (tmp_path / "photo.jpg").write_bytes(bytes(range(256)) * 40)
    told = command("feedback", "import", tmp_path / "photo.jpg", "-w", tmp_path, code=1)
    assert "holds no event" in told and len(told.splitlines()) == 1


def test_nobody_is_forgotten_by_mistake(tmp_path):
    keep(tmp_path, impression(user=""))
    assert "--user is empty" in command("feedback", "forget", "--user", "", "-w", tmp_path, code=2)
    assert len(list(log_of(tmp_path).everything())) == 1
    (tmp_path / "privacy.key").unlink()
    assert "privacy.key=FILE" in command("feedback", "forget", "--user", "mira", "-w", tmp_path, code=1)
    assert not (tmp_path / "privacy.key").exists(), "no other key is made"


def test_what_another_process_reads_is_told_and_gone_the_second_time(tmp_path, monkeypatch):
    keep(tmp_path, impression(query="where is the spare key of Quillfeather?"))
    reader = log_of(tmp_path).everything()
    next(reader)
    with monkeypatch.context() as patched:
        patched.setattr(database, "connected", partial(database.connected, timeout=0.2))
        told = command("feedback", "forget", "--user", "mira", "-w", tmp_path, code=1)
    assert "run the same command again" in told
    reader.close()
    command("feedback", "forget", "--user", "mira", "-w", tmp_path)
    assert b"Quillfeather" not in b"".join(path.read_bytes() for path in tmp_path.glob("feedback.db*"))
