"""Logs as JSON lines on stderr: what happened where, never a text that a client sent."""

import logging
import sys
import traceback
from datetime import UTC, datetime
from typing import Any, Literal

import msgspec

from idiolect.errors import IdiolectError

LOGGERS = ("idiolect", "uvicorn")


class JsonLines(logging.Formatter):
    """One object a record. Of an exception it says type and place: its words may repeat what was sent."""

    def format(self, record: logging.LogRecord) -> str:
        line: dict[str, Any] = {
            "time": datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds"),
            "level": record.levelname.lower(),
            "logger": record.name,
            "event": record.getMessage().strip(),
            **getattr(record, "facts", {}),
        }
        error = record.exc_info[1] if record.exc_info else None
        if error is not None:
            line["error"] = str(error) if isinstance(error, IdiolectError) else type(error).__name__
            line["where"] = [
                f"{frame.filename}:{frame.lineno} {frame.name}"
                for frame in traceback.extract_tb(error.__traceback__)
            ]
        return msgspec.json.encode(line).decode()


def configure(what: Literal["warnings", "requests"]) -> None:
    """Send the server's logs to stderr."""
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(JsonLines())
    for name in LOGGERS:
        logger = logging.getLogger(name)
        logger.handlers = [handler]
        logger.setLevel(logging.WARNING)
        logger.propagate = False
    if what == "requests":
        logging.getLogger("idiolect.requests").setLevel(logging.INFO)
