"""[train] of idiolect.toml."""

from typing import Annotated, Literal

from msgspec import Meta

from idiolect.config.sections.section import Section


class Train(Section, frozen=True, kw_only=True):
    base: Annotated[
        str,
        Meta(
            description="base model: a directory, a hub name, auto (all-MiniLM-L6-v2 from its package), or, for "
            "adapter = linear, an embedding endpoint's URL#MODEL"
        ),
    ] = "auto"
    start: Annotated[
        str,
        Meta(
            description="a tuned or merged model of the base's architecture that training starts from; "
            "the base stays what it must beat"
        ),
    ] = ""
    epochs: Annotated[
        int, Meta(ge=0, description="passes over the training queries; 0 judges train.start as it is")
    ] = 1
    learning_rate: Annotated[
        float,
        Meta(
            ge=0,
            description="peak learning rate of AdamW; 0 takes the adapter's own: 2e-5, lora 2e-4, linear 3e-4",
        ),
    ] = 0.0
    batch_size: Annotated[int, Meta(ge=2, description="queries a step")] = 32
    max_tokens: Annotated[
        int, Meta(ge=16, description="tokens of a passage that training reads; serving reads the whole chunk")
    ] = 128
    temperature: Annotated[float, Meta(gt=0, description="softmax temperature of the contrastive loss")] = (
        0.05
    )
    contrastive: Annotated[
        float,
        Meta(
            ge=0, description="weight of the contrastive loss of written queries; copied ones are distilled"
        ),
    ] = 1.0
    hardness: Annotated[
        float,
        Meta(
            ge=0, description="there, a negative weighs exp(hardness x cosine): 0 all alike, 5 to 9 published"
        ),
    ] = 0.0
    guide: Annotated[
        Literal["base", "fused", "cross-encoder"],
        Meta(
            description="who says which passages of a batch are no negatives: at prepare.margin x the positive"
        ),
    ] = "base"
    distill: Annotated[
        float,
        Meta(ge=0, description="weight of distilling the teacher's ranking of written queries' candidates"),
    ] = 0.0
    teacher: Annotated[
        Literal["fused", "cross-encoder", "llm"],
        Meta(description="whose ranking is distilled, if it beats the base on dev; llm is generate's judge"),
    ] = "fused"
    cross_encoder: Annotated[
        str, Meta(description="directory or hub name of the cross-encoder that guides or teaches")
    ] = ""
    complementary: Annotated[
        float,
        Meta(
            ge=0, description="weight of the contrastive loss on the hybrid score, for target = 'retriever'"
        ),
    ] = 0.0
    spread: Annotated[
        float, Meta(ge=0, description="weight of spreading queries and passages apart over the sphere")
    ] = 0.0
    micro_batch: Annotated[
        int,
        Meta(
            ge=0, description="texts encoded at once, twice each, so that large batches fit; 0 keeps them all"
        ),
    ] = 0
    adapter: Annotated[
        Literal["full", "lora", "last-layers", "linear"],
        Meta(
            description="what learns: all weights, LoRA, the last two layers, or a linear map of the base's vectors"
        ),
    ] = "full"
    lora_rank: Annotated[int, Meta(ge=1, description="rank of LoRA's updates")] = 16
    dimensions: Annotated[
        tuple[int, ...],
        Meta(description="Matryoshka dimensions that are trained; those the base lacks are left out"),
    ] = (384, 256, 128, 64)
    target: Annotated[
        Literal["embedding", "retriever"],
        Meta(description="what selection and verdict judge: the vectors alone, or idiolect's hybrid search"),
    ] = "embedding"
    max_minutes: Annotated[float, Meta(ge=0, description="stop training after this long; 0 is no limit")] = (
        0.0
    )
    soup: Annotated[
        bool,
        Meta(
            description="the average of the last three checkpoints takes the best one's place where dev likes it"
        ),
    ] = False
    label_weight: Annotated[
        int, Meta(ge=1, description="how often an epoch shows a query that people asked; written ones once")
    ] = 1
