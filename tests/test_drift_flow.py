"""`idiolect drift` as it is used: a window becomes the reference, later ones are held against it."""

import datetime
import json
import shutil

import msgspec
import pytest
from drifting_work import FLOWERS, MONTHS, asked, impressions, served_work, write_queries
from happened import keep
from registered import Desk, write_plain_bundle, write_work
from small_corpus import write_small_corpus

from idiolect.cli import main
from idiolect.cli.drift import ALARM
from idiolect.files import read_json, read_jsonl, tree_digests, write_jsonl
from idiolect.lifecycle.drift.reference import forget_users, read_reference
from idiolect.records import TrainingExample
from idiolect.workspace import Workspace

QUICK = ("--set", "drift.permutations=99", "--set", "drift.smallest=30", "--quiet")


@pytest.fixture(scope="module")
def made(tmp_path_factory, bundle_path):
    root = tmp_path_factory.mktemp("drifting")
    docs = write_small_corpus(root / "docs")
    return docs, served_work(root / "work", bundle_path, docs).root


@pytest.fixture
def work(tmp_path, made):
    return Workspace(shutil.copytree(made[1], tmp_path / "work"))


@pytest.fixture
def docs(tmp_path, made):
    return shutil.copytree(made[0], tmp_path / "docs")


@pytest.fixture
def drift(work, capsys):
    """Run the command; its exit code, and what it printed as JSON, or said on stderr where it failed."""

    def run(*words):
        capsys.readouterr()
        with pytest.raises(SystemExit) as ended:
            main(["drift", *map(str, words), "-w", str(work.root), *QUICK, "--json"])
        said = capsys.readouterr()
        return ended.value.code, json.loads(said.out) if said.out else said.err

    return run


def findings(report, side="queries"):
    (held,) = [one for one in report["window"]["sides"] if one["name"] == side]
    return {one["detector"]: one for one in held["findings"] if not one["slice"]}


def status(report):
    return {one["name"]: one["status"] for one in report["window"]["sides"]}


def test_the_first_window_is_the_reference_and_two_that_differ_are_an_alarm(drift, work, tmp_path):
    def look(name, seed, flowers, *more):
        return drift("--queries", write_queries(tmp_path / name, asked(90, seed, flowers)), *more)

    code, first = look("first.txt", 1, 0)
    assert (code, status(first)) == (0, {"queries": "reference"})
    assert findings(first).keys() == {
        "uncovered"
    }  # other in manner than written ones, they are asked no more

    code, calm = look("calm.txt", 2, 0)
    assert (code, status(calm), calm["window"]["alarm"]) == (0, {"queries": "counted"}, False)
    assert calm["window"]["sides"][0]["reference"]["kind"] == "file"

    code, moved = look("moved.txt", 3, 0.4)
    assert (code, moved["window"]["alarm"], findings(moved)["mmd"]["streak"]) == (0, False, 1)

    page = tmp_path / "idiolect.prom"
    code, alarm = look("again.txt", 4, 0.4, "--metrics", page)
    assert (code, alarm["window"]["alarm"]) == (ALARM, True)
    assert "queries: mmd" in alarm["window"]["alarms"]
    assert 'idiolect_drift_alarm{model="tiny"} 1' in page.read_text()

    topic = alarm["shown"]["queries"]["topics"][0]
    assert topic["current"] > topic["reference"]
    strange = [text for text in alarm["shown"]["queries"]["surest"] if any(name in text for name in FLOWERS)]
    assert len(strange) >= 8
    kept = work.drift.read_text()
    assert not any(text in kept for text in (*FLOWERS, *MONTHS))

    code, accepted = look("again.txt", 4, 0.4, "--accept")
    assert (code, status(accepted)) == (0, {"queries": "reference"})
    code, after = look("after.txt", 5, 0.4)
    assert (code, after["window"]["alarm"], findings(after)["mmd"]["drifted"]) == (0, False, False)


def test_a_killed_or_repeated_run_writes_each_window_once(drift, work, tmp_path):
    first = write_queries(tmp_path / "first.txt", asked(60, 1))
    drift("--queries", first)
    before = work.drift_reference.read_bytes()
    drift("--queries", first)
    assert len(work.drift.read_text().splitlines()) == 1
    assert work.drift_reference.read_bytes() == before, "later windows were held against it"


def test_documents_that_are_new_are_compared_and_those_in_work_are_not(drift, work, docs):
    few = drift(docs)[1]["window"]["sides"][0]
    assert (few["status"], few["texts"]) == ("too few", 0)
    assert "0 new chunks" in few["reason"]
    for number, name in enumerate(FLOWERS * 3):
        lines = [f"The {name} of bed {number} blooms in {month} on chalk and clay." for month in MONTHS]
        (docs / f"{name}-{number}.md").write_text(f"# {name.title()} {number}\n\n" + "\n\n".join(lines * 2))
    untouched = tree_digests(work.root, without=("drift.jsonl",))
    code, found = drift(docs)
    assert (code, status(found)) == (0, {"documents": "counted"})
    assert {"classifier", "mmd", "topics", "unknown_words"} <= {
        name for name, one in findings(found, "documents").items() if one["drifted"]
    }
    assert any(name in " ".join(found["shown"]["documents"]["surest"]).lower() for name in FLOWERS)
    after = tree_digests(work.root, without=("drift.jsonl",))
    assert {name: after[name] for name in untouched if not name.startswith("cache/")} == {
        name: digest for name, digest in untouched.items() if not name.startswith("cache/")
    }


def test_the_feedback_log_is_looked_at_from_where_the_last_window_ended(drift, work, tmp_path, capsys):
    now = datetime.datetime.now(datetime.UTC).replace(microsecond=0)
    weeks = [now - datetime.timedelta(days=days) for days in (21, 14, 7)]
    for began, seed, flowers in zip(weeks, (1, 2, 3), (0, 0.5, 0.5), strict=True):
        file = tmp_path / f"{seed}.jsonl"
        write_jsonl(file, impressions(asked(90, seed, flowers), began))
        with pytest.raises(SystemExit) as ended:
            main(["feedback", "import", str(file), "-w", str(work.root)])
        assert ended.value.code == 0, capsys.readouterr()
    day = datetime.timedelta(days=1)
    code, first = drift("--until", (weeks[0] + day).isoformat())
    assert (code, status(first)) == (0, {"queries": "reference"})
    assert "user 1" not in work.drift_reference.read_text()
    code, second = drift("--until", (weeks[1] + day).isoformat())
    assert (code, status(second)) == (0, {"queries": "counted"})
    assert second["window"]["since"] == first["window"]["until"]
    assert second["window"]["sides"][0]["texts"] == 90
    code, third = drift()
    assert (code, third["window"]["alarm"]) == (ALARM, True)
    code, empty = drift()
    assert (code, status(empty), empty["window"]["alarm"]) == (0, {"queries": "too few"}, False)
    assert len(read_json(work.drift_reference)["queries"]) == 90
    with pytest.raises(SystemExit) as ended:
        main(["feedback", "forget", "--user", "user 1", "-w", str(work.root)])
    assert ended.value.code == 0, capsys.readouterr()
    assert len(read_json(work.drift_reference)["queries"]) == 87


def test_the_registry_is_told(drift, tmp_path, capsys):
    bundle = write_plain_bundle(tmp_path)
    desk = Desk(tmp_path / "registry", capsys)
    published = desk("publish", write_work(tmp_path / "published", bundle, "pumps"), "--name", "pumps")
    assert published[0] == 0, published
    queries = write_queries(tmp_path / "asked.txt", asked(60, 1))
    code, _ = drift("--queries", queries, "--model", "pumps@1", "--registry", desk.folder)
    today = datetime.datetime.now(datetime.UTC).date()
    assert (code, desk.listed()["pumps"]["drift"]) == (0, f"untold, {today}")


def test_people_who_write_tables_and_json_lines_are_read_too(drift, tmp_path):
    queries = asked(40, 1)
    table, lines = tmp_path / "asked.csv", tmp_path / "asked.jsonl"
    table.write_text("user,query\n" + "".join(f'u{n % 12},"{text}"\n' for n, text in enumerate(queries)))
    lines.write_text("".join(json.dumps({"query": text}) + "\n" for text in queries))
    assert drift("--queries", table)[1]["window"]["sides"][0]["texts"] == 40
    assert drift("--queries", lines)[1]["window"]["sides"][0]["texts"] == 40


def test_users_are_pseudonyms_those_of_the_log(drift, work, tmp_path, capsys):
    table = tmp_path / "asked.csv"
    rows = [f'jo.bell{n % 12}@example.org,"{text}"' for n, text in enumerate(asked(60, 1))]
    table.write_text("\n".join(["user,query", *rows]) + "\n")
    assert status(drift("--queries", table)[1]) == {"queries": "reference"}
    held = work.drift_reference.read_text()
    assert "jo.bell" not in held
    keep(work.root, *impressions(["which pump?"], datetime.datetime.now(datetime.UTC)))
    with pytest.raises(SystemExit) as ended:
        main(["feedback", "forget", "--user", "jo.bell3@example.org", "-w", str(work.root)])
    assert ended.value.code == 0, capsys.readouterr()
    assert len(read_json(work.drift_reference)["queries"]) == 55


def test_what_the_model_was_trained_on_since_covers_nothing_by_itself(drift, work, tmp_path):
    """Of a model that learnt from the reference, the queries stand among those that it was trained on."""
    queries = asked(400, 1)
    once = 160
    drift("--queries", write_queries(tmp_path / "first.txt", queries[:200]))
    examples = list(read_jsonl(work.train, TrainingExample))
    learnt = [msgspec.structs.replace(examples[0], query=text) for text in queries[:once]]
    write_jsonl(work.train, [*examples, *learnt])
    code, calm = drift("--queries", write_queries(tmp_path / "calm.txt", queries[200:]))
    assert (code, status(calm)) == (0, {"queries": "counted"})
    found = findings(calm)
    assert not found["uncovered"]["drifted"]
    told = {name: (one["reference"], one["current"]) for name, one in found.items()}
    assert told["top_score"] == told["margin"] == (200 - once, told["mmd"][1])
    all_learnt = [msgspec.structs.replace(examples[0], query=text) for text in queries[:200]]
    write_jsonl(work.train, [*examples, *all_learnt])
    again = drift("--queries", tmp_path / "calm.txt")[1]
    assert findings(again).keys() == found.keys() - {"top_score", "margin"}, "none are left"


def test_a_window_does_not_end_after_now(drift, work):
    now = datetime.datetime.now(datetime.UTC)
    keep(work.root, *impressions(asked(60, 1), now - datetime.timedelta(days=2)))
    _, first = drift("--until", "2999-01-01")
    assert status(first) == {"queries": "reference"} and first["window"]["until"] < "2999"
    assert drift()[0] == 0, "and what is asked next is the next window's"


def test_queries_of_few_users_are_not_counted(drift, tmp_path):
    table = tmp_path / "asked.csv"
    table.write_text("user,query\n" + "".join(f'u{n % 3},"{text}"\n' for n, text in enumerate(asked(60, 1))))
    side = drift("--queries", table)[1]["window"]["sides"][0]
    assert (side["status"], side["reason"][:17]) == ("too few", "they are of 3 use")


def test_personal_data_in_a_file_of_queries_is_masked(drift, work, tmp_path):
    queries = [f"{text}, mail jo.bell{n}@example.org" for n, text in enumerate(asked(40, 1))]
    drift("--queries", write_queries(tmp_path / "asked.txt", queries))
    assert "example.org" not in work.drift_reference.read_text()


@pytest.mark.parametrize(
    ("words", "code", "said"),
    [
        ((), 1, "nothing to look at: give DOCS or --queries FILE"),
        (("--queries", "none.txt"), 2, "--queries none.txt is no file"),
        (("--since", "soon"), 2, "--since 'soon' is no date"),
        (("--since", "0001-01-01T00:00:00+14:00"), 2, "is no date: give one as"),
        (("--model", "pumps@1", "--registry", "none"), 1, "none holds no registry yet"),
        (("--since", "2026-03-01"), 2, "--since and --until are of the feedback log"),
        (("--accept",), 2, "--accept takes queries: give --queries FILE"),
        (("--registry", "there"), 2, "--registry marks a version of it"),
        (("nowhere",), 1, "documents nowhere do not exist"),
    ],
)
def test_wrong_usage_is_told_in_a_line(drift, words, code, said):
    ended, line = drift(*words)
    assert (ended, line.count("\n")) == (code, 1)
    assert said in line


def test_a_table_without_queries_is_told_in_a_line(drift, tmp_path):
    table = tmp_path / "asked.csv"
    table.write_text("what,when\nthis,now\n")
    code, line = drift("--queries", table)
    assert (code, line.count("\n")) == (1, 1)
    assert "has no column 'query': there is what, when" in line


def test_a_table_that_cannot_be_read_is_told_in_a_line(drift, tmp_path):
    table = tmp_path / "asked.csv"
    table.write_text('query\n"' + "which pump " * 20_000 + '"\n')
    code, line = drift("--queries", table)
    assert (code, line.count("\n")) == (1, 1)
    assert "is no table that can be read: field larger than" in line


def test_what_expires_and_whom_is_forgotten_leaves_the_reference(work):
    queries = [
        {"text": f"query {day}", "user": f"u{day % 2}", "time": f"2026-03-{day:02}T08:00:00.000000+00:00"}
        for day in range(1, 11)
    ]
    work.drift_reference.write_text(
        json.dumps({"kind": "window", "taken": "2026-03-11T00:00:00+00:00", "queries": queries})
    )
    now = datetime.datetime(2026, 3, 15, 9, tzinfo=datetime.UTC)
    held = read_reference(work.drift_reference, 10, now)
    assert [query.text for query in held.queries] == [f"query {day}" for day in range(6, 11)]
    assert "query 5" not in work.drift_reference.read_text()
    assert forget_users(work.drift_reference, {"u0"}) == 3
    assert [query.user for query in read_reference(work.drift_reference, 10, now).queries] == ["u1", "u1"]
    assert read_reference(work.drift_reference, 1, now) is None
    assert not work.drift_reference.exists()
