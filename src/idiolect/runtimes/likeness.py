"""Whether two models differ in their weights alone, so that these can be averaged or take one another's place."""

from collections.abc import Callable, Mapping
from typing import Any

from idiolect.errors import ModelError
from idiolect.files import read_json
from idiolect.runtimes.model_files import ModelFiles, load_tokenizer


def refuse_unlike(first: ModelFiles, other: ModelFiles, cure: str) -> None:
    """Raise ModelError, `cure` in it, where two models differ in what their weights do not hold."""
    compared: dict[str, Callable[[ModelFiles], Any]] = {
        "architecture": _modules,
        "tokenizer": lambda files: load_tokenizer(files.path).get_vocab(),
        "prompts": lambda files: (files.query_prompt, files.passage_prompt),
    }
    for what, of in compared.items():
        if of(first) != of(other):
            raise _unlike(first, other, what, cure)


def refuse_other_shapes(
    first: ModelFiles, held: Mapping[str, Any], other: ModelFiles, others: Mapping[str, Any], cure: str
) -> None:
    """Raise ModelError where two models' tensors are not of the same names and shapes."""
    shapes = ({name: value.shape for name, value in weights.items()} for weights in (held, others))
    if next(shapes) != next(shapes):
        raise _unlike(first, other, "architecture", cure)


def _unlike(first: ModelFiles, other: ModelFiles, what: str, cure: str) -> ModelError:
    return ModelError(f"{other.path} does not go with {first.path}: they differ in {what}; {cure}")


def _modules(files: ModelFiles) -> list[tuple[str, Any]]:
    """Each module's kind, and the settings of those after the transformer, as pooling."""
    found = []
    for number, module in enumerate(read_json(files.path / "modules.json")):
        config = files.path / module.get("path", "") / "config.json"
        found.append((module.get("type", ""), read_json(config) if number and config.is_file() else None))
    return found
