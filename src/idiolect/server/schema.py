"""`/openapi.json`: the routes as FastAPI knows them, the records as msgspec does."""

import copy
from typing import Any

import msgspec

from idiolect.lifecycle.feedback.events import Action, Impression
from idiolect.server.contract import EmbeddingAnswer, EmbeddingRequest
from idiolect.server.feedback_contract import MOST_EVENTS, FeedbackAnswer
from idiolect.server.refusal import ErrorAnswer
from idiolect.server.search_contract import SearchAnswer, SearchRequest

EMBEDDINGS = "/v1/embeddings"

SEARCH = "/v1/search"

FEEDBACK = "/v1/feedback"

TEMPLATE = "#/components/schemas/{name}"

_, COMPONENTS = msgspec.json.schema_components(
    [
        EmbeddingRequest,
        EmbeddingAnswer,
        SearchRequest,
        SearchAnswer,
        Impression,
        Action,
        FeedbackAnswer,
        ErrorAnswer,
    ],
    ref_template=TEMPLATE,
)


def body(record: type) -> dict[str, Any]:
    """A JSON body of `record`, for a route's description."""
    return {"content": {"application/json": {"schema": {"$ref": TEMPLATE.format(name=record.__name__)}}}}


def refusals(*statuses: int) -> dict[int | str, dict[str, Any]]:
    meanings = {
        400: "the request is wrong",
        401: "no key, or an unknown one",
        403: "the server has no keys, and this needs one",
        404: "no such model",
        408: "the body came too slowly",
        409: "nothing was changed",
        413: "the body is too large",
        429: "the queue is full; retry-after-ms says when to try again",
        500: "the server failed",
        503: "the server is loading or stopping",
    }
    return {status: {"description": meanings[status], **body(ErrorAnswer)} for status in statuses}


def operations() -> dict[str, dict[str, Any]]:
    """Those that FastAPI does not know, by their path."""
    embeddings: dict[str, Any] = {
        "summary": "Embeddings",
        "description": "Vectors of texts.",
        "operationId": "embeddings",
        "requestBody": {"required": True, **body(EmbeddingRequest)},
        "responses": _answers("vectors, in the order of the texts", EmbeddingAnswer),
    }
    search: dict[str, Any] = {
        "summary": "Search",
        "description": "Passages of the store that the server was given.",
        "operationId": "search",
        "requestBody": {"required": True, **body(SearchRequest)},
        "responses": _answers("hits, best first", SearchAnswer),
    }
    search["responses"]["404"]["description"] = "the server was started without a store"
    search["responses"]["503"]["description"] = (
        "the server is loading or stopping, or the store cannot be searched"
    )
    return {EMBEDDINGS: embeddings, SEARCH: search, FEEDBACK: _feedback()}


def _feedback() -> dict[str, Any]:
    event = {"oneOf": [{"$ref": TEMPLATE.format(name=one.__name__)} for one in (Impression, Action)]}
    events = {"type": "array", "items": event, "minItems": 1, "maxItems": MOST_EVENTS}
    feedback: dict[str, Any] = {
        "summary": "Feedback",
        "description": "What was shown, and what was done with it: one event or a list.",
        "operationId": "feedback",
        "requestBody": {
            "required": True,
            "content": {"application/json": {"schema": {"anyOf": [event, events]}}},
        },
        "responses": _answers("what became of the events", FeedbackAnswer),
    }
    feedback["responses"]["404"]["description"] = "the server was started without --feedback"
    feedback["responses"]["503"]["description"] = (
        "the server is loading or stopping, or cannot keep events now"
    )
    return feedback


def _answers(found: str, record: type) -> dict[str, Any]:
    refused = refusals(400, 401, 404, 408, 413, 429, 500, 503)
    return {"200": {"description": found, **body(record)}} | {
        str(status): told for status, told in refused.items()
    }


def completed(
    described: dict[str, Any], guarded: bool, models: list[str], dimensions: list[int]
) -> dict[str, Any]:
    """FastAPI's description with the other operations, the records, the models and dimensions that are served, the kind
    of key, and without the 422 that is never answered.
    """
    components = described.setdefault("components", {})
    schemas = components.setdefault("schemas", {})
    for unused in ("HTTPValidationError", "ValidationError"):
        schemas.pop(unused, None)
    schemas.update(copy.deepcopy(COMPONENTS))
    fields = schemas[EmbeddingRequest.__name__]["properties"]
    fields["model"]["enum"] = models
    fields["dimensions"]["anyOf"][0]["enum"] = dimensions
    for path, operation in operations().items():
        described["paths"].setdefault(path, {})["post"] = operation
        if guarded:
            operation["security"] = [{"key": []}]
    if guarded:
        components["securitySchemes"] = {"key": {"type": "http", "scheme": "bearer"}}
    for path in described["paths"].values():
        for known in path.values():
            known["responses"].pop("422", None)
    return described
