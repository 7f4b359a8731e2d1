"""`audit explain`: which documents shaped a model, and what a document touched."""

from collections.abc import Sequence
from itertools import groupby
from pathlib import Path
from typing import TYPE_CHECKING

import click

from idiolect.cli import options
from idiolect.cli.output import emit, print_table

if TYPE_CHECKING:
    from idiolect.lifecycle.lineage.explaining import Explained, ExplainedDocument, Influence, Touched
    from idiolect.lifecycle.lineage.naming import Artefact
    from idiolect.lifecycle.lineage.paths import Step

_DIGITS = 12
"""Of a digest."""
_NO_USE = "(in a data set)"


@click.command()
@click.argument("model", metavar="[MODEL]", required=False, default="")
@click.option("--document", metavar="D", help="A document's id, or its path below DOCS.")
@options.work
@click.option(
    "--limit",
    type=click.IntRange(1),
    default=20,
    show_default=True,
    help="Documents to list; of one document, paths for each of its roles.",
)
@options.as_json
@options.out
def explain(
    model: str, document: str | None, work: Path, limit: int, as_json: bool, out: Path | None
) -> None:
    """Say which documents shaped MODEL and how; with --document alone, all that one touched.

    MODEL is a bundle, a model directory, a WORK folder, the beginning of a digest (of a data set or an index too),
    a lineage file, or registry:NAME@VERSION; by default, what WORK holds.
    """
    from idiolect.lifecycle.lineage.explaining import explain_document, explain_model, explain_model_document
    from idiolect.lifecycle.lineage.naming import artefact, documents
    from idiolect.lifecycle.lineage.opening import asked

    with asked(model, work) as (lineage, named, left):
        for stage, why in left.items():
            click.echo(
                f"not recorded: {stage}: {why}; `idiolect run --from {stage}` records it anew", err=True
            )
        versions = documents(lineage, document) if document else []
        if document and not model:
            touched = explain_document(lineage, versions)
            if not emit(
                {"document": _known(versions), "touched": touched, "not_recorded": left}, as_json, out
            ):
                _print_touched(document, touched)
        elif document:
            one = explain_model_document(lineage, artefact(lineage, named), versions, limit)
            if not emit({**_plain(one), "not_recorded": left}, as_json, out):
                _print_document(document, one)
        else:
            found = explain_model(lineage, artefact(lineage, named), limit)
            if not emit({**_plain(found), "not_recorded": left}, as_json, out):
                _print_model(found)


def _print_model(found: "Explained") -> None:
    from idiolect.lifecycle.lineage.graph import ROLES

    click.echo(f"{_name(found.artefact)}: shaped by {found.documents:,} documents")
    if found.artefact.kind in ("model", "bundle") and not any(one.use == "weights" for one in found.totals):
        click.echo("no document shaped its weights")
    rows = [
        (one.use or _NO_USE, one.role, f"{one.documents:,}", f"{one.count:,}", ROLES[one.role].meaning)
        for one in found.totals
    ]
    _print(("use", "role", "documents", "times", "meaning"), rows)
    click.echo()
    _print(
        ("document", "version", "roles"),
        [(_erased(one.document), one.version[:_DIGITS], _told(one.influences)) for one in found.sources],
    )
    if found.documents > len(found.sources):
        click.echo(f"and {found.documents - len(found.sources):,} more: raise --limit")


def _print_touched(document: str, touched: Sequence["Touched"]) -> None:
    if not touched:
        click.echo(f"{document} touched nothing that is recorded")
        return
    _print(("artefact", "roles"), [(_name(one.artefact), _told(one.influences)) for one in touched])


def _print_document(document: str, one: "ExplainedDocument") -> None:
    if not one.sources:
        click.echo(f"{document} did not shape {_name(one.artefact)}")
        return
    click.echo(f"{_name(one.artefact)}, shaped by {document}:")
    _print(
        ("version", "roles"), [(source.version[:_DIGITS], _told(source.influences)) for source in one.sources]
    )
    for path in one.paths:
        click.echo(f"\n{path.use or _NO_USE}, {path.role}:")
        click.echo("  " + "".join(map(_told_step, path.steps)))


def _told_step(step: "Step") -> str:
    """The role of the edge, and its node; the keys of content are its own id and a digest."""
    if "@" in step.key:
        own = step.key.rsplit("@", 2 if step.kind == "chunk" else 1)[0]
    else:
        own = step.name or step.key[:_DIGITS]
    return f"{f' —{step.role}→ ' if step.role else ''}{step.kind} {own}"


def _told(influences: Sequence["Influence"]) -> str:
    """Roles and counts, one line a use."""
    lines = []
    for use, found in groupby(influences, key=lambda one: one.use):
        roles = ", ".join(f"{one.role} {one.count:,}" for one in found)
        lines.append(f"{use}: {roles}" if use else roles)
    return "\n".join(lines)


def _erased(document: str) -> str:
    return "(erased)" if document == "erased" else document


def _name(artefact: "Artefact") -> str:
    name = "" if artefact.name == artefact.kind else f" {artefact.name}"
    return f"{artefact.kind}{name} {artefact.digest[:_DIGITS]}"


def _known(versions: Sequence[tuple[int, str, str, str]]) -> list[dict[str, str]]:
    return [{"id": id, "version": digest, "path": path} for _, id, digest, path in versions]


def _plain(found: object) -> dict[str, object]:
    import msgspec

    plain: dict[str, object] = msgspec.to_builtins(found)
    return plain


def _print(header: Sequence[str], rows: Sequence[Sequence[str]]) -> None:
    from rich.table import Table

    table = Table(*header, box=None, pad_edge=False)
    for row in rows:
        table.add_row(*row)
    print_table(table)


COMMANDS = {"explain": explain}
