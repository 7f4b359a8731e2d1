"""What a model card and a bill of materials must stand up to: their schemas, and the sources of their figures."""

import json
import re
from collections import Counter
from pathlib import Path

import msgspec
import pytest
from markdown_it import MarkdownIt

CONSTANT = {"8000", "127.0.0.1", "1.6", "95%", "10"}
"""What the card's own words hold: the usage's address, BM25's and nDCG's names, the level of intervals."""

_NUMBER = re.compile(
    r"(?<![\w.@#/:])(?<!\w-)[+−±-]?(\d{1,3}(?:,\d{3})+(?:\.\d+)?|\d+(?:\.\d+)*(?:e-?\d+)?)(%?)(?![\w@])"
)
"""A number of its own: no part of a name, a digest, a version of something, a metric."""


def valid_card(text):
    """The card as huggingface_hub reads it, its model index included; the network is not asked."""
    hub = pytest.importorskip("huggingface_hub")
    card = hub.ModelCard(text)
    data = card.data.to_dict()
    assert isinstance(data["license"], str) and data["pipeline_tag"] == "sentence-similarity"
    for result in card.data.eval_results or ():
        assert result.task_type == "Retrieval" and 0 <= result.metric_value <= 1
    return card


def valid_bill(text):
    """The document, held against CycloneDX's own schema, its references against its parts."""
    schema = pytest.importorskip("cyclonedx.schema")
    validation = pytest.importorskip("cyclonedx.validation.json")
    faults = validation.JsonStrictValidator(schema.SchemaVersion.V1_6).validate_str(text, all_errors=True)
    assert [str(fault) for fault in faults or ()] == []
    document = json.loads(text)
    names = [part["bom-ref"] for part in parts(document) if "bom-ref" in part]
    assert len(names) == len(set(names))
    meant = [ref for row in document["dependencies"] for ref in (row["ref"], *row["dependsOn"])]
    meant += [
        row["ref"] for row in document["metadata"]["component"]["modelCard"]["modelParameters"]["datasets"]
    ]
    assert set(meant) <= set(names)
    return document


def parts(value):
    """Every object of a JSON document."""
    if isinstance(value, dict):
        yield value
    for item in value.values() if isinstance(value, dict) else value if isinstance(value, list) else ():
        yield from parts(item)


def figures_of(document):
    """The strings of a bill that are figures or hold some: no digest, no version of a package."""
    own = document["metadata"]["component"]
    held = [own["modelCard"], own["properties"], document["metadata"]["tools"], document["services"]]
    held += [part for part in document["components"] if part["type"] != "library"]
    return "\n".join(_strings(held))


def _strings(value):
    for part in parts(value):
        yield from (item for item in part.values() if isinstance(item, str))
        yield from (
            item
            for items in part.values()
            if isinstance(items, list)
            for item in items
            if isinstance(item, str)
        )


def unsourced(text, sources):
    """Numbers in a text that no source holds, as a source or in the form that people read."""
    told = re.sub(r"^```.*?^```$", "", text, flags=re.DOTALL | re.MULTILINE).replace("\\", "")
    known = CONSTANT | {form for source in sources for form in _forms(source)}
    return [number for number in _numbers(told) if number not in known]


def _numbers(text):
    return ["".join(found) for found in _NUMBER.findall(text)]


def _forms(value):
    if isinstance(value, dict):
        for key, item in value.items():
            yield from _forms(key)
            yield from _forms(item)
    elif isinstance(value, (list, tuple)):
        for item in value:
            yield from _forms(item)
    elif isinstance(value, str):
        yield from _numbers(value)
    elif isinstance(value, int) and not isinstance(value, bool):
        yield from (str(value), f"{value:,}")
    elif isinstance(value, float):
        size = abs(value)
        yield from (f"{size:.3f}", f"{size:.1%}", f"{size:g}", msgspec.json.encode(size).decode(), "0.0%")


def sources_of(work, bundle: Path):
    """Every file of a run that may hold a figure, and the counts of its documents, queries and splits."""
    found = [json.loads(path.read_text()) for path in sorted(work.manifests.glob("*.json"))]
    named = (work.report, work.selection, work.generate_report, work.frozen_test, bundle / "manifest.json")
    found += [json.loads(path.read_text()) for path in named if path.is_file()]
    columns = {
        work.documents: ("language", "licence"),
        work.queries: ("teacher", "style"),
        work.splits: ("split",),
    }
    for path, names in columns.items():
        rows = [json.loads(line) for line in path.read_text().splitlines()] if path.is_file() else []
        found += [Counter(row[name] for row in rows) for name in names]
        found.append(len(rows))
    if work.documents.is_file():
        verdicts = [json.loads(line)["verdicts"] for line in work.documents.read_text().splitlines()]
        found.append(Counter(verdict.partition(":")[0] for row in verdicts for verdict in row))
        found.append([verdict for row in verdicts for verdict in row])
    return found


def rendered(text):
    """The tokens of a card's body, as a reader of Markdown with tables sees them."""
    return MarkdownIt("commonmark", {"html": True}).enable("table").parse(text.split("\n---\n", 1)[1])
