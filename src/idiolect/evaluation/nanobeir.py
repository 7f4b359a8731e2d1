"""NanoBEIR, thirteen small sets of many domains, from the hub: a guard where nobody has one of their own."""

from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

from idiolect.errors import InputError, MissingExtra
from idiolect.evaluation.beir import Dataset, Qrels, save_dataset
from idiolect.records import Passage

NAME = "nanobeir"
REPOSITORY = "sentence-transformers/NanoBEIR-en"
SETS = (
    "ArguAna", "ClimateFEVER", "DBPedia", "FEVER", "FiQA2018", "HotpotQA", "MSMARCO", "NFCorpus", "NQ",
    "QuoraRetrieval", "SCIDOCS", "SciFact", "Touche2020",
)  # fmt: skip
"""Of 50 queries or so each; a set's subsets corpus, queries and qrels lie in the split "Nano" and its name."""


def is_named(guard: str) -> bool:
    """Whether a guard is "nanobeir" (all sets together) or "nanobeir:SET"."""
    return guard.partition(":")[0].lower() == NAME


def folder_of(guard: str, cache: Path) -> Path:
    """Where below `cache` a guard's BEIR folder is, or would be.  Raises InputError for an unknown set."""
    sets = _sets(guard)
    return cache / (NAME if len(sets) > 1 else f"Nano{sets[0]}")


def fetch(guard: str, cache: Path) -> Path:
    """The BEIR folder of a guard that `is_named`, made unless it is there already.

    Raises InputError for an unknown set and where the hub does not give it, MissingExtra without `datasets`.
    """
    path = folder_of(guard, cache)
    if not (path / "corpus.jsonl").is_file():
        save_dataset(path, _dataset(_sets(guard)))
    return path


def _sets(guard: str) -> list[str]:
    wanted = guard.partition(":")[2].lower().removeprefix("nano")
    sets = [name for name in SETS if wanted in ("", name.lower())]
    if not sets:
        raise InputError(f"guard {guard!r}: NanoBEIR has no such set; it has {', '.join(SETS)}")
    return sets


def _dataset(sets: list[str]) -> Dataset:
    """The sets as one: their ids are told apart by the set's name."""
    rows = _reader()
    corpus: dict[str, Passage] = {}
    queries: dict[str, str] = {}
    qrels: Qrels = {}
    for name in sets:
        for row in rows("corpus", name):
            if row["text"]:
                id = f"{name}/{row['_id']}"
                corpus[id] = Passage(id=id, text=row["text"])
        queries |= {f"{name}/{row['_id']}": row["text"] for row in rows("queries", name)}
        for row in rows("qrels", name):
            found = row["corpus-id"]
            for document in found if isinstance(found, list) else [found]:
                qrels.setdefault(f"{name}/{row['query-id']}", {})[f"{name}/{document}"] = 1
    queries = {query: text for query, text in queries.items() if query in qrels}
    return Dataset(name=NAME, split="test", corpus=corpus, queries=queries, qrels=qrels)


def _reader() -> Callable[[str, str], Iterable[Any]]:
    """(subset, set) → its rows, of a snapshot of the hub's repository."""
    try:
        from datasets import disable_progress_bars, load_dataset
        from huggingface_hub import snapshot_download
    except ModuleNotFoundError as error:
        raise MissingExtra(error.name or "datasets", "train") from None
    disable_progress_bars()
    try:
        snapshot = snapshot_download(REPOSITORY, repo_type="dataset")
    except Exception as error:
        reason = (str(error).splitlines() or [type(error).__name__])[0]
        raise InputError(
            f"guard {NAME}: the hub did not give {REPOSITORY} ({reason}): give a BEIR folder instead"
        ) from None
    return lambda subset, name: load_dataset(snapshot, subset, split=f"Nano{name}")
