"""`bundle`: check an exported bundle against its manifest, golden vectors and signature, sign it, show its card."""

from pathlib import Path

import click

from idiolect.cli import options
from idiolect.cli.output import emit

PEM = click.Path(path_type=Path)

path_argument = click.argument("path", metavar="BUNDLE", type=click.Path(path_type=Path))


@click.group()
def bundle() -> None:
    """Check or sign an exported bundle, or show its card."""


@bundle.command()
@path_argument
@click.option("--public-key", type=PEM, help="Also require a signature by this key's private half.")
@options.as_json
@options.out
def verify(path: Path, public_key: Path | None, as_json: bool, out: Path | None) -> None:
    """Compare every file with the digests in the manifest, and every runtime's vectors with those exported."""
    from idiolect.bundle import Bundle
    from idiolect.lifecycle.registry import located

    found = Bundle.load(located(path))
    found.verify()
    if public_key is not None:
        from idiolect.signing import verify_signature

        verify_signature(found, public_key)
    vectors = found.verify_vectors()
    manifest = found.manifest
    figures = {
        "bundle": str(path),
        "files": len(manifest.files),
        "verified": True,
        "signature_verified": public_key is not None,
        "vectors": vectors,
        "weights": manifest.weights,
    }
    if not emit(figures, as_json, out):
        click.echo(
            f"{path}: {len(manifest.files)} files as the manifest lists them ({manifest.weights} weights)"
        )
        if public_key is not None:
            click.echo(f"signed with the private half of {public_key}")
        for name, cosine in vectors.items():
            click.echo(f"{name} gives the exported vectors (cosine {cosine:.5f})")


@bundle.command()
@path_argument
@click.option(
    "--key", type=PEM, required=True, help="The private key: elliptic-curve, in PEM, not encrypted."
)
@options.as_json
@options.out
def sign(path: Path, key: Path, as_json: bool, out: Path | None) -> None:
    """Sign every file; the signature goes into the bundle, for `bundle verify --public-key`."""
    from idiolect.bundle import Bundle
    from idiolect.signing import sign as signed

    found = Bundle.load(path)
    signature = signed(found, key)
    figures = {"bundle": str(path), "files": len(found.manifest.files), "signature": str(signature)}
    if not emit(figures, as_json, out):
        click.echo(f"{path}: signed with {key}, in {signature}")


@bundle.command()
@path_argument
@options.as_json
@options.out
def card(path: Path, as_json: bool, out: Path | None) -> None:
    """Show the model card; with --json the bill of materials, CycloneDX."""
    from idiolect.bundle import Bundle
    from idiolect.lifecycle.cards.papers import bill_of, card_of

    found = Bundle.load(path)
    if not emit(bill_of(found), as_json, out):
        click.echo(card_of(found))


COMMANDS = {"bundle": bundle}
