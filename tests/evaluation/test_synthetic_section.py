"""The page's section on the written queries: there where they were measured, whole, and safe to open."""

import msgspec
from builders import a_chunk, written

from idiolect.evaluation.page import render_page
from idiolect.evaluation.report import Report
from idiolect.teachers.reporting.before_and_after import Corrected
from idiolect.teachers.reporting.change import Change
from idiolect.teachers.reporting.synthetic_report import SyntheticReport, synthetic_report


def measured(real: tuple[str, ...] = ()) -> SyntheticReport:
    chunks = [
        a_chunk(f"d{n}#0", f"Pump {n} is checked by hand. Valve {n} is not.", headings=["Checks"])
        for n in range(30)
    ]
    queries = [written(f"who looks at pump number {n}", f"d{n}#0") for n in range(20)]
    asked = {"question": 40, "claim": 40}
    done = Corrected(Change(styles={"claim": 2.0}), frozenset(q.id for q in queries[:5]), asked, {})
    return synthetic_report(queries, queries[:3], chunks, asked, real, corrected=done)


def test_the_section_shows_what_was_measured(gain: Report) -> None:
    page = render_page(gain, measured(("where is the pump", "renew the licence of the valve")))
    section = page[page.index("Synthetic queries") : page.index("Queries won and lost")]
    assert "20 of 30" in section and "Style claim: 50% were planned" in section
    assert "Answers in the fifths of their documents" in section and "Before and after" in section
    claim = section[section.index("<td>style claim</td>") :].partition("</tr>")[0]
    assert [cell.partition("</td>")[0] for cell in claim.split("<td>")[2:]] == [
        "50%",
        "0%",
        "× 2",
        "0%",
        "0%",
    ]
    assert "The first 5 queries leaned to one side" in section
    assert "No classifier tells real from written" in section
    for tag in ("div", "table", "svg", "ul", "p", "rect"):
        assert section.count(f"<{tag}") == section.count(f"</{tag}>")


def test_without_a_report_there_is_no_section(gain: Report) -> None:
    assert "Synthetic queries" not in render_page(gain)


def test_names_of_users_are_escaped(gain: Report) -> None:
    hostile = "<script>alert(1)</script>"
    report = msgspec.structs.replace(measured(), teacher=hostile, notes=[hostile])
    report = msgspec.structs.replace(report, styles=[msgspec.structs.replace(report.styles[0], name=hostile)])
    assert "<script>" not in render_page(gain, report)


def test_a_report_without_any_query_is_rendered_too(gain: Report) -> None:
    assert "0 kept" in render_page(gain, synthetic_report([], [], []))
