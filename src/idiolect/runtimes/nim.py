"""The directory that NVIDIA's embedding NIM (1.x) loads as NIM_CUSTOM_MODEL: an ONNX file and its tokenizer.

model.onnx takes `input_ids`, `attention_mask` [batch, sequence] and `dimensions` [batch], and gives `embeddings`, as
NVIDIA's own exporter for these services has it (NeMo Export-Deploy).  NIM 2.1 and later load a sentence-transformers
directory's files instead (NIM_ENGINE_MODEL_PATH): the bundle's model/ is one.
"""

import shutil
from pathlib import Path
from typing import Any

import numpy as np

from idiolect.errors import MissingExtra
from idiolect.runtimes.graph import OUTPUT
from idiolect.runtimes.model_files import ModelFiles

EMBEDDINGS = "embeddings"

TOKENIZER = ("tokenizer*", "special_tokens_map.json", "vocab*", "merges.txt", "*.model", "config.json")


def write_nim(files: ModelFiles, graph: Path, target: Path) -> None:
    """Write `graph`, of `graph.export_onnx`, and the model's tokenizer as that directory. Raises MissingExtra."""
    try:
        import onnx
    except ModuleNotFoundError:
        raise MissingExtra("onnx", "train") from None
    model = onnx.load(graph)
    _without_segments(model)
    _with_dimensions(model, files.dimension)
    onnx.checker.check_model(model)
    (target / "tokenizer").mkdir(parents=True)
    onnx.save(model, target / "model.onnx")
    for pattern in TOKENIZER:
        for file in sorted(files.path.glob(pattern)):
            shutil.copyfile(file, target / "tokenizer" / file.name)


def _without_segments(model: Any) -> None:
    """The service gives no token_type_ids: zeros, made of the ids, take their place."""
    from onnx import helper

    for given in model.graph.input:
        if given.name == "token_type_ids":
            model.graph.input.remove(given)
            model.graph.node.insert(
                0, helper.make_node("Sub", ["input_ids", "input_ids"], ["token_type_ids"])
            )
            return


def _with_dimensions(model: Any, full: int) -> None:
    """Cut each vector to its own count of dimensions, zeros after it, and make it unit length again."""
    from onnx import TensorProto, helper, numpy_helper

    constants = {
        "nim_places": np.arange(full, dtype=np.int64)[None],
        "nim_full": np.array([full], np.int64),
        "nim_first": np.array([0], np.int64),
        "nim_axis": np.array([1], np.int64),
        "nim_nothing": np.array(0, np.float32),
    }
    steps: tuple[tuple[str, list[str], str, dict[str, int]], ...] = (
        ("Min", ["dimensions", "nim_full"], "nim_sizes", {}),
        ("Unsqueeze", ["nim_sizes", "nim_axis"], "nim_column", {}),
        ("Less", ["nim_places", "nim_column"], "nim_kept", {}),
        ("Where", ["nim_kept", OUTPUT, "nim_nothing"], "nim_masked", {}),
        ("ReduceMax", ["nim_sizes"], "nim_longest", {"keepdims": 1}),
        ("Slice", ["nim_masked", "nim_first", "nim_longest", "nim_axis"], "nim_cut", {}),
        ("ReduceL2", ["nim_cut", "nim_axis"], "nim_length", {"keepdims": 1}),
        ("Div", ["nim_cut", "nim_length"], EMBEDDINGS, {}),
    )
    graph = model.graph
    graph.initializer.extend(numpy_helper.from_array(value, name) for name, value in constants.items())
    graph.node.extend(
        helper.make_node(kind, given, [made], **settings) for kind, given, made, settings in steps
    )
    graph.input.append(helper.make_tensor_value_info("dimensions", TensorProto.INT64, ["batch"]))
    del graph.output[:]
    graph.output.append(helper.make_tensor_value_info(EMBEDDINGS, TensorProto.FLOAT, ["batch", "dimension"]))
