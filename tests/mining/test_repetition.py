"""A whole corpus: what its documents share is marked on their chunks, versions first, boilerplate next."""

import random

import pytest
from builders import a_chunk, documents_of

from idiolect.mining.fingerprints import fingerprint
from idiolect.mining.repetition import CorpusFingerprints
from idiolect.readers.base import Parsed, paragraphs

NOTICE = (
    "No part of this manual may be reproduced in any form without the written permission of the water "
    "works; the works accept no liability for damage that follows from its use."
)
WORDS = [
    f"{first}{second}" for first in ("pu", "va", "ta", "fil", "se", "ro") for second in "abcdefghijklmnop"
]


def body(name, length=60):
    return " ".join(random.Random(name).choices(WORDS, k=length)).capitalize() + "."


def marked(documents, near_duplicate=0.8, boilerplate_documents=5):
    """Chunks of documents given as name → texts, one chunk a text, with the marks on them."""
    corpus, chunks = CorpusFingerprints(), []
    for name, texts in documents.items():
        start, own = 0, []
        for number, text in enumerate(texts):
            own.append(a_chunk(f"{name}#{number}", text, start=start))
            start += len(text) + 2
        (document,) = documents_of(own)
        corpus.add(own, fingerprint(Parsed(document=document, blocks=list(paragraphs(document.text))), own))
        chunks += own
    marks = corpus.marks(near_duplicate, boilerplate_documents)
    return {chunk.id: marks.on(chunk) for chunk in chunks}


def stretches(chunk):
    return [chunk.text[start:end] for start, end in chunk.boilerplate]


def test_a_notice_on_every_manual_is_boilerplate_and_the_rest_is_not():
    manuals = {f"manual-{n}": [f"{body(n)}\n\n{NOTICE}", body(-n - 1)] for n in range(8)}
    for chunk in marked(manuals).values():
        assert stretches(chunk) == ([NOTICE] if chunk.id.endswith("#0") else [])
        assert chunk.duplicate_of == ""
        assert chunk.trains


def test_a_notice_with_other_numbers_is_the_same_notice():
    manuals = {f"manual-{n}": [f"{body(n)}\n\n{NOTICE} Edition {n}, 20{n + 10}."] for n in range(6)}
    assert all(len(chunk.boilerplate) == 1 for chunk in marked(manuals).values())


def test_versions_of_a_manual_are_duplicates_and_no_boilerplate():
    manuals = {f"manual-v{n}": [body("pump"), body("valve"), body(f"new in {n}", 8)] for n in range(7)}
    manuals |= {f"other-{n}": [body(n)] for n in range(6)}
    chunks = marked(manuals)
    assert not any(chunk.boilerplate for chunk in chunks.values())
    for number in range(1, 7):
        assert chunks[f"manual-v{number}#0"].duplicate_of == "manual-v0#0"
        assert chunks[f"manual-v{number}#1"].duplicate_of == "manual-v0#1"
        assert chunks[f"manual-v{number}#2"].trains
    assert all(chunk.trains for chunk in chunks.values() if "other" in chunk.id or "v0" in chunk.id)


def test_chunks_of_the_notice_alone_do_not_train():
    manuals = {f"manual-{n}": [body(n), NOTICE] for n in range(8)}
    chunks = marked(manuals)
    assert [name for name, chunk in chunks.items() if chunk.trains] == [f"manual-{n}#0" for n in range(8)]
    assert chunks["manual-0#1"].duplicate_of == ""
    assert chunks["manual-5#1"].duplicate_of == "manual-0#1"


def test_what_mostly_is_boilerplate_never_stands_for_what_is_not():
    """Two chunks alike, of which one tells its notice in a paragraph of its own."""
    tail = body("tail", 10)
    manuals = {f"manual-{n}": [body(n), NOTICE] for n in range(8)}
    manuals = {"first": [f"{NOTICE}\n\n{tail}"], "second": [f"{NOTICE} {tail}"], **manuals}
    chunks = marked(manuals, near_duplicate=0.5)
    assert not chunks["first#0"].trains and chunks["first#0"].duplicate_of == ""
    assert chunks["second#0"].trains


def test_a_document_without_chunks_counts_for_nothing():
    corpus = CorpusFingerprints()
    (document,) = documents_of([a_chunk("empty#0", "…")])
    corpus.add([], fingerprint(Parsed(document=document, blocks=[]), []))
    assert corpus.marks(0.8, 5).duplicate_of == {}


@pytest.mark.parametrize("language", ["de", "zh"])
def test_in_other_scripts_too(language):
    notice = {
        "de": "Nachdruck, auch auszugsweise, nur mit schriftlicher Genehmigung der Wasserwerke.",
        "zh": "版权所有，未经自来水厂书面许可，不得以任何形式转载本手册的内容。",
    }[language]
    text = {
        "de": lambda n: f"Die Pumpe Nummer {n} fördert " + body(n),
        "zh": lambda n: (
            "".join(random.Random(n).choices("水泵阀门管道压力检查轴承密封油温电机启动停止", k=60)) + "。"
        ),
    }[language]
    manuals = {f"manual-{n}": [f"{text(n)}\n\n{notice}"] for n in range(6)}
    manuals["copy"] = [f"{text(3)}\n\n{notice}"]
    chunks = marked(manuals)
    assert all(stretches(chunk) == [notice] for chunk in chunks.values())
    assert {name: chunk.duplicate_of for name, chunk in chunks.items() if chunk.duplicate_of} == {
        "copy#0": "manual-3#0"
    }
