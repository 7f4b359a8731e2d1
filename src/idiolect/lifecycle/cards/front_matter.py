"""A card's metadata, as the Hugging Face Hub reads it: https://github.com/huggingface/hub-docs, modelcard.md.

The Hub publishes no schema; it checks cards when they are pushed.  `huggingface_hub.ModelCardData` reads this
offline, `model-index` included.
"""

from typing import Any

from idiolect.evaluation.report import DatasetReport
from idiolect.evaluation.wording import label
from idiolect.lifecycle.cards.described import Described
from idiolect.lifecycle.cards.hub_licences import hub_licence
from idiolect.lifecycle.cards.markdown import plain

TAGS = ["sentence-transformers", "sentence-similarity", "feature-extraction", "retrieval", "idiolect"]


def front_matter(described: Described) -> dict[str, Any]:
    """In the order in which it is written; what is not known has no key."""
    base, corpus = described.base, described.corpus
    languages = sorted(name for name in corpus.languages if name) if corpus else []
    matter: dict[str, Any] = {
        "language": languages,
        **hub_licence(base.licence),
        "library_name": "" if base.endpoint else "sentence-transformers",
        "pipeline_tag": "sentence-similarity",
        "base_model": base.hub,
        "base_model_relation": "finetune" if base.hub and described.tuned else "",
        "tags": TAGS,
        "model-index": _model_index(described),
    }
    return {key: value for key, value in matter.items() if value}


def _model_index(described: Described) -> list[dict[str, Any]]:
    run = described.shipped[0]
    results = [_result(name, found, run) for name, found in described.datasets.items() if run in found.runs]
    return [{"name": plain(described.manifest.name), "results": results}] if results else []


def _result(name: str, dataset: DatasetReport, run: str) -> dict[str, Any]:
    """Metrics of dense search, between 0 and 1, as they stand in report.json."""
    name = plain(name)
    whose = f" ({dataset.kind})" if dataset.kind else ""
    return {
        "task": {"type": "Retrieval", "name": "Retrieval"},
        "dataset": {"type": name, "name": f"{name}{whose}"},
        "metrics": [
            {"type": metric.replace("@", "_at_"), "name": label(metric), "value": value}
            for metric, value in comparable(dataset, run).items()
        ],
    }


def comparable(dataset: DatasetReport, run: str) -> dict[str, float]:
    """A run's metrics that stand for it: those at 10, and recall at 100."""
    return {
        name: value
        for name, value in dataset.runs[run].items()
        if name.endswith("@10") or name == "recall@100"
    }
