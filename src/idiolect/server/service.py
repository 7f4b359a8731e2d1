"""The models that a server holds, and whether it is ready to use them."""

import logging
import threading
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Literal

from idiolect.bundle import Bundle, Manifest
from idiolect.config import Serve
from idiolect.errors import UsageError
from idiolect.runtimes import Kind, Runtime, open_runtime
from idiolect.server import places
from idiolect.server.drift_gauges import DriftGauges
from idiolect.server.engine import Engine
from idiolect.server.refusal import RefusedError
from idiolect.server.shadow import Challenge, Shadow
from idiolect.server.sharing import runtime_for
from idiolect.server.telemetry import ModelMetrics, ShadowMetrics, Telemetry
from idiolect.server.watching import Watcher

if TYPE_CHECKING:
    from idiolect.lifecycle.feedback.keeping import Keeper
    from idiolect.server.recording import Recorder
    from idiolect.server.stored import Stored

log = logging.getLogger(__name__)

KINDS: tuple[Kind, ...] = ("query", "passage")


@dataclass(frozen=True)
class ServedModel:
    """A bundle, loaded. `created` is its manifest's time, in seconds since 1970."""

    manifest: Manifest
    runtime: Runtime
    engine: Engine
    created: int


class Service:
    """Loads bundles and finds them by name; `state` is what `/v1/health/ready` tells."""

    def __init__(
        self,
        bundles: list[Path],
        runtime: str = "auto",
        config: Serve | None = None,
        keeper: "Keeper | None" = None,
    ) -> None:
        """Read the manifests; `load` does the rest. A `keeper` keeps feedback, and is closed with the service.

        Raises UsageError without a bundle, for two of one name or a shadow of none of them, BundleError for
        what is no bundle, StoreError for a store that none of them made.
        """
        if not bundles:
            raise UsageError("serve needs at least one bundle: idiolect serve idiolect-work/bundle")
        self.config = config or Serve()
        self.paths = bundles
        self.bundles = places.read(bundles)
        self.challenges = [Challenge.parse(text) for text in self.config.shadow]
        self.challengers: dict[str, Bundle] = {}
        names = {bundle.manifest.name for bundle in self.bundles}
        for challenge in self.challenges:
            if challenge.model not in names:
                raise UsageError(
                    f"shadow {challenge.model!r}: there is no such model; there is {', '.join(names)}"
                )
            self.challengers[challenge.model] = Bundle.load(places.standing(challenge.bundle))
        self.state: Literal["loading", "ready", "draining"] = "loading"
        self.models: dict[str, ServedModel] = {}
        self.shadows: dict[str, Shadow] = {}
        self.stored = self._stored()
        self.telemetry = Telemetry()
        self.telemetry.registry.register(DriftGauges(bundles))
        self.recorder = self._recorder(keeper)
        self._runtime = runtime
        self._changing = threading.Lock()
        self._watcher: Watcher | None = None

    def load(self) -> None:
        """Check every file, load every model, hold its vectors against the golden ones, warm each up.

        Raises what `verify`, `verify_runtime` and `open_runtime` raise.
        """
        for bundle in self.bundles:
            self.models[bundle.manifest.name] = self._served(bundle, self._opened(bundle, self.bundles))
        for challenge in self.challenges:
            self.shadows[challenge.model] = self._shadow(challenge)
        if self.stored is not None:
            self.stored.bind(self.models)
        if self.recorder is not None:
            self.recorder.start()
        if self.state == "loading":
            self.state = "ready"
            if self.config.watch_seconds:
                self._watcher = Watcher(self.paths, self.config.watch_seconds, self.reload)

    def reload(self) -> list[str]:
        """Read the bundles' paths again, put what has changed there into place, and name it.

        Requests that a replaced model has taken are still answered by it. Nothing changes unless all of it
        loads. Refuses with 503 while the server is not ready, 409 while another reload runs; raises what
        `load` raises.
        """
        if self.state != "ready":
            raise not_ready(self.state)
        if not self._changing.acquire(blocking=False):
            raise RefusedError(409, "another reload is running: try again")
        try:
            bundles = places.read(self.paths)
            changed = [
                new for old, new in zip(self.bundles, bundles, strict=True) if new.manifest != old.manifest
            ]
            opened = [self._opened(bundle, bundles) for bundle in changed]
            fresh = {
                bundle.manifest.name: self._served(bundle, runtime)
                for bundle, runtime in zip(changed, opened, strict=True)
            }
            before = self.models
            names = [bundle.manifest.name for bundle in bundles]
            self.bundles, self.models = bundles, {name: fresh.get(name) or before[name] for name in names}
            for name, model in before.items():
                if self.models.get(name) is not model:
                    model.engine.stop()
            for name in fresh:
                self.telemetry.reloads.labels(name).inc()
            if fresh:
                self._rebind()
            return list(fresh)
        finally:
            self._changing.release()

    def _stored(self) -> "Stored | None":
        if not self.config.store:
            return None
        from idiolect.server.stored import Stored

        return Stored(self.config.store, [bundle.manifest for bundle in self.bundles])

    def _recorder(self, keeper: "Keeper | None") -> "Recorder | None":
        if keeper is None:
            return None
        from idiolect.server.recording import Recorder

        return Recorder(keeper, self.telemetry)

    def _rebind(self) -> None:
        """Leave what was replaced; what is wrong with the store is told to those who search."""
        if self.stored is None:
            return
        try:
            self.stored.bind(self.models)
        except Exception:
            log.exception("the store cannot be searched with the models that are served now")

    def _opened(self, bundle: Bundle, together: Sequence[Bundle]) -> Runtime:
        bundle.verify()
        asked = runtime_for(bundle, [*together, *self.challengers.values()], self._runtime)
        runtime = open_runtime(bundle.path, asked)
        bundle.verify_runtime(runtime)
        runtime.encode(["warm up", "warm up " * bundle.manifest.max_tokens], "query")
        return runtime

    def _served(self, bundle: Bundle, runtime: Runtime) -> ServedModel:
        name = bundle.manifest.name
        engine = Engine(
            runtime,
            self.config.max_batch_tokens,
            self.config.max_queue_tokens,
            int(self.config.cache_mb * 2**20),
            ModelMetrics(self.telemetry, name),
        )
        self.telemetry.queued(name, lambda: engine.waiting)
        created = int((bundle.path / "manifest.json").stat().st_mtime)
        return ServedModel(bundle.manifest, runtime, engine, created)

    def _shadow(self, challenge: Challenge) -> Shadow:
        runtime = self._opened(self.challengers[challenge.model], self.bundles)
        metrics = ShadowMetrics(self.telemetry, challenge.model)
        return Shadow(runtime, challenge.share, metrics, self._idle)

    def _idle(self) -> bool:
        return not any(model.engine.waiting for model in self.models.values())

    def drain(self) -> None:
        """Refuse what comes from now on; what has been taken is still answered."""
        self.state = "draining"

    def close(self) -> None:
        self.drain()
        if self._watcher is not None:
            self._watcher.stop()
        for shadow in self.shadows.values():
            shadow.stop()
        for model in list(self.models.values()):
            model.engine.stop()
        if self.stored is not None:
            self.stored.close()
        if self.recorder is not None:
            self.recorder.stop()

    @property
    def names(self) -> list[str]:
        """What `find` finds, once all is loaded."""
        models = [bundle.manifest.name for bundle in self.bundles]
        return [*models, *(f"{model}-{kind}" for model in models for kind in KINDS)]

    def find(self, name: str) -> tuple[ServedModel, Kind | None]:
        """A model by its name, and the kind that the name's suffix asks for.

        Refuses with 503 while the server is not ready, 404 for a name that is not served.
        """
        if self.state != "ready":
            raise not_ready(self.state)
        models = self.models
        if name in models:
            return models[name], None
        for kind in KINDS:
            stem = name.removesuffix(f"-{kind}")
            if stem != name and stem in models:
                return models[stem], kind
        known = ", ".join(models)
        raise RefusedError(
            404,
            f"model {name[:100]!r} is not served; there is {known}",
            param="model",
            code="model_not_found",
        )


def not_ready(state: str) -> RefusedError:
    """503, for a server that is loading or draining."""
    return RefusedError(503, f"the server is {state}: try again", headers={"retry-after": "1"})
