"""uvicorn in a thread, on a free port, with the connections of `idiolect serve`."""

import re
import threading
import time

import httpx
import uvicorn

from idiolect.server import create_app
from idiolect.server.connections import patient


def until(condition, seconds=30):
    """Wait until `condition` holds; it has so long."""
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.01)


def moved(link, target):
    """A symbolic link now leads there; at no moment is there none."""
    draft = link.with_name("next")
    draft.symlink_to(target)
    draft.replace(link)


class Running:
    def __init__(self, service, api_key_file=None, app=None):
        settings = uvicorn.Config(
            app or create_app(service, api_key_file),
            port=0,
            log_level="warning",
            log_config=None,
            lifespan="off",
            http=patient(service.config.client_seconds),
        )
        self.server = uvicorn.Server(settings)
        self.thread = threading.Thread(target=self.server.run, daemon=True)

    def __enter__(self):
        self.thread.start()
        while not self.server.started:
            time.sleep(0.01)
        port = self.server.servers[0].sockets[0].getsockname()[1]
        self.port = port
        self.url = f"http://127.0.0.1:{port}"
        self.http = httpx.Client(base_url=self.url, timeout=60)
        return self

    def __exit__(self, *_):
        self.http.close()
        self.server.should_exit = True
        self.thread.join(10)

    def post(self, **body):
        return self.http.post("/v1/embeddings", json={"model": "tiny", **body})

    @property
    def digest(self):
        """Of the model that answers now."""
        return self.http.get("/v1/models/tiny").json()["digest"]

    def count(self, name):
        """The sum of a metric over its labels, or of those that `name` gives."""
        page = self.http.get("/metrics").text
        rows = re.findall(rf"^idiolect_{re.escape(name)}[^ ]* (\S+)$", page, re.MULTILINE)
        return sum(map(float, rows))
