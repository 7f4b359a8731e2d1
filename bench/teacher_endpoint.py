"""How much of what an LLM endpoint allows the teacher uses, and how often it is told that it asks too much.

    python bench/teacher_endpoint.py [--latency 0.5] [--seconds 30] [--case LIMIT[:LATER]:CONCURRENCY ...]

A server of its own on loopback answers each call after a fixed latency with four queries, and refuses (429,
`retry-after`) what is beyond its limit of calls at once; `16:48:64` changes the limit from 16 to 48 half-way.
Allowed is limit / latency, at `generate.concurrency` at most, over the time from the first call to the last
answer, ramp-up and tail included.
`--late` servers free a slot only after its answer is sent, so that a client that is quick to ask again is refused.
"""

import argparse
import asyncio
import json
import multiprocessing
import sys
import tempfile
import time
from multiprocessing.connection import Connection
from pathlib import Path

from idiolect.config import Generate
from idiolect.progress import Silent
from idiolect.records import Chunk
from idiolect.teachers.llm import LLMTeacher

CASES = ["4:16", "16:16", "32:16", "16:64", "64:64", "128:64", "16:64:64", "64:16:64"]
QUERIES = 4


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--latency", type=float, default=0.5, help="seconds")
    parser.add_argument("--seconds", type=float, default=20.0, help="length of a run at what is allowed")
    parser.add_argument("--retry-after", type=float, default=1.0, help="seconds that a refusal asks for")
    parser.add_argument("--late", action="store_true", help="free a slot after its answer is sent")
    parser.add_argument("--case", nargs="+", default=CASES)
    arguments = parser.parse_args()
    write(
        f"{'limit':>9} {'concurrency':>11} {'calls':>6} {'seconds':>8} {'calls/s':>8} {'allowed':>8} "
        f"{'share':>6} {'429s':>5} {'kept/hour':>10}"
    )
    for case in arguments.case:
        *limits, concurrency = map(int, case.split(":"))
        print_row(limits, concurrency, arguments)


def print_row(limits: list[int], concurrency: int, arguments: argparse.Namespace) -> None:
    first, last = (min(limits[at], concurrency) / arguments.latency for at in (0, -1))
    calls = int((first + last) / 2 * arguments.seconds)
    here, there = multiprocessing.Pipe()
    server = multiprocessing.get_context("spawn").Process(
        target=serve, args=(there, limits, arguments), daemon=True
    )
    server.start()
    port = here.recv()
    with tempfile.TemporaryDirectory() as folder:
        settings = Generate(
            teacher="llm",
            base_url=f"http://127.0.0.1:{port}/v1",
            model="fixed",
            per_chunk=QUERIES,
            max_calls=10**9,
            max_tokens=10**12,
            max_queries=10**9,
            concurrency=concurrency,
            correct=False,  # what the fixed answers lean to says nothing
        )
        teacher = LLMTeacher(settings, Path(folder, "llm.sqlite"), seed=13)
        generated = teacher.write([chunk(number) for number in range(calls)], Silent())
    here.send("stop")
    began, ended, answered, refused = here.recv()
    server.join()
    elapsed, half = ended - began, arguments.seconds / 2
    allowed = (first * min(elapsed, half) + last * max(elapsed - half, 0)) / elapsed
    rate = answered / elapsed
    write(
        f"{'→'.join(map(str, limits)):>9} {concurrency:11} {answered:6,} {elapsed:8.1f} {rate:8.1f} "
        f"{allowed:8.1f} {rate / allowed:6.1%} {refused:5,} "
        f"{len(generated.queries) / elapsed * 3600:10,.0f}"
    )


def write(line: str) -> None:
    sys.stdout.write(f"{line}\n")
    sys.stdout.flush()


def chunk(number: int) -> Chunk:
    text = f"Part {number} sorts letters by weight; bin {number} holds what is heavier than {number} grams."
    return Chunk(
        id=f"d{number}-0",
        document_id=f"d{number}",
        title=f"Part {number}",
        headings=[],
        text=text,
        start=0,
        end=len(text),
        tokens=40,
    )


class Server:
    """Answers after `latency`; counts what it took and what it refused."""

    def __init__(self, limits: list[int], latency: float, later_at: float, retry_after: float, late: bool):
        self.limits, self.latency, self.later_at = limits, latency, later_at
        self.retry_after, self.late = retry_after, late
        self.began = self.ended = 0.0
        self.busy = self.answered = self.refused = 0

    @property
    def limit(self) -> int:
        return self.limits[-1 if time.monotonic() - self.began > self.later_at else 0]

    async def handle(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            while True:
                head = await reader.readuntil(b"\r\n\r\n")
                length = next(
                    int(line.split(b":")[1])
                    for line in head.lower().split(b"\r\n")
                    if line.startswith(b"content-length")
                )
                await reader.readexactly(length)
                await self.answer(writer)
        except (asyncio.IncompleteReadError, ConnectionError):
            pass
        finally:
            writer.close()

    async def answer(self, writer: asyncio.StreamWriter) -> None:
        self.began = self.began or time.monotonic()
        if self.busy >= self.limit:
            self.refused += 1
            await send(
                writer, "429 Too Many Requests", {"error": {"message": "too many calls"}}, self.retry_after
            )
            return
        self.busy += 1
        await asyncio.sleep(self.latency)
        self.answered += 1
        self.ended = time.monotonic()
        if not self.late:
            self.busy -= 1
        await send(writer, "200 OK", completion(self.answered))
        if self.late:
            await asyncio.sleep(0.002)
            self.busy -= 1


async def send(writer: asyncio.StreamWriter, status: str, body: object, retry_after: float = 0) -> None:
    data = json.dumps(body).encode()
    wait = f"retry-after: {retry_after:g}\r\n" if retry_after else ""
    head = f"HTTP/1.1 {status}\r\ncontent-type: application/json\r\n{wait}content-length: {len(data)}\r\n\r\n"
    writer.write(head.encode() + data)
    await writer.drain()


def completion(number: int) -> dict[str, object]:
    queries = [
        {
            "query": f"which letters does machine {number} put into bin {bin}?",
            "style": "question",
            "answer": "the heavy ones",
            "quality": 9,
        }
        for bin in range(QUERIES)
    ]
    message = {"role": "assistant", "content": json.dumps({"queries": queries})}
    return {
        "id": "fixed",
        "object": "chat.completion",
        "created": 0,
        "model": "fixed",
        "choices": [{"index": 0, "finish_reason": "stop", "message": message}],
        "usage": {"prompt_tokens": 500, "completion_tokens": 200, "total_tokens": 700},
    }


def serve(pipe: Connection, limits: list[int], arguments: argparse.Namespace) -> None:
    asyncio.run(_serve(pipe, limits, arguments))


async def _serve(pipe: Connection, limits: list[int], arguments: argparse.Namespace) -> None:
    server = Server(limits, arguments.latency, arguments.seconds / 2, arguments.retry_after, arguments.late)
    listener = await asyncio.start_server(server.handle, "127.0.0.1", 0, backlog=512)
    pipe.send(listener.sockets[0].getsockname()[1])
    await asyncio.to_thread(pipe.recv)
    pipe.send((server.began, server.ended, server.answered, server.refused))


if __name__ == "__main__":
    main()
