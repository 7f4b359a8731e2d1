"""After a promotion drift's reference follows what was learnt, and an alarm is answered."""

import datetime
import shutil

import pytest
from drifting_work import asked, impressions, served_work
from happened import keep
from small_corpus import write_small_corpus

from idiolect.config import load
from idiolect.drifting.checking import Given, check
from idiolect.errors import DriftError
from idiolect.files import read_json, remove, write_jsonl
from idiolect.lifecycle.drift.windows import read_windows
from idiolect.progress import Silent
from idiolect.refreshing.accepting import accept
from idiolect.refreshing.journal import Refreshed
from idiolect.refreshing.news import drifted
from idiolect.workspace import Workspace

CONFIG = load(None, ["drift.permutations=99", "drift.smallest=30"])
DAY = datetime.timedelta(days=1)
NOW = datetime.datetime.now(datetime.UTC).replace(microsecond=0)
WEEKS = [NOW - DAY * days for days in (21, 14, 7)]
LEARNT = {"id": "f1", "text": "which tulip?", "impressions": 3, "users": 3, "positives": []}


@pytest.fixture(scope="module")
def made(tmp_path_factory, bundle_path):
    """A reference, and two windows of other queries: an alarm."""
    root = tmp_path_factory.mktemp("accepting")
    work = served_work(root / "work", bundle_path, write_small_corpus(root / "docs"))
    for began, seed, flowers in zip(WEEKS, (1, 2, 3), (0, 0.5, 0.5), strict=True):
        keep(work.root, *impressions(asked(90, seed, flowers), began))
        check(work, CONFIG, Given(until=began + DAY), Silent())
    write_jsonl(work.learnt_queries, [LEARNT])
    return work.root


@pytest.fixture
def work(made, tmp_path):
    return Workspace(shutil.copytree(made, tmp_path / "work"))


def mmd(window):
    """How far the queries are from the reference."""
    (found,) = [one for one in window.sides[0].findings if one.key == "mmd"]
    return found.statistic


def texts(work):
    return {query["text"] for query in read_json(work.drift_reference)["queries"]}


def test_what_raised_the_alarm_is_no_drift_any_more(work):
    assert [window.alarm for window in read_windows(work.drift)] == [False, False, True]
    said = accept(work, CONFIG, Silent())
    assert (
        said == f"drift holds later queries against the 180 that were asked since {WEEKS[0] + DAY:%Y-%m-%d}"
    )
    assert texts(work) == {*asked(90, 2, 0.5), *asked(90, 3, 0.5)}
    keep(work.root, *impressions(asked(90, 4, 0.5), NOW - DAY))
    alarm = mmd(read_windows(work.drift)[2])
    assert mmd(check(work, CONFIG, Given(since=NOW - DAY), Silent()).window) < alarm / 5


def test_it_stays_where_nothing_was_learnt_from_what_people_did(work):
    remove(work.learnt_queries)
    assert accept(work, CONFIG, Silent()) == "" and texts(work) == set(asked(90, 1, 0))


def test_what_cannot_be_accepted_is_said_and_raises_nothing(work):
    few = load(None, ["drift.smallest=500"])
    assert accept(work, few, Silent()).startswith("drift's reference stays as it was: 1")
    remove(work.feedback)
    assert "it was: --accept takes queries" in accept(work, CONFIG, Silent())
    assert texts(work) == set(asked(90, 1, 0))


def test_an_alarm_calls_for_a_refresh_until_a_champion_came_after_it(work):
    assert drifted(work)
    done = {"began": "", "champion": "m@1", "news": ["feedback"]}
    early, late = NOW - DAY, datetime.datetime.now(datetime.UTC) + DAY
    write_jsonl(work.refreshes, [Refreshed(ended=early.isoformat(), promoted=True, **done)])
    assert drifted(work)
    write_jsonl(work.refreshes, [Refreshed(ended=late.isoformat(), promoted=False, **done)])
    assert drifted(work)
    write_jsonl(work.refreshes, [Refreshed(ended=late.isoformat(), promoted=True, **done)])
    assert not drifted(work)
    write_jsonl(work.drift, [{"no": "window"}])
    with pytest.raises(DriftError, match="line 1"):
        drifted(work)
