"""What the commands that run stages are given beside config and WORK: labels, exemplars, further test sets."""

from pathlib import Path
from typing import Literal

import click
import msgspec

from idiolect import config as configuration
from idiolect.errors import UsageError
from idiolect.workspace import Workspace

beir = click.option(
    "--beir", multiple=True, metavar="DIR", help="A BEIR folder to report on; it decides nothing. Repeatable."
)
guard = click.option(
    "--guard",
    multiple=True,
    metavar="DIR",
    help="A BEIR folder that must not fall by more than 1%: less of the training is kept instead. Repeatable.",
)
exemplars = click.option(
    "--exemplars", metavar="FILE", help="Real queries, one a line, whose manner the LLM takes on."
)
ignore_memory = click.option(
    "--ignore-memory", is_flag=True, help="Run what by the estimate takes more memory than is free."
)


def resolved(
    config: configuration.Config,
    work: Path,
    dry_run: bool,
    queries: str | None,
    qrels: str | None,
    labels_as: Literal["train", "dev", "test", "split"] | None,
    exemplars: str | None,
    beir: tuple[str, ...],
    guard: tuple[str, ...],
) -> configuration.Config:
    """The config with what the options name in place of its own or beside it; UsageError for what is not there."""
    config = _with_labels(_with_sets(config, beir, guard, work, dry_run), queries, qrels, labels_as)
    if exemplars is None:
        return config
    generate = msgspec.structs.replace(config.generate, exemplars=exemplars)
    return msgspec.structs.replace(config, generate=generate)


def _with_sets(
    config: configuration.Config, beir: tuple[str, ...], guard: tuple[str, ...], work: Path, dry_run: bool
) -> configuration.Config:
    """The config with --beir and --guard added to its own lists, NanoBEIR a folder in WORK's cache.

    It is fetched, except by a dry run.  Raises UsageError for what is not there: better now than after
    the training.
    """
    from idiolect.evaluation import nanobeir

    folders, guards = (*config.evaluate.beir, *beir), (*config.evaluate.guard, *guard)
    for folder in (*folders, *(name for name in guards if not nanobeir.is_named(name))):
        if not (Path(folder) / "corpus.jsonl").is_file():
            raise UsageError(f"{folder} is no BEIR folder: it has no corpus.jsonl")
    for path in config.evaluate.tasks:
        if not Path(path).exists():
            raise UsageError(f"evaluate.tasks: {path} does not exist")
    for model in config.evaluate.against:
        if model.startswith(("/", ".")) and not Path(model).is_dir():
            raise UsageError(f"evaluate.against: {model} is no directory")
    cache = Workspace(work).cache / nanobeir.NAME
    get = nanobeir.folder_of if dry_run else nanobeir.fetch
    guards = tuple(str(get(name, cache)) if nanobeir.is_named(name) else name for name in guards)
    return msgspec.structs.replace(
        config, evaluate=msgspec.structs.replace(config.evaluate, beir=folders, guard=guards)
    )


def _with_labels(
    config: configuration.Config,
    queries: str | None,
    qrels: str | None,
    labels_as: Literal["train", "dev", "test", "split"] | None,
) -> configuration.Config:
    """The config with the labels that the options name; --queries alone leaves the config's qrels out."""
    given: dict[str, str] = {}
    if queries is not None:
        given |= {"queries": queries, "qrels": ""}
    if qrels is not None:
        given["qrels"] = qrels
    if labels_as is not None:
        given["labels_as"] = labels_as
    prepare = msgspec.structs.replace(config.prepare, **given)
    if labels_as is not None and not prepare.queries:
        raise UsageError(f"--labels-as {labels_as} says what queries are used for: add --queries FILE")
    return msgspec.structs.replace(config, prepare=prepare)
