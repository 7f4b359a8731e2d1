"""A registry of one's own: a folder with MLflow's tables in SQLite, the files, and the log of what was done."""

import os
import re
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from time import monotonic, sleep

from idiolect.errors import RegistryError
from idiolect.holding import held

PATIENCE = 120.0
"""Seconds to wait for another process."""

_LOOK = 0.1

_UNADDRESSABLE = re.compile(r"\?|%[0-9A-Fa-f]{2}")
"""What a database's URL takes for something else: the end of the path, or a character's code."""


class Storage:
    """Where each thing lies. The files of a run are found by its id, wherever the folder was moved."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder.resolve()
        self.database = self.folder / "registry.db"
        self.artifacts = self.folder / "artifacts"
        self.audit = self.folder / "audit.jsonl"

    @property
    def database_uri(self) -> str:
        return _uri(self.database)

    def files(self, run_id: str) -> Path:
        return self.artifacts / run_id / "artifacts"

    def prepare(self, initialise: Callable[[str], None], create: bool) -> None:
        """There is a database: where it is missing, `initialise` makes it, elsewhere, and it appears whole.

        Raises RegistryError where it is missing and not to be made.
        """
        if self.database.is_file():
            return
        if not create:
            raise RegistryError(
                f"{self.folder} holds no registry yet: `idiolect models publish` makes one, or name yours by --registry"
            )
        if found := _UNADDRESSABLE.search(str(self.folder)):
            raise RegistryError(
                f"registry {self.folder} has {found[0]!r} in its path, which means something else in SQLite's "
                "addresses: name another folder"
            )
        self.artifacts.mkdir(parents=True, exist_ok=True)
        draft = self.folder / f".registry.db.{os.getpid()}.part"
        try:
            draft.unlink(missing_ok=True)
            initialise(_uri(draft))
            try:
                os.link(draft, self.database)
            except FileExistsError:
                return  # another process was first, and made the same
        finally:
            draft.unlink(missing_ok=True)

    @contextmanager
    def alone(self) -> Iterator[None]:
        """Hold the folder for one process that publishes or logs, after those that came before.

        Raises RegistryError where the one before takes more than PATIENCE seconds.
        """
        deadline = monotonic() + PATIENCE
        with ExitStack() as holding:
            while True:
                try:
                    holding.enter_context(held(self.folder, RegistryError, "try again when it is done"))
                    break
                except RegistryError:
                    if monotonic() > deadline:
                        raise
                    sleep(_LOOK)
            yield


def _uri(database: Path) -> str:
    return f"sqlite:///{database}"
