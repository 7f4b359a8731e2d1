"""The models that a server holds, and whether it is ready to use them."""

from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from idiolect.bundle import Bundle, Manifest
from idiolect.config import Serve
from idiolect.errors import UsageError
from idiolect.runtimes import Kind, Runtime, open_runtime
from idiolect.server.engine import Engine
from idiolect.server.refusal import RefusedError
from idiolect.server.telemetry import Telemetry

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

    def __init__(self, bundles: list[Path], runtime: str = "auto", config: Serve | None = None) -> None:
        """Read the manifests; `load` does the rest.

        Raises UsageError without a bundle or for two of one name, BundleError for what is no bundle.
        """
        if not bundles:
            raise UsageError("serve needs at least one bundle: idiolect serve idiolect-work/bundle")
        self.bundles = [Bundle.load(path) for path in bundles]
        names = [bundle.manifest.name for bundle in self.bundles]
        if double := {name for name in names if names.count(name) > 1}:
            raise UsageError(f"two bundles are named {min(double)!r}: clients could not tell them apart")
        self.state: Literal["loading", "ready", "draining"] = "loading"
        self.models: dict[str, ServedModel] = {}
        self.telemetry = Telemetry()
        self._runtime = runtime
        self._config = config or Serve()

    def load(self) -> None:
        """Check every file, load every model, warm each up. Raises what `verify` and `open_runtime` raise."""
        for bundle in self.bundles:
            bundle.verify()
            runtime = open_runtime(bundle.path, self._runtime)
            runtime.encode(["warm up"], "query")
            name = bundle.manifest.name
            self.models[name] = ServedModel(
                manifest=bundle.manifest,
                runtime=runtime,
                engine=self._engine(name, runtime),
                created=int((bundle.path / "manifest.json").stat().st_mtime),
            )
        if self.state == "loading":
            self.state = "ready"

    def _engine(self, name: str, runtime: Runtime) -> Engine:
        def observe(texts: int, tokens: int, seconds: float) -> None:
            self.telemetry.computed(name, texts, tokens, seconds)

        engine = Engine(runtime, self._config.max_batch_tokens, self._config.max_queue_tokens, observe)
        self.telemetry.waiting.labels(name).set_function(lambda: engine.waiting)
        return engine

    def drain(self) -> None:
        """Refuse what comes from now on; what has been taken is still answered."""
        self.state = "draining"

    def close(self) -> None:
        self.drain()
        for model in list(self.models.values()):
            model.engine.stop()

    def find(self, name: str) -> tuple[ServedModel, Kind | None]:
        """A model by its name, and the kind that the name's suffix asks for.

        Refuses with 503 while the server is not ready, 404 for a name that is not served.
        """
        if self.state != "ready":
            raise RefusedError(503, f"the server is {self.state}: try again", headers={"retry-after": "1"})
        if name in self.models:
            return self.models[name], None
        for kind in KINDS:
            stem = name.removesuffix(f"-{kind}")
            if stem != name and stem in self.models:
                return self.models[stem], kind
        known = ", ".join(self.models)
        raise RefusedError(
            404, f"model {name!r} is not served; there is {known}", param="model", code="model_not_found"
        )
