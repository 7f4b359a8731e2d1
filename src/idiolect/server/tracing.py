"""OpenTelemetry spans of requests, without texts; nothing where no endpoint is configured."""

import contextlib
import os
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from idiolect.errors import MissingExtra

if TYPE_CHECKING:
    from opentelemetry.sdk.trace.export import SpanExporter

ENDPOINTS = ("OTEL_EXPORTER_OTLP_TRACES_ENDPOINT", "OTEL_EXPORTER_OTLP_ENDPOINT")

Attributes = Mapping[str, str | int]


class Tracing:
    """Opens spans; this one does not."""

    def span(
        self, name: str, headers: Mapping[str, str] | None = None
    ) -> contextlib.AbstractContextManager[Any]:
        """A span that lasts as long as the context; `headers` may name the caller's."""
        return contextlib.nullcontext()

    def tell(self, span: Any, attributes: Attributes, failed: bool) -> None:
        """Add what is known once a request has been answered."""

    def close(self) -> None:
        """Send what is left."""


class OpenTelemetry(Tracing):
    """Spans to an exporter, in batches."""

    def __init__(self, exporter: "SpanExporter") -> None:
        from opentelemetry.sdk.resources import Resource
        from opentelemetry.sdk.trace import TracerProvider
        from opentelemetry.sdk.trace.export import BatchSpanProcessor

        service = {} if os.environ.get("OTEL_SERVICE_NAME") else {"service.name": "idiolect"}
        self.provider = TracerProvider(resource=Resource.create(service))
        self.provider.add_span_processor(BatchSpanProcessor(exporter))
        self._tracer = self.provider.get_tracer("idiolect.server")

    def span(
        self, name: str, headers: Mapping[str, str] | None = None
    ) -> contextlib.AbstractContextManager[Any]:
        from opentelemetry import propagate, trace

        if headers is None:
            return self._tracer.start_as_current_span(name, record_exception=False)
        return self._tracer.start_as_current_span(
            name,
            context=propagate.extract(headers),
            kind=trace.SpanKind.SERVER,
            record_exception=False,
        )

    def tell(self, span: Any, attributes: Attributes, failed: bool) -> None:
        from opentelemetry import trace

        span.set_attributes(attributes)
        if failed:
            span.set_status(trace.StatusCode.ERROR)

    def close(self) -> None:
        self.provider.shutdown()


def open_tracing(endpoint: str = "") -> Tracing:
    """Tracing to `endpoint`, else to where the environment says, else none. Raises MissingExtra without the SDK."""
    if not endpoint and not any(os.environ.get(name) for name in ENDPOINTS):
        return Tracing()
    try:
        from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
    except ModuleNotFoundError as error:
        raise MissingExtra(error.name or "opentelemetry-sdk", "otel") from None
    exporter = OTLPSpanExporter(endpoint.rstrip("/") + "/v1/traces") if endpoint else OTLPSpanExporter()
    return OpenTelemetry(exporter)
