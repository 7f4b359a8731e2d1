"""A finished WORK is searched in memory: by meaning, by word, or by both."""

import numpy as np
import pytest
from builders import a_chunk, documents_of
from small_corpus import MACHINES, sections
from tiny_model import DIMENSION

from idiolect.bundle import Base, Manifest, Prompts, write_bundle
from idiolect.errors import InputError, WorkspaceError
from idiolect.files import write_json, write_jsonl
from idiolect.index.memory import MemoryIndex
from idiolect.mining.fusion import standardise
from idiolect.progress import Silent
from idiolect.records import Fusion
from idiolect.runtimes.layout import CALIBRATION
from idiolect.runtimes.model_files import describe
from idiolect.workspace import Workspace

pytestmark = pytest.mark.usefixtures("one_thread")


def chunks():
    found = []
    for number, name in enumerate(list(MACHINES)[:6]):
        start = 0
        for position, (heading, text) in enumerate(sections(name, number)):
            stem = name.replace(" ", "-")
            found.append(a_chunk(f"{stem}#{position}", text, title=name, headings=[heading], start=start))
            start += len(text) + 2
    return found


def finished(folder, model, weight, calibration=None):
    """WORK as a run leaves it, as far as search reads it; the bundle has weights and no graph."""
    workspace = Workspace(folder)
    write_jsonl(workspace.chunks, chunks())
    write_jsonl(workspace.documents, documents_of(chunks()))
    files = describe(model)
    manifest = Manifest(
        name="tiny",
        weights="tuned",
        verdict="promote",
        base=Base(name="tiny", digest=files.digest),
        model_digest=files.digest,
        dimension=DIMENSION,
        dimensions=[DIMENSION],
        max_tokens=files.max_tokens,
        chunk_tokens=48,
        overlap_tokens=8,
        prompts=Prompts(query=files.query_prompt, passage=files.passage_prompt),
        fusion=Fusion(weight=weight),
    )

    def fill(draft):
        if calibration is not None:
            write_json(draft / CALIBRATION, calibration)
        return {}

    write_bundle(workspace.bundle, manifest, model, fill)
    return workspace


@pytest.fixture(scope="module")
def workspace(tiny_model, tmp_path_factory):
    return finished(tmp_path_factory.mktemp("searched"), tiny_model, 0.75)


@pytest.fixture(scope="module")
def index(workspace):
    return MemoryIndex(workspace, Silent())


def test_words_find_the_chunk_that_holds_them_and_none_that_do_not(index):
    hits = index.search("cloudy water", 50, "lexical")
    assert hits[0].chunk_id == "sand-filter#2"
    assert 0 < len(hits) < len(chunks())
    assert all("water" in hit.text or "cloudy" in hit.text or "cloudy" in hit.title for hit in hits)
    assert index.search("xylophone", 10, "lexical") == []


@pytest.mark.parametrize("mode", ["dense", "lexical", "hybrid"])
def test_hits_are_ranked_and_say_where_they_stand(index, mode):
    hits = index.search("the pump", 5, mode)
    assert [hit.rank for hit in hits] == [1, 2, 3, 4, 5]
    assert [hit.score for hit in hits] == sorted((hit.score for hit in hits), reverse=True)
    texts = {document.id: document.text for document in documents_of(chunks())}
    for hit in hits:
        assert texts[hit.document_id][hit.start : hit.end] == hit.text
        assert hit.path == f"{hit.document_id}.md"
        assert " › " in hit.title


def test_dense_search_ranks_by_the_cosine_of_the_bundles_own_vectors(index):
    query = index.encoder.runtime.encode(["the pump"], "query")[0]
    vectors = index.encoder.runtime.encode([chunk.passage.full_text for chunk in chunks()], "passage")
    cosines = vectors @ query
    hits = index.search("the pump", 6, "dense")
    assert [hit.score for hit in hits] == pytest.approx(sorted(cosines, reverse=True)[:6], abs=2e-3)


def test_hybrid_search_fuses_both_at_the_bundles_weight(index):
    count = len(chunks())
    dense = {hit.chunk_id: hit.score for hit in index.search("a torn membrane", count, "dense")}
    lexical = {hit.chunk_id: hit.score for hit in index.search("a torn membrane", count, "lexical")}
    names = list(dense)
    fused = standardise(np.array([dense[name] for name in names])) + 0.75 * standardise(
        np.array([lexical.get(name, 0.0) for name in names])
    )
    hits = {hit.chunk_id: hit.score for hit in index.search("a torn membrane", count, "hybrid")}
    assert [hits[name] for name in names] == pytest.approx(fused.tolist(), abs=0.02)
    assert max(hits, key=hits.get) == "pressure-vessel#2"


def test_a_bundle_of_weight_0_searches_by_meaning_alone(tiny_model, tmp_path):
    index = MemoryIndex(finished(tmp_path, tiny_model, 0.0), Silent())
    both = [[hit.chunk_id for hit in index.search("the pump", 9, mode)] for mode in ("dense", "hybrid")]
    assert both[0] == both[1]


def test_a_second_search_encodes_no_chunk_again(workspace, index):
    files = sorted(workspace.vectors.iterdir())
    before = [file.stat().st_size for file in files]
    again = MemoryIndex(workspace, Silent())
    assert [file.stat().st_size for file in files] == before
    assert again.search("the pump", 3, "dense") == index.search("the pump", 3, "dense")


def test_more_are_asked_for_than_there_are(index):
    assert len(index.search("the pump", 1_000, "dense")) == len(chunks())


@pytest.mark.parametrize("query", ["", "  ", "?!"])
def test_a_query_without_a_word_is_refused(index, query):
    with pytest.raises(InputError, match="has no letter or digit to search for"):
        index.search(query, 5, "hybrid")


def test_an_unfinished_work_says_what_to_run(tiny_model, tmp_path):
    workspace = Workspace(tmp_path)
    with pytest.raises(WorkspaceError, match="run `idiolect ingest -w"):
        MemoryIndex(workspace, Silent())
    write_jsonl(workspace.chunks, chunks())
    write_jsonl(workspace.documents, documents_of(chunks()))
    with pytest.raises(WorkspaceError, match=r"bundle is not there yet: run `idiolect run DOCS -w"):
        MemoryIndex(workspace, Silent())
