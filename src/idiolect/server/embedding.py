"""A request for vectors, from its body to its answer."""

import asyncio
import logging
import math

from idiolect.runtimes.base import Kind, TokenIds, Truncate, Vectors
from idiolect.runtimes.encoder import unit
from idiolect.server.answer import written
from idiolect.server.contract import EmbeddingRequest
from idiolect.server.engine import QueueFullError, StoppedError
from idiolect.server.observing import Facts
from idiolect.server.refusal import RefusedError
from idiolect.server.service import ServedModel, Service, not_ready

log = logging.getLogger(__name__)

INLINE_CHARACTERS = 10_000
"""Up to this much text is tokenised at once, above it in another thread."""

CHARACTERS = 6
"""Of a token, rather too many than too few, so that a request is not refused for tokens that it does not have."""

INLINE_NUMBERS = 32 * 1024
"""Up to so many numbers are written at once, above it in another thread."""


async def embed(service: Service, request: EmbeddingRequest, facts: Facts) -> bytes:
    """The answer as JSON. Refuses what the model cannot do with 400, a full queue with 429."""
    while True:
        model, suffix = service.find(request.model)
        facts.model, facts.texts = model.manifest.name, len(request.texts)
        kind = _kind(request, suffix)
        dimensions = _dimensions(request, model)
        try:
            vectors = await encoded(service, model, request, kind, facts)
            break
        except StoppedError:
            pass  # all of the texts are the new model's now
    if dimensions < vectors.shape[1]:
        vectors = unit(vectors[:, :dimensions])
    answer = (vectors, request.encoding_format == "base64", request.model, facts.tokens)
    return written(*answer) if vectors.size <= INLINE_NUMBERS else await asyncio.to_thread(written, *answer)


async def encoded(
    service: Service, model: ServedModel, request: EmbeddingRequest, kind: Kind, facts: Facts
) -> Vectors:
    """Whole vectors [texts, dimension], which a challenger is offered too.

    Refuses a full queue with 429, a server that stops with 503. Raises StoppedError where another model took this one's
    place while the texts were tokenised.
    """
    try:
        with facts.tracing.span("tokenise"):
            tokens = await _tokenised(request, model, kind)
        with facts.tracing.span("encode"):
            vectors = await _vectors(model, tokens)
    except StoppedError:
        if service.models.get(model.manifest.name) is model:
            raise not_ready("stopping") from None
        raise
    except QueueFullError as full:
        raise _queue_full(full) from None
    if shadow := service.shadows.get(model.manifest.name):
        cut: Truncate = "START" if request.truncate == "START" else "END"
        shadow.offer(model.manifest.model_digest, request.texts, kind, cut, vectors)
    facts.tokens = sum(map(len, tokens))
    return vectors


def _kind(request: EmbeddingRequest, suffix: Kind | None) -> Kind:
    if suffix and request.input_type and suffix != request.input_type:
        raise RefusedError(
            400,
            f"input_type {request.input_type!r} contradicts the suffix of model {request.model[:100]!r}",
            param="input_type",
        )
    return request.input_type or suffix or "passage"


def _dimensions(request: EmbeddingRequest, model: ServedModel) -> int:
    if request.dimensions is None:
        return model.manifest.dimension
    if request.dimensions not in model.manifest.dimensions:
        known = ", ".join(map(str, model.manifest.dimensions))
        raise RefusedError(
            400,
            f"the model was not trained for dimensions={request.dimensions}; there is {known}",
            param="dimensions",
        )
    return request.dimensions


def _tokens(request: EmbeddingRequest, model: ServedModel, kind: Kind) -> list[TokenIds]:
    truncate = request.truncate or "END"
    if truncate != "NONE":
        return model.runtime.tokens(request.texts, kind, truncate)
    tokens = model.runtime.tokens(request.texts, kind, None)
    most = model.manifest.max_tokens
    for index, ids in enumerate(tokens):
        if len(ids) > most:
            raise RefusedError(
                400,
                f"text {index} has {len(ids):,} tokens, the model takes {most:,}: shorten it or set truncate to END",
                param="input",
                code="context_length_exceeded",
            )
    return tokens


async def _tokenised(request: EmbeddingRequest, model: ServedModel, kind: Kind) -> list[TokenIds]:
    if sum(map(len, request.texts)) <= INLINE_CHARACTERS:
        return _tokens(request, model, kind)
    most = model.manifest.max_tokens
    with model.engine.announce(sum(min(len(text) // CHARACTERS, most) for text in request.texts)):
        return await asyncio.to_thread(_tokens, request, model, kind)


def _queue_full(full: QueueFullError) -> RefusedError:
    seconds = min(max(full.retry_after, 0.05), 30.0)
    return RefusedError(
        429,
        f"{full.waiting:,} tokens are waiting already: try again in {seconds:.1f} s",
        code="queue_full",
        headers={"retry-after-ms": str(int(seconds * 1000)), "retry-after": str(math.ceil(seconds))},
    )


async def _vectors(model: ServedModel, tokens: list[TokenIds]) -> Vectors:
    try:
        return await asyncio.wrap_future(model.engine.submit(tokens))
    except (QueueFullError, StoppedError):
        raise
    except Exception as error:  # whatever the runtime raises
        log.exception("a forward pass of %s failed", model.manifest.name)
        raise RefusedError(500, f"the model failed ({type(error).__name__})") from None
