"""Bundles to serve: of a base as it is, and of the same with other weights."""

import shutil
from pathlib import Path

from idiolect.bundle import Base, Bundle, Manifest, Prompts, write_bundle
from idiolect.records import Fusion
from idiolect.runtimes.graph import export_onnx
from idiolect.runtimes.layout import GRAPHS
from idiolect.runtimes.model_files import describe
from idiolect.runtimes.packed_graph import export_openvino


def bundle_of(model: Path, path: Path, name: str) -> Bundle:
    """A model directory with its graphs, exported without a run."""
    files = describe(model)
    manifest = Manifest(
        name=name,
        weights="base",
        verdict="keep-base",
        base=Base(name=files.name, digest=files.digest),
        model_digest=files.digest,
        dimension=files.dimension,
        dimensions=[files.dimension],
        max_tokens=files.max_tokens,
        chunk_tokens=files.max_tokens,
        overlap_tokens=0,
        prompts=Prompts(query=files.query_prompt, passage=files.passage_prompt),
        fusion=Fusion(),
    )

    def fill(draft: Path) -> dict[str, object]:
        export_onnx(files, draft / GRAPHS["onnx"])
        export_openvino(files, draft / GRAPHS["openvino"], lambda: draft / GRAPHS["onnx"])
        return {}

    return write_bundle(path, manifest, model, fill)


def altered(model: Path, path: Path, share: float = 0.1) -> Path:
    """A copy of a model directory whose matrices have noise of that share of their own size added."""
    import torch
    from safetensors.torch import load_file, save_file

    shutil.copytree(model, path)
    generator = torch.Generator().manual_seed(13)
    weights = load_file(path / "model.safetensors")
    for name, tensor in weights.items():
        if tensor.ndim == 2:
            noise = torch.randn(tensor.shape, generator=generator) * tensor.float().std() * share
            weights[name] = (tensor.float() + noise).to(tensor.dtype).contiguous()
    save_file(weights, path / "model.safetensors", {"format": "pt"})
    return path
