"""What `/metrics` counts, in Prometheus' terms."""

from collections.abc import Callable

from prometheus_client import (
    CONTENT_TYPE_LATEST,
    CollectorRegistry,
    Counter,
    Gauge,
    Histogram,
    ProcessCollector,
    generate_latest,
)

from idiolect.server.engine import Watch

__all__ = ["CONTENT_TYPE_LATEST", "ModelMetrics", "ShadowMetrics", "Telemetry"]

SECONDS = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30)
TEXTS = (1, 2, 4, 8, 16, 32, 64, 128, 256, 512)
COSINES = (0.5, 0.7, 0.8, 0.9, 0.95, 0.98, 0.99, 0.995, 0.999, 0.9999, 1)
SHARES = (0, 0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9, 1)


class Telemetry:
    """One registry a service, so that several may live in one process."""

    def __init__(self) -> None:
        self.registry = CollectorRegistry()
        ProcessCollector(registry=self.registry)
        self.requests = self._counter("requests", "Answered requests", "route", "status")
        self.request_seconds = self._histogram("request_seconds", "Time to answer", SECONDS, "route")
        self.texts = self._counter("texts", "Texts encoded", "model")
        self.tokens = self._counter("tokens", "Tokens encoded", "model")
        self.padded = self._counter(
            "padded_tokens", "Tokens multiplied, padding included: tokens/padded is the efficiency", "model"
        )
        self.cached = self._counter("cached_texts", "Texts whose vectors the cache had", "model")
        self.joined = self._counter("joined_texts", "Texts that were in flight already", "model")
        self.batch_texts = self._histogram("batch_texts", "Texts in a forward pass", TEXTS, "model")
        self.batch_seconds = self._histogram("batch_seconds", "Time of a forward pass", SECONDS, "model")
        self.engine_seconds = self._histogram(
            "engine_seconds", "Time that a request's tokens wait and are computed", SECONDS, "model"
        )
        self.queue = Gauge(
            "idiolect_queue_tokens", "Tokens waiting or in work", ["model"], registry=self.registry
        )
        self.reloads = self._counter("reloads", "Models that a reload has put into place", "model")
        self.shadow_texts = self._counter("shadow_texts", "Texts given to the challenger too", "model")
        self.shadow_dropped = self._counter(
            "shadow_dropped_texts", "Texts that the challenger had no time for", "model"
        )
        self.shadow_cosine = self._histogram(
            "shadow_cosine", "Cosine of the challenger's vector to the answer's", COSINES, "model"
        )
        self.shadow_overlap = self._histogram(
            "shadow_rank_overlap", "Share of a text's nearest that both models find", SHARES, "model"
        )
        self.feedback = self._counter(
            "feedback_events",
            "Events: impressions and actions kept, again: kept before, waiting for their impression, set_aside, lost",
            "outcome",
        )

    def _counter(self, name: str, what: str, *labels: str) -> Counter:
        return Counter(f"idiolect_{name}", what, labels, registry=self.registry)

    def _histogram(self, name: str, what: str, buckets: tuple[float, ...], label: str) -> Histogram:
        return Histogram(f"idiolect_{name}", what, [label], buckets=buckets, registry=self.registry)

    def answered(self, route: str, status: int, seconds: float) -> None:
        self.requests.labels(route, str(status)).inc()
        self.request_seconds.labels(route).observe(seconds)

    def queued(self, model: str, tokens: Callable[[], float]) -> None:
        """Show what `tokens` tells as the queue of `model`."""
        self.queue.labels(model).set_function(tokens)

    def page(self) -> bytes:
        return bytes(generate_latest(self.registry))


class ModelMetrics(Watch):
    """What one model's engine does."""

    def __init__(self, telemetry: Telemetry, model: str) -> None:
        self._texts = telemetry.texts.labels(model)
        self._tokens = telemetry.tokens.labels(model)
        self._padded = telemetry.padded.labels(model)
        self._cached = telemetry.cached.labels(model)
        self._joined = telemetry.joined.labels(model)
        self._batch_texts = telemetry.batch_texts.labels(model)
        self._batch_seconds = telemetry.batch_seconds.labels(model)
        self._engine_seconds = telemetry.engine_seconds.labels(model)

    def computed(self, texts: int, tokens: int, padded: int, seconds: float) -> None:
        self._texts.inc(texts)
        self._tokens.inc(tokens)
        self._padded.inc(padded)
        self._batch_texts.observe(texts)
        self._batch_seconds.observe(seconds)

    def waited(self, seconds: float) -> None:
        self._engine_seconds.observe(seconds)

    def spared(self, cached: int, joined: int) -> None:
        self._cached.inc(cached)
        self._joined.inc(joined)


class ShadowMetrics:
    """How a challenger compares with the model whose answers are sent."""

    def __init__(self, telemetry: Telemetry, model: str) -> None:
        self.texts = telemetry.shadow_texts.labels(model)
        self.dropped = telemetry.shadow_dropped.labels(model)
        self.cosine = telemetry.shadow_cosine.labels(model)
        self.overlap = telemetry.shadow_overlap.labels(model)
