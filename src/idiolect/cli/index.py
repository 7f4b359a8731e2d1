"""`index`: documents into a vector store, with a bundle's model."""

from pathlib import Path

import click

from idiolect import config as configuration
from idiolect.cli import options
from idiolect.cli.output import emit


@click.command()
@click.argument("bundle", metavar="BUNDLE", type=click.Path(path_type=Path))
@click.argument("source", metavar="DOCS|WORK", type=click.Path(path_type=Path))
@click.option(
    "--store",
    "uri",
    metavar="URI",
    required=True,
    help="Where: a folder (LanceDB), postgresql://…, or qdrant://HOST (qdrants:// over TLS; QDRANT_API_KEY).",
)
@click.option(
    "--short",
    type=click.IntRange(0),
    metavar="N",
    help="Find candidates by the first N numbers of the vectors, a trained dimension, then rank by all; 0: by all.",
)
@click.option(
    "--precision",
    type=click.Choice(["float32", "int8", "binary"]),
    help="Of the numbers that candidates are found by; they are then ranked by float32.",
)
@click.option(
    "--oversample",
    type=click.FloatRange(1),
    metavar="X",
    help="Candidates for each hit that is asked for.  [4, where --short or --precision is given]",
)
@click.option(
    "--bridge-floor",
    type=click.FloatRange(0, 1),
    metavar="RECALL",
    help="Let a new model search the old one's vectors meanwhile, through a map of so much recall.  [0.5]",
)
@options.configured
@options.reporting
def index(
    bundle: Path,
    source: Path,
    uri: str,
    short: int | None,
    precision: str | None,
    oversample: float | None,
    bridge_floor: float | None,
    config_path: Path | None,
    settings: tuple[str, ...],
    as_json: bool,
    out: Path | None,
    quiet: bool,
) -> None:
    """Bring a store up to DOCS, or to the documents of a WORK folder: new and changed chunks are encoded."""
    from idiolect.index.bridge import FLOOR
    from idiolect.index.store import shown
    from idiolect.indexing import index as built_from
    from idiolect.progress import for_terminal

    given = {"dimension": short, "precision": precision, "oversample": oversample}
    candidates = {name: value for name, value in given.items() if value is not None}
    floor = FLOOR if bridge_floor is None else bridge_floor
    config = configuration.load(config_path, settings)
    options.use_registry(config)
    built = built_from(bundle, source, uri, for_terminal(quiet), candidates, floor, config)
    if not emit({"store": shown(uri), **_figures(built)}, as_json, out):
        found = built.indexed
        click.echo(
            f"{shown(uri)}: {found.chunks:,} chunks of {found.documents:,} documents; {built.encoded:,} encoded, "
            f"{built.kept:,} as they were, {built.removed:,} removed"
        )
        if built.recall:
            click.echo(
                f"dense search is approximate: it finds {built.recall.share:.1%} of the {built.recall.depth} nearest "
                f"({built.recall.queries} chunks as queries)"
            )


def _figures(built: object) -> dict[str, object]:
    import msgspec

    figures: dict[str, object] = msgspec.to_builtins(built)
    return figures


COMMANDS = {"index": index}
