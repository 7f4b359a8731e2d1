"""drift.jsonl: what follows what, and when it is an alarm."""

import msgspec
import pytest
from drifting_work import window as looked

from idiolect.errors import DriftError
from idiolect.lifecycle.drift.metrics import METRICS, exposition
from idiolect.lifecycle.drift.windows import Side, add, last_window, read_windows, standing


@pytest.fixture
def log(tmp_path):
    return tmp_path / "drift.jsonl"


def streak(window):
    return [found.streak for found in window.sides[0].findings]


def test_two_windows_in_a_row_are_an_alarm(log):
    assert not add(log, looked("a", True), 2).alarm
    assert not add(log, looked("b", False), 2).alarm
    assert not add(log, looked("c", True), 2).alarm
    second = add(log, looked("d", True), 2)
    assert (second.alarm, second.alarms, streak(second)) == (True, ["queries: mmd"], [2])
    assert last_window(log) == second


def test_the_same_texts_looked_at_again_are_one_window(log):
    add(log, looked("a", True), 2)
    add(log, looked("b", False), 2)
    again = add(log, looked("a", True, p=0.002), 2)
    assert (again.alarm, streak(again)) == (False, [1])
    assert [window.digest for window in read_windows(log)] == ["a", "b"]
    assert read_windows(log)[0].sides[0].findings[0].p == 0.002


def test_windows_that_overlap_do_not_follow_one_another(log):
    add(log, looked("a", True, since="2026-03-01", until="2026-03-08"), 2)
    assert streak(add(log, looked("b", True, since="2026-03-02", until="2026-03-09"), 2)) == [1]
    assert streak(add(log, looked("c", True, since="2026-03-08", until="2026-03-15"), 2)) == [2]


def test_a_window_of_too_few_is_passed_over(log):
    add(log, looked("a", True), 2)
    assert not add(log, looked("few", True, status="too few"), 2).alarm
    assert add(log, looked("b", True), 2).alarm


@pytest.mark.parametrize("changed", [{"taken": "later"}, {"model": "another"}])
def test_another_reference_or_model_begins_anew(log, changed):
    add(log, looked("a", True), 2)
    assert streak(add(log, looked("b", True, **changed), 2)) == [1]


def test_what_followed_a_window_that_is_looked_at_again_follows_the_later_look(log):
    add(log, looked("a", True), 2)
    assert add(log, looked("b", True), 2).alarm
    add(log, looked("a", False), 2)
    assert [streak(window) for window in read_windows(log)] == [[0], [1]]
    assert not read_windows(log)[1].alarm and not add(log, looked("c", False), 2).alarm


def test_an_alarm_stands_until_a_window_that_can_tell_is_calm(log):
    add(log, looked("a", True), 1)
    add(log, looked("few", False, status="too few"), 1)
    assert not last_window(log).alarm and standing(read_windows(log)) == ["queries: mmd"]
    add(log, looked("b", False), 1)
    assert standing(read_windows(log)) == []


def test_a_line_that_is_no_window_is_named(log):
    log.write_text('{"taken": 3}\n')
    with pytest.raises(DriftError, match="line 1"):
        add(log, looked("a", True), 2)
    assert last_window(log) is None


def test_every_metric_is_documented_and_escaped(log):
    page = exposition(add(log, looked("a", True), 2))
    samples = [line for line in page.splitlines() if not line.startswith("#")]
    assert {line.partition("{")[0].removeprefix("idiolect_drift_") for line in samples} == METRICS.keys()
    assert 'idiolect_drift_alarm{model="manu\\"als"} 0' in samples


def test_no_field_of_a_window_holds_a_text():
    kinds = {field.name for field in msgspec.structs.fields(Side)}
    assert kinds.isdisjoint({"shown", "queries", "examples"})
