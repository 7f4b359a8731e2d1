"""How Qdrant is reached: a server over HTTP, or the client's own local mode in a folder."""

import json
import os
import re
import sqlite3
import threading
import warnings
import weakref
from collections.abc import Iterator
from contextlib import AbstractContextManager, closing, contextmanager, nullcontext
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from qdrant_client import QdrantClient
from qdrant_client.common.client_exceptions import QdrantException
from qdrant_client.http.exceptions import ResponseHandlingException, UnexpectedResponse

from idiolect.errors import StoreError, UsageError

NAME = "idiolect"
"""Of the collections, where the URI ends in no #NAME."""

KEY = "QDRANT_API_KEY"

SECONDS = 60
"""That one request may take."""

SCHEMES = {"qdrant": "http", "qdrants": "https"}


@dataclass(frozen=True)
class Opened:
    """A client, and what is held while it is called: local mode is not made for threads."""

    client: Any
    lock: AbstractContextManager[Any]


_folders: weakref.WeakValueDictionary[Path, Opened] = weakref.WeakValueDictionary()
_opening = threading.Lock()


class Connection:
    """One server or folder. Threads may share it; what is not answered is raised as StoreError."""

    def __init__(self, uri: str) -> None:
        """`qdrant://HOST:6333#NAME`, `qdrants://HOST#NAME` over TLS, or `qdrant:///FOLDER#NAME`. Raises UsageError."""
        address, _, name = uri.partition("#")
        scheme, _, rest = address.partition("://")
        if "@" in rest.partition("/")[0]:
            raise UsageError(f"--store {scheme}://…: no user belongs into the address; set {KEY} instead")
        if not re.fullmatch("[a-z_][a-z0-9_]{0,62}", name or NAME):
            raise UsageError(f"--store …#{name}: a name of collections has small letters, digits and _ alone")
        self.uri = uri
        self.name = name or NAME
        self._folder = Path(rest) if rest.startswith("/") else None
        self._url = ""
        if self._folder is None:
            self._url = _url(scheme, rest, uri)
        elif scheme != "qdrant":
            raise UsageError(f"--store {uri}: a folder is qdrant:///FOLDER")

    @contextmanager
    def client(self) -> Iterator[Any]:
        """The client, for one call or some."""
        opened = self._opened
        with opened.lock:
            try:
                yield opened.client
            except (ResponseHandlingException, json.JSONDecodeError) as error:
                raise StoreError(
                    f"{self.uri} does not answer as Qdrant does ({_line(error)}): check the address, "
                    "and that the server runs"
                ) from None
            except UnexpectedResponse as error:
                raise StoreError(self._refused(error)) from None
            except QdrantException as error:
                raise StoreError(f"{self.uri} is busy ({_line(error)}): try again later") from None
            except sqlite3.Error as error:
                raise StoreError(f"{self.uri} cannot be read or written ({_line(error)})") from None
            except ValueError as error:
                if self._folder is None:
                    raise
                raise StoreError(f"{self.uri}: {_line(error)}") from None

    def compact(self) -> str:
        """Overwrite what was deleted, where this is a folder; what may stay of it meanwhile, in words."""
        if self._folder is None:
            return "a Qdrant server drops deleted points from its files when it next optimises their segments"
        with self.client():
            for path in self._folder.glob("collection/*/storage.sqlite"):
                with closing(sqlite3.connect(path, timeout=30)) as connection:
                    connection.execute("PRAGMA secure_delete = ON")
                    connection.execute("VACUUM")
        return ""

    @cached_property
    def _opened(self) -> Opened:
        """Made when it is first used: a server's client asks nothing before."""
        if self._folder is not None:
            return _local(self._folder)
        client = QdrantClient(
            url=self._url, api_key=os.environ.get(KEY) or None, timeout=SECONDS, check_compatibility=False
        )
        return Opened(client, nullcontext())

    def _refused(self, error: UnexpectedResponse) -> str:
        if error.status_code in (401, 403):
            cure = "holds no key that may do this" if os.environ.get(KEY) else "is not set"
            return f"{self.uri} refuses access ({error.status_code}): {KEY} {cure}"
        try:
            reason = _line(json.loads(error.content)["status"]["error"])
        except (ValueError, KeyError, TypeError):
            return f"{self.uri} answers {error.status_code}, not as Qdrant does: check the address"
        if error.status_code == 404:
            return f"{self.uri} was written meanwhile ({reason}): try again"
        return f"{self.uri}: {reason}"


def _url(scheme: str, rest: str, uri: str) -> str:
    try:
        parts = urlsplit(f"{SCHEMES[scheme]}://{rest}")
        port = parts.port or 6333
    except ValueError as error:
        raise UsageError(f"--store {uri}: {error}") from None
    if not parts.hostname or parts.path not in ("", "/") or parts.query:
        raise UsageError(f"--store {uri}: give qdrant://HOST:6333, or qdrant:///FOLDER for a folder")
    host = f"[{parts.hostname}]" if ":" in parts.hostname else parts.hostname
    return f"{parts.scheme}://{host}:{port}"


def _local(folder: Path) -> Opened:
    """The one client that this process has of a folder, closed with the last who uses it."""
    folder = folder.resolve()
    with _opening:
        if (opened := _folders.get(folder)) is not None:
            return opened
        if folder.is_dir() and any(folder.iterdir()) and not (folder / "meta.json").is_file():
            raise StoreError(f"{folder} holds something else than Qdrant's: give --store a folder of its own")
        for told in ("Payload indexes have no effect", "Local mode performs exact"):
            warnings.filterwarnings("ignore", message=told)
        try:
            client = QdrantClient(path=str(folder), force_disable_check_same_thread=True)
        except RuntimeError:
            raise StoreError(
                f"{folder} is in use by another process, as a folder of Qdrant's local mode can be by one alone: "
                "end that, or run a Qdrant server"
            ) from None
        except (OSError, ValueError, sqlite3.Error) as error:
            raise StoreError(f"{folder} cannot be opened ({_line(error)})") from None
        opened = _folders[folder] = Opened(client, threading.RLock())
        weakref.finalize(opened, client.close)
        return opened


def _line(error: object) -> str:
    return next((line.strip() for line in str(error).splitlines() if line.strip()), type(error).__name__)
