"""What goes wrong under a registry, in one line with its cure."""

import errno
from typing import TYPE_CHECKING

from idiolect.errors import RegistryError

if TYPE_CHECKING:
    from idiolect.lifecycle.registry.storage import Storage

_CUT = 160

_FULL = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG)


def told(error: Exception, uri: str, storage: "Storage | None") -> RegistryError:
    """What MLflow, SQLAlchemy, alembic or the system raised, as a RegistryError."""
    text = " ".join(str(error).split())
    return RegistryError(_sentence(error, text, uri, storage))


def _sentence(error: Exception, text: str, uri: str, storage: "Storage | None") -> str:
    where = f"registry {uri}"
    code = getattr(error, "error_code", "")
    database = storage.database if storage is not None else uri
    match text:
        case _ if _has(
            text, "database or disk is full", "No space left", "File too large", "disk I/O error"
        ) or (isinstance(error, OSError) and error.errno in _FULL):
            return f"{where}: no space is left there, and nothing was published or promoted; free some and try again"
        case _ if _has(text, "out-of-date database schema", "locate revision", "already exists"):
            return (
                f"{where} was made by another version of MLflow: take a copy of it, then run `mlflow db upgrade "
                f"sqlite:///{database}`; where that fails, a newer one made it: pip install -U mlflow-skinny"
            )
        case _ if _has(text, "not a database", "malformed", "no such table", "no such column"):
            return f"{where}: {database} is damaged; put a copy of it in its place, or publish into another folder"
        case _ if _has(text, "database is locked"):
            return f"{where} is busy with another process: try again"
        case _ if _has(text, "unable to open database file", "readonly database") or isinstance(
            error, PermissionError
        ):
            return f"{where} cannot be opened or written here: look at who owns {database}"
        case _ if _has(text, "error responses", "error code 50"):
            return f"{where} answers with errors of its own: look at the server's log, or try again"
        case _ if _has(
            text, "Connection refused", "Max retries", "resolve", "timed out", "Connection aborted"
        ):
            return (
                f"{where} cannot be reached: is the server running, the address right and the network there?"
            )
        case _ if code in ("UNAUTHENTICATED", "PERMISSION_DENIED") or _has(
            text, "error code 401", "error code 403"
        ):
            return (
                f"{where} refuses these credentials: set MLFLOW_TRACKING_USERNAME and MLFLOW_TRACKING_PASSWORD, "
                "or MLFLOW_TRACKING_TOKEN"
            )
        case _ if code == "ENDPOINT_NOT_FOUND" or _has(text, "not in a valid JSON format"):
            return (
                f"{where} is no MLflow server, or an old one: give the address that its pages are opened by"
            )
    return f"{where} failed ({type(error).__name__}: {text[:_CUT]}): look at its log, or try again"


def _has(text: str, *parts: str) -> bool:
    return any(part in text for part in parts)
