"""As little of an HTTP client as a load generator needs: one kept-alive connection, one request at a time."""

import asyncio
import json
from typing import Any


def request(path: str, body: Any, headers: dict[str, str]) -> bytes:
    """A POST of JSON, ready to be sent."""
    content = json.dumps(body).encode()
    fields = {"host": "127.0.0.1", "content-type": "application/json", "content-length": str(len(content))}
    lines = [f"POST {path} HTTP/1.1", *(f"{name}: {value}" for name, value in (fields | headers).items())]
    return "\r\n".join([*lines, "", ""]).encode() + content


class Connection:
    """Opened when it is first used, and again after the server has closed it."""

    def __init__(self, port: int) -> None:
        self.port = port
        self._writer: asyncio.StreamWriter | None = None
        self._reader: asyncio.StreamReader | None = None

    async def send(self, sent: bytes) -> tuple[int, dict[str, str], bytes]:
        """Status, headers in lower case, body. Raises OSError or EOFError where no whole answer comes."""
        closed = self._reader is not None and self._reader.at_eof()  # the server's, after an idle while
        if self._writer is None or self._writer.is_closing() or closed:
            self.close()
            self._reader, self._writer = await asyncio.open_connection("127.0.0.1", self.port)
        assert self._reader is not None
        try:
            self._writer.write(sent)
            head = (await self._reader.readuntil(b"\r\n\r\n")).decode("latin-1").split("\r\n")
            headers = {}
            for line in head[1:]:
                name, _, value = line.partition(":")
                headers[name.strip().lower()] = value.strip()
            body = await self._reader.readexactly(int(headers["content-length"]))
        except BaseException:
            self.close()
            raise
        if headers.get("connection") == "close":
            self.close()
        return int(head[0].split()[1]), headers, body

    def close(self) -> None:
        if self._writer is not None:
            self._writer.close()
            self._writer = None
