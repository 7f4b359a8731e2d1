"""A request for hits, from its body to its answer."""

import uuid
from datetime import UTC, datetime
from typing import TYPE_CHECKING

import msgspec

from idiolect.errors import InputError
from idiolect.index.store import grouped
from idiolect.lifecycle.feedback.events import Hit, Impression
from idiolect.lifecycle.feedback.moments import kept
from idiolect.runtimes.base import Vectors
from idiolect.server.contract import EmbeddingRequest
from idiolect.server.embedding import encoded
from idiolect.server.engine import StoppedError
from idiolect.server.observing import Facts
from idiolect.server.refusal import RefusedError
from idiolect.server.search_contract import TOP, SearchAnswer, SearchRequest
from idiolect.server.service import Service, not_ready

if TYPE_CHECKING:
    from idiolect.server.stored import Bound


async def search(service: Service, request: SearchRequest, facts: Facts) -> bytes:
    """The answer as JSON. Refuses with 404 where there is no store, and what `encoded` and `Stored.run` refuse."""
    stored = service.stored
    if stored is None:
        raise RefusedError(
            404,
            "the server was started without --store and has nothing to search: "
            "idiolect serve BUNDLE --store URI",
            code="no_store",
        )
    if service.state != "ready":
        raise not_ready(service.state)
    facts.texts = 1
    while True:
        bound = await stored.run(lambda: stored.bind(service.models))
        facts.model = bound.model.manifest.name
        try:
            vectors = None if request.mode == "lexical" else await _encoded(service, bound, request, facts)
            break
        except StoppedError:
            pass  # the store is the new model's now, or nobody's
    impression = f"imp_{uuid.uuid4().hex}"
    with facts.tracing.span("search"):
        answer = await stored.run(lambda: _answer(service, bound, request, vectors, impression))
    facts.impression = impression
    return answer


async def _encoded(service: Service, bound: "Bound", request: SearchRequest, facts: Facts) -> Vectors:
    asked = EmbeddingRequest(input=request.query, model=bound.model.manifest.name)
    return await encoded(service, bound.model, asked, "query", facts)


def _answer(
    service: Service, bound: "Bound", request: SearchRequest, vectors: Vectors | None, impression: str
) -> bytes:
    mode = request.mode or "hybrid"
    try:
        hits = bound.searcher.search(
            request.query,
            request.top or TOP,
            mode,
            grouped(request.where or ()),
            request.unit or "chunk",
            request.context or 0,
            None if vectors is None else vectors[0],
        )
    except InputError:  # the query has no letter or digit, which no schema can ask for
        hits = []
    found = SearchAnswer(impression_id=impression, model=bound.model.manifest.name, mode=mode, hits=hits)
    recorder = service.recorder
    if recorder is not None and recorder.wanted(bool(request.consent)):
        recorder.shown(_impression(request, found))
    return msgspec.json.encode(found)


def _impression(request: SearchRequest, found: SearchAnswer) -> Impression:
    return Impression(
        id=found.impression_id,
        time=kept(datetime.now(UTC)),
        query=request.query,
        hits=[Hit(rank=hit.rank, document=hit.document_id, chunk=hit.chunk_id) for hit in found.hits],
        user=request.user or "",
        session=request.session or "",
        model=found.model,
        mode=found.mode,
        consent=bool(request.consent),
    )
