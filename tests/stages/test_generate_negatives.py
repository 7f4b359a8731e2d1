"""Negatives that the teacher writes: what is sent and kept, what it may cost, and where they turn up afterwards."""

import json
from collections import Counter, defaultdict

import pytest
from generating import context_over
from msgspec.structs import replace
from small_corpus import chunks_of
from teachers.chat_server import (
    ChatServer,
    Reply,
    answer,
    passage_of,
    queries_of,
    refusal,
    schema_of,
    verdict,
    verdicts,
)

from idiolect.errors import TeacherError
from idiolect.evaluation.beir import load_dataset
from idiolect.files import read_json, read_jsonl, tree_digests
from idiolect.records import Chunk, Query, TrainingExample, WrittenNegative
from idiolect.stages import generate, prepare, train

pytest.importorskip("openai")

ON = "generate.written_negatives=1"


def queries_asked(request) -> Reply:
    """Two of each chunk, about the end of its heading; the near miss of the second is said to answer it."""
    title, section = request["messages"][1]["content"].splitlines()[:2]
    about = f"{' '.join(section.split()[-4:])}, {title.removeprefix('Title: Manual of the ')}"
    return Reply(answer(f"how come, {about}?", {"query": f"who minds {about}?", "answer": "the crew"}))


def near_misses(request) -> Reply:
    sentence = "Behind the eastern hall somebody keeps spare paint, old signs and a ladder for number {}. "
    times = round(len(passage_of(request)) / len(sentence))
    items = [
        {"query": query, "passage": sentence.format(len(query)) * times, "changed": "all of it"}
        for query in queries_of(request)
    ]
    return Reply(json.dumps({"negatives": items}))


def judged(request) -> Reply:
    (query,) = queries_of(request)
    return verdicts(verdict(query, 8, context_support=9 if query.startswith("who") else 3))


ANSWERS = {"queries": queries_asked, "negatives": near_misses, "judge": judged}


@pytest.fixture
def endpoint():
    """Teacher and judge in one; `script` may be put in place of how it answers."""
    server = ChatServer(lambda number, request: ANSWERS[schema_of(request)](request))
    yield server
    server.stop()


def sent(endpoint) -> Counter:
    return Counter(schema_of(request) for request in endpoint.requests)


def written(context) -> list[WrittenNegative]:
    return list(read_jsonl(context.workspace.negatives, WrittenNegative))


def test_what_the_judge_says_does_not_answer_is_kept(tmp_path, endpoint) -> None:
    chunks = chunks_of()
    given = context_over(tmp_path, chunks, endpoint.url, ON)
    summary = generate.run(given)["negatives"]
    queries = {query.id: query for query in read_jsonl(given.workspace.queries, Query)}
    kept = written(given)
    assert {queries[one.query_id].text[:3] for one in kept} == {"how"}
    assert len(kept) == len(chunks) == summary["kept"]
    assert summary["dropped"] == {"answers": len(chunks)}
    assert summary["drawn"] == len(queries) == 2 * len(chunks)
    assert sent(endpoint) == {"queries": 48, "negatives": 48, "judge": 96}
    assert summary["calls"] == 48 + 96
    for one in kept:
        assert one.source == queries[one.query_id].source
        assert (one.teacher, one.changed, one.scores["context_support"]) == ("llm:m", "all of it", 3)
    assert len({one.id for one in kept}) == len(kept)
    assert any(note.startswith("near misses: 48 of 96 kept (answers: 48)") for note in given.progress.notes)


def test_the_judge_is_shown_the_near_miss_in_its_chunks_place_and_no_expected_answer(
    tmp_path, endpoint
) -> None:
    judge = ChatServer(lambda number, request: judged(request))
    try:
        settings = (ON, f"generate.judge_base_url={judge.url}", "generate.judge_model=stern")
        given = context_over(tmp_path, chunks_of(("intake pump",)), endpoint.url, *settings)
        generate.run(given)
    finally:
        judge.stop()
    assert set(sent(endpoint)) == {"queries", "negatives"}
    texts = {one.text for one in written(given)}
    for request in judge.requests:
        shown = request["messages"][1]["content"]
        assert (schema_of(request), request["model"], request["temperature"]) == ("judge", "stern", 0)
        assert "Title: Manual of the intake pump" in shown and "expected answer" not in shown
        assert "Behind the eastern hall" in passage_of(request)
    assert texts and texts <= {passage_of(request) for request in judge.requests}


def test_a_share_of_the_queries_is_enough(tmp_path, endpoint) -> None:
    given = context_over(tmp_path, chunks_of(), endpoint.url, "generate.written_negatives=0.25")
    summary = generate.run(given)["negatives"]
    assert 12 <= summary["drawn"] <= 36
    assert (
        sum(len(queries_of(r)) for r in endpoint.requests if schema_of(r) == "negatives") == summary["drawn"]
    )
    assert sent(endpoint)["judge"] == summary["drawn"]


def test_nothing_of_a_withheld_document_is_sent(tmp_path, endpoint) -> None:
    given = context_over(tmp_path, chunks_of(), endpoint.url, ON, withheld={"sand-filter"})
    generate.run(given)
    assert "sand bed" not in json.dumps(endpoint.requests)
    assert not {one.source for one in written(given) if one.source.startswith("sand-filter")}


def test_a_second_run_asks_nothing_and_writes_the_same(tmp_path, endpoint) -> None:
    given = context_over(tmp_path, chunks_of(), endpoint.url, ON)
    generate.run(given)
    before, asked = tree_of(given), len(endpoint.requests)
    again = generate.run(given)["negatives"]
    assert (len(endpoint.requests), again["calls"], again["cached"]) == (asked, 0, 144)
    assert tree_of(given) == before


def tree_of(context) -> dict[str, str]:
    """Path → digest of what WORK holds but for its caches."""
    found = tree_digests(context.workspace.root)
    return {name: digest for name, digest in found.items() if not name.startswith("cache/")}


def test_switched_off_nothing_is_asked_and_no_other_file_differs(tmp_path, endpoint, tiny_model) -> None:
    base = (f"train.base={tiny_model}", "prepare.masked_queries=24")
    never = context_over(tmp_path / "never", chunks_of(), endpoint.url, *base)
    summary = generate.run(never)
    assert sent(endpoint) == {"queries": 48}
    assert "negatives" not in summary and not never.workspace.negatives.exists()
    prepare.run(never)

    given = context_over(tmp_path / "once", chunks_of(), endpoint.url, ON, *base)
    generate.run(given)
    prepare.run(given)
    changed = {name for name, digest in tree_of(given).items() if tree_of(never).get(name) != digest}
    assert changed == {"negatives.jsonl", "train.jsonl"}
    off = replace(given.config, generate=replace(given.config.generate, written_negatives=0.0))
    switched = type(given)(given.workspace, off, given.progress)
    generate.run(switched)
    prepare.run(switched)
    assert tree_of(switched) == tree_of(never)


@pytest.mark.parametrize("calls", [60, 100])
def test_the_caps_hold_over_queries_near_misses_and_verdicts_of_all_attempts(
    tmp_path, endpoint, calls
) -> None:
    """The key expires while near misses are asked for, and again while they are judged."""
    valid = endpoint.script
    settings = (ON, f"generate.max_calls={calls}", "generate.concurrency=1")
    given = context_over(tmp_path, chunks_of(), endpoint.url, *settings)
    for fatal in (55, 58):
        endpoint.script = lambda number, request, fatal=fatal: (
            refusal(401, "the key has expired") if number >= fatal else valid(number, request)
        )
        with pytest.raises(TeacherError, match="refuses access"):
            generate.run(given)
    endpoint.script = valid
    summary = generate.run(given)
    assert len(endpoint.requests) == calls
    assert summary["calls"] + summary["negatives"]["calls"] == calls
    assert summary["negatives"]["unasked"] > 0
    assert any("caps generate.max_calls" in note for note in given.progress.notes)
    repeated = Counter(json.dumps(request) for request in endpoint.requests).most_common(1)
    assert repeated[0][1] <= 3, "only what was refused is asked again"
    generate.run(given)
    assert len(endpoint.requests) > calls, "a run that is done leaves the caps to the next"


@pytest.mark.parametrize("schema", ["negatives", "judge"])
@pytest.mark.parametrize(
    "useless", [Reply("I would rather not."), Reply(""), refusal(400, "this is against our policy")]
)
def test_useless_answers_cost_negatives_and_never_the_run(tmp_path, endpoint, schema, useless) -> None:
    endpoint.script = lambda number, request: (
        useless if schema_of(request) == schema else ANSWERS[schema_of(request)](request)
    )
    given = context_over(tmp_path, chunks_of(), endpoint.url, ON)
    summary = generate.run(given)
    assert (summary["queries"], summary["negatives"]["kept"]) == (96, 0)
    assert summary["negatives"]["failed"] >= 20
    assert not given.workspace.negatives.exists()
    (note,) = [note for note in given.progress.notes if "goes on without these negatives" in note]
    assert "requests in a row got no usable answer from the" in note


def test_an_odd_answer_costs_its_own_negatives_alone(tmp_path, endpoint) -> None:
    def odd(number: int, request) -> Reply:
        if schema_of(request) == "negatives" and "intake pump" in request["messages"][1]["content"]:
            return Reply('{"negatives": 3}')
        return ANSWERS[schema_of(request)](request)

    endpoint.script = odd
    given = context_over(tmp_path, chunks_of(), endpoint.url, ON)
    summary = generate.run(given)["negatives"]
    assert (summary["kept"], summary["failed"], summary["dropped"]["not written"]) == (45, 3, 6)


@pytest.mark.parametrize(
    ("broken", "said"),
    [
        (refusal(401, "who are you"), "refuses access"),
        (refusal(500, "out of memory"), "has not answered one"),
    ],
)
def test_an_endpoint_that_is_gone_ends_the_run_and_the_next_goes_on(tmp_path, endpoint, broken, said) -> None:
    working = endpoint.script
    endpoint.script = lambda number, request: (
        broken if schema_of(request) == "judge" else working(number, request)
    )
    given = context_over(tmp_path, chunks_of(("intake pump",)), endpoint.url, ON)
    with pytest.raises(TeacherError, match=said):
        generate.run(given)
    endpoint.script = working
    before = sent(endpoint)
    generate.run(given)
    assert sent(endpoint) - before == {"judge": 6}
    assert len(written(given)) == 3


@pytest.fixture(scope="module")
def trained(tiny_model, tmp_path_factory):
    """A run over the waterworks up to a trained model, and its training examples."""
    server = ChatServer(lambda number, request: ANSWERS[schema_of(request)](request))
    settings = (
        ON, f"train.base={tiny_model}", "prepare.masked_queries=24", "prepare.test_fraction=0.25", "train.batch_size=8",
        "train.dimensions=[64]",
    )  # fmt: skip
    context = context_over(tmp_path_factory.mktemp("trained"), chunks_of(), server.url, *settings)
    try:
        generate.run(context)
    finally:
        server.stop()
    prepared = prepare.run(context)
    return context, prepared, list(read_jsonl(context.workspace.train, TrainingExample))


def test_each_training_query_gets_its_own_beside_the_mined_ones(trained) -> None:
    context, prepared, examples = trained
    chunks = {chunk.id: chunk for chunk in read_jsonl(context.workspace.chunks, Chunk)}
    known = {one.query_id: one for one in written(context)}
    found = 0
    for example in examples:
        own = [negative for negative in example.negatives if negative.id not in chunks]
        assert [one.id for one in own] == ([known[example.query_id].id] if example.query_id in known else [])
        for one in own:
            found += 1
            source = chunks[known[example.query_id].source]
            assert one.text == f"{source.context} {known[example.query_id].text}"
            assert example.teacher_scores[-1] == one.score
        assert len(example.teacher_scores) == 1 + len(example.negatives)
    assert found == prepared["written_negatives"] > 15
    assert any(
        f"{found} training examples have a written negative" in note for note in context.progress.notes
    )


def test_no_set_that_is_searched_holds_one(trained) -> None:
    context, _, _ = trained
    work = context.workspace
    for path in (work.dev, work.splits, work.mining, work.frozen_test, work.documents, work.chunks):
        assert "Behind the eastern hall" not in path.read_text()
    folders = [(path, "dev") for path in sorted(work.dev_sets.iterdir())] + [(work.test, "test")]
    for path, split in folders:
        dataset = load_dataset(path, split)
        assert dataset.queries
        assert not any("eastern hall" in passage.text for passage in dataset.corpus.values())


def test_what_misses_one_query_is_no_negative_of_others_of_its_document(trained) -> None:
    context, _, examples = trained
    chunks = {chunk.id: chunk for chunk in read_jsonl(context.workspace.chunks, Chunk)}
    guide = train.guide_of(context, examples)
    of_document = defaultdict(set)
    for one in written(context):
        of_document[chunks[one.source].document_id].add(one.id)
    trains = {negative.id for example in examples for negative in example.negatives} - chunks.keys()
    assert trains and trains < guide.passages.keys()
    for example in examples:
        document = chunks[example.positive.id].document_id
        assert guide.related[example.query_id] - chunks.keys() == of_document[document] & trains
        assert of_document[document] & trains, "its neighbours have some"


@pytest.mark.usefixtures("one_thread")
def test_a_model_is_trained_on_them(trained) -> None:
    context, _, examples = trained
    summary = train.run(context)
    assert summary["examples"] == len(examples)
    assert summary["steps"] > 0
    assert summary["loss"] > 0
    assert read_json(context.workspace.selection)["training"]["loss"] == summary["loss"]
