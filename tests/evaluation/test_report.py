"""The report in its three forms: JSON that scripts read, a page, and the end of a run in a terminal."""

import io
import json
import re
from html.parser import HTMLParser
from pathlib import Path

import msgspec
import pytest
from rich.console import Console
from simulated_runs import SKILL, simulated

from idiolect.errors import InputError
from idiolect.evaluation.closing import closing_lines, closing_table
from idiolect.evaluation.examples import SNIPPET, pick_examples, snippet
from idiolect.evaluation.metrics import score_run
from idiolect.evaluation.page import render_page, write_report
from idiolect.evaluation.report import RUNS, DatasetReport, Decision, Report, read_report
from idiolect.records import Passage


def printed(report: Report, width: int = 80) -> str:
    written = io.StringIO()
    Console(file=written, width=width, color_system=None).print(closing_table(report))
    return written.getvalue()


def test_report_json_keeps_its_contract(gain: Report, tmp_path: Path) -> None:
    write_report(gain, tmp_path / "report.json", tmp_path / "report.html")
    raw = json.loads((tmp_path / "report.json").read_text())
    assert raw["verdict"] == "promote"
    assert set(raw["decisions"]) == {"dense", "retriever"}
    assert {"ndcg@10", "recall@10"} <= set(raw["datasets"]["test"]["runs"]["dense-tuned"])
    contract = {"a", "b", "metric", "delta", "relative", "ci95", "p", "n", "clusters", "mde"}
    assert contract <= set(raw["datasets"]["test"]["comparisons"][0])
    dimension = {"ndcg@10": 0.622, "bytes_per_vector": 512, "kept": 0.955, "saved": 0.667}
    assert raw["dimensions"]["128"] == dimension
    assert read_report(tmp_path / "report.json") == gain


def test_equal_reports_give_equal_bytes(gain: Report, tmp_path: Path) -> None:
    for name in "ab":
        write_report(gain, tmp_path / f"{name}.json", tmp_path / f"{name}.html")
    assert (tmp_path / "a.json").read_bytes() == (tmp_path / "b.json").read_bytes()
    assert (tmp_path / "a.html").read_bytes() == (tmp_path / "b.html").read_bytes()


def test_a_file_that_is_no_report_is_refused(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="does not exist"):
        read_report(tmp_path / "report.json")
    (tmp_path / "report.json").write_text('{"verdict": "perhaps"}')
    with pytest.raises(InputError, match="is no report"):
        read_report(tmp_path / "report.json")


class Tags(HTMLParser):
    """Every tag that is opened, and those open in order; fails on one closed out of turn."""

    VOID = ("meta", "br", "line", "circle")

    def __init__(self) -> None:
        super().__init__()
        self.seen: set[str] = set()
        self.open: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.seen.add(tag)
        if tag not in self.VOID:
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        if tag not in self.VOID:
            assert self.open.pop() == tag


def test_the_page_is_whole_and_needs_nothing_else(gain: Report, no_gain: Report) -> None:
    for report in (gain, no_gain):
        page = render_page(report)
        tags = Tags()
        tags.feed(page)
        assert tags.open == []
        assert not tags.seen & {"script", "link", "img", "iframe", "b"}
        assert not re.search(r"https?://|src=|url\(", page)
        assert all(run in page for run in RUNS)
    assert "What to try next" in page


def test_text_of_users_is_escaped(gain: Report) -> None:
    page = render_page(gain)
    assert "&lt;b&gt;" in page and "Chapter &lt;" in page
    hostile = msgspec.structs.replace(
        gain, base="<script>alert(1)</script>", notes=["<script>alert(2)</script>"]
    )
    assert "<script>" not in render_page(hostile)


def test_the_smallest_report_is_rendered_too(gain: Report) -> None:
    decision = Decision(
        verdict="keep-base", decides=True, sentence="s", comparison=gain.decisions["dense"].comparison
    )
    report = Report(
        verdict="keep-base",
        sentence="Kept.",
        decisions={"dense": decision},
        datasets={"test": DatasetReport(runs={"bm25": {"ndcg@10": 0.0}})},
    )
    assert "The base model is kept" in render_page(report)
    assert closing_lines(report) == ["Kept."]
    assert "bm25" in printed(report)


@pytest.mark.parametrize("width", [80, 100])
def test_the_table_fits_the_terminal(gain: Report, width: int) -> None:
    text = printed(gain, width)
    assert "…" not in text
    assert max(map(len, text.splitlines())) <= width
    rows = [line.split() for line in text.splitlines() if line.split()[:1] and line.split()[0] in RUNS]
    assert [row[0] for row in rows] == list(RUNS)
    base, tuned = rows[0], rows[1]
    assert base[1] == f"{gain.decided.runs['dense-base']['ndcg@10']:.3f}"
    assert re.fullmatch(r"0\.\d{3}–0\.\d{3}", tuned[2])
    assert re.fullmatch(r"\+0\.\d{3}", tuned[5]) and tuned[6].endswith("%)")


@pytest.mark.parametrize("width", [60, 80, 100])
def test_the_closing_lines_fit_and_say_all(no_gain: Report, width: int) -> None:
    lines = closing_lines(no_gain, width)
    assert max(map(len, lines)) <= width
    text = "\n".join(lines)
    assert lines[0].startswith("Inconclusive, so the base is kept")
    assert text.count("right, rank") == 6
    assert "Won:" in text and "Lost:" in text and "What to try next:" in text


def test_a_gain_ends_without_suggestions(gain: Report) -> None:
    lines = closing_lines(gain)
    assert lines[0].startswith("Promote: dense-tuned gains +0.")
    assert "What to try next:" not in lines


def test_examples_are_the_largest_changes_from_distinct_documents() -> None:
    dataset, rankings = simulated(SKILL)
    base, tuned = rankings["dense-base"], rankings["dense-tuned"]
    values = [
        {query: row["ndcg@10"] for query, row in score_run(run, dataset.qrels).items()}
        for run in (base, tuned)
    ]
    won, lost = pick_examples(dataset, base, tuned, *values)
    assert [len(won), len(lost)] == [3, 3]
    assert won[0].delta == max(values[1][query] - values[0][query] for query in dataset.queries)
    assert lost[0].delta == min(values[1][query] - values[0][query] for query in dataset.queries)
    assert len({dataset.clusters[example.query_id] for example in won}) == 3
    for example in won:
        assert example.rank_before is not None and example.rank_after is not None
        assert example.rank_before > example.rank_after
        assert dataset.qrels[example.query_id][example.right.id] == 1
        assert example.base_first is not None and example.base_first.id == base[example.query_id][0]


def test_examples_of_equal_runs_are_none() -> None:
    dataset, rankings = simulated(SKILL)
    same = dict.fromkeys(dataset.queries, 0.5)
    assert pick_examples(dataset, rankings["bm25"], rankings["bm25"], same, same) == ([], [])


def test_a_query_that_one_run_never_found_reads_as_below_the_depth(gain: Report) -> None:
    missed = msgspec.structs.replace(gain.won[0], rank_before=None, base_first=None)
    report = msgspec.structs.replace(gain, won=[missed])
    assert "rank below 100 → 1" in " ".join(closing_lines(report))
    assert "rank below 100 → 1" in render_page(report)


def test_a_snippet_is_one_line_cut_at_a_word() -> None:
    cut = snippet(Passage(id="a", title=" A\nb ", text="word\n\n" * 100))
    assert cut.title == "A b"
    assert len(cut.text) <= SNIPPET and cut.text.endswith("word…")
    assert snippet(Passage(id="a", text="short")).text == "short"
