"""A store as tools of the Model Context Protocol: agents search it, cite what they found, and read on."""

from typing import Annotated, Any, Literal

from idiolect import __version__
from idiolect.errors import IdiolectError, MissingExtra
from idiolect.index.searching import Searcher
from idiolect.index.store import Entry, Found, grouped

MOST = 50
"""Hits, and neighbouring chunks, that one call may ask for."""

SHOWN = ("document_id", "position", "title", "text")

INSTRUCTIONS = (
    "Search {documents:,} documents of this organisation. Cite what you use by the hit's citation: the file and the "
    "characters in it. Call read for what stands before and after a hit."
)


def create(searcher: Searcher) -> Any:
    """An MCP server over a store. Raises MissingExtra without mcp."""
    try:
        from mcp.server import MCPServer
        from mcp.server.mcpserver.exceptions import ToolError
        from mcp.types import ToolAnnotations
        from pydantic import Field
    except ModuleNotFoundError as error:
        raise MissingExtra(error.name or "mcp", "mcp") from None

    instructions = INSTRUCTIONS.format(documents=searcher.indexed.documents)
    server = MCPServer("idiolect", instructions=instructions, version=__version__)
    reading = ToolAnnotations(read_only_hint=True, open_world_hint=False)

    def search(
        query: Annotated[str, Field(description="What to look for, in any words")],
        top: Annotated[int, Field(ge=1, le=MOST, description="Passages to return")] = 8,
        mode: Annotated[
            Literal["hybrid", "dense", "lexical"],
            Field(description="Meaning and words, meaning, or words alone"),
        ] = "hybrid",
        where: Annotated[
            list[str], Field(description='Only documents with these "key=value", such as language=en')
        ] = [],  # noqa: B006
    ) -> list[dict[str, Any]]:
        """Find passages, best first, each with its citation."""
        try:
            found = searcher.search(query, top, mode, grouped(where))
        except IdiolectError as error:
            raise ToolError(str(error)) from None
        return [_plain(hit, "score") for hit in found]

    def read(
        document_id: Annotated[str, Field(description="A hit's document_id")],
        first: Annotated[int, Field(ge=0, description="Position of the first passage")] = 0,
        count: Annotated[int, Field(ge=1, le=MOST, description="Passages to return")] = 5,
    ) -> list[dict[str, Any]]:
        """Read passages of a document in their order, from a position on."""
        found = searcher.reader.around(document_id, first, first + count - 1)
        if not found:
            raise ToolError(f"document {document_id!r} has no passage from position {first} on")
        return [_plain(entry) for entry in found]

    for tool in (search, read):
        server.add_tool(tool, annotations=reading)
    return server


def _plain(passage: Entry | Found, *more: str) -> dict[str, Any]:
    return {name: getattr(passage, name) for name in ("citation", *more, *SHOWN)}
