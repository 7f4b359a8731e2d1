"""The small corpus's manuals as chunks, what an LLM might ask of them, and a WORK that prepare has made of both."""

from builders import Listening, documents_of, written
from small_corpus import MACHINES

from idiolect.config import load
from idiolect.files import write_jsonl
from idiolect.progress import Silent
from idiolect.stages.context import Context
from idiolect.stages.prepare import run
from idiolect.teachers.extractive import ExtractiveTeacher
from idiolect.workspace import Workspace

SETTINGS = ("prepare.masked_queries=24", "prepare.test_fraction=0.25", "prepare.dev_fraction=0.2")


def questions():
    """What an LLM might ask of each manual; the last is answered by two chunks."""
    asked = []
    for name, (purpose, part, sign, cause) in MACHINES.items():
        stem = name.replace(" ", "-")
        asked += [
            written(f"why does the {name} show {sign}, is it {cause}?", f"{stem}#2"),
            written(f"how many weeks may the {part} go without inspection?", f"{stem}#1"),
            written(f"which machine {purpose}, and what wears in it?", f"{stem}#0", f"{stem}#1"),
        ]
    return asked


def copies(chunks, count):
    """Queries cut out of the chunks, as without an LLM."""
    languages = dict.fromkeys((chunk.document_id for chunk in chunks), "en")
    return ExtractiveTeacher(count, 13, languages).write(chunks, Silent()).queries


def prepared(folder, base, chunks, queries, *settings, documents=None):
    """The context after a run of the real stage, its summary and what it said."""
    progress = Listening()
    config = load(None, [f"train.base={base}", *SETTINGS, *settings])
    context = Context(Workspace(folder), config, progress)
    work = context.workspace
    write_jsonl(work.chunks, chunks)
    write_jsonl(work.queries, queries)
    write_jsonl(work.documents, documents or documents_of(chunks))
    return context, run(context), progress.notes
