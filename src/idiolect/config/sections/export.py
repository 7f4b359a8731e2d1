"""[export] of idiolect.toml."""

from typing import Annotated, Literal

from msgspec import Meta

from idiolect.config.sections.section import Section


class Export(Section, frozen=True, kw_only=True):
    formats: Annotated[
        tuple[
            Literal[
                "onnx", "openvino", "openvino-adapter", "onnx-fp16", "onnx-int8", "openvino-int8", "tensorrt"
            ],
            ...,
        ],
        Meta(
            description="graphs in the bundle beside the weights; openvino-adapter shares those of one base where "
            "many are served, onnx-fp16 is for GPUs, int8 for CPUs"
        ),
    ] = ("onnx", "openvino")
    nim: Annotated[
        bool, Meta(description="add nim/, which NVIDIA's embedding NIM loads as a custom ONNX model")
    ] = False
