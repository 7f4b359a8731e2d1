"""A bundle of a tiny model, to be served."""

import msgspec
from tiny_model import DIMENSION, save_tiny_model

from idiolect.bundle import Base, Bundle, Manifest, Prompts, write_bundle
from idiolect.files import digest_path, write_json
from idiolect.records import Fusion
from idiolect.runtimes.layout import GOLDEN, GRAPHS
from idiolect.runtimes.model_files import describe


def write_tiny_bundle(path, files, fill=lambda draft: {}):
    """Write `files`' model as a bundle named "tiny"; `fill` adds its graphs, without which torch runs it."""
    manifest = Manifest(
        name="tiny",
        weights="tuned",
        verdict="promote",
        base=Base(name="tiny-base", digest="0" * 64),
        model_digest=files.digest,
        dimension=DIMENSION,
        dimensions=[DIMENSION, 32, 16],
        max_tokens=files.max_tokens,
        chunk_tokens=files.max_tokens,
        overlap_tokens=8,
        prompts=Prompts(query=files.query_prompt, passage=files.passage_prompt),
        fusion=Fusion(),
    )
    return write_bundle(path, manifest, files.path, fill).path


def write_graph_bundle(root, seed=0):
    """The same of a tiny model that is made too, with its graphs and golden vectors: it starts without torch."""
    from idiolect.runtimes.golden import golden
    from idiolect.runtimes.graph import export_onnx
    from idiolect.runtimes.opening import open_graph
    from idiolect.runtimes.packed_graph import export_openvino

    files = describe(save_tiny_model(root / "tiny", seed))

    def fill(draft):
        export_onnx(files, draft / GRAPHS["onnx"])
        export_openvino(files, draft / GRAPHS["openvino"], lambda: draft / GRAPHS["onnx"])
        write_json(draft / GOLDEN, golden(open_graph(draft, files, "openvino")))
        return {}

    return write_tiny_bundle(root / "bundle", files, fill)


def resealed(path):
    """The manifest of a bundle that was altered lists its files as they are now."""
    manifest = Bundle.load(path).manifest
    files = [
        msgspec.structs.replace(
            file, sha256=digest_path(path / file.path), bytes=(path / file.path).stat().st_size
        )
        for file in manifest.files
    ]
    write_json(path / "manifest.json", msgspec.structs.replace(manifest, files=files))
    return path
