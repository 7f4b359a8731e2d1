"""A bundle of a tiny model, to be served."""

from tiny_model import DIMENSION

from idiolect.bundle import Base, Manifest, Prompts, write_bundle
from idiolect.records import Fusion


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
