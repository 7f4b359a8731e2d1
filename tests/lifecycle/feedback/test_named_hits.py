"""Hits and actions under the ids that WORK's documents and chunks have now, however the caller called them."""

from builders import a_chunk, documents_of
from happened import action, impression, keep, log_of

from idiolect.evaluation.label_documents import DocumentNames
from idiolect.learning import named
from idiolect.lifecycle.feedback.clicks import readings

CHUNKS = [a_chunk("ops-keys#0", "Keys are rotated in spring."), a_chunk("faq#0", "Questions, and answers.")]


def test_what_was_done_follows_its_hit_to_the_name_of_now(tmp_path):
    """A document by its path, a chunk that there is no more, and what was never ingested."""
    documents = documents_of(CHUNKS)
    (path,) = {one.path for one in documents if one.id == "ops-keys"}
    hits = [(path, ""), ("faq", "faq#9"), ("faq", "faq#0"), ("elsewhere", "elsewhere#1")]
    keep(
        tmp_path,
        impression(
            hits=[
                {"rank": rank, "document": one, "chunk": chunk} for rank, (one, chunk) in enumerate(hits, 1)
            ]
        ),
        action(seconds=5, document=path),
        action(seconds=50, kind="like", document="faq", chunk="faq#9"),
        action(seconds=60, kind="copy", rank=4),
        action(seconds=70, kind="abandon"),
    )
    (seen,) = named(log_of(tmp_path).seen(), DocumentNames(documents, CHUNKS), CHUNKS)
    shown = [(hit.document, hit.chunk) for hit in seen.impression.hits]
    assert path != "ops-keys"
    assert shown == [("ops-keys", ""), ("faq", ""), ("faq", "faq#0"), ("elsewhere", "elsewhere#1")]
    assert [(one.rank, one.document, one.chunk) for one in seen.actions] == [
        (1, "ops-keys", ""),
        (2, "faq", ""),
        (4, "elsewhere", "elsewhere#1"),
        (0, "", ""),
    ]
    (read,) = readings([seen], 30.0)
    assert (read.opened, read.satisfied, read.lost) == ({0, 1, 3}, {1, 3}, 0)
