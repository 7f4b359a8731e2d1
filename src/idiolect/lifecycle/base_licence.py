"""Under which licence a base model comes, as its own files say."""

from idiolect.readers import front_matter
from idiolect.runtimes.model_files import ModelFiles


def base_licence(files: ModelFiles) -> str:
    """The `license` of the model card in the directory's README.md; empty where that says none."""
    readme = files.path / "README.md"
    if not readme.is_file():
        return ""
    card, _ = front_matter.split(readme.read_text(encoding="utf-8", errors="replace"))
    licence = card.get("license")
    return licence if isinstance(licence, str) else ""
