"""What `/metrics` counts, in Prometheus' terms."""

from prometheus_client import (
    CONTENT_TYPE_LATEST,
    CollectorRegistry,
    Counter,
    Gauge,
    Histogram,
    generate_latest,
)

__all__ = ["CONTENT_TYPE_LATEST", "Telemetry"]

SECONDS = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30)
TEXTS = (1, 2, 4, 8, 16, 32, 64, 128, 256, 512)


class Telemetry:
    """One registry a service, so that several may live in one process."""

    def __init__(self) -> None:
        self.registry = CollectorRegistry()
        names = ["route", "status"]
        self.requests = Counter("idiolect_requests", "Answered requests", names, registry=self.registry)
        self.request_seconds = Histogram(
            "idiolect_request_seconds", "Time to answer", ["route"], buckets=SECONDS, registry=self.registry
        )
        self.texts = Counter("idiolect_texts", "Texts encoded", ["model"], registry=self.registry)
        self.tokens = Counter("idiolect_tokens", "Tokens encoded", ["model"], registry=self.registry)
        self.batch_texts = Histogram(
            "idiolect_batch_texts",
            "Texts in a forward pass",
            ["model"],
            buckets=TEXTS,
            registry=self.registry,
        )
        self.batch_seconds = Histogram(
            "idiolect_batch_seconds",
            "Time of a forward pass",
            ["model"],
            buckets=SECONDS,
            registry=self.registry,
        )
        self.waiting = Gauge(
            "idiolect_queue_tokens", "Tokens waiting or in work", ["model"], registry=self.registry
        )

    def answered(self, route: str, status: int, seconds: float) -> None:
        self.requests.labels(route, str(status)).inc()
        self.request_seconds.labels(route).observe(seconds)

    def computed(self, model: str, texts: int, tokens: int, seconds: float) -> None:
        self.texts.labels(model).inc(texts)
        self.tokens.labels(model).inc(tokens)
        self.batch_texts.labels(model).observe(texts)
        self.batch_seconds.labels(model).observe(seconds)

    def page(self) -> bytes:
        return bytes(generate_latest(self.registry))
