"""`mcp`: a store as tools for agents, over stdin and stdout."""

from pathlib import Path

import click

from idiolect.cli import options


@click.command()
@click.option("--store", "uri", metavar="URI", required=True, help="What `index` made.")
@options.store_bundle
def mcp(uri: str, bundle_path: Path | None) -> None:
    """Serve search with citations over the Model Context Protocol, on stdin and stdout."""
    from idiolect.context_protocol import create
    from idiolect.indexing import open_searcher

    create(open_searcher(uri, bundle_path)).run("stdio")


COMMANDS = {"mcp": mcp}
