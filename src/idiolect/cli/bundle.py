"""`bundle verify`: every file of an exported bundle against its manifest, its vectors against golden ones."""

from pathlib import Path

import click

from idiolect.cli import options
from idiolect.cli.output import emit


@click.group()
def bundle() -> None:
    """Check an exported bundle."""


@bundle.command()
@click.argument("path", metavar="BUNDLE", type=click.Path(path_type=Path))
@options.as_json
@options.out
def verify(path: Path, as_json: bool, out: Path | None) -> None:
    """Compare every file with the digests in the manifest, and every runtime's vectors with those exported."""
    from idiolect.bundle import Bundle

    found = Bundle.load(path)
    found.verify()
    vectors = found.verify_vectors()
    manifest = found.manifest
    figures = {
        "bundle": str(path),
        "files": len(manifest.files),
        "verified": True,
        "vectors": vectors,
        "weights": manifest.weights,
    }
    if not emit(figures, as_json, out):
        click.echo(
            f"{path}: {len(manifest.files)} files as the manifest lists them ({manifest.weights} weights)"
        )
        for name, cosine in vectors.items():
            click.echo(f"{name} gives the exported vectors (cosine {cosine:.5f})")


COMMANDS = {"bundle": bundle}
