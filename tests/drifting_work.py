"""A WORK that could be served, what people ask of it, and other things that they might ask one day."""

import datetime
import random
import shutil

from prepared_work import questions
from small_corpus import MACHINES

from idiolect.bundle import Bundle
from idiolect.config import Ingest
from idiolect.estimates.corpus import sample_corpus
from idiolect.files import write_jsonl
from idiolect.lifecycle.drift.findings import Finding
from idiolect.lifecycle.drift.windows import Against, Side, Window
from idiolect.records import TextRef, TrainingExample
from idiolect.runtimes.opening import described
from idiolect.workspace import Workspace

FLOWERS = (
    "tulip",
    "peony",
    "dahlia",
    "lilac",
    "iris",
    "aster",
    "zinnia",
    "phlox",
    "lupin",
    "viola",
    "freesia",
    "cosmos",
)
GARDEN = (
    "Which {} blooms in {} on chalk?",
    "May I prune my {} before {} frosts?",
    "A {} for a shaded border in {}",
)
MONTHS = ("April", "May", "June", "July", "August", "September")
PLANT = (
    "the {} shows {}, what is wrong",
    "{}: inspect it after {}?",
    "who repairs a {} that has {}",
    "may I restart the {} when there is {}",
)


def asked(count, seed, flowers=0.0):
    """Different queries about the waterworks, a share of them about flowers instead."""
    chance = random.Random(seed)
    signs = [machine[2] for machine in MACHINES.values()]
    plant = [form.format(name, sign) for form in PLANT for name in MACHINES for sign in signs]
    garden = [form.format(name, month) for form in GARDEN for name in FLOWERS for month in MONTHS]
    strange = round(flowers * count)
    found = chance.sample(plant, count - strange) + chance.sample(garden, strange)
    chance.shuffle(found)
    return found


def served_work(folder, bundle, docs):
    """Chunks and documents of `docs`, training examples and a bundle."""
    work, manifest = Workspace(folder), Bundle.load(bundle).manifest
    cut = Ingest(chunk_tokens=manifest.chunk_tokens, overlap_tokens=manifest.overlap_tokens)
    read = sample_corpus(docs, cut, described(bundle), 13, 10_000, 60.0)
    write_jsonl(work.documents, read.documents)
    write_jsonl(work.chunks, read.chunks)
    write_jsonl(work.train, [_example(query, read.chunks) for query in questions()])
    shutil.copytree(bundle, work.bundle)
    return work


def _example(query, chunks):
    manual = query.positives[0].partition("#")[0]
    chunk = next(chunk for chunk in chunks if manual in chunk.document_id)
    return TrainingExample(
        query_id=query.id,
        query=query.text,
        positive=TextRef(id=chunk.id, text=chunk.text),
        negatives=[],
        teacher_scores=[1.0],
        objective="contrastive",
    )


def write_queries(path, queries):
    path.write_text("\n".join(queries) + "\n", encoding="utf-8")
    return path


def window(
    digest, moved, *, name='manu"als', since="", until="", status="counted", taken="first", model="m", p=0.001
):
    """A line of drift.jsonl with one finding."""
    finding = Finding(
        detector="mmd",
        statistic=0.2,
        threshold=0.1,
        p=p if moved else 0.6,
        p_adjusted=p if moved else 0.6,
        reference=80,
        current=90,
        drifted=moved,
    )
    side = Side(
        name="queries",
        status=status,
        digest=digest,
        texts=100,
        compared=90,
        reference=Against(kind="window", digest=taken, texts=80, taken=taken),
        findings=[finding] if status == "counted" else [],
    )
    return Window(
        taken="2026-03-09T08:00:00+00:00",
        since=since,
        until=until,
        model=model,
        name=name,
        digest=digest,
        sides=[side],
    )


def impressions(queries, began, users=30):
    """Impressions, one a minute, that people consent to."""
    return [
        {
            "type": "impression",
            "id": f"{began.isoformat()} {number}",
            "time": (began + datetime.timedelta(minutes=number)).isoformat(),
            "query": query,
            "user": f"user {number % users}",
            "hits": [{"rank": 1, "document": "intake-pump"}],
            "consent": True,
        }
        for number, query in enumerate(queries)
    ]
