"""MLflow's client, as little of it as is needed: models, versions, tags, aliases, runs and their files.

The one module that imports MLflow, which takes seconds. Everything that it raises becomes a RegistryError of one line.
"""

import shutil
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from functools import lru_cache
from pathlib import Path
from typing import Any

from idiolect.errors import MissingExtra, RegistryError
from idiolect.lifecycle.registry import quieting
from idiolect.lifecycle.registry.failures import told
from idiolect.lifecycle.registry.references import is_server, shown
from idiolect.lifecycle.registry.storage import Storage
from idiolect.lifecycle.registry.versions import KIND

EXPERIMENT = "idiolect"
"""What the runs that hold the files stand under in MLflow."""

_PAGE = 1_000
_METRICS_AT_ONCE = 500
_RUNNING = "RUNNING"


class Backend:
    """One registry, opened. `storage` is its folder; None where it is a server."""

    def __init__(self, uri: str, create: bool = False) -> None:
        """Raises RegistryError where there is none, or it cannot be reached, MissingExtra without MLflow."""
        quieting.prepare()
        try:
            import mlflow
            import sqlalchemy  # noqa: F401  mlflow-skinny does without it until a file is opened
            from mlflow.tracking.client import MlflowClient
        except ModuleNotFoundError as error:
            raise MissingExtra(error.name or "mlflow-skinny", "registry") from None
        self.uri = uri
        self.storage = None if is_server(uri) else Storage(Path(uri))
        self._mlflow = mlflow
        if self.storage is not None:
            with self._asked():
                self.storage.prepare(self._initialise, create)
            uri = self.storage.database_uri
        with self._asked():
            self._client = MlflowClient(uri, uri)
            self._client.search_registered_models(max_results=1)

    @staticmethod
    def _initialise(database_uri: str) -> None:
        from mlflow.tracking.client import MlflowClient

        MlflowClient(database_uri, database_uri).search_registered_models(max_results=1)

    @contextmanager
    def _asked(self) -> Iterator[None]:
        try:
            yield
        except (RegistryError, MissingExtra):
            raise
        except Exception as error:  # MLflow's, SQLAlchemy's, alembic's and the system's share no base class
            raise told(error, shown(self.uri), self.storage) from error

    # Models, versions and aliases.

    def ensure_model(self, name: str, kind: str, description: str = "") -> None:
        """There is a model of that name, ours or not; it shows nowhere before it has a version."""
        with self._asked():
            try:
                self._client.create_registered_model(name, {KIND: kind}, description or None)
            except self._mlflow.MlflowException as error:
                if error.error_code != "RESOURCE_ALREADY_EXISTS":
                    raise

    def aliases(self, name: str = "") -> dict[str, dict[str, int]]:
        """Model → alias → version, of all models or one."""
        which = f"name = '{name}'" if name else None
        with self._asked():
            found = self._pages(self._client.search_registered_models, which)
            return {
                model.name: {alias: int(version) for alias, version in model.aliases.items()}
                for model in found
            }

    def entries(self, kind: str, name: str = "", run: str = "", **tags: str) -> list[Any]:
        """MLflow's versions of a kind, of all models or one, of any run or one, that have these tags; by number."""
        wanted = [f"tags.`{KIND}` = '{kind}'"]
        wanted += [f"{key} = '{value}'" for key, value in (("name", name), ("run_id", run)) if value]
        wanted += [f"tags.`{key}` = '{value}'" for key, value in tags.items()]
        with self._asked():
            found = self._pages(self._client.search_model_versions, " AND ".join(wanted))
        return sorted(found, key=lambda entry: (entry.name, int(entry.version)))

    def create_version(self, name: str, source: str, run_id: str, tags: Mapping[str, str]) -> Any:
        """The next version of a model, with its tags, in one transaction: visible whole, or not at all."""
        for attempt in range(4):
            try:
                return self._client.create_model_version(
                    name, source, run_id, dict(tags), await_creation_for=0
                )
            except self._mlflow.MlflowException as error:
                taken = "Giving up" in str(error) or "database is locked" in str(error)
                if attempt == 3 or not taken:  # that many others took the number, and nothing came about
                    raise told(error, shown(self.uri), self.storage) from error
        raise AssertionError("unreachable")

    def delete_version(self, name: str, version: int) -> None:
        with self._asked():
            self._client.delete_model_version(name, str(version))

    def set_tag(self, name: str, version: int, key: str, value: str) -> None:
        with self._asked():
            self._client.set_model_version_tag(name, str(version), key, value)

    def set_alias(self, name: str, alias: str, version: int) -> None:
        for attempt in range(4):
            try:
                self._client.set_registered_model_alias(name, alias, str(version))
                return
            except self._mlflow.MlflowException as error:
                # MLflow looks whether there is one, then adds it: another process may have done so in between.
                if attempt == 3 or self.aliases(name).get(name, {}).get(alias) is None:
                    raise told(error, shown(self.uri), self.storage) from error

    def _pages(self, search: Any, which: str | None) -> list[Any]:
        found: list[Any] = []
        token = None
        while True:
            page = search(filter_string=which, max_results=_PAGE, page_token=token)
            found += page
            token = page.token
            if not token:
                return found

    # Runs, and the files that they hold.

    def start_run(self, name: str, tags: Mapping[str, str]) -> str:
        with self._asked():
            run = self._client.create_run(self._experiment(), tags=dict(tags), run_name=name)
            return str(run.info.run_id)

    def log_metrics(self, run_id: str, metrics: Mapping[str, float]) -> None:
        from mlflow.entities import Metric

        entries = [Metric(key, value, 0, 0) for key, value in metrics.items()]
        with self._asked():
            for start in range(0, len(entries), _METRICS_AT_ONCE):
                self._client.log_batch(run_id, metrics=entries[start : start + _METRICS_AT_ONCE])

    def metrics(self, run_id: str) -> dict[str, float]:
        with self._asked():
            return dict(self._client.get_run(run_id).data.metrics)

    def put(self, run_id: str, path: Path, part: str | None = None) -> None:
        """A file into `part` of the run's files, or what a folder holds."""
        with self._asked():
            if path.is_dir():
                self._client.log_artifacts(run_id, str(path), part)
            else:
                self._client.log_artifact(run_id, str(path), part)

    def get(self, run_id: str, part: str, into: Path) -> Path:
        """A run's file or folder: where it lies, or downloaded below `into`."""
        if self.storage is not None:
            return self.storage.files(run_id) / part
        with self._asked():
            into.mkdir(parents=True, exist_ok=True)
            return Path(self._client.download_artifacts(run_id, part, str(into)))

    def parts(self, run_id: str) -> list[str]:
        """What a run's files are called, the topmost of each folder alone."""
        if self.storage is not None:
            return sorted(file.name for file in self.storage.files(run_id).glob("*"))
        with self._asked():
            return [str(file.path) for file in self._client.list_artifacts(run_id)]

    def source(self, run_id: str, part: str) -> str:
        with self._asked():
            return f"{self._client.get_run(run_id).info.artifact_uri.rstrip('/')}/{part}"

    def finish_run(self, run_id: str) -> None:
        with self._asked():
            self._client.set_terminated(run_id)

    def unfinished(self, kind: str) -> list[tuple[str, float]]:
        """Runs of ours that have not ended: their ids, and when they began, in seconds since 1970."""
        with self._asked():
            which = f"tags.`{KIND}` = '{kind}' AND attributes.status = '{_RUNNING}'"
            experiments = [found.experiment_id for found in self._experiments()]
            runs = self._client.search_runs(experiments, which, max_results=_PAGE) if experiments else []
            return [(str(run.info.run_id), run.info.start_time / 1000) for run in runs]

    def discard_run(self, run_id: str) -> None:
        """Delete a run and its files."""
        with self._asked():
            if self.storage is not None:
                shutil.rmtree(self.storage.files(run_id).parent, ignore_errors=True)
            else:
                from mlflow.store.artifact.artifact_repository_registry import get_artifact_repository

                address = self._client.get_run(run_id).info.artifact_uri
                get_artifact_repository(address, tracking_uri=self.uri).delete_artifacts("")
            self._client.delete_run(run_id)

    def _experiments(self) -> list[Any]:
        return list(self._client.search_experiments(filter_string=f"name LIKE '{EXPERIMENT}%'"))

    def _experiment(self) -> str:
        """Where new runs go: files below the folder where that lies now, also after it was moved."""
        place = self.storage.artifacts.as_uri() if self.storage is not None else None
        found = self._experiments()
        for experiment in found:
            if (place is None and experiment.name == EXPERIMENT) or experiment.artifact_location == place:
                return str(experiment.experiment_id)
        name = f"{EXPERIMENT}-{len(found) + 1}" if place is not None and found else EXPERIMENT
        return str(self._client.create_experiment(name, place))


@lru_cache(maxsize=8)
def opened(uri: str, create: bool = False) -> Backend:
    """The registry at `uri`, opened once a process. Raises what `Backend` raises."""
    return Backend(uri, create)
