"""`idiolect mcp` as an agent's program meets it: a process, asked over its stdin and stdout."""

import asyncio
import os
import sys

import pytest
from indexed_manuals import command
from mcp import ClientSession, StdioServerParameters
from mcp.client.stdio import stdio_client
from small_corpus import write_small_corpus


@pytest.fixture(scope="module")
def store(tmp_path_factory, bundle_path):
    folder = tmp_path_factory.mktemp("agents")
    documents = write_small_corpus(folder / "documents")
    command("index", bundle_path, documents, "--store", folder / "store", "-q")
    return folder / "store"


def asked(store, *calls):
    """The tools, and what each call answers: (is an error, what it says)."""

    async def run():
        server = StdioServerParameters(
            command=sys.executable,
            args=["-m", "idiolect", "mcp", "--store", str(store)],
            env=dict(os.environ),
        )
        async with stdio_client(server) as streams, ClientSession(*streams) as session:
            about = await session.initialize()
            tools = (await session.list_tools()).tools
            answers = [await session.call_tool(name, arguments) for name, arguments in calls]
        return about.instructions, tools, answers

    return asyncio.run(run())


def test_an_agent_searches_cites_and_reads_on(store):
    instructions, tools, (found, wrong, nothing) = asked(
        store,
        ("search", {"query": "rattling noise", "mode": "lexical", "top": 2}),
        ("search", {"query": "???"}),
        ("read", {"document_id": "nowhere"}),
    )
    assert "16 documents" in instructions
    assert {tool.name for tool in tools} == {"search", "read"}
    hit = found.structured_content["result"][0]
    assert "rattling" in hit["text"] and hit["citation"].endswith("]")
    assert wrong.is_error and "no letter or digit" in str(wrong.content)
    assert nothing.is_error and "nowhere" in str(nothing.content)
    _, _, (read,) = asked(store, ("read", {"document_id": hit["document_id"], "count": 50}))
    passages = read.structured_content["result"]
    assert [one["position"] for one in passages] == list(range(len(passages)))
    assert hit["citation"] in {one["citation"] for one in passages}
