"""Records with the facts that a test is about; the rest is filled in."""

from idiolect.progress import Silent
from idiolect.records import Chunk, Document, Query
from idiolect.teachers.base import query_id
from idiolect.teachers.failures import DevRow, Found


def a_chunk(
    identifier,
    text,
    document="",
    title="",
    headings=(),
    start=0,
    duplicate_of="",
    boilerplate=(),
    verdicts=(),
):
    return Chunk(
        id=identifier,
        document_id=document or identifier.partition("#")[0],
        title=title,
        headings=list(headings),
        text=text,
        start=start,
        end=start + len(text),
        tokens=len(text.split()) + 2,
        duplicate_of=duplicate_of,
        boilerplate=[(text.index(part), text.index(part) + len(part)) for part in boilerplate],
        verdicts=list(verdicts),
    )


def documents_of(chunks, language="en"):
    """A document for each that the chunks name."""
    texts = {}
    for chunk in chunks:
        texts[chunk.document_id] = f"{texts.get(chunk.document_id, '')}{chunk.text}\n\n"
    return [
        Document(id=name, path=f"{name}.md", title=name, text=text, sha256="0" * 64, language=language)
        for name, text in texts.items()
    ]


def written(text, *positives, source="", style="question"):
    """A query as an LLM writes it: in its own words."""
    source = source or positives[0]
    return Query(
        id=query_id(source, text),
        text=text,
        positives=list(positives),
        style=style,
        hops=len(positives),
        teacher="llm:recorded",
        source=source,
    )


def copied(text, source, cut=None, style="sentence"):
    """A query cut out of a chunk: `cut` is what stands there, the query's own text unless given."""
    return Query(
        id=query_id(source, text),
        text=text,
        positives=[source],
        style=style,
        teacher="extractive",
        source=source,
        copied=True,
        cut=text if cut is None else cut,
    )


def dev_row(query, positives, top, split="dev", dataset="queries-dev", run="dense-tuned"):
    """What one run found for a query; of any other split, it is no row of dev."""
    return DevRow(
        dataset=dataset, query_id=query, positives=positives, runs={run: Found(top=top)}, split=split
    )


class Listening(Silent):
    """A progress that remembers what it was told."""

    def __init__(self):
        self.notes = []

    def note(self, message):
        self.notes.append(message)
