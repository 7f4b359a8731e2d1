"""`models publish`: a bundle becomes a version."""

from pathlib import Path

import click

from idiolect import config as configuration
from idiolect.cli import options
from idiolect.cli.models.registry import open_registry, registered
from idiolect.cli.output import emit


@click.command()
@click.argument("path", metavar="BUNDLE|WORK", type=click.Path(path_type=Path))
@click.option("--name", default="", help="The model that it is a version of (default: the bundle's name).")
@click.option(
    "--domain", default="", metavar="A/B/C", help="Whose language it speaks, such as company/team/person."
)
@registered
@options.as_json
@options.out
def publish(
    path: Path,
    name: str,
    domain: str,
    uri: str | None,
    config_path: Path | None,
    settings: tuple[str, ...],
    as_json: bool,
    out: Path | None,
) -> None:
    """Put a bundle into the registry, with its report's figures; the same bytes again are the same version."""
    from idiolect.lifecycle.lineage.published import publish_with_lineage
    from idiolect.lifecycle.registry.publishing import given

    bundle, work = given(path)
    registry = open_registry(uri, config_path, settings, create=True)
    licences = configuration.load(config_path, settings).licences
    version, new = publish_with_lineage(registry, bundle, work, name, domain, licences)
    if not emit({"registry": registry.shown, "new": new, "version": version}, as_json, out):
        state = "published" if new else "was published before"
        click.echo(
            f"{version} {state} in {registry.shown}: {version.weights} weights, verdict {version.verdict}"
        )
        if work is None:
            click.echo("without a WORK beside it: no report, no scores to compare by")
        if version.licences:
            click.echo(
                f"not to be promoted: licences of documents that trained it deny that ({version.licences})"
            )
        if version.redistribution:
            click.echo(f"not to be handed on: licences of its documents deny that ({version.redistribution})")


COMMANDS = {"publish": publish}
