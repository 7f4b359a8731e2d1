"""`models merge`: the average of several tuned models."""

from pathlib import Path

import click

from idiolect.cli import options
from idiolect.cli.output import emit
from idiolect.errors import UsageError


@click.command()
@click.argument("paths", metavar="MODEL MODEL...", nargs=-1, required=True)
@click.option(
    "-o", "--output", metavar="DIR", required=True, type=click.Path(path_type=Path), help="The new model."
)
@click.option(
    "--share",
    "shares",
    multiple=True,
    type=click.FloatRange(min=0),
    help="The second model's part, 0 to 1; of more models the part of each, in their order. Equal by default.",
)
@click.option(
    "--greedy",
    metavar="DIR",
    type=click.Path(path_type=Path),
    help="A BEIR folder to choose by: only models that do not lower the average's score join it.",
)
@click.option("--split", default="dev", show_default=True, help="Which qrels/SPLIT.tsv of --greedy.")
@options.as_json
@options.out
def merge(
    paths: tuple[str, ...],
    output: Path,
    shares: tuple[float, ...],
    greedy: Path | None,
    split: str,
    as_json: bool,
    out: Path | None,
) -> None:
    """Average the weights of models (directories, bundles, registry:NAME@VERSION) that were tuned from one base."""
    from idiolect.evaluation.beir import load_dataset
    from idiolect.merging import RELATED, merge_models

    parts = _parts(len(paths), shares)
    if greedy is not None and shares:
        raise UsageError("--greedy chooses the models itself: leave --share out")
    if output.exists() and (not output.is_dir() or any(output.iterdir())):
        raise UsageError(f"-o {output} exists already: name a new directory")
    found = merge_models(paths, output, parts, load_dataset(greedy, split) if greedy is not None else None)
    if found.cosine < RELATED:
        click.echo(
            f"warning: the models' weights are little alike (cosine {found.cosine:.2f}): those that were not tuned "
            "from one base make no good average; score the result before using it",
            err=True,
        )
    if not emit({"model": str(output), "merged": found}, as_json, out):
        for path, share in zip(found.models, found.shares, strict=True):
            click.echo(f"{100 * share:5.1f}%  {path}")
        score = "" if found.score is None else f" (nDCG@10 {found.score:.4f} on {greedy}, {split})"
        click.echo(f"wrote {output}{score}")


def _parts(count: int, shares: tuple[float, ...]) -> list[float]:
    """Each model's part; none where they are equal."""
    if count < 2:
        raise UsageError("merge needs two models or more")
    if count == 2 and len(shares) == 1 and shares[0] <= 1:
        return [1 - shares[0], shares[0]]
    if shares and (len(shares) != count or not sum(shares)):
        raise UsageError(
            f"{count} models and {len(shares)} shares: give one share from 0 to 1 for two models, "
            "or one above 0 for each"
        )
    return list(shares)


COMMANDS = {"merge": merge}
