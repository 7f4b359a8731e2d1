"""What a document tells about the queries that it answers."""

import pytest

from idiolect.evaluation.facets import origins
from idiolect.records import Document


def document(path, language="en"):
    return Document(id=path, path=path, title="", text="", sha256="", language=language)


@pytest.mark.parametrize(
    ("paths", "sources"),
    [
        (["guide/a.md", "guide/deep/b.md", "api/c.rst"], ["guide/", "guide/", "api/"]),
        (["en/docs/a.md", "en/docs/x/b.md", "en/blog/c.md"], ["docs/", "docs/", "blog/"]),
        (
            ["a.md", "b.PDF", "c.jsonl.gz", "guide/d.md", "LICENCE"],
            [".md", ".pdf", ".jsonl.gz", "guide/", ""],
        ),
        (["only/one/a.md", "only/one/b.txt"], [".md", ".txt"]),
        (["corpus.jsonl"], [".jsonl"]),
    ],
)
def test_a_source_is_the_topmost_folder_that_tells_documents_apart_or_the_kind_of_file(paths, sources):
    known = origins(document(path) for path in paths)
    assert [known.sources[path] for path in paths] == sources


def test_queries_have_the_language_and_source_of_what_answers_them():
    known = origins([document("guide/a.md", "de"), document("api/b.md", ""), document("api/c.md")])
    facets = known.facets({"q1": "guide/a.md", "q2": "api/b.md", "q3": "nowhere"})
    assert facets == {"language": {"q1": "de"}, "source": {"q1": "guide/", "q2": "api/"}}
    assert origins([]).facets({"q": "x"}) == {}
