"""What came, what was asked and what was tested, read from the files of a refresh: a killed one knows it too."""

from collections.abc import Iterable, Mapping

from idiolect.evaluation.report import DatasetReport, Report, read_report
from idiolect.evaluation.significance import Comparison
from idiolect.files import digest_text, read_json, read_jsonl
from idiolect.lifecycle.registry.summaries import deciding
from idiolect.mining.carried import Carried, Places, read_carried
from idiolect.mining.permitted import permitted
from idiolect.records import Chunk
from idiolect.refreshing.journal import Asked, Came, Tested
from idiolect.workspace import Workspace


def came(work: Workspace) -> Came:
    """Documents and chunks by id; one that was renamed has gone, and come."""
    carried = _carried(work)
    then: dict[str, dict[str, str]] = {}
    for one in carried.chunks:
        then.setdefault(one.document_id, {})[one.id] = one.digest
    now: dict[str, dict[str, str]] = {}
    for chunk in _chunks(work):
        now.setdefault(chunk.document_id, {})[chunk.id] = digest_text(chunk.passage.full_text)
    return Came(documents=_differences(then, now), chunks=_differences(_joined(then), _joined(now)))


def _joined(documents: Mapping[str, Mapping[str, str]]) -> dict[str, str]:
    return {name: digest for chunks in documents.values() for name, digest in chunks.items()}


def _differences(then: Mapping[str, object], now: Mapping[str, object]) -> dict[str, int]:
    both = then.keys() & now.keys()
    changed = sum(then[name] != now[name] for name in both)
    return {"new": len(now.keys() - both), "changed": changed, "gone": len(then.keys() - both)}


def asked(work: Workspace) -> Asked:
    summary = read_json(max(work.manifests.glob("*-generate.json")))["summary"]
    over = summary["carried"]
    return Asked(
        kept=over["kept"],
        dropped=over["dropped"],
        written=summary["queries"] - over["kept"],
        calls=summary.get("calls", 0),
    )


def gone(work: Workspace) -> list[str]:
    """The ids of the old test's queries that can no longer be asked."""
    carried = _carried(work)
    _, left = Places(carried, _chunks(work)).standing(carried.test.queries)
    return [query.id for query in left]


def tested(work: Workspace) -> list[Tested]:
    """The comparison that the verdict rests on, on each part of the test and on what people asked."""
    report = read_report(work.report)
    return [
        Tested(name=name, decides=dataset.decides, comparison=comparison)
        for name, dataset in report.datasets.items()
        if name.startswith(("test", "labelled")) and (comparison := _same(report, dataset))
    ]


def _same(report: Report, dataset: DatasetReport) -> Comparison | None:
    pair = deciding(report).comparison
    found: Iterable[Comparison] = (
        one for one in dataset.comparisons if (one.a, one.b) == (pair.a, pair.b) and one.metric == pair.metric
    )
    return next(iter(found), None)


def _carried(work: Workspace) -> Carried:
    carried = read_carried(work)
    assert carried is not None, "a refresh has carried over before"
    return carried


def _chunks(work: Workspace) -> list[Chunk]:
    return permitted(read_jsonl(work.chunks, Chunk))
