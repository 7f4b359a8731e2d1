"""The HTTP service: OpenAI's embeddings API over exported bundles."""

from idiolect.server.serving import create_app, run

__all__ = ["create_app", "run"]
