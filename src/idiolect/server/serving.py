"""`idiolect serve`: listen first, load then, stop in order."""

import os
import socket
import sys
import threading
from pathlib import Path
from types import FrameType
from typing import TYPE_CHECKING

from idiolect.config import Serve
from idiolect.errors import MissingExtra, UsageError
from idiolect.runtimes.hardware import available_cpus
from idiolect.server import logs

if TYPE_CHECKING:
    from fastapi import FastAPI

    from idiolect.lifecycle.feedback.keeping import Keeper
    from idiolect.server.service import Service

GRACE = 30
"""Seconds that requests in work have to finish when the server is told to stop."""


def create_app(service: "Service", api_key_file: Path | None = None) -> "FastAPI":
    """The HTTP application over a service that is, or will be, loaded.

    Raises MissingExtra without fastapi, UsageError for a key file that cannot be used.
    """
    from idiolect.server.keys import Keys
    from idiolect.server.tracing import open_tracing

    try:
        from idiolect.server import app
    except ModuleNotFoundError as error:
        raise MissingExtra(error.name or "fastapi", "serve") from None
    return app.create(service, Keys.read(api_key_file), open_tracing(service.config.otlp_endpoint))


def run(
    bundles: list[Path],
    host: str,
    port: int,
    runtime: str = "auto",
    api_key_file: Path | None = None,
    serve_config: Serve | None = None,
    keeper: "Keeper | None" = None,
) -> None:
    """Serve bundles until SIGINT or SIGTERM; then answer what is in work and return. A `keeper` keeps feedback.

    Port 0 takes a free one. One line on stderr says when the server is ready, and where.
    Raises UsageError for a port that cannot be had or bundles of one name, BundleError for a bundle
    that is incomplete or altered, MissingExtra without the server's packages.
    """
    try:
        import uvicorn

        from idiolect.server import connections
        from idiolect.server.service import Service
    except ModuleNotFoundError as error:
        raise MissingExtra(error.name or "uvicorn", "serve") from None

    # As many threads of tokenizers as a container's quota allows, not as its host has.
    os.environ.setdefault("RAYON_NUM_THREADS", str(available_cpus()))
    service = Service(bundles, runtime, serve_config, keeper)
    logs.configure(service.config.log)
    app = create_app(service, api_key_file)
    listener = listen(host, port)
    failures: list[BaseException] = []

    class Server(uvicorn.Server):
        def handle_exit(self, sig: int, frame: FrameType | None) -> None:
            """Stop in order at the first signal, at once at the second."""
            self.force_exit = self.should_exit
            self.should_exit = True
            service.drain()

    settings = uvicorn.Config(
        app,
        http=connections.patient(service.config.client_seconds),
        ws="none",
        log_config=None,
        access_log=False,
        timeout_graceful_shutdown=GRACE,
        server_header=False,
    )
    server = Server(settings)

    def load() -> None:
        try:
            service.load()
        except BaseException as error:
            failures.append(error)
            server.should_exit = True
        else:
            _announce(service, host, listener.getsockname()[1])

    loader = threading.Thread(target=load, name="idiolect-loader", daemon=True)
    loader.start()
    with listener:
        server.run(sockets=[listener])
    if failures:
        raise failures[0]


def listen(host: str, port: int) -> socket.socket:
    """A listening socket; port 0 takes a free one. Raises UsageError where the address cannot be had."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    # Only where the protocol is named does asyncio set TCP_NODELAY, without which answers wait 40 ms.
    listener = socket.socket(family, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    if os.name == "posix":
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listener.bind((host, port))
        listener.listen(2048)
    except OSError as error:
        listener.close()
        raise UsageError(
            f"cannot listen on {host}:{port} ({error.strerror}): give another --host or --port"
        ) from None
    return listener


def _announce(service: "Service", host: str, port: int) -> None:
    address = f"[{host}]" if ":" in host else host
    names = ", ".join(service.models)
    sys.stderr.write(f"serving {names} on http://{address}:{port}/v1\n")
    sys.stderr.flush()
