"""idiolect.toml: one section a stage, every key described, unknown keys refused with the nearest known."""

from idiolect.config.config import SECTIONS, Config, is_endpoint
from idiolect.config.loading import load, resolved
from idiolect.config.rendering import render
from idiolect.config.sections import (
    Evaluate,
    Export,
    Generate,
    Ingest,
    Licences,
    Prepare,
    Privacy,
    Registry,
    Serve,
    Train,
)
from idiolect.config.sections.licences import Use

__all__ = [
    "SECTIONS",
    "Config",
    "Evaluate",
    "Export",
    "Generate",
    "Ingest",
    "Licences",
    "Prepare",
    "Privacy",
    "Registry",
    "Serve",
    "Train",
    "Use",
    "is_endpoint",
    "load",
    "render",
    "resolved",
]
