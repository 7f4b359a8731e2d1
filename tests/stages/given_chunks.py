"""A WORK folder with given chunks and queries, and the stages after them: a run without ingest's processes."""

from builders import Listening, a_chunk, documents_of, written
from small_corpus import MACHINES, sections

from idiolect.config import load
from idiolect.files import write_jsonl
from idiolect.stages import evaluate, generate, prepare, train
from idiolect.stages.context import Context
from idiolect.workspace import Workspace

SETTINGS = (
    "generate.max_queries=160",
    "prepare.masked_queries=24",
    "prepare.test_fraction=0.4",
    "train.learning_rate=1e-3",
    "train.dimensions=[64]",
)


def manuals():
    """Title and text of 32 sections of manuals."""
    return [section for number, name in enumerate(MACHINES) for section in sections(name, number)[:2]]


def questions(texts, turns=4):
    """So many queries of each text, in turn: stretches of it that overlap by half."""
    return [f"{title} {text}"[25 * turn : 25 * turn + 50] for turn in range(turns) for title, text in texts]


def given(work, base, texts, asked, *settings):
    """A context whose WORK holds a chunk for each text, what was `asked` of them in turn, else copied queries."""
    config = load(None, [f"train.base={base}", *SETTINGS, *settings])
    context = Context(Workspace(work), config, Listening())
    chunks = [a_chunk(f"d{n}#0", text, title=title) for n, (title, text) in enumerate(texts)]
    write_jsonl(context.workspace.chunks, chunks)
    write_jsonl(context.workspace.documents, documents_of(chunks))
    if asked:
        queries = [written(text, f"d{n % len(texts)}#0") for n, text in enumerate(asked)]
        write_jsonl(context.workspace.queries, queries)
    else:
        generate.run(context)
    return context


def trained_and_evaluated(context):
    """What train counted; the report lies in WORK."""
    prepare.run(context)
    trained = train.run(context)
    evaluate.run(context)
    return trained
