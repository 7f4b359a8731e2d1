"""A scripted endpoint and a teacher that asks it, one cache a test."""

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from chat_server import ChatServer, Script

from idiolect.config import Generate
from idiolect.teachers.llm import LLMTeacher
from idiolect.teachers.retry import Backoff

QUICK = Backoff(first=0.01, longest=0.05)


@pytest.fixture
def serve() -> Iterator[Callable[[Script], ChatServer]]:
    servers: list[ChatServer] = []

    def start(script: Script) -> ChatServer:
        servers.append(ChatServer(script))
        return servers[-1]

    yield start
    for server in servers:
        server.stop()


@pytest.fixture
def teacher(tmp_path: Path) -> Callable[..., LLMTeacher]:
    """LLMTeacher for a URL with a cache of this test and any of generate's settings."""
    pytest.importorskip("openai")

    def make(url: str, backoff: Backoff = QUICK, **settings: Any) -> LLMTeacher:
        section = Generate(teacher="llm", base_url=url, **({"model": "tiny", "timeout": 20.0} | settings))
        return LLMTeacher(section, tmp_path / "cache" / "llm.sqlite", seed=13, backoff=backoff)

    return make
