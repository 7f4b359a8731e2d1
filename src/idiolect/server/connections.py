"""Connections that clients cannot hold open by sending or reading slowly."""

import asyncio
from typing import Any

import msgspec
from uvicorn.protocols.http.httptools_impl import STATUS_LINE, HttpToolsProtocol

from idiolect.server.refusal import RefusedError

LARGEST_HEADER = 64 * 2**10
"""Bytes of a request line and its headers."""

LEAST_READ = 64 * 2**10
"""Bytes of an answer that a client must take in `patience`."""


class Connection(HttpToolsProtocol):
    """uvicorn's, with limits for headers and for answers; bodies have theirs where they are read."""

    patience = 30.0
    _header_timer: asyncio.TimerHandle | None = None
    _reading_timer: asyncio.TimerHandle | None = None
    _heading = True
    _header_bytes = 0

    def connection_made(self, transport: Any) -> None:
        super().connection_made(transport)
        self._await_header()

    def connection_lost(self, exc: Exception | None) -> None:
        for timer in (self._header_timer, self._reading_timer):
            if timer is not None:
                timer.cancel()
        super().connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        begun = self._heading
        super().data_received(data)
        if begun and self._heading and self.parser is not None:
            self._header_bytes += len(data)
            if self._header_bytes > LARGEST_HEADER:
                self._refuse(431, "the header is too large")

    def on_message_begin(self) -> None:
        super().on_message_begin()
        if not self._heading:
            self._await_header()

    def on_headers_complete(self) -> None:
        self._heading = False
        self._header_bytes = 0
        if self._header_timer is not None:
            self._header_timer.cancel()
        super().on_headers_complete()

    def on_response_complete(self) -> None:
        super().on_response_complete()
        self._watch_reading(None)
        if self.cycle is not None and self.cycle.more_body:
            self.loop.call_later(self.patience, self._leave, self.cycle)

    def send_400_response(self, msg: str) -> None:
        """In OpenAI's shape, as every other refusal."""
        self._refuse(400, "the request is not valid HTTP")

    def _await_header(self) -> None:
        self._heading = True
        self._header_timer = self.loop.call_later(
            self.patience, self._refuse, 408, f"the header did not arrive within {self.patience:g} s"
        )

    def _watch_reading(self, before: int | None) -> None:
        """Cut off a client that does not take what was written for it."""
        left = self.transport.get_write_buffer_size()
        if not left:
            return
        if before is not None and left > before - LEAST_READ:
            self.transport.abort()
            return
        self._reading_timer = self.loop.call_later(self.patience, self._watch_reading, left)

    def _leave(self, cycle: Any) -> None:
        """Close, where a request that has been answered still sends its body."""
        if self.cycle is cycle and not self.transport.is_closing():
            self.transport.close()

    def _refuse(self, status: int, message: str) -> None:
        if self.transport.is_closing():
            return
        body = msgspec.json.encode(RefusedError(status, message).answer)
        self.transport.write(
            STATUS_LINE[status]
            + b"content-type: application/json\r\nconnection: close\r\ncontent-length: %d\r\n\r\n" % len(body)
            + body
        )
        self.transport.close()


def patient(seconds: float) -> type[Connection]:
    """A connection that waits so long for its client."""
    return type("Connection", (Connection,), {"patience": seconds})
