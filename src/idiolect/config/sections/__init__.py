"""One file a section: its keys, each with its bounds, its description and its default."""

from idiolect.config.sections.evaluate import Evaluate
from idiolect.config.sections.export import Export
from idiolect.config.sections.generate import Generate
from idiolect.config.sections.ingest import Ingest
from idiolect.config.sections.licences import Licences
from idiolect.config.sections.prepare import Prepare
from idiolect.config.sections.privacy import Privacy
from idiolect.config.sections.registry import Registry
from idiolect.config.sections.section import Section
from idiolect.config.sections.serve import Serve
from idiolect.config.sections.train import Train

__all__ = [
    "Evaluate",
    "Export",
    "Generate",
    "Ingest",
    "Licences",
    "Prepare",
    "Privacy",
    "Registry",
    "Section",
    "Serve",
    "Train",
]
