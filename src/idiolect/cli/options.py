"""Options that commands share."""

import os
from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar

import click

from idiolect.config import Config

Function = TypeVar("Function", bound=Callable[..., Any])

DEFAULT_WORK = Path("idiolect-work")

work = click.option(
    "-w",
    "--work",
    type=click.Path(path_type=Path),
    default=DEFAULT_WORK,
    show_default=True,
    help="WORK: the folder that holds everything the run makes.",
)
config = click.option(
    "-c",
    "--config",
    "config_path",
    type=click.Path(path_type=Path),
    help="Config file (default: ./idiolect.toml).",
)
settings = click.option(
    "--set",
    "settings",
    multiple=True,
    metavar="SECTION.KEY=VALUE",
    help="Override one config key; repeatable.",
)
as_json = click.option("--json", "as_json", is_flag=True, help="Print the figures as JSON on stdout.")
out = click.option("--out", type=click.Path(path_type=Path), help="Write the JSON figures to this file.")
queries = click.option(
    "--queries",
    metavar="FILE",
    help="Queries that people asked: BEIR's queries.jsonl, or a CSV of query and document.",
)
qrels = click.option("--qrels", metavar="FILE", help="Their judgments (BEIR's qrels TSV); none beside a CSV.")
labels_as = click.option(
    "--labels-as",
    type=click.Choice(["train", "dev", "test", "split"]),
    help="What those queries are used for; split (the default) divides them by query.",
)
store_bundle = click.option(
    "--bundle",
    "bundle_path",
    metavar="BUNDLE",
    type=click.Path(path_type=Path),
    help="The bundle that the store was made with, where it lies elsewhere now.",
)
quiet = click.option("-q", "--quiet", is_flag=True, help="No progress.")


def use_registry(config: Config) -> None:
    """Let `registry:NAME@VERSION` mean the registry that a config names, where the environment names none."""
    if config.registry.uri:
        os.environ.setdefault("IDIOLECT_REGISTRY", config.registry.uri)


def together(*options: Callable[[Function], Function]) -> Callable[[Function], Function]:
    """One decorator of several."""

    def decorate(function: Function) -> Function:
        for option in reversed(options):
            function = option(function)
        return function

    return decorate


configured = together(config, settings)
labels = together(queries, qrels, labels_as)
reporting = together(as_json, out, quiet)
