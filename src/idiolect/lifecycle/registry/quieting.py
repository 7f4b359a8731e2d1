"""MLflow as a library in a command line: nothing reported to anybody, nothing printed, no minutes of retries."""

import logging
import os
import sys

SETTINGS = {
    "MLFLOW_DISABLE_TELEMETRY": "true",
    "DO_NOT_TRACK": "true",
    "MLFLOW_CONFIGURE_LOGGING": "false",
    "MLFLOW_ENABLE_ARTIFACTS_PROGRESS_BAR": "false",
    "MLFLOW_SUPPRESS_PRINTING_URL_TO_STDOUT": "true",
    "MLFLOW_HTTP_REQUEST_MAX_RETRIES": "2",
    "MLFLOW_HTTP_REQUEST_BACKOFF_FACTOR": "1",
    "MLFLOW_HTTP_REQUEST_TIMEOUT": "60",
}
"""What must stand in the environment before MLflow is imported; the first two decide, the others give way."""

_FORCED = ("MLFLOW_DISABLE_TELEMETRY", "DO_NOT_TRACK")


def prepare() -> None:
    """Call before MLflow is imported; a program that imported it already keeps its own logging."""
    for name, value in SETTINGS.items():
        if name in _FORCED:
            os.environ[name] = value
        else:
            os.environ.setdefault(name, value)
    if "mlflow" not in sys.modules:
        for name in ("mlflow", "alembic"):
            logging.getLogger(name).setLevel(logging.CRITICAL + 1)
