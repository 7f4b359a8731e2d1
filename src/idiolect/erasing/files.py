"""WORK's files without what goes: each is written anew as a whole, or stays untouched where nothing of it goes."""

from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import msgspec

from idiolect.erasing.gone import Rules
from idiolect.erasing.rows import BEIR, LINES, Rule
from idiolect.erasing.values import VALUES
from idiolect.errors import InputError
from idiolect.evaluation.page import write_report
from idiolect.evaluation.report import read_report
from idiolect.files import read_json, read_jsonl, write_json, write_jsonl, write_text
from idiolect.teachers.reporting.synthetic_report import read_synthetic_report
from idiolect.workspace import Workspace

MEASURED_BEFORE = (
    "Documents were erased since: the figures were measured with them, until `idiolect run` measures anew."
)
"""What a report says that lost quotations, and keeps its figures."""


def take_out(work: Workspace, rules: Rules, write: bool) -> Counter[str]:
    """How many rows go from WORK's files, by what they are; strings that tell in others are replaced, and counted."""
    gone: Counter[str] = Counter()
    for name, (kind, rule) in LINES.items():
        gone += _lines(getattr(work, name), kind, rule, rules, write)
    for folder in beir_folders(work):
        gone += _folder(folder, rules, write)
    for name, without in VALUES.items():
        path = getattr(work, name)
        if path.is_file():
            value = read_json(path)
            if (left := _redacted(path, without(value, rules), rules)) != value:
                gone[f"parts of {path.name}"] += 1
                if write:
                    write_json(path, left)
    return gone + _report(work, rules, write)


def _lines(path: Path, kind: str, rule: Rule, rules: Rules, write: bool) -> Counter[str]:
    gone: Counter[str] = Counter()
    if not path.is_file():
        return gone
    deep = rules.finder.in_file(path) is not None
    for _ in _left(path, kind, rule, rules, deep, gone):
        pass
    if gone and write:
        write_jsonl(path, _left(path, kind, rule, rules, deep, Counter()))
    return gone


def _left(
    path: Path, kind: str, rule: Rule, rules: Rules, deep: bool, gone: Counter[str]
) -> Iterator[dict[str, Any]]:
    """The rows that stay, as they stay; `gone` counts what does not."""
    for row in read_jsonl(path, dict[str, Any]):
        try:
            left = rule(row, rules)
        except (KeyError, TypeError, AttributeError) as error:
            raise InputError(f"{path}: a line is no row of {kind} ({error!r}): make it anew") from None
        if left is None:
            gone[kind] += 1
            continue
        shown = rules.redacted(left, deep and rules.finder.finds(msgspec.json.encode(left)))
        if shown != row:
            gone[f"parts of {kind}"] += 1
        yield shown


def beir_folders(work: Workspace) -> list[Path]:
    """The sets in WORK that hold its passages; what was fetched to guard and judge with holds none."""
    found = (path.parent for path in sorted(work.root.glob("**/corpus.jsonl")))
    return [folder for folder in found if not folder.is_relative_to(work.cache)]


def judgments(folder: Path) -> Iterator[tuple[Path, str, list[list[str]]]]:
    """Each file of a BEIR folder's judgments, its first line, and the fields of the others."""
    for path in sorted((folder / "qrels").glob("*.tsv")):
        header, *lines = path.read_text(encoding="utf-8").splitlines() or [""]
        yield path, header, [line.split("\t") for line in lines]


def _folder(folder: Path, rules: Rules, write: bool) -> Counter[str]:
    gone: Counter[str] = Counter()
    for path, header, rows in judgments(folder):
        kept = [row for row in rows if row[0] not in rules.queries and not rules.passage(row[1])]
        if len(kept) < len(rows):
            gone["judgments"] += len(rows) - len(kept)
            if write:
                write_text(path, "\n".join([header, *("\t".join(row) for row in kept)]) + "\n")
    for name, (kind, rule) in BEIR.items():
        gone += _lines(folder / name, kind, rule, rules, write)
    return gone


def _redacted(path: Path, value: Any, rules: Rules) -> Any:
    return rules.redacted(value, rules.finder.in_file(path) is not None)


def _report(work: Workspace, rules: Rules, write: bool) -> Counter[str]:
    """Quotations go, figures stay, and the report says when they were measured; the page is written from it."""
    if not work.report.is_file():
        return Counter()
    value = read_json(work.report)
    left = _redacted(work.report, value, rules)
    page = work.report_page
    if left == value and not (page.is_file() and rules.finder.in_file(page)):
        return Counter()
    if write:
        if MEASURED_BEFORE not in left["warnings"]:
            left["warnings"].append(MEASURED_BEFORE)
        write_json(work.report, left)
        written = read_synthetic_report(work.generate_report)
        write_report(read_report(work.report), work.report, work.report_page, written)
    return Counter({"quotations in the report": 1})
