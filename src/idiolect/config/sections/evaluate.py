"""[evaluate] of idiolect.toml."""

from typing import Annotated, Literal

from msgspec import Meta

from idiolect.config.sections.section import Section


class Evaluate(Section, frozen=True, kw_only=True):
    beir: Annotated[tuple[str, ...], Meta(description="BEIR folders to report on; they decide nothing")] = ()
    guard: Annotated[
        tuple[str, ...],
        Meta(
            description="BEIR folders that must not fall by more than 1%: less of the training is kept instead"
        ),
    ] = ()
    against: Annotated[
        tuple[str, ...],
        Meta(
            description="other models to compare with: directories, hub names, bundles, endpoints as URL#MODEL"
        ),
    ] = ()
    tasks: Annotated[
        tuple[str, ...],
        Meta(description="texts with classes, which decide nothing: folders of folders, CSV, TSV or JSONL"),
    ] = ()
    text_column: Annotated[
        str, Meta(description="column of those tables that is the text; empty takes text, body or content")
    ] = ""
    label_column: Annotated[
        str,
        Meta(description="column of those tables that is the class; empty takes label, class or category"),
    ] = ""
    metric: Annotated[
        Literal["ndcg@10", "recall@10", "mrr@10"], Meta(description="what the verdict compares")
    ] = "ndcg@10"
