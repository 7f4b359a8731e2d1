"""What people click becomes what is trained on: real commands, from a file of events to the lineage of a model."""

import json

import numpy as np
import pytest
from happened import action, impression
from indexed_manuals import command
from small_corpus import MACHINES, write_small_corpus

from idiolect.cli import main
from idiolect.files import read_json, read_jsonl
from idiolect.lifecycle.feedback.learnt import LearntQuery
from idiolect.records import Chunk, Split, TrainingExample
from idiolect.workspace import Workspace

pytestmark = pytest.mark.usefixtures("one_thread")

SETTINGS = (
    "generate.max_queries=48",
    "train.batch_size=16",
    "ingest.chunk_tokens=96",
    "ingest.overlap_tokens=16",
    "prepare.masked_queries=24",
    "prepare.test_fraction=0.25",
)
THETA = (1.0, 0.6, 0.4)


def idiolect(capsys, *arguments):
    with pytest.raises(SystemExit) as stop:
        main([str(one) for one in arguments])
    captured = capsys.readouterr()
    return stop.value.code, captured.out, captured.err


@pytest.fixture(scope="module")
def work(shallow_model, tmp_path_factory):
    """A WORK that was prepared, how to run it on, and the ids of its documents by machine."""
    folder = tmp_path_factory.mktemp("fed")
    docs = write_small_corpus(folder / "docs")
    options = [part for one in (*SETTINGS, f"train.base={shallow_model}") for part in ("--set", one)]
    work = Workspace(folder / "work")
    work.options = options
    work.again = ["run", docs, "-w", work.root, *options]
    with pytest.raises(SystemExit):
        main([str(one) for one in [*work.again, "--to", "prepare", "-q"]])
    known = {chunk.document_id for chunk in read_jsonl(work.chunks, Chunk)}
    work.documents = {name: next(one for one in known if name.replace(" ", "-") in one) for name in MACHINES}
    return work


def events(work, people=90):
    """Each machine's sign, asked by many; its manual stands at any of three ranks, the other two seldom answer."""
    rng = np.random.default_rng(13)
    names = list(MACHINES)
    number = 0
    for person in range(people):
        for hour, place in enumerate(rng.choice(len(names), 6, replace=False)):
            name, number = names[place], number + 1
            shown = [name, *(names[(place + step) % len(names)] for step in (1, 2))]
            shown = [shown[one] for one in rng.permutation(3)]
            hits = [
                {"rank": rank, "document": work.documents[one], "chunk": f"{work.documents[one]}#0"}
                for rank, one in enumerate(shown, 1)
            ]
            start = person * 20 + hour * 3000
            query = f"what about {MACHINES[name][2]}{'?' if person % 2 else ''}"
            yield impression(f"i{number}", start, query) | {"hits": hits, "user": f"p{person}"}
            for rank, one in enumerate(shown, 1):
                if rng.random() < THETA[rank - 1] * (0.9 if one == name else 0.02):
                    yield action(f"i{number}", start + 9 * rank, "like", rank=rank)


@pytest.fixture(scope="module")
def learnt(work):
    path = work.root.parent / "events.jsonl"
    path.write_text("".join(f"{json.dumps(one)}\n" for one in events(work)))
    command("feedback", "import", path, "-w", work.root)
    return command("feedback", "learn", "-w", work.root, *work.options, "-q", "--json")


def test_the_log_says_how_far_down_people_look_and_what_answers(work, learnt):
    thetas = {one["rank"]: one for one in learnt["propensities"]["thetas"]}
    assert set(thetas) == {1, 2, 3}
    for rank, theta in enumerate(THETA, 1):
        assert thetas[rank]["low"] <= theta <= thetas[rank]["high"]
    assert (learnt["queries"], learnt["weighting"], learnt["refused"]) == (16, "inverse propensity", "")
    assert read_json(work.learnt / "report.json") == learnt
    queries = list(read_jsonl(work.learnt_queries, LearntQuery))
    for name, query in zip(MACHINES, sorted(queries, key=lambda one: _place(one.text)), strict=True):
        assert query.positives[0].document == work.documents[name]
        assert 0.5 < query.positives[0].weight < 1.6, "0.9, as far as thirty people can tell"
        assert all(one.weight < 0.4 for one in query.positives[1:])
        assert not {one.document for one in query.negatives} & {one.document for one in query.positives}


def _place(text):
    return [sign in text for _, _, sign, _ in MACHINES.values()].index(True)


def test_training_takes_it_and_lineage_says_so(work, learnt, capsys):
    code, _, err = idiolect(capsys, *work.again, "--to", "train")
    assert code in (0, 3), err
    assert "prepare (changed: learnt_queries)" in err and "learnt queries train" in err
    examples = [one for one in read_jsonl(work.train, TrainingExample) if one.query_id.startswith("f")]
    sides = {row.query_id: row.split for row in read_jsonl(work.splits, Split)}
    assert examples and {one.query_id for one in examples} == {
        name for name, side in sides.items() if name.startswith("f") and side == "train"
    }
    assert np.mean([one.weight for one in examples]) == pytest.approx(1.0, abs=1e-3)
    assert len({one.weight for one in examples}) > 1
    trained = examples[0].positive.id.rpartition("#")[0]
    found = command("audit", "explain", "-w", work.root, "--document", trained, "--json")
    roles = {one["role"] for model in found["touched"] for one in model["influences"]}
    assert "satisfied" in roles
    code, out, _ = idiolect(capsys, *work.again, "--to", "train")
    assert "nothing to do" in out


def test_a_reproduction_takes_what_was_learnt_with_it(work, learnt, tmp_path):
    manifest = max(work.manifests.glob("*-prepare.json"))
    found = command("reproduce", manifest, "-w", tmp_path / "again", "-q", "--json")
    assert found["agrees"] and found["reproduction"]["changed"] == []
    assert (tmp_path / "again" / "learnt" / "queries.jsonl").read_bytes() == work.learnt_queries.read_bytes()


def test_what_cannot_be_told_is_said_in_one_line(work, learnt, tmp_path, capsys):
    code, _, err = idiolect(capsys, "feedback", "compare", "-w", work.root)
    assert code == 1 and "nothing was interleaved" in err
    empty = tmp_path / "work"
    code, _, err = idiolect(capsys, "feedback", "learn", "-w", empty)
    assert code == 1 and "chunks.jsonl is not there yet" in err and not empty.exists()
    before = work.learnt_queries.read_bytes()
    work.feedback.rename(tmp_path / "away.db")
    code, _, err = idiolect(capsys, "feedback", "learn", "-w", work.root, *work.options)
    (tmp_path / "away.db").rename(work.feedback)
    assert code == 1 and "feedback.db" in err
    assert work.learnt_queries.read_bytes() == before


def test_people_read_the_same_as_scripts(work, learnt, capsys):
    code, out, _ = idiolect(capsys, "feedback", "learn", "-w", work.root, *work.options, "-q")
    assert code == 0
    assert "learnt 16 queries" in out and "propensity" in out and "95% interval" in out
    teams = [
        one | {"hits": [hit | {"team": "AB"[hit["rank"] % 2]} for hit in one["hits"]], "id": f"t{one['id']}"}
        if one["type"] == "impression"
        else one | {"impression": f"t{one['impression']}"}
        for one in events(work, 30)
    ]
    path = work.root.parent / "teams.jsonl"
    path.write_text("".join(f"{json.dumps(one)}\n" for one in teams))
    command("feedback", "import", path, "-w", work.root)
    code, out, _ = idiolect(capsys, "feedback", "compare", "-w", work.root)
    assert code == 0 and "180 interleaved impressions: A won" in out and "95% interval" in out
