"""The graph by itself: counts are those of a walk over its edges, questions are quick, and what is erased is gone."""

import random
import sqlite3
import time

import pytest
from walked import counted, walked

from idiolect.errors import AuditError
from idiolect.lifecycle.lineage.explaining import (
    explain_document,
    explain_model,
    explain_model_document,
    touched,
)
from idiolect.lifecycle.lineage.extract import export_model
from idiolect.lifecycle.lineage.forgetting import forget
from idiolect.lifecycle.lineage.naming import artefact, documents
from idiolect.lifecycle.lineage.store import opened
from idiolect.lifecycle.lineage.writing import Run

WITHIN = ("positive", "hard-negative", "teacher-score", "shown", "written-from", "asked")


def digest(*parts):
    return random.Random(repr(parts)).randbytes(32).hex()


def write(lineage, number=0, size=12, seed=13, change=None):
    """One made-up run: documents, chunks, queries, examples, data sets, a model, a bundle; their nodes by name."""
    rng = random.Random(seed)
    made = {}
    with lineage.transaction():
        run = Run(lineage, f"run-{number}", "train", "2026-01-02T03:04:05+00:00", 1.0)
        chunks = []
        for document in range(size):
            version = digest(document, change if document == 0 else None)[:16]
            node = run.named("document", f"paper-{document}@{version}", f"papers/{document}.md")
            parts = [(node, "cut-from")]
            chunks += [
                run.made_of("chunk", f"paper-{document}#{part}@{digest(node, part)[:16]}", parts)
                for part in range(2)
            ]
            if rng.random() < 0.2:
                parts.append(
                    (chunks[rng.randrange(len(chunks) - 2)] if len(chunks) > 2 else node, "cut-from")
                )
        copy = run.made_of("chunk", "copy#0@c", [(chunks[0], "duplicate-of"), (node, "cut-from")])
        items = [*chunks, copy]
        for query in range(3 * size):
            parts = [(rng.choice(items), rng.choice(WITHIN)) for _ in range(rng.randint(1, 4))]
            items.append(run.made_of(rng.choice(("query", "example", "call")), f"q{query}", parts))
        for name in ("train", "dev", "test"):
            made[name] = run.artefact("dataset", f"{digest(name, number)}:{name}", name)
            for item in rng.sample(items, size):
                run.edge(item, made[name], "part-of" if item not in chunks else "searched")
        for kind in ("model", "report", "bundle", "index", "fusion", "compression"):
            made[kind] = run.artefact(kind, digest(kind, number), kind)
        run.edge(made["train"], made["model"], "trained-on")
        run.edge(made["dev"], made["model"], "selected-on")
        run.edge(made["dev"], made["fusion"], "fusion")
        run.edge(made["fusion"], made["model"], "tuned-from")  # a second way from dev
        run.edge(made["test"], made["report"], "measured-on")
        run.edge(made["model"], made["report"], "reported")
        run.edge(made["model"], made["bundle"], "exported")
        run.edge(made["report"], made["bundle"], "decided")
        run.edge(made["test"], made["compression"], "compression")
        run.edge(made["compression"], made["bundle"], "exported")
        run.edge(chunks[0], made["bundle"], "int8")
        run.edge(items[-1], made["model"], "rated")
        run.edge(made["bundle"], made["index"], "encoded")
        run.edge(made["test"], made["index"], "indexed")
        run.finish()
    return made


@pytest.fixture
def lineage(tmp_path):
    with opened(tmp_path / "lineage.db") as found:
        yield found


@pytest.mark.parametrize("seed", range(5))
def test_what_is_counted_is_what_a_walk_over_the_edges_finds(lineage, seed):
    write(lineage, seed=seed)
    write(lineage, number=1, seed=seed + 100, change="a new version of the first document")
    assert counted(lineage)
    assert counted(lineage) == walked(lineage)


def test_a_run_that_adds_to_a_data_set_of_an_earlier_one_is_counted_in_all_that_was_made_of_it(lineage):
    made = write(lineage)
    before = explain_model(lineage, artefact(lineage, made["index"].token)).documents
    with lineage.transaction():
        run = Run(lineage, "later", "prepare", "2026-01-02T03:04:05+00:00", 1.0)
        late = run.named("document", "late@0123456789abcdef", "late.md")
        chunk = run.made_of("chunk", "late#0@1", [(late, "cut-from")])
        run.edge(chunk, run.artefact("dataset", made["train"].token), "part-of")
        run.finish()
    assert explain_model(lineage, artefact(lineage, made["index"].token)).documents == before + 1
    assert counted(lineage) == walked(lineage)


def test_what_a_run_made_of_an_old_version_is_not_taken_for_the_new_ones(lineage):
    write(lineage)
    made = write(lineage, number=1, change="changed")
    versions = documents(lineage, "paper-0")
    assert [version.path for version in versions] == ["papers/0.md"] * 2
    first, second = ({one.artefact.node for one in explain_document(lineage, [one])} for one in versions)
    assert made["train"].id in second - first or made["test"].id in second - first
    assert not first & second


def test_a_transaction_that_fails_leaves_nothing(lineage):
    with pytest.raises(ZeroDivisionError), lineage.transaction():
        Run(lineage, "half", "train", "2026-01-02T03:04:05+00:00", 1.0).artefact("model", "ab" * 32)
        raise ZeroDivisionError
    assert lineage.connection.execute("SELECT COUNT(*) FROM nodes").fetchone() == (0,)
    with pytest.raises(AuditError, match="knows no artefact"):
        artefact(lineage, "ab" * 32)


def test_touched_names_every_artefact_with_its_uses_the_heaviest_first(lineage):
    write(lineage)
    found = touched(lineage, [f"paper-{number}" for number in range(12)])
    uses = {one.artefact.kind: one.uses for one in found if one.artefact.kind != "dataset"}
    assert uses["bundle"] == ["weights", "choice", "figures", "packaging"]
    assert uses["index"] == ["weights", "choice", "figures", "vectors", "packaging"]
    assert uses["report"] == ["figures"]
    assert touched(lineage, ["nobody"]) == []


def test_paths_lead_from_the_document_to_the_artefact_and_are_counted_under_their_role(lineage):
    made = write(lineage)
    chosen = artefact(lineage, made["bundle"].token)
    for number in range(12):
        versions = documents(lineage, f"paper-{number}")
        one = explain_model_document(lineage, chosen, versions, limit=1000)
        shown = {(path.role, path.use) for path in one.paths}
        assert shown == {(each.role, each.use) for source in one.sources for each in source.influences}
        for path in one.paths:
            assert path.steps[0].kind == "document" and path.steps[-1].kind == "bundle"
            assert path.steps[0].role == "" and all(step.role for step in path.steps[1:])


def test_an_extract_answers_what_the_whole_does_about_its_artefact(lineage, tmp_path):
    made = write(lineage)
    write(lineage, number=1, seed=14)
    chosen = artefact(lineage, made["bundle"].token)
    path = export_model(lineage, made["bundle"].token, tmp_path / "part.db")
    with opened(path, must_exist=True) as part:
        assert artefact(part, "") == chosen
        assert explain_model(part, chosen, 100) == explain_model(lineage, chosen, 100)
        versions = documents(lineage, "paper-3")
        assert documents(part, "paper-3") == versions
        assert explain_model_document(part, chosen, versions) == explain_model_document(
            lineage, chosen, versions
        )
        assert counted(part) == walked(part)
        with pytest.raises(AuditError):
            artefact(part, digest("model", 1))
    assert path.stat().st_size < lineage.path.stat().st_size


def test_a_document_that_is_forgotten_stays_counted_and_no_byte_of_its_names_is_left(lineage):
    made = write(lineage, size=40)
    (version,) = documents(lineage, "paper-7")
    rows = lineage.connection.execute("SELECT key FROM nodes WHERE key LIKE 'paper-7#%'").fetchall()
    names = [version.digest, "paper-7@", "paper-7#", "papers/7.md", *(key for (key,) in rows)]
    before = counted(lineage)
    assert all(name.encode() in lineage.path.read_bytes() for name in names)
    assert forget(lineage, ["paper-7", "unknown"]) == 1
    held = lineage.path.read_bytes()
    assert [name for name in names if name.encode() in held] == []
    assert not list(lineage.path.parent.glob("lineage.db-*"))
    assert counted(lineage) == before == walked(lineage)
    found = explain_model(lineage, artefact(lineage, made["index"].token), 100)
    assert "erased" in {source.document for source in found.sources}
    with pytest.raises(AuditError, match="no document 'paper-7'"):
        documents(lineage, "paper-7")
    assert forget(lineage, ["paper-7"]) == 0
    (key,) = lineage.connection.execute(
        "SELECT key FROM nodes WHERE kind = ? AND key NOT LIKE 'erased@%'", (lineage.kinds["query"],)
    ).fetchone()
    forget(lineage, [], [key.rpartition("@")[0]])  # a query that goes along, by whatever way it had come
    assert key.encode() not in lineage.path.read_bytes()
    assert documents(lineage, "paper-17")


def test_names_that_mean_nothing_or_too_much_are_refused_in_one_line(lineage, tmp_path):
    write(lineage)
    with lineage.transaction():
        run = Run(lineage, "more", "ingest", "2026-01-02T03:04:05+00:00", 1.0)
        for name in "ab":
            run.named("document", f"row-{name}@{digest(name)[:16]}", "table.jsonl")
    for given, why in (
        ("table.jsonl", "the path of 2 documents: name one by its id \\('row-a', 'row-b'\\)"),
        ("papers/3.txt", "nearest are 'papers/"),
        ("zzz", "nor one like it"),
    ):
        with pytest.raises(AuditError, match=why):
            documents(lineage, given)
    assert documents(lineage, "papers/3.md") == documents(lineage, "paper-3")
    for given, why in (
        ("zz", "no directory and no digest"),
        ("", "say what"),
        (str(tmp_path), "knows no model"),
    ):
        with pytest.raises(AuditError, match=why):
            artefact(lineage, given)


def test_a_file_that_is_none_or_of_a_later_version_is_refused_in_one_line(tmp_path):
    path = tmp_path / "lineage.db"
    with pytest.raises(AuditError, match="is not there"), opened(path, must_exist=True):
        pass
    path.write_bytes(b"no database " * 400)
    with pytest.raises(AuditError, match="delete it, and it is recorded anew"), opened(path):
        pass
    path.unlink()
    with opened(path) as lineage:
        lineage.connection.execute("PRAGMA user_version = 99")
    with pytest.raises(AuditError, match="schema 99"), opened(path):
        pass


def test_kinds_and_roles_that_an_older_file_lacks_are_numbered_behind_its_own(tmp_path):
    path = tmp_path / "lineage.db"
    with opened(path) as lineage:
        before = lineage.roles
        lineage.connection.execute("DELETE FROM roles WHERE name = 'int8'")
    with opened(path) as lineage:
        assert lineage.roles.keys() == before.keys()
        assert {name: number for name, number in lineage.roles.items() if name != "int8"} == {
            name: number for name, number in before.items() if name != "int8"
        }


@pytest.mark.timed
def test_two_hundred_thousand_edges_are_asked_in_a_fifth_of_a_second(lineage):
    from lineage import make_large  # bench/lineage.py

    make_large(lineage, 200_000)
    (edges,) = lineage.connection.execute("SELECT COUNT(*) FROM edges").fetchone()
    assert edges >= 200_000
    chosen = artefact(lineage, "")
    versions = documents(lineage, "document-5")
    for ask in (
        lambda: explain_model(lineage, chosen),
        lambda: explain_model_document(lineage, chosen, versions),
        lambda: explain_document(lineage, versions),
    ):
        began = time.monotonic()
        assert ask()
        assert time.monotonic() - began < 0.2


def test_reading_waits_for_no_writer(lineage):
    write(lineage)
    with sqlite3.connect(lineage.path, timeout=0) as other:
        assert other.execute("SELECT COUNT(*) FROM edges").fetchone()[0] > 0
