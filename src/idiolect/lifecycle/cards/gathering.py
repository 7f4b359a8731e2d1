"""From WORK to what is known of its bundle: every figure is read from a file that a stage wrote, none is made here."""

import re
from collections import Counter
from pathlib import Path
from typing import Any

import msgspec

from idiolect.bundle import Manifest
from idiolect.config import Config, Licences
from idiolect.errors import InputError
from idiolect.evaluation.report import Report, read_report
from idiolect.files import digest_path, read_json, read_jsonl
from idiolect.lifecycle.cards.described import Bill, Corpus, Described, Llm, StageRun, Written
from idiolect.lifecycle.cards.origin import address, architecture, origin
from idiolect.lifecycle.cards.stage_runs import audited, runs_behind
from idiolect.lifecycle.licences.redistribution import redistribution
from idiolect.records import Document, Record, Selection
from idiolect.workspace import Workspace

_MASKED = re.compile(r"masked:(?P<kind>[\w-]+):(?P<values>\d+)")
"""The verdict on a document in which so many values of a kind were masked."""

_AMOUNTS = ("calls", "cached", "prompt_tokens", "completion_tokens")


class _Document(Record, frozen=True, kw_only=True):
    language: str = ""
    licence: str = ""
    verdicts: list[str] = []


class _Query(Record, frozen=True, kw_only=True):
    teacher: str
    style: str


class _Split(Record, frozen=True, kw_only=True):
    split: str


class _Test(Record, frozen=True, kw_only=True):
    digest: str


def gather(
    work: Workspace, config: Config, manifest: Manifest, weights: Path, base: Path | None
) -> Described:
    """All that WORK holds of the bundle with this manifest; `weights` is the bundle's model directory,
    `base` the base model's own, if it has one.

    Documents and queries that are no longer those the model was made of are left out, and that is said.
    """
    runs = runs_behind(work)
    stale: list[str] = []
    return Described(
        manifest=manifest,
        base=origin(manifest.base, config.train.base, base),
        architecture=architecture(weights),
        report=_report(work),
        selection=_selection(work),
        corpus=_corpus(work, config.licences, runs, stale),
        written=_written(work, runs, stale),
        llm=_llm(runs),
        runs=runs,
        audit=audited(work, runs),
        test_digest=_test_digest(work),
        remarks=[
            f"{name} has changed since this model was made; what it held is not known" for name in stale
        ],
    )


def _report(work: Workspace) -> Report | None:
    """None where report.json holds a verdict alone. Raises InputError where it is no report."""
    if not work.report.is_file() or "datasets" not in read_json(work.report):
        return None
    return read_report(work.report)


def _selection(work: Workspace) -> Selection | None:
    found: Any = read_json(work.selection) if work.selection.is_file() else {}
    if "share" not in found:
        return None
    try:
        return msgspec.convert(found, Selection)
    except msgspec.ValidationError as error:
        raise InputError(f"{work.selection} is no selection ({error}): run `idiolect train` again") from None


def _corpus(work: Workspace, policy: Licences, runs: list[StageRun], stale: list[str]) -> Corpus | None:
    if not _current(work.documents, "documents", runs, stale):
        return None
    languages, licences, verdicts, masked = Counter[str](), Counter[str](), Counter[str](), Counter[str]()
    for document in read_jsonl(work.documents, _Document):
        languages[document.language] += 1
        licences[document.licence] += 1
        for verdict in document.verdicts:
            if found := _MASKED.fullmatch(verdict):
                masked[found["kind"]] += int(found["values"])
            else:
                verdicts[verdict] += 1
    summary = _summary(runs, "ingest")
    shared = redistribution(read_jsonl(work.documents, Document), policy)
    return Corpus(
        documents=languages.total(),
        digest=digest_path(work.documents),
        languages=dict(languages),
        licences=dict(licences),
        verdicts=dict(verdicts),
        masked=dict(masked),
        chunks=summary.get("chunks"),
        set_aside=summary.get("rejected"),
        privacy=summary.get("privacy") or {},
        redistribution="" if shared.permission == "allowed" else shared.sentence,
    )


def _written(work: Workspace, runs: list[StageRun], stale: list[str]) -> Written | None:
    if not _current(work.queries, "queries", runs, stale):
        return None
    teachers, styles = Counter[str](), Counter[str]()
    for query in read_jsonl(work.queries, _Query):
        teachers[query.teacher] += 1
        styles[query.style] += 1
    splits = Counter(row.split for row in read_jsonl(work.splits, _Split)) if work.splits.is_file() else {}
    rejected = _summary(runs, "generate").get("rejected")
    return Written(
        queries=teachers.total(),
        digest=digest_path(work.queries),
        teachers=dict(teachers),
        styles=dict(styles),
        rejected=sum(rejected.values()) if isinstance(rejected, dict) else rejected,
        splits=dict(splits),
    )


def _llm(runs: list[StageRun]) -> Llm | None:
    """Who was asked, and what for: from the manifests, as no other file says who that was."""
    run = next((run for run in runs if run.stage == "generate"), None)
    settings = run.section("settings").get("generate", {}) if run else {}
    if run is None or settings.get("teacher") != "llm":
        return None
    asked = run.section("llm")
    judge = (settings.get("judge_model") or settings["model"]) if settings.get("judge") else ""
    amounts = {name: run.summary.get(name, 0) for name in _AMOUNTS}
    bills = [bill for one in runs for bill in one.facts.get("cost") or ()]
    return Llm(
        model=settings["model"],
        endpoint=address(run.section("config").get("generate", {}).get("base_url", "")),
        judge=(asked.get("judge") or {}).get("model", judge),
        prompts=asked.get("prompts", {}),
        bills=msgspec.convert(bills, list[Bill]),
        **amounts,
    )


def _test_digest(work: Workspace) -> str:
    if not work.frozen_test.is_file():
        return ""
    return msgspec.json.decode(work.frozen_test.read_bytes(), type=_Test).digest


def _current(path: Path, name: str, runs: list[StageRun], stale: list[str]) -> bool:
    """Whether `path` is there, and is what the stages behind the report read under this name."""
    if not path.is_file():
        return False
    read = [run.section("inputs")[name] for run in runs if name in run.section("inputs")]
    if read and digest_path(path) != read[-1]:
        stale.append(path.name)
        return False
    return True


def _summary(runs: list[StageRun], stage: str) -> dict[str, Any]:
    return next((dict(run.summary) for run in runs if run.stage == stage), {})
