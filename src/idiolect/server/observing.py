"""Every answer counted, timed, logged and traced, without what was asked."""

import logging
import time
from collections.abc import Awaitable, Callable, MutableMapping
from dataclasses import dataclass
from typing import Any

from idiolect.server.telemetry import Telemetry
from idiolect.server.tracing import Tracing

log = logging.getLogger("idiolect.requests")

Message = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]
App = Callable[[Message, Receive, Send], Awaitable[None]]


@dataclass
class Facts:
    """What a request turned out to be; its route fills it in, under "facts" of the ASGI scope."""

    tracing: Tracing
    model: str = ""
    texts: int = 0
    tokens: int = 0
    impression: str = ""


class Observed:
    """The application, observed."""

    def __init__(self, app: App, telemetry: Telemetry, tracing: Tracing) -> None:
        self.app = app
        self.telemetry = telemetry
        self.tracing = tracing

    async def __call__(self, scope: Message, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        began = time.monotonic()
        facts = scope["facts"] = Facts(self.tracing)
        status = 500
        observed = False

        with self.tracing.span(scope["method"], _Headers(scope)) as span:

            def observe() -> None:
                nonlocal observed
                if observed:
                    return
                observed = True
                route = getattr(scope.get("route"), "path", "unknown")
                seconds = time.monotonic() - began
                self.telemetry.answered(route, status, seconds)
                if span is not None:
                    span.update_name(f"{scope['method']} {route}")
                    self.tracing.tell(span, _attributes(scope["method"], route, status, facts), status >= 500)
                if log.isEnabledFor(logging.INFO):
                    log.info("request", extra={"facts": _logged(route, status, seconds, facts)})

            async def noting(message: Message) -> None:
                nonlocal status
                if message["type"] == "http.response.start":
                    status = message["status"]
                elif not message.get("more_body", False):
                    # Before its last bytes leave: whoever has the answer finds it counted.
                    observe()
                await send(message)

            try:
                await self.app(scope, receive, noting)
            finally:
                observe()


class _Headers(dict[str, str]):
    """A request's headers, read only where a tracer asks for them."""

    def __init__(self, scope: Message) -> None:
        super().__init__()
        self._scope = scope

    def get(self, name: str, default: Any = None) -> Any:
        wanted = name.lower().encode()
        return next(
            (value.decode("latin-1") for key, value in self._scope["headers"] if key == wanted), default
        )


def _logged(route: str, status: int, seconds: float, facts: Facts) -> dict[str, Any]:
    logged = {
        "route": route,
        "status": status,
        "ms": round(seconds * 1000, 2),
        "model": facts.model,
        "texts": facts.texts,
        "tokens": facts.tokens,
    }
    return logged | ({"impression_id": facts.impression} if facts.impression else {})


def _attributes(method: str, route: str, status: int, facts: Facts) -> dict[str, str | int]:
    """In the names of OpenTelemetry's semantic conventions, its own where they have none."""
    attributes: dict[str, str | int] = {
        "http.request.method": method,
        "http.route": route,
        "http.response.status_code": status,
    }
    if facts.model:
        attributes |= {
            "gen_ai.operation.name": "embeddings",
            "gen_ai.request.model": facts.model,
            "gen_ai.usage.input_tokens": facts.tokens,
            "idiolect.texts": facts.texts,
        }
    return attributes
