"""What the person who waits is told: plain lines in a log, a bar on a terminal, nothing where asked."""

import io
import re
import sys

import pytest
from rich.console import Console

from idiolect.progress import LiveBar, PlainLines, Silent, for_terminal, track


def test_a_log_has_one_line_at_the_end_of_a_task(capsys):
    progress = PlainLines()
    progress.note("seed 13")
    assert list(track(progress, [5, 6, 7], "encoding", 3, "texts")) == [5, 6, 7]
    out, err = capsys.readouterr()
    assert out == ""
    assert "\r" not in err
    assert re.fullmatch(r"  seed 13\n  encoding: 3 texts in \d+\.\d s\n", err)


def test_a_long_task_speaks_between_with_its_rate_and_what_is_left(capsys):
    progress = PlainLines(interval=0.0)
    progress.start("encoding", 2_000, "texts")
    progress.advance(500, "chunk 7")
    line = capsys.readouterr().err
    assert re.fullmatch(r"  encoding: 500 of 2,000 texts, [\d,.]+/s, \d+ s left; chunk 7\n", line)
    progress.start("mining", None, "queries")
    progress.advance(3)
    lines = capsys.readouterr().err.splitlines()
    assert lines[0].startswith("  encoding: 500 texts in"), "the next task closes the one before"
    assert re.fullmatch(r"  mining: 3 queries, [\d,.]+/s", lines[1])


def test_what_took_no_work_makes_no_rate_and_a_total_may_be_corrected(capsys, monkeypatch):
    clock = [100.0]
    monkeypatch.setattr("idiolect.progress.time.monotonic", lambda: clock[0])
    progress = PlainLines(interval=0.0)
    progress.start("asking", 700, "requests")
    progress.advance(600, free=True)
    assert capsys.readouterr().err == "  asking: 600 requests, 0.0/s\n", (
        "nothing says how long the rest takes"
    )
    clock[0] += 10
    progress.advance(50, "0.10 USD")
    assert capsys.readouterr().err == "  asking: 650 of 700 requests, 5.0/s, 10 s left; 0.10 USD\n"
    progress.expect(800)
    progress.advance(0)
    assert capsys.readouterr().err == "  asking: 650 of 800 requests, 5.0/s, 30 s left\n"
    progress.finish()
    assert capsys.readouterr().err == "  asking: 650 requests in 10.0 s, 600 of them known before\n"


def test_a_task_is_closed_once(capsys):
    progress = PlainLines()
    progress.start("encoding", 1, "texts")
    progress.finish()
    progress.finish()
    assert capsys.readouterr().err.count("encoding") == 1


@pytest.mark.parametrize("kind", [Silent, PlainLines, LiveBar])
def test_counting_and_closing_without_an_open_task_is_harmless(kind, capsys):
    progress = kind()
    progress.advance()
    progress.expect(3)
    progress.finish()
    progress.start("encoding", 1, "texts")
    progress.finish()
    progress.advance()


def test_a_live_bar_leaves_its_total_behind(capsys):
    progress = LiveBar()
    progress.note("kept [50%] of it")
    progress.start("encoding", 10, "texts")
    progress.advance(4, "loss 0.5")
    progress.finish()
    err = capsys.readouterr().err
    assert "kept [50%] of it" in err, "brackets are no markup"
    assert re.search(r"encoding: 4 texts in \d+\.\d s", err)


def test_a_live_bar_shows_rate_time_left_and_below_it_what_was_spent():
    progress = LiveBar()
    progress.console = Console(file=io.StringIO(), force_terminal=True, width=80)
    progress.start("asking the teacher", 700, "requests")
    progress.task.began -= 10
    progress.advance(600, free=True)
    progress.expect(800)
    progress.advance(50, "1,204 queries; spent 50 calls")
    progress.bar.refresh()
    shown = re.sub(r"\x1b\[[0-9;?]*[a-zA-Z]", "", progress.console.file.getvalue()).splitlines()
    progress.finish()
    bar, detail = (next(line for line in shown[::-1] if part in line) for part in ("650/800", "queries"))
    assert re.search(r"650/800 requests  [45]\.\d/s  0:00:3\d left", bar)
    assert detail.strip() == "1,204 queries; spent 50 calls"


def test_silence_where_it_is_asked_for(capsys):
    progress = for_terminal(quiet=True)
    assert sum(track(progress, [1, 2], "encoding", 2, "texts")) == 3
    progress.note("nothing")
    assert capsys.readouterr().err == ""


def test_stderr_decides_between_bar_and_lines(monkeypatch):
    assert isinstance(for_terminal(), PlainLines)
    monkeypatch.setattr(sys.stderr, "isatty", lambda: True)
    assert isinstance(for_terminal(), LiveBar)
