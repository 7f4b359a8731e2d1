"""A user whose model misses dev queries: real commands, a real endpoint, and more asked about what was mixed up."""

import json

import pytest
from small_corpus import write_small_corpus
from teachers.chat_server import ChatServer, Reply, answer

from idiolect.cli import main
from idiolect.files import digest_path, read_json, read_jsonl, write_jsonl
from idiolect.mining.splits import group_of
from idiolect.records import Chunk, Query, Split, TrainingExample
from idiolect.workspace import Workspace

pytest.importorskip("openai")
pytestmark = pytest.mark.usefixtures("one_thread")

SETTINGS = (
    "generate.model=m",
    "generate.failure_queries=12",
    "train.batch_size=16",
    "ingest.chunk_tokens=96",
    "prepare.masked_queries=24",
)


def script(_, request) -> Reply:
    """Queries whose words do not tell what they are about, so that no model can find all of their chunks."""
    asked = request["messages"][1]["content"]
    passage = asked.split("<passage>\n")[1].split("\n</passage>")[0]
    number = sum(passage.encode()) + len(passage)
    return Reply(
        answer(f"{'apart' if '<other' in asked else 'plain'} matter of form no {number} in the ledger")
    )


@pytest.fixture(scope="module")
def endpoint():
    server = ChatServer(script)
    yield server
    server.stop()


@pytest.fixture(scope="module")
def work(endpoint, shallow_model, tmp_path_factory):
    """WORK after a run to evaluate."""
    folder = tmp_path_factory.mktemp("failures")
    docs = write_small_corpus(folder / "docs")
    made = Workspace(folder / "work")
    made.options = [f"generate.base_url={endpoint.url}", f"train.base={shallow_model}", *SETTINGS]
    assert idiolect(made, "run", str(docs), "--to", "evaluate") in (0, 3)
    return made


def idiolect(work, *arguments):
    options = [part for setting in work.options for part in ("--set", setting)]
    with pytest.raises(SystemExit) as stop:
        main([arguments[0], "-w", str(work.root), *options, *arguments[1:]])
    return stop.value.code


@pytest.fixture
def generate(work, endpoint, capsys):
    """Runs `idiolect generate` with options: (exit code, stdout, stderr, the messages that were sent)."""

    def run(*options):
        before = len(endpoint.requests)
        code = idiolect(work, "generate", *options)
        said = capsys.readouterr()
        return code, said.out, said.err, endpoint.asked_about()[before:]

    return run


@pytest.fixture
def rows(work):
    """What evaluate wrote of each query; what a test puts in its place is gone after it."""
    written = work.per_query.read_bytes()
    yield list(read_jsonl(work.per_query, dict))
    work.per_query.write_bytes(written)


def held_out(work, *names):
    """The chunks of those splits, in the groups that prepare keeps together."""
    chunks = list(read_jsonl(work.chunks, Chunk))
    held = {split.group for split in read_jsonl(work.splits, Split) if split.split in names}
    return {chunk for chunk, group in group_of(chunks).items() if group in held}


def trainable_chunks(work):
    chunks = {chunk.id for chunk in read_jsonl(work.chunks, Chunk) if chunk.trains}
    return chunks - held_out(work, "dev", "test")


def mixed_up_on_dev(rows):
    """What the tuned model puts first for dev queries."""
    return {
        name for row in rows if row["split"] == "dev" for name in row["runs"]["dense-tuned"]["top"]
    }  # fmt: skip


def test_dev_rows_are_written_beside_those_of_the_test_and_not_reported(work, rows):
    assert {(row["dataset"], row["split"]) for row in rows} == {("test", "test"), ("queries-dev", "dev")}
    splits = {split.query_id: split.split for split in read_jsonl(work.splits, Split)}
    assert all(splits[row["query_id"]] == row["split"] for row in rows)
    assert all(len(row["runs"]["dense-tuned"]["top"]) == 10 for row in rows)
    assert list(read_json(work.report)["datasets"]) == ["test"]


def test_more_is_asked_about_what_dev_mixes_up_and_may_train(work, rows, generate):
    chunks = {chunk.id: chunk for chunk in read_jsonl(work.chunks, Chunk)}
    tests, trains = held_out(work, "test"), trainable_chunks(work)
    before = list(read_jsonl(work.queries, Query))
    mixed_up = mixed_up_on_dev(rows)

    code, out, err, sent = generate("--for-failures", "--dry-run", "--json")
    figures = json.loads(out)["failures"]
    assert code == 0 and sent == [] and not work.focuses.exists()

    code, out, err, sent = generate("--for-failures")
    assert code == 0, err
    assert figures["missed"] > 0 and figures["chunks"] == len(sent) and figures["asked"] <= 12
    assert f"{figures['missed']} of {figures['dev_queries']} dev queries are missed, in " in err
    assert f"{figures['asked']} queries asked for about {len(sent)} chunks, {len(sent)} kept" in err
    asked = []
    for prompt in sent:
        passage, others = prompt.split("A search engine mixes that passage up with these:")
        (chunk,) = [one for one in chunks.values() if f"<passage>\n{one.text}\n</passage>" in passage]
        shown = [one for one in chunks.values() if f"\n{one.text}\n</other>" in others]
        assert chunk.id in trains & mixed_up
        assert shown and all(one.id not in tests for one in shown)
        asked.append(chunk.id)
    queries = list(read_jsonl(work.queries, Query))
    assert queries[: len(before)] == before
    assert sorted(query.source for query in queries[len(before) :]) == sorted(asked)
    assert all(query.text.startswith("apart") for query in queries[len(before) :])

    assert generate()[3] == generate("--for-failures")[3] == [], "nothing is asked twice"
    assert "as before: train and evaluate for a further round" in generate("--for-failures")[2]
    assert len(read_json(work.focuses)["rounds"]) == 1


def test_what_a_test_or_a_given_set_says_is_as_if_it_were_not_there(work, rows, generate):
    generate("--for-failures")
    expected = work.focuses.read_bytes()
    free = trainable_chunks(work) - mixed_up_on_dev(rows)
    right, wrong = sorted(free)[:2]
    planted = [
        {"dataset": use, "split": use, "query_id": f"{use}{n}", "positives": [right],
         "runs": {"dense-tuned": {"top": [wrong]}}}
        for use in ("test", "given") for n in range(40)
    ]  # fmt: skip
    work.focuses.unlink()
    write_jsonl(work.per_query, [*planted, *rows])
    assert generate("--for-failures")[3] == []
    assert work.focuses.read_bytes() == expected

    # nor what was dev when it was evaluated, and is a test query since
    tests = next(split.query_id for split in read_jsonl(work.splits, Split) if split.split == "test")
    work.focuses.unlink()
    write_jsonl(work.per_query, [planted[0] | {"split": "dev", "query_id": tests}, *rows])
    assert generate("--for-failures")[3] == []
    (one,), (before,) = (json.loads(text)["rounds"] for text in (work.focuses.read_bytes(), expected))
    assert one | {"evaluation": before["evaluation"]} == before
    work.focuses.write_bytes(expected)


def test_the_new_queries_train_and_the_test_stays_as_it_was(work, generate):
    generate("--for-failures")
    before = digest_path(work.test)
    assert idiolect(work, "prepare") == 0
    new = {query.id for query in read_jsonl(work.queries, Query) if query.text.startswith("apart")}
    splits = {split.query_id: split.split for split in read_jsonl(work.splits, Split)}
    assert new and {splits[query] for query in new} == {"train"}
    assert new <= {example.query_id for example in read_jsonl(work.train, TrainingExample)}
    assert digest_path(work.test) == before


def test_a_further_evaluation_adds_a_further_round(work, rows, generate):
    generate("--for-failures")
    first = read_json(work.focuses)["rounds"]
    for row in rows:
        row["runs"]["dense-tuned"]["top"].reverse()
    write_jsonl(work.per_query, rows)
    sent = generate("--for-failures")[3]
    rounds = read_json(work.focuses)["rounds"]
    assert rounds[:-1] == first and len(rounds) == len(first) + 1
    assert len(sent) == len(rounds[-1]["requests"])


def test_where_nothing_is_missed_nothing_is_asked(work, rows, generate):
    for row in rows:
        row["runs"]["dense-tuned"]["top"] = row["positives"][:1]
    write_jsonl(work.per_query, rows)
    before = work.focuses.read_bytes()
    code, out, _, sent = generate("--for-failures")
    dev = sum(row["split"] == "dev" for row in rows)
    assert (code, sent) == (0, [])
    assert out == f"all {dev} dev queries have their passage among the first 10: nothing to ask\n"
    assert work.focuses.read_bytes() == before


def test_what_is_missing_is_named_in_one_line(work, rows, generate, tmp_path):
    code, _, err, _ = generate("--for-failures", "--set", "generate.teacher=extractive")
    assert code == 2 and err.count("\n") == 1 and "--for-failures needs an LLM" in err
    code, _, err, _ = generate("--for-failures", "-w", str(tmp_path / "nowhere"))
    assert code == 1 and err.count("\n") == 1 and "run `idiolect evaluate -w" in err
    write_jsonl(work.per_query, [row for row in rows if row["split"] != "dev"])
    code, _, err, _ = generate("--for-failures")
    assert code == 1 and err.count("\n") == 1 and "holds no dev queries to learn from" in err
