"""What every stage's `run` is given."""

from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from idiolect.config import Config
from idiolect.progress import Progress, Silent
from idiolect.workspace import Workspace

Summary = dict[str, Any]
"""What a stage counted: goes to its manifest and, in part, to the screen."""


@dataclass(frozen=True)
class Context:
    workspace: Workspace
    config: Config
    progress: Progress = field(default_factory=Silent)
    source: Path | None = None
    """DOCS, for ingest alone."""
