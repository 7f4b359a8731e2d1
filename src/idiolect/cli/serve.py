"""`serve`: bundles behind the OpenAI embeddings API."""

from pathlib import Path
from typing import TYPE_CHECKING

import click
import msgspec

from idiolect import config as configuration
from idiolect.cli import options

if TYPE_CHECKING:
    from idiolect.lifecycle.feedback.keeping import Keeper

WRITER_SECONDS = 5.0
"""How long another process that writes feedback is waited for, while what comes waits in memory."""


@click.command()
@click.argument("bundles", metavar="BUNDLE...", nargs=-1, required=True, type=click.Path(path_type=Path))
@click.option("--host", help="Address to listen on (default: serve.host, 127.0.0.1).")
@click.option(
    "--port", type=click.IntRange(0, 65535), help="Port (default: serve.port, 8000; 0 takes a free one)."
)
@click.option(
    "--api-key-file",
    type=click.Path(path_type=Path),
    help="A file of accepted keys or sha256:HASH, one a line.",
)
@click.option(
    "--shadow",
    multiple=True,
    metavar="NAME=BUNDLE:SHARE",
    help="Let another bundle encode a share of NAME's requests too, compared in /metrics, never answered.",
)
@click.option(
    "--watch",
    "watch_seconds",
    type=click.FloatRange(0),
    metavar="SECONDS",
    help="Look so often for another bundle at a path, and reload it (default: serve.watch_seconds, 0: never; "
    "10 where a registered champion or challenger is served).",
)
@click.option(
    "--store", metavar="URI", help="Search what `index` made there, at /v1/search (default: serve.store)."
)
@click.option(
    "--feedback",
    metavar="WORK",
    help="Keep there, with consent, what searches showed and /v1/feedback is told (default: serve.feedback).",
)
@click.option(
    "--runtime",
    type=click.Choice(
        [
            "auto",
            "openvino",
            "openvino-adapter",
            "openvino-int8",
            "onnx",
            "onnx-fp16",
            "onnx-int8",
            "tensorrt",
            "torch",
        ]
    ),
    default="auto",
    show_default=True,
    help="What computes: auto is OpenVINO, bundles of one base together, else ONNX Runtime, else torch.",
)
@options.configured
def serve(
    bundles: tuple[Path, ...],
    host: str | None,
    port: int | None,
    api_key_file: Path | None,
    shadow: tuple[str, ...],
    watch_seconds: float | None,
    store: str | None,
    feedback: str | None,
    runtime: str,
    config_path: Path | None,
    settings: tuple[str, ...],
) -> None:
    """Serve bundles, or registered ones (registry:NAME@champion), behind the OpenAI embeddings API until stopped."""
    from idiolect.lifecycle.registry import FOLLOWED_SECONDS, follows
    from idiolect.server import run

    config = configuration.load(config_path, settings)
    options.use_registry(config)
    if watch_seconds is None and not config.serve.watch_seconds and any(map(follows, bundles)):
        watch_seconds = FOLLOWED_SECONDS
    given = {
        "host": host,
        "port": port,
        "shadow": shadow or None,
        "watch_seconds": watch_seconds,
        "store": store,
        "feedback": feedback,
    }
    serving = msgspec.structs.replace(
        config.serve, **{key: value for key, value in given.items() if value is not None}
    )
    for bundle in bundles:
        for line in _tainted(bundle):
            click.echo(f"warning: {line}", err=True)
    keeper = _keeper(config, serving.feedback) if serving.feedback else None
    run(list(bundles), serving.host, serving.port, runtime, api_key_file, serving, keeper=keeper)


def _keeper(config: configuration.Config, work: str) -> "Keeper":
    from idiolect.lifecycle.feedback.keeping import Keeper
    from idiolect.workspace import Workspace

    return Keeper(Workspace(Path(work)), config.feedback, config.privacy, WRITER_SECONDS)


def _tainted(bundle: Path) -> list[str]:
    from idiolect.bundle import Bundle
    from idiolect.files import digest_path
    from idiolect.lifecycle.erasure.taint import warnings
    from idiolect.runtimes.layout import MANIFEST, is_bundle

    if not is_bundle(bundle):
        return []  # serving says what is wrong with it
    return warnings(bundle, {digest_path(bundle / MANIFEST), Bundle.load(bundle).manifest.model_digest})


COMMANDS = {"serve": serve}
