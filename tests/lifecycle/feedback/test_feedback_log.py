"""The log: with consent, masked, each event once, no longer than it may be kept, by several processes at once."""

import json
import multiprocessing
import signal
import sqlite3
import subprocess
import sys
from contextlib import closing
from datetime import UTC, datetime, timedelta

import pytest
from happened import action, at, impression, keep, log_of, numbered

from idiolect.config import Feedback, Privacy, load
from idiolect.errors import ConfigError, FeedbackError
from idiolect.lifecycle.erasure.suppression import suppress
from idiolect.lifecycle.feedback import database, keeping
from idiolect.lifecycle.feedback.keeping import Keeper
from idiolect.lifecycle.privacy.pseudonyms import key_at
from idiolect.workspace import Workspace


def reasons(kept):
    return {one.place: one.reason for one in kept.set_aside}


def bytes_of(folder):
    return b"".join(path.read_bytes() for path in folder.glob("feedback.db*"))


def days_ago(days):
    return (datetime.now(UTC) - timedelta(days=days)).isoformat()


def test_what_was_shown_comes_back_with_what_was_done(tmp_path):
    keep(tmp_path, action(kind="like", rank=2), impression("later", 900, user="tom"), impression(session="s"))
    first, second = log_of(tmp_path).seen()
    assert (first.impression.id, second.impression.id) == ("i", "later")
    assert [(one.kind, one.rank, one.document, one.chunk) for one in first.actions] == [
        ("like", 2, "b", "b#0")
    ]
    assert first.impression.query == "why does the pump rattle?"
    assert [hit.document for hit in first.impression.hits] == ["a", "b", "c"]


def test_users_and_sessions_are_pseudonyms_of_which_nothing_is_kept(tmp_path):
    keep(
        tmp_path,
        impression(user="mira", session="mira-7"),
        impression("j", 60, user="mira"),
        action(user="mira"),
    )
    first, second = log_of(tmp_path).seen()
    assert first.impression.user == second.impression.user == first.actions[0].user
    assert len(first.impression.user) == 32
    assert b"mira" not in bytes_of(tmp_path)
    other = tmp_path / "other"
    keep(other, impression(user="mira"))
    assert next(log_of(other).seen()).impression.user != first.impression.user, "another key"


def test_queries_and_names_are_masked_as_documents_are(tmp_path):
    told = "who is bob.smith@acme-mills.com?"
    path = "people/bob.smith@acme-mills.com.md"
    keep(
        tmp_path,
        impression(query=told, hits=[{"rank": 1, "document": path, "chunk": f"{path}#3"}]),
        action(document=path),
    )
    (seen,) = log_of(tmp_path).seen()
    assert seen.impression.query.startswith("who is <email:")
    assert seen.impression.hits[0].document.startswith("people/<email:")
    assert seen.impression.hits[0].chunk.endswith("#3")
    assert seen.actions[0].chunk == seen.impression.hits[0].chunk
    assert b"acme-mills" not in bytes_of(tmp_path)


def test_names_that_masking_makes_longer_than_may_come_are_read_again(tmp_path):
    long = "a@b.co/" * 250
    kept = keep(tmp_path, impression(hits=[{"rank": 1, "document": long, "chunk": f"{long}#3"}]), action())
    assert kept.actions == 1
    (seen,) = log_of(tmp_path).seen()
    assert len(seen.impression.hits[0].document) > 2_000 and len(seen.actions) == 1


def test_a_query_that_may_not_be_masked_is_not_kept_nor_what_was_done_with_it(tmp_path):
    kept = keep(
        tmp_path,
        impression(query="who is bob.smith@acme-mills.com?"),
        action(),
        privacy=Privacy(email="drop"),
    )
    assert reasons(kept) == {1: "privacy: it holds an e-mail address", 2: "its impression was set aside"}
    assert (kept.impressions, kept.actions) == (0, 0)
    assert b"acme-mills" not in bytes_of(tmp_path)


def test_without_consent_nothing_is_kept_unless_terms_of_use_have_it(tmp_path):
    asked = impression(consent=False), action()
    kept = keep(tmp_path / "a", *asked)
    assert reasons(kept) == {1: "no consent", 2: "its impression was set aside"}
    assert list(log_of(tmp_path / "a").seen()) == []
    assert keep(tmp_path / "b", *asked, consent="given").impressions == 1


def test_an_import_keeps_no_action_on_what_had_no_consent_however_long_it_is(tmp_path, monkeypatch):
    monkeypatch.setattr(keeping, "BATCH", 2)
    events = impression(consent=False), impression("j", 60), action("j", 69), action()
    with Keeper(Workspace(tmp_path), Feedback(), Privacy()) as keeper:
        kept = keeper.keep_all(numbered(events))
    assert reasons(kept) == {1: "no consent", 4: "its impression was set aside"}
    assert (kept.waiting, log_of(tmp_path).waiting()) == (0, 0)


def test_an_event_given_twice_counts_once(tmp_path):
    events = impression(), action(), action(kind="dwell", seconds_=0)
    events[2].pop("seconds_")
    first = keep(tmp_path, *events)
    again = keep(tmp_path, *events)
    assert (first.impressions, first.actions, first.again) == (1, 2, 0)
    assert (again.impressions, again.actions, again.again) == (0, 0, 3)
    (seen,) = log_of(tmp_path).seen()
    assert len(seen.actions) == 2


def test_another_impression_of_an_id_that_is_taken_is_set_aside(tmp_path):
    kept = keep(tmp_path, impression(), impression(query="something else"))
    assert reasons(kept) == {2: "another impression of this id is in the log"}


def test_what_has_expired_is_neither_taken_nor_kept_nor_read(tmp_path):
    old, new = impression("old", time=days_ago(20), query="an expired question"), impression("new")
    kept = keep(tmp_path, old, action("old", time=days_ago(20)), new, retention_days=10)
    assert set(reasons(kept)) == {1, 2}
    keep(tmp_path, old, action("old", time=days_ago(20)))
    assert b"an expired question" in bytes_of(tmp_path)
    assert [one.impression.id for one in log_of(tmp_path, retention_days=10).seen()] == ["new"]
    with closing(database.connected(tmp_path / "feedback.db")):  # a server, say, that keeps the log open
        keep(tmp_path, retention_days=10)
        assert [one.impression.id for one in log_of(tmp_path).seen()] == ["new"], "deleted when it was opened"
        assert b"an expired question" not in bytes_of(tmp_path)


@pytest.mark.parametrize(
    "setting", ["retention_days=36501", "waiting_hours=1e308", "waiting_hours=inf", "waiting_hours=nan"]
)
def test_times_beyond_any_calendar_are_refused(setting):
    with pytest.raises(ConfigError, match=rf"feedback\.{setting.partition('=')[0]}"):
        load(None, [f"feedback.{setting}"])
    assert database.oldest(Feedback(retention_days=36_500)) < "1930"


def test_an_action_waits_for_its_impression_but_not_for_ever(tmp_path):
    assert keep(tmp_path, action("to come"), action("never")).waiting == 2
    keep(tmp_path, impression("to come"))
    assert log_of(tmp_path).waiting() == 1
    with closing(sqlite3.connect(tmp_path / "feedback.db")) as connection, connection:
        connection.execute("UPDATE actions SET came = ?", (at(-3 * 86_400),))
    keep(tmp_path)
    assert log_of(tmp_path).waiting() == 0
    (seen,) = log_of(tmp_path).seen()
    assert len(seen.actions) == 1


def test_what_was_erased_does_not_come_back(tmp_path):
    suppress(Workspace(tmp_path).suppressed, ["b"], [])
    kept = keep(tmp_path, impression(), action(document="b"), action(document="c"))
    assert (kept.erased, kept.actions) == (1, 1)
    assert reasons(kept) == {2: "its document was erased"}
    (seen,) = log_of(tmp_path).seen()
    assert [(hit.rank, hit.document) for hit in seen.impression.hits] == [(1, "a"), (3, "c")]


def test_it_is_for_its_owners_eyes_alone(tmp_path):
    with Keeper(Workspace(tmp_path), Feedback(), Privacy()) as keeper:
        keeper.keep(numbered([impression()]))
        modes = {path.name: path.stat().st_mode & 0o777 for path in tmp_path.glob("feedback.db*")}
    assert set(modes) == {"feedback.db", "feedback.db-wal", "feedback.db-shm"}
    assert set(modes.values()) == {0o600}


def test_without_a_log_or_with_another_file_in_its_place_one_line_says_so(tmp_path):
    with pytest.raises(FeedbackError, match="is not there"):
        list(log_of(tmp_path).seen())
    (tmp_path / "feedback.db").write_text("no database at all, but long enough to be one" * 50)
    with pytest.raises(FeedbackError, match="cannot be used"):
        list(log_of(tmp_path).seen())
    with pytest.raises(FeedbackError, match="cannot be used"):
        keep(tmp_path, impression())


def test_a_log_of_a_later_version_is_not_touched(tmp_path):
    keep(tmp_path, impression())
    with closing(sqlite3.connect(tmp_path / "feedback.db")) as connection:
        connection.execute(f"PRAGMA user_version = {database.SCHEMA + 1}")
    with pytest.raises(FeedbackError, match="upgrade idiolect"):
        keep(tmp_path, impression("j"))


def _write(folder, own, start):
    start.wait()
    for number in range(20):
        keep(folder, impression(f"{own}-{number}", number), action(f"{own}-{number}", number + 3))


def test_several_processes_write_at_once_with_one_key(tmp_path):
    context = multiprocessing.get_context("spawn")
    start = context.Barrier(3)
    processes = [context.Process(target=_write, args=(tmp_path, own, start)) for own in range(3)]
    for one in processes:
        one.start()
    for one in processes:
        one.join()
    assert [one.exitcode for one in processes] == [0, 0, 0]
    found = list(log_of(tmp_path).everything())
    assert len(found) == 60 and all(len(one.actions) == 1 for one in found)
    assert len({one.impression.user for one in found}) == 1


def test_processes_that_make_the_key_at_once_share_one(tmp_path):
    path = tmp_path / "privacy.key"
    code = "import sys; from pathlib import Path; from idiolect.lifecycle.privacy.pseudonyms import key_at; "
    code += "sys.stdin.read(); print(key_at(Path(sys.argv[1])).hex())"
    running = [
        subprocess.Popen([sys.executable, "-c", code, path], stdin=subprocess.PIPE, stdout=subprocess.PIPE)
        for _ in range(3)
    ]
    for one in running:
        one.stdin.close()
    keys = {one.stdout.read() for one in running}
    assert [one.wait() for one in running] == [0, 0, 0]
    assert keys == {f"{key_at(path).hex()}\n".encode()}


KILLED = """
import os, signal, sys
from idiolect.lifecycle.feedback import keeping
from idiolect.cli import main
keeping.BATCH = 10
real, left = keeping._put_action, [25]
def deadly(*given):
    left[0] -= 1
    if left[0] < 0:
        os.kill(os.getpid(), signal.SIGKILL)
    return real(*given)
keeping._put_action = deadly
main(sys.argv[1:])
"""


def test_an_import_that_was_killed_leaves_whole_batches_and_goes_on(tmp_path):
    events = [
        one
        for number in range(40)
        for one in (impression(f"i{number}", number * 60), action(f"i{number}", number * 60 + 5))
    ]
    (tmp_path / "events.jsonl").write_text("\n".join(map(json.dumps, events)))
    given = ["feedback", "import", tmp_path / "events.jsonl", "-w", tmp_path / "work", "--json"]
    killed = subprocess.run([sys.executable, "-c", KILLED, *given], capture_output=True)
    assert killed.returncode == -signal.SIGKILL, killed.stderr
    found = list(log_of(tmp_path / "work").everything())
    assert len(found) == 25 and all(len(one.actions) == 1 for one in found)
    done = subprocess.run([sys.executable, "-m", "idiolect", *given], capture_output=True, check=True)
    told = json.loads(done.stdout)
    assert (told["impressions"], told["actions"], told["again"]) == (15, 15, 50)
