"""A window as people read it."""

import textwrap
from collections.abc import Iterator

from idiolect.config import Drift
from idiolect.drifting.checking import Report
from idiolect.lifecycle.drift.examples import Shown
from idiolect.lifecycle.drift.findings import MEANINGS, Finding
from idiolect.lifecycle.drift.windows import Side, Window

_WHAT = {"queries": "queries", "documents": "new chunks"}


def lines(report: Report, settings: Drift, columns: int = 100) -> list[str]:
    """The verdict first, then each side: its detectors, what moved, and what was not tested."""
    window = report.window
    result = [_verdict(window, settings)]
    for side in window.sides:
        result += ["", *_side(side, settings, columns)]
        result += _shown(report.shown.get(side.name, Shown()), side, columns)
    return result


def tag(window: Window) -> str:
    """What a registry keeps: "none, 2026-03-01", "alarm, 2026-03-01: queries: mmd, …", "too few, 2026-03-01"."""
    day = window.taken[:10]
    if window.alarm:
        return f"alarm, {day}: {', '.join(window.alarms)}"
    if not any(side.counted for side in window.sides):
        return f"untold, {day}"
    moved = [f"{side.name}: {found.key}" for side in window.sides for found in side.findings if found.streak]
    return f"first signs, {day}: {', '.join(moved)}" if moved else f"none, {day}"


def _verdict(window: Window, settings: Drift) -> str:
    counted = [side for side in window.sides if side.counted]
    moved = [found for side in counted for found in side.findings if found.drifted]
    if window.alarm:
        return f"Drift: alarm, {settings.windows} windows in a row differ ({'; '.join(window.alarms)})."
    if any(side.status == "reference" for side in window.sides) and not moved:
        return "Drift: later windows are held against the queries of this one."
    if not counted:
        return "Drift: nothing can be told of this window."
    if moved:
        longest = max(found.streak for found in moved)
        return f"Drift: no alarm; something moved, in window {longest} of {settings.windows} in a row."
    return "Drift: none."


def _side(side: Side, settings: Drift, columns: int) -> Iterator[str]:
    what = _WHAT[side.name]
    if side.status == "too few":
        yield f"{side.name.capitalize()}: not counted: {side.reason}."
        return
    yield f"{side.name.capitalize()}: {side.compared:,} of {side.texts:,} {what} against {_reference(side)}."
    if side.name == "documents" and not side.facts.get("complete", 1):
        yield f"  (a draw of {side.facts['read']:,} chunks of DOCS was read)"
    if side.status == "reference":
        text = f"{side.reason[:1].upper()}{side.reason[1:]}."
        yield from textwrap.wrap(text, columns, initial_indent="  ", subsequent_indent="  ")
    yield from (_finding(found, settings) for found in side.findings)
    for one in side.untested:
        yield f"  not tested: {one.slice} ({one.reference:,} before, {one.current:,} now): {one.reason}"


def _reference(side: Side) -> str:
    against = side.reference
    if against.kind == "training":
        kind = "training queries" if side.name == "queries" else "chunks in WORK"
        return f"{against.texts:,} {kind}"
    return f"the {against.texts:,} of the {against.kind} of {against.taken[:10]}"


def _finding(found: Finding, settings: Drift) -> str:
    mark = "ALARM" if found.alarm else f"{found.streak} of {settings.windows}" if found.streak else ""
    limit = f"above {found.threshold:.4f}" if found.threshold is not None else ""
    moved = f"  {found.before:.3f} → {found.after:.3f}" if found.before is not None else ""
    where = f" ({found.slice})" if found.slice else ""
    p = f"p {found.p_adjusted:.3f}"
    return f"  {found.detector + where:24} {found.statistic:8.4f} {limit:>13}  {p}  {mark:7}{moved}".rstrip()


def _shown(shown: Shown, side: Side, columns: int) -> Iterator[str]:
    drifted = [found for found in side.findings if found.drifted and side.counted]
    if not drifted:
        return
    for name in dict.fromkeys(found.detector for found in drifted):
        yield f"  {name}: {MEANINGS[name]}"
    if shown.topics:
        yield "  What has grown:"
    for topic in shown.topics:
        terms = ", ".join(topic.terms) or "no common term"
        yield f"    {topic.reference:.0%} → {topic.current:.0%}  {terms}"
        yield from (f"      {_cut(text, columns - 6)}" for text in topic.examples)
    if shown.surest:
        yield "  Least like before:"
        yield from (f"    {_cut(text, columns - 4)}" for text in shown.surest[:5])


def _cut(text: str, most: int) -> str:
    return text if len(text) <= most else f"{text[: most - 1]}…"
