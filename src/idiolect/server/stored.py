"""The store that `/v1/search` looks into, and the served model that its vectors are from."""

import asyncio
import contextlib
import logging
import threading
from collections.abc import Callable, Iterable, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import TYPE_CHECKING, TypeVar

from idiolect.bundle import Manifest
from idiolect.errors import StoreError
from idiolect.index.searching import Searcher
from idiolect.index.stores.opening import open_store
from idiolect.server.refusal import RefusedError

if TYPE_CHECKING:
    from idiolect.server.service import ServedModel

log = logging.getLogger(__name__)

THREADS = 4
"""Searches at once: numpy and the stores compute outside of Python's lock."""

WAITING = 64
"""Searches that may wait for one of those; those beyond get 429."""

Result = TypeVar("Result")


class _AnotherModelError(StoreError):
    """None of the served models made the store's vectors."""


@dataclass(frozen=True)
class Bound:
    """The store, read with the model that made it."""

    model: "ServedModel"
    searcher: Searcher


class Stored:
    """A store that is read in threads of its own, as it was committed last."""

    def __init__(self, uri: str, manifests: Iterable[Manifest]) -> None:
        """Raises StoreError for a store without an index, or of a model that is not among the manifests."""
        self._store = open_store(uri)
        self._bound: Bound | None = None
        self._changing = threading.Lock()
        self._pool = ThreadPoolExecutor(THREADS, "idiolect-search")
        self._waiting = 0
        self._made_by(manifests)

    def bind(self, models: Mapping[str, "ServedModel"]) -> Bound:
        """The last commit's reader, with the one of `models` that made it.

        Looks again once in a while, and where the model was replaced. Raises StoreError where none of them made it,
        or where the store cannot be read.
        """
        with self._changing:
            bound = self._bound
            if bound is not None and models.get(bound.model.manifest.name) is bound.model:
                with contextlib.suppress(StoreError):  # it was made anew: with another of the models, perhaps
                    if bound.searcher.reader:
                        return bound
            self._bound = None
            self._bound = self._opened(models)
            return self._bound

    async def run(self, function: Callable[[], Result]) -> Result:
        """What `function` gives, called in one of the threads.

        Refuses with 429 where too many wait, with 503 where it fails.
        """
        if self._waiting >= THREADS + WAITING:
            raise RefusedError(
                429,
                f"{WAITING} searches are waiting already: try again in a second",
                code="queue_full",
                headers={"retry-after-ms": "1000", "retry-after": "1"},
            )
        self._waiting += 1
        try:
            return await asyncio.get_running_loop().run_in_executor(self._pool, function)
        except _AnotherModelError:
            log.exception("the store is another model's")
            raise RefusedError(
                503,
                "the store was made with another model than is served now: index it with that one, or serve its own; "
                "the log says more",
            ) from None
        except Exception as error:  # whatever the store raises
            log.exception("the store failed")
            raise RefusedError(
                503, f"the store cannot be searched ({type(error).__name__}): the log says why"
            ) from None
        finally:
            self._waiting -= 1

    def close(self) -> None:
        """Return when the searches in work are done."""
        self._pool.shutdown()

    def _opened(self, models: Mapping[str, "ServedModel"]) -> Bound:
        """Ready to answer: what the first search reads is read."""
        manifest = self._made_by(model.manifest for model in models.values())
        model = models[manifest.name]
        searcher = Searcher(self._store, manifest, model.runtime)
        searcher.rank("warm up", 1)
        return Bound(model, searcher)

    def _made_by(self, manifests: Iterable[Manifest]) -> Manifest:
        indexed = self._store.indexed()  # which needs no LanceDB: what loads the models forks processes first
        if indexed is None:
            uri = self._store.uri
            raise StoreError(f"{uri} holds no index yet: idiolect index BUNDLE DOCS --store {uri}")
        failures = []
        manifests = list(manifests)
        for manifest in manifests:
            try:
                indexed.check(manifest, self._store.uri)
            except StoreError as error:
                failures.append(str(error))
            else:
                return manifest
        bridge = self._store.bridge()
        for manifest in manifests:
            if bridge and bridge.new == manifest.model_digest:
                return manifest
        raise _AnotherModelError(failures[0])
