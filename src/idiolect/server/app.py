"""The routes: what stands at which path."""

import asyncio
import logging
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from typing import Any

import msgspec
from fastapi import Depends, FastAPI, Request, Response
from fastapi.exceptions import RequestValidationError
from fastapi.openapi.utils import get_openapi
from fastapi.responses import HTMLResponse, PlainTextResponse
from starlette.exceptions import HTTPException
from starlette.routing import Route

from idiolect import __version__
from idiolect.errors import IdiolectError
from idiolect.server import contract, feedback_contract, page, schema, search_contract
from idiolect.server.embedding import embed
from idiolect.server.feedback import take
from idiolect.server.keys import Keys
from idiolect.server.observing import App, Facts, Message, Observed, Receive, Send
from idiolect.server.refusal import RefusedError
from idiolect.server.searching import search
from idiolect.server.service import ServedModel, Service, not_ready
from idiolect.server.telemetry import CONTENT_TYPE_LATEST
from idiolect.server.tracing import Tracing

log = logging.getLogger(__name__)

SLOWEST_BODY = 64 * 2**10
"""Bytes of a body that a client must send in each second once its patience is used up."""


def create(service: Service, keys: Keys, tracing: Tracing | None = None) -> FastAPI:
    """The application over a service, which is closed when the application stops."""
    config = service.config
    tracing = tracing or Tracing()

    @asynccontextmanager
    async def lifespan(_: FastAPI) -> AsyncIterator[None]:
        yield
        await asyncio.to_thread(service.close)
        tracing.close()

    app = FastAPI(
        title="idiolect",
        version=__version__,
        lifespan=lifespan,
        docs_url=None,
        redoc_url=None,
        redirect_slashes=False,
    )

    async def authorised(request: Request) -> None:
        if not keys.admit(request.headers.get("authorization")):
            raise RefusedError(
                401,
                "give a valid API key: Authorization: Bearer KEY",
                code="invalid_api_key",
                headers={"www-authenticate": "Bearer"},
            )

    async def administrator() -> None:
        if not keys.guarding:
            raise RefusedError(403, "reloading needs keys: start the server with --api-key-file")

    guarded = [Depends(authorised)]
    secured: dict[str, Any] = {"security": [{"key": []}]} if keys.guarding else {}

    def post(path: str, answer: Callable[[bytes, Facts], Awaitable[bytes]]) -> None:
        async def answered(scope: Message, receive: Receive, send: Send) -> None:
            request = Request(scope, receive)
            await authorised(request)
            body = await _body(request, int(config.max_body_mb * 2**20), config.client_seconds)
            await _json(await answer(body, scope["facts"]))(scope, receive, send)

        app.routes.append(Route(path, _Plain(path, answered), methods=["POST"]))

    post(schema.EMBEDDINGS, lambda body, facts: embed(service, contract.parse(body), facts))
    post(schema.SEARCH, lambda body, facts: search(service, search_contract.parse(body), facts))

    post(schema.FEEDBACK, lambda body, facts: take(service, lambda: feedback_contract.parse(body)))

    @app.post(
        "/admin/reload",
        dependencies=[Depends(administrator), *guarded],
        openapi_extra=secured,
        responses=schema.refusals(401, 403, 409, 500, 503),
    )
    async def reload() -> Response:
        """Read the bundles again, and put into place what has changed."""
        try:
            changed = await asyncio.to_thread(service.reload)
        except IdiolectError:
            log.exception("a reload was refused")
            raise RefusedError(
                409, "what lies there now cannot be served, and nothing was changed: the log says why"
            ) from None
        return _json({"reloaded": changed, "models": [_listed(item) for item in service.models.values()]})

    @app.get("/v1/models", dependencies=guarded, openapi_extra=secured, responses=schema.refusals(401))
    async def models() -> Response:
        """The models that are served."""
        return _json({"object": "list", "data": [_listed(model) for model in service.models.values()]})

    @app.get(
        "/v1/models/{name}",
        dependencies=guarded,
        openapi_extra=secured,
        responses=schema.refusals(401, 404, 503),
    )
    async def model(name: str) -> Response:
        """One model, also by a name with a suffix."""
        return _json(_listed(service.find(name)[0]))

    @app.get("/v1/metadata", dependencies=guarded, openapi_extra=secured, responses=schema.refusals(401))
    async def metadata() -> Response:
        """What each bundle's manifest says, and what runs it."""
        return _json(
            {"version": __version__, "models": [_described(item) for item in service.models.values()]}
        )

    @app.get("/v1/health/live")
    async def live() -> Response:
        """200 as long as the process answers."""
        return _json({"status": "live"})

    @app.get("/v1/health/ready", responses=schema.refusals(503))
    async def ready() -> Response:
        """200 when requests are taken, 503 while the server is loading or stopping."""
        if service.state != "ready":
            raise not_ready(service.state)
        return _json({"status": "ready"})

    @app.get("/metrics", response_class=PlainTextResponse)
    async def metrics() -> Response:
        """Counters for Prometheus."""
        return Response(service.telemetry.page(), media_type=CONTENT_TYPE_LATEST)

    @app.get("/", response_class=HTMLResponse, include_in_schema=False)
    async def index(request: Request) -> Response:
        return HTMLResponse(page.render(service, f"{request.base_url}v1", keys.guarding))

    def openapi() -> dict[str, Any]:
        described = get_openapi(title=app.title, version=app.version, routes=app.routes)
        manifests = [bundle.manifest for bundle in service.bundles]
        dimensions = {dimension for manifest in manifests for dimension in manifest.dimensions}
        return schema.completed(described, keys.guarding, service.names, sorted(dimensions))

    app.openapi = openapi  # type: ignore[method-assign]
    _answer_errors(app)
    app.add_middleware(Observed, telemetry=service.telemetry, tracing=tracing)
    return app


class _Plain:
    """What stands at a path without FastAPI's arguments and models, which cost more than a query's own JSON.

    `schema` describes it instead, and it names its path for what observes it.
    """

    def __init__(self, path: str, function: App) -> None:
        self.path = path
        self.function = function

    async def __call__(self, scope: Message, receive: Receive, send: Send) -> None:
        scope["route"] = self
        await self.function(scope, receive, send)


def _answer_errors(app: FastAPI) -> None:
    """Every error in OpenAI's shape: ours, the framework's, and the unforeseen."""

    @app.exception_handler(RefusedError)
    async def refused(_: Request, refusal: RefusedError) -> Response:
        return _json(refusal.answer, refusal.status, refusal.headers)

    @app.exception_handler(HTTPException)
    async def unknown(request: Request, error: HTTPException) -> Response:
        message = f"{request.method} {request.url.path}: {error.detail}"
        return _json(
            RefusedError(error.status_code, message).answer, error.status_code, dict(error.headers or {})
        )

    @app.exception_handler(RequestValidationError)
    async def invalid(_: Request, error: RequestValidationError) -> Response:
        return _json(RefusedError(400, "; ".join(str(item["msg"]) for item in error.errors())).answer, 400)

    @app.exception_handler(Exception)
    async def failed(_: Request, error: Exception) -> Response:
        return _json(RefusedError(500, f"the server failed ({type(error).__name__})").answer, 500)


async def _body(request: Request, most: int, patience: float) -> bytes:
    """The whole body. Refuses with 413 what is larger than `most` bytes, with 408 what comes too slowly."""
    refusal = RefusedError(413, f"the body is larger than {most / 2**20:.3g} MiB: send fewer texts at once")
    if int(request.headers.get("content-length") or 0) > most:
        raise refusal
    chunks, size = [], 0
    began = asyncio.get_running_loop().time()
    try:
        async with asyncio.timeout(patience) as limit:
            async for chunk in request.stream():
                chunks.append(chunk)
                size += len(chunk)
                if size > most:
                    raise refusal
                limit.reschedule(began + patience + size / SLOWEST_BODY)
    except TimeoutError:
        raise RefusedError(
            408, "the body arrived too slowly: try again", headers={"connection": "close"}
        ) from None
    return b"".join(chunks)


def _json(value: Any, status: int = 200, headers: dict[str, str] | None = None) -> Response:
    content = value if isinstance(value, bytes) else msgspec.json.encode(value)
    return Response(content, status, headers, media_type="application/json")


def _listed(model: ServedModel) -> dict[str, Any]:
    manifest = model.manifest
    return {
        "id": manifest.name,
        "object": "model",
        "created": model.created,
        "owned_by": "idiolect",
        "digest": manifest.model_digest,
        "weights": manifest.weights,
        "verdict": manifest.verdict,
        "dimension": manifest.dimension,
        "dimensions": manifest.dimensions,
        "max_tokens": manifest.max_tokens,
    }


def _described(model: ServedModel) -> dict[str, Any]:
    facts: dict[str, Any] = msgspec.to_builtins(model.manifest)
    del facts["files"]
    return facts | {"runtime": model.runtime.name, "precision": model.runtime.precision}
