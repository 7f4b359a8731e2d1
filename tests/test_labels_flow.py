"""A user with queries of their own: real commands, a real CSV, and both kinds of query told apart at the end."""

import csv
import json
import re

import pytest
from small_corpus import MACHINES, sections, write_small_corpus

from idiolect.bundle import Bundle
from idiolect.cli import main
from idiolect.evaluation.report import read_report
from idiolect.files import write_text

pytestmark = pytest.mark.usefixtures("one_thread")

SETTINGS = (
    "generate.max_queries=72",
    "train.batch_size=16",
    "ingest.chunk_tokens=96",
    "ingest.overlap_tokens=16",
    "prepare.masked_queries=24",
    "prepare.test_fraction=0.25",
)
TEMPLATES = (
    "why does it show {sign}?",
    "which machine {purpose}",
    "how often to inspect the {part}",
    "{cause}: what now",
    "{part}, worn",
)


@pytest.fixture(scope="module")
def docs(tmp_path_factory):
    return write_small_corpus(tmp_path_factory.mktemp("waterworks") / "docs")


def write_queries(path, docs, count):
    """A CSV of so many queries, the documents called by their paths as the user sees them."""
    files = {file.stem: f"{docs.name}/{file.name}" for file in docs.iterdir()}
    with path.open("w", newline="", encoding="utf-8-sig") as file:
        table = csv.writer(file, delimiter=";")
        table.writerow(["Query", "Document"])
        rows = [
            (template.format(purpose=purpose, part=part, sign=sign, cause=cause), stem)
            for template in TEMPLATES
            for name, (purpose, part, sign, cause) in MACHINES.items()
            for stem in [name.replace(" ", "-")]
        ]
        table.writerows([text, files.get(stem, stem)] for text, stem in rows[:count])
    return path


@pytest.fixture(scope="module")
def idiolect(docs, shallow_model, tmp_path_factory):
    """Runs the real command line over one folder of documents: (exit code, stdout, stderr)."""
    work = tmp_path_factory.mktemp("labels") / "work"
    options = [part for setting in (*SETTINGS, f"train.base={shallow_model}") for part in ("--set", setting)]

    def run(capsys, *arguments):
        with pytest.raises(SystemExit) as stop:
            main(["run", str(docs), "-w", str(work), "--to", "evaluate", *options, *map(str, arguments)])
        captured = capsys.readouterr()
        return stop.value.code, captured.out, captured.err

    run.work = work
    return run


@pytest.fixture(scope="module")
def eighty(docs, tmp_path_factory):
    return write_queries(tmp_path_factory.mktemp("csv") / "asked.csv", docs, 80)


def test_a_run_with_queries_of_ones_own_shows_synthetic_and_real_apart(idiolect, eighty, capsys):
    code, out, err = idiolect(capsys, "--queries", eighty)
    assert code in (0, 3), err
    assert re.search(r"^test \(synthetic\): \d+ queries, \d+ passages, reported", out, re.M), out
    assert re.search(r"^labelled \(asked by people\): 50 queries, \d+ passages, decides", out, re.M), out
    flat = " ".join(out.split())
    mde = r"50 queries from 16 documents,?( which)? find only gains of about 0\.\d{3} nDCG@10 or more"
    assert re.search(mde, flat), out
    assert "the verdict rests on them." in flat and "the queries that people asked decide." in flat
    assert "20 dev, 50 test" in err
    report = read_report(idiolect.work / "report.json")
    assert report.decided_on == "labelled"
    assert list(report.datasets) == ["test", "labelled"]
    for dataset in report.datasets.values():
        assert set(dataset.runs) == {"dense-base", "dense-tuned", "bm25", "hybrid-base", "hybrid-tuned"}
        assert all(comparison.mde >= 0 for comparison in dataset.comparisons)
    selection = json.loads((idiolect.work / "selection.json").read_text())
    assert selection["judged_by"] == "labelled"
    assert {"labelled/dense", "queries/dense", "masked/hybrid"} <= set(selection["shares"]["0"])
    rows = [json.loads(line) for line in (idiolect.work / "per_query.jsonl").open()]
    assert {(row["dataset"], row["split"]) for row in rows} == {
        ("test", "test"), ("labelled", "test"), ("queries-dev", "dev"), ("labelled-dev", "dev"),
    }  # fmt: skip
    people = [row for row in rows if row["dataset"] == "labelled-dev"]
    assert len(people) == 20 and all(row["positives"] for row in people)
    page = (idiolect.work / "report.html").read_text()
    assert "asked by people" in page and "synthetic" in page


def test_a_second_run_does_nothing_and_changed_labels_wake_what_uses_them(
    idiolect, eighty, docs, tmp_path, capsys
):
    _, out, _ = idiolect(capsys, "--queries", eighty)
    assert "nothing to do" in out
    text = eighty.read_text(encoding="utf-8-sig")
    eighty.write_text(f"{text}a query more;intake-pump\n", encoding="utf-8")
    _, out, _ = idiolect(capsys, "--queries", eighty, "--dry-run", "--json")
    eighty.write_text(text, encoding="utf-8-sig")
    planned = {row["stage"]: row["reason"] for row in json.loads(out)}
    assert planned["generate"] == f"changed: {eighty}", (
        "its report compares what was written with what was asked"
    )
    assert planned["prepare"] == "depends on queries, negatives"
    assert planned["ingest"] == ""


def test_any_model_is_scored_on_the_labels_by_document(idiolect, shallow_model, capsys):
    for more in ((), ("--unit", "chunk")):
        with pytest.raises(SystemExit) as stop:
            main(
                [
                    "score",
                    str(shallow_model),
                    "--beir",
                    str(idiolect.work / "labelled"),
                    "--with",
                    "bm25",
                    "--json",
                    *more,
                ]
            )
        assert not stop.value.code
        figures = json.loads(capsys.readouterr().out)
        assert figures["dataset"] == "labelled"
    runs = read_report(idiolect.work / "report.json").datasets["labelled"].runs
    assert figures["runs"]["bm25"]["ndcg@10"] == pytest.approx(runs["bm25"]["ndcg@10"], abs=0.05)


def test_what_decides_nothing_stands_in_the_report_and_search_abstains(
    idiolect, eighty, shallow_model, tmp_path, capsys
):
    for number, name in enumerate(MACHINES):
        for part, (_, text) in zip(("purpose", "wear", "faults"), sections(name, number), strict=True):
            write_text(tmp_path / "parts" / part / f"{number}.txt", text)
    given = [f"evaluate.tasks=['{tmp_path / 'parts'}']", f"evaluate.against=['{shallow_model}']"]
    options = [part for setting in (*given, "export.formats=[]") for part in ("--set", setting)]
    code, out, err = idiolect(capsys, "--queries", eighty, *options, "--to", "export")
    assert code in (0, 3), err
    assert "[4/6] train: up to date" in err
    assert re.search(r"^ *shallow +0\.\d{3} +\d\.\d{3} +[\d.]+ +[\d,]+ +0 *$", out, re.M), out
    report = read_report(idiolect.work / "report.json")
    assert [other.name for other in report.against] == ["base", "tuned", "shallow"]
    for name, dataset in report.datasets.items():
        assert report.against[0].datasets[name]["dense"] == dataset.runs["dense-base"]
        assert report.against[2].datasets[name]["dense"]["ndcg@10"] == pytest.approx(
            dataset.runs["dense-base"]["ndcg@10"], abs=0.02
        )
    task = report.tasks["parts"]
    assert (task.texts, task.classes) == (3 * len(MACHINES), 3)
    assert {"knn_accuracy@10", "v_measure"} == set(task.runs["dense-tuned"])
    assert report.compression["384"]["int8"]["bytes_per_vector"] == 384
    assert (idiolect.work / "bundle" / "compression.json").is_file()
    assert report.dimensions["384"]["saved"] == 0 and report.dimensions["128"]["saved"] == pytest.approx(
        2 / 3
    )

    held = report.calibration
    assert (held.fitted_on, held.unit, set(held.modes)) == ("labelled", "document", {"dense", "hybrid"})
    assert {mode.measured_on for mode in held.modes.values()} == {"labelled"}
    assert (idiolect.work / "calibration.json").read_bytes() == (
        idiolect.work / "bundle" / "calibration.json"
    ).read_bytes()
    Bundle.load(idiolect.work / "bundle").verify()
    page = (idiolect.work / "report.html").read_text()
    assert all(
        heading in page for heading in ("Against others", "Other uses of the vectors", "Probabilities")
    )

    def figures(*arguments):
        with pytest.raises(SystemExit) as stop:
            main([*map(str, arguments), "--json"])
        captured = capsys.readouterr()
        assert not stop.value.code, captured.err
        return json.loads(captured.out)

    scored = figures(
        "score",
        shallow_model,
        "--task",
        "clustering",
        "--task",
        "classification",
        "--data",
        tmp_path / "parts",
    )
    assert (scored["dataset"], scored["texts"], scored["classes"]) == ("parts", 3 * len(MACHINES), 3)
    assert scored["runs"]["dense"] == pytest.approx(task.runs["dense-base"], abs=0.05)

    def search(query, *arguments):
        return figures("search", query, "-w", idiolect.work, *arguments)

    asked, nonsense = "which machine clears the settling basin floor", "xylophone marmalade dirigible velvet"
    likely, unlikely = (search(query)["hits"][0]["probability"] for query in (asked, nonsense))
    between = f"{(likely + unlikely) / 2:.4f}"
    assert likely > float(between) > unlikely
    answered = search(asked, "--abstain", between)
    assert not answered["abstained"]
    assert answered["hits"][0]["probability"] == answered["best_probability"] == likely
    refused = search(nonsense, "--abstain", between)
    assert refused["abstained"] and refused["hits"] == []
    assert refused["best_probability"] < refused["threshold"] == float(between)


def test_twenty_queries_steer_selection_and_are_shown(idiolect, docs, tmp_path, capsys):
    twenty = write_queries(tmp_path / "twenty.csv", docs, 20)
    code, out, err = idiolect(capsys, "--queries", twenty, "--labels-as", "dev")
    assert code in (0, 3), err
    assert json.loads((idiolect.work / "selection.json").read_text())["judged_by"] == "labelled"
    assert re.search(r"^test \(synthetic\): \d+ queries, \d+ passages, decides", out, re.M), out
    assert re.search(r"^labelled-dev \(asked by people, used on dev\): 20 queries", out, re.M), out
    assert "they chose what is kept of the training" in " ".join(out.split())
    assert read_report(idiolect.work / "report.json").decided_on == "test"


def test_beirs_files_are_taken_as_they_are_and_too_few_do_not_decide(idiolect, docs, tmp_path, capsys):
    queries, qrels = tmp_path / "queries.jsonl", tmp_path / "qrels.tsv"
    stems = sorted(file.name for file in docs.iterdir() if file.suffix != ".jsonl")[:12]
    queries.write_text(
        "".join(
            json.dumps({"_id": f"u{i}", "text": f"tell me of {stem}"}) + "\n" for i, stem in enumerate(stems)
        )
    )
    qrels.write_text(
        "query-id\tcorpus-id\tscore\n" + "".join(f"u{i}\t{stem}\t1\n" for i, stem in enumerate(stems))
    )
    code, out, err = idiolect(capsys, "--queries", queries, "--qrels", qrels)
    assert code in (0, 3), err
    assert re.search(r"^labelled \(asked by people\): 12 queries, \d+ passages, reported", out, re.M), out
    assert "they do not decide (50 from 10 documents would)" in " ".join(out.split())
    report = read_report(idiolect.work / "report.json")
    assert report.decided_on == "test"
    assert all(decision.asked is not None for decision in report.decisions.values())


@pytest.mark.parametrize(
    ("options", "code", "says"),
    [
        (("--qrels", "x.tsv"), 2, "add --queries FILE"),
        (("--labels-as", "dev"), 2, "add --queries FILE"),
        (("--queries", "nowhere.csv"), 2, "--queries nowhere.csv is no file"),
        (("--queries", "some.jsonl"), 2, "add --qrels FILE"),
        (("--queries", "some.csv", "--qrels", "some.jsonl"), 2, "leave --qrels out"),
        (("--queries", "broken.csv"), 1, "broken.csv, line 2: the document is empty"),
        (("--queries", "some.csv", "--labels-as", "all"), 2, "'all' is not one of"),
    ],
)
def test_a_mistake_is_said_before_anything_is_run(
    idiolect, tmp_path, monkeypatch, capsys, options, code, says
):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "some.jsonl").write_text('{"_id": "1", "text": "x"}\n')
    (tmp_path / "some.csv").write_text("query,document\nx,y\n")
    (tmp_path / "broken.csv").write_text("query,document\nx,\n")
    found, _, err = idiolect(capsys, *options)
    assert found == code
    assert says in err and "Traceback" not in err and "[1/6]" not in err
