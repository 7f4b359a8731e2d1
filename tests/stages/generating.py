"""A WORK with chunks, for the generate stage to run over with an endpoint."""

from pathlib import Path

import msgspec
from builders import Listening, documents_of

from idiolect.config import load
from idiolect.files import write_jsonl
from idiolect.records import WITHHELD
from idiolect.stages.context import Context
from idiolect.workspace import Workspace


def context_over(tmp_path: Path, chunks, url: str, *settings: str, withheld=()) -> Context:
    work = Workspace(tmp_path / "work")
    documents = [
        msgspec.structs.replace(one, verdicts=[WITHHELD] if one.id in withheld else [])
        for one in documents_of(chunks)
    ]
    write_jsonl(work.documents, documents)
    write_jsonl(work.chunks, chunks)
    given = (f"generate.base_url={url}", "generate.model=m", *settings)
    return Context(work, load(None, given), Listening())
