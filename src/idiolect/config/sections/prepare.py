"""[prepare] of idiolect.toml."""

from typing import Annotated, Literal

from msgspec import Meta

from idiolect.config.sections.section import Fraction, Section


class Prepare(Section, frozen=True, kw_only=True):
    test_fraction: Annotated[Fraction, Meta(description="share of the documents whose queries only test")] = (
        0.1
    )
    dev_fraction: Annotated[
        Fraction, Meta(description="share of the documents whose queries only select")
    ] = 0.1
    negatives: Annotated[int, Meta(ge=1, description="hard negatives of a query")] = 4
    listwise: Annotated[int, Meta(ge=2, description="candidates whose ranking a copied query distils")] = 7
    margin: Annotated[
        float, Meta(gt=0, le=1, description="a negative scores below margin × the lowest positive's score")
    ] = 0.95
    candidates: Annotated[int, Meta(ge=2, description="top ranks of the fused ranking that are mined")] = 30
    masked_queries: Annotated[
        int, Meta(ge=10, description="masked pseudo-queries that choose the fusion's weight, k1 and b")
    ] = 300
    dev_corpus: Annotated[
        int, Meta(ge=50, description="passages that a checkpoint is ranked over on dev")
    ] = 1_000
    queries: Annotated[
        str,
        Meta(description="queries that people asked: BEIR's queries.jsonl, or a CSV of query and document"),
    ] = ""
    qrels: Annotated[str, Meta(description="their judgments: BEIR's qrels TSV; not needed beside a CSV")] = ""
    feedback: Annotated[
        bool, Meta(description="train also on what `feedback learn` has learnt, where WORK holds it")
    ] = True
    labels_as: Annotated[
        Literal["train", "dev", "test", "split"],
        Meta(description="what those queries are used for; split divides them by query"),
    ] = "split"
