"""[serve] of idiolect.toml."""

from typing import Annotated, Literal

from msgspec import Meta

from idiolect.config.sections.section import Section


class Serve(Section, frozen=True, kw_only=True):
    host: Annotated[str, Meta(description="address to listen on")] = "127.0.0.1"
    port: Annotated[int, Meta(ge=0, le=65535, description="port to listen on; 0 takes a free one")] = 8000
    max_batch_tokens: Annotated[
        int,
        Meta(
            ge=0,
            description="padded tokens in one forward pass at most; 0 takes half of what the runtime does a corpus in",
        ),
    ] = 0
    max_queue_tokens: Annotated[
        int, Meta(ge=1, description="tokens waiting before further requests get 429")
    ] = 200_000
    cache_mb: Annotated[
        float, Meta(ge=0, description="MB of vectors kept for texts that are asked for again; 0 keeps none")
    ] = 64.0
    max_body_mb: Annotated[
        float, Meta(gt=0, description="MB of the largest request body; larger ones get 413")
    ] = 64.0
    client_seconds: Annotated[
        float,
        Meta(
            gt=0,
            description="seconds that a client may take to send a header, to begin a body, or to read an answer on",
        ),
    ] = 30.0
    log: Annotated[
        Literal["warnings", "requests"],
        Meta(description="what is logged, as JSON lines without texts: failures, or every request too"),
    ] = "warnings"
    otlp_endpoint: Annotated[
        str,
        Meta(
            description="where traces go, e.g. http://localhost:4318; empty takes OTEL_EXPORTER_OTLP_ENDPOINT"
        ),
    ] = ""
    watch_seconds: Annotated[
        float,
        Meta(
            ge=0, description="seconds between looks for another bundle at a path, which is reloaded; 0: none"
        ),
    ] = 0.0
    shadow: Annotated[
        tuple[str, ...],
        Meta(
            description="NAME=BUNDLE:SHARE: a challenger that encodes a share of a model's requests, to be compared"
        ),
    ] = ()
    store: Annotated[
        str,
        Meta(
            description="what `idiolect index` made with a served bundle, for /v1/search: a folder or URI; empty: none"
        ),
    ] = ""
    feedback: Annotated[
        str,
        Meta(
            description="WORK folder whose feedback.db keeps what searches showed and /v1/feedback is told; empty: none"
        ),
    ] = ""
