"""The store behind a URI."""

from importlib.util import find_spec
from pathlib import Path

from idiolect.errors import MissingExtra, UsageError
from idiolect.index.store import Store


def open_store(uri: str) -> Store:
    """A folder is LanceDB's. Raises UsageError for a kind that is not known, and what the store raises."""
    scheme, separator, _ = uri.partition("://")
    if not separator:
        from idiolect.index.stores.lance import LanceStore

        return LanceStore(Path(uri))
    if scheme in ("postgresql", "postgres"):
        from idiolect.index.stores.postgres import PostgresStore

        return PostgresStore(uri)
    if scheme in ("qdrant", "qdrants"):
        if find_spec("qdrant_client") is None:
            raise MissingExtra("qdrant-client", "qdrant")
        from idiolect.index.stores.qdrant import QdrantStore

        return QdrantStore(uri)
    raise UsageError(
        f"--store {scheme}://…: {scheme!r} is no store that is known; give a folder, postgresql://… or qdrant://…"
    )
