"""A corpus seen through a sample: whole where it is small, near the truth where it is not."""

import json

import pytest
from small_corpus import write_small_corpus

from idiolect.config import Ingest
from idiolect.errors import InputError
from idiolect.estimates.corpus import sample_corpus
from idiolect.files import tree_digests, write_text
from idiolect.runtimes.model_files import describe, resolve

SETTINGS = Ingest(chunk_tokens=128, overlap_tokens=16)


@pytest.fixture(scope="module")
def base():
    return describe(resolve("auto"))


@pytest.fixture
def large(tmp_path):
    """A JSONL corpus of 2,000 lines beside 60 notes, all different."""
    folder = tmp_path / "docs"
    lines = [
        json.dumps(
            {"_id": f"l{n}", "title": f"Line {n}", "text": f"Valve {n} opens at {n % 7} bar. " * (5 + n % 11)}
        )
        for n in range(2_000)
    ]
    write_text(folder / "corpus.jsonl", "\n".join(lines) + "\n")
    for n in range(60):
        write_text(
            folder / f"note{n}.md", f"# Note {n}\n\n" + f"Pump {n} was looked at on day {n}. " * (10 + n % 5)
        )
    return folder


def sampled(folder, base, chunks, seed=13, **options):
    return sample_corpus(
        folder, Ingest(**({"chunk_tokens": 128, "overlap_tokens": 16} | options)), base, seed, chunks, 60
    )


def test_a_small_corpus_is_read_whole(tmp_path, base):
    folder = write_small_corpus(tmp_path / "docs")
    before = tree_digests(tmp_path)
    sample = sampled(folder, base, 1_000)
    assert sample.complete
    assert sample.total("documents") == len(sample.parsed) == 16
    assert sample.total("chunks") == len(sample.chunks)
    assert sample.total("tokens") == sum(chunk.tokens for chunk in sample.chunks)
    assert set(sample.kinds) == {".html", ".jsonl", ".md", ".rst", ".txt"}
    assert tree_digests(tmp_path) == before


def test_a_large_corpus_is_extrapolated_to_within_a_tenth(large, base):
    truth = sampled(large, base, 10**9)
    sample = sampled(large, base, 300)
    assert truth.complete
    assert not sample.complete
    assert truth.total("documents") == 2_060
    assert len(sample.chunks) < len(truth.chunks) / 3
    for name in ("documents", "characters", "chunks", "tokens"):
        assert sample.total(name) == pytest.approx(truth.total(name), rel=0.1), name


def test_stretches_of_a_corpus_file_hold_every_line_once(large, base):
    identifiers = [parsed.document.id for parsed in sampled(large, base, 10**9).parsed]
    assert len(set(identifiers)) == len(identifiers) == 2_060


def test_a_seed_draws_the_same_sample_and_another_seed_another(large, base):
    first, again, other = (
        [chunk.id for chunk in sampled(large, base, 200, seed).chunks] for seed in (1, 1, 2)
    )
    assert first == again != other


def test_a_sample_meets_every_kind_of_file(large, base):
    assert all(kind.pieces_read for kind in sampled(large, base, 50).kinds.values())


def test_a_large_table_is_read_in_part_and_extrapolated(tmp_path, base):
    rows = [f'r{n},"Valve {n}","Valve {n} opens at {n % 7} bar and closes at night."' for n in range(4_000)]
    write_text(tmp_path / "docs" / "rows.csv", "id,title,text\n" + "\n".join(rows) + "\n")
    sample = sampled(tmp_path / "docs", base, 200)
    assert not sample.complete
    assert len(sample.chunks) < 1_000
    assert sample.total("documents") == pytest.approx(4_000, rel=0.6)


def test_what_is_left_out_has_its_reason(tmp_path, base):
    write_text(
        tmp_path / "docs" / "note.md",
        "The pump stops when the tank is full, and the valve is closed by hand.\n",
    )
    write_text(tmp_path / "docs" / "empty.md", "")
    (tmp_path / "docs" / "photo.xyz").write_bytes(b"\x00")
    reasons = {one.path: one.reason for one in sampled(tmp_path / "docs", base, 100).rejected}
    assert reasons["empty.md"] == "empty"
    assert set(reasons) == {"empty.md", "photo.xyz"}
    german = sampled(tmp_path / "docs", base, 100, languages=("de",))
    assert not german.chunks
    assert any(one.reason.startswith("language: en") for one in german.rejected)


def test_documents_that_are_not_there_are_refused(tmp_path, base):
    with pytest.raises(InputError, match="nowhere"):
        sampled(tmp_path / "nowhere", base, 10)
