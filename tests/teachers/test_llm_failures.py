"""The teacher that asks an LLM, against endpoints that fail in every way that endpoints do."""

import asyncio
import json
import signal
import subprocess
import sys
import textwrap
import time
from collections.abc import Callable
from itertools import pairwise
from pathlib import Path
from typing import Any

import msgspec
import pytest
from chat_server import Reply, about, answer, make_chunks, refusal

from idiolect.config import Generate
from idiolect.errors import MissingExtra, TeacherError
from idiolect.progress import Silent
from idiolect.teachers import cache
from idiolect.teachers.budget import Budget, OverBudgetError
from idiolect.teachers.client import CallFailedError, ChatClient
from idiolect.teachers.endpoint import of_judge
from idiolect.teachers.retry import Backoff
from idiolect.teachers.spending import Spending, settle

Make = Callable[..., Any]


def test_a_server_without_json_schemas_costs_one_extra_call(serve: Make, teacher: Make) -> None:
    def script(number: int, request: dict[str, Any]) -> Reply:
        if "response_format" in request:
            return refusal(400, "response_format of type json_schema is not supported")
        return about(request)

    server = serve(script)
    generated = teacher(server.url, concurrency=8).write(make_chunks(12), Silent())
    assert len(generated.queries) == 12
    assert len(server.requests) == 13
    assert generated.summary["json_schema"] is False


def test_a_server_that_wants_no_max_tokens_still_gets_its_schema(serve: Make, teacher: Make) -> None:
    def script(number: int, request: dict[str, Any]) -> Reply:
        if "max_tokens" in request:
            return refusal(400, "Unsupported parameter: 'max_tokens'. Use 'max_completion_tokens' instead.")
        return about(request)

    server = serve(script)
    assert len(teacher(server.url).write(make_chunks(3), Silent()).queries) == 3
    assert len(server.requests) == 4
    assert all("response_format" in request for request in server.requests)


def test_json_in_fences_and_prose_is_found_and_schemas_are_given_up(serve: Make, teacher: Make) -> None:
    def script(number: int, request: dict[str, Any]) -> Reply:
        content = about(request).content
        return Reply(f"Here you are [1]:\n```json\n{content}\n```\nAnything else?")

    server = serve(script)
    assert len(teacher(server.url, concurrency=4).write(make_chunks(6), Silent()).queries) == 6
    assert ["response_format" in request for request in server.requests] == [True] + [False] * 5


def test_one_odd_answer_does_not_give_up_schemas(serve: Make, teacher: Make) -> None:
    server = serve(lambda number, request: Reply("Sorry.") if number == 3 else about(request))
    generated = teacher(server.url, concurrency=1).write(make_chunks(6), Silent())
    assert len(generated.queries) == 6
    assert all("response_format" in request for request in server.requests)


def test_rubbish_is_asked_for_once_more_with_the_error_told(serve: Make, teacher: Make) -> None:
    def script(number: int, request: dict[str, Any]) -> Reply:
        return about(request) if len(request["messages"]) > 2 else Reply("I'd rather not.")

    server = serve(script)
    generated = teacher(server.url, concurrency=1).write(make_chunks(2), Silent())
    assert len(generated.queries) == 2
    last = server.requests[1]["messages"]
    assert last[2] == {"role": "assistant", "content": "I'd rather not."}
    assert "the answer holds no JSON" in last[3]["content"]


def test_a_few_hopeless_chunks_are_counted(serve: Make, teacher: Make) -> None:
    def script(number: int, request: dict[str, Any]) -> Reply:
        asked = request["messages"][1]["content"]
        if "topic3x0" in asked:
            return Reply('{"queries": "none"}')
        if "topic5x0" in asked:
            return refusal(400, "this text is against our policy")
        return about(request)

    server = serve(script)
    generated = teacher(server.url).write(make_chunks(8), Silent())
    assert len(generated.queries) == 6
    assert generated.summary["chunks_failed"] == {"HTTP 400": 1, "the JSON holds no list `queries`": 1}
    assert len(server.requests) == 9


def test_a_model_that_answers_rubbish_ends_the_run_early(serve: Make, teacher: Make) -> None:
    server = serve(lambda number, request: Reply("lorem ipsum { dolor [ sit"))
    with pytest.raises(TeacherError, match="20 chunks in a row got no usable answer from 'tiny'") as caught:
        teacher(server.url, concurrency=4).write(make_chunks(200), Silent())
    assert "the answer holds no JSON" in str(caught.value)
    assert len(server.requests) < 60


def test_more_than_half_unusable_is_an_error(serve: Make, teacher: Make) -> None:
    def script(number: int, request: dict[str, Any]) -> Reply:
        asked = request["messages"][1]["content"]
        return about(request) if "topic0x0" in asked or "topic1x0" in asked else Reply("no")

    with pytest.raises(TeacherError, match="4 of 6 chunks got no usable answer"):
        teacher(serve(script).url).write(make_chunks(6), Silent())


def test_a_truncated_answer_keeps_its_whole_queries(serve: Make, teacher: Make) -> None:
    whole = answer("who sorts letters?", "what has a colour?", "what is weighed?")
    server = serve(lambda number, request: Reply(whole[:-30], finish_reason="length"))
    generated = teacher(server.url).write(make_chunks(1), Silent())
    assert [query.text for query in generated.queries] == ["who sorts letters?", "what has a colour?"]
    assert len(server.requests) == 1


@pytest.mark.parametrize("header", ["retry-after", "retry-after-ms"])
def test_retry_after_is_honoured_without_a_storm(serve: Make, teacher: Make, header: str) -> None:
    wait = {"retry-after": "0.4", "retry-after-ms": "400"}[header]
    began = time.monotonic()

    def script(number: int, request: dict[str, Any]) -> Reply:
        if number > 1 and time.monotonic() - began < 0.8:
            return refusal(429, "slow down", **{header: wait})
        return about(request)

    server = serve(script)
    generated = teacher(server.url, concurrency=8).write(make_chunks(20), Silent())
    assert len(generated.queries) == 20
    # eight callers, each refused at most every 0.4 s of the 0.8, and no slot more than was taken away
    assert len(server.requests) - 20 <= 8 * 3
    assert generated.summary["calls"] == 20  # refusals are no calls
    by_chunk: dict[str, list[float]] = {}
    for asked, at in zip(server.asked_about(), server.times, strict=True):
        by_chunk.setdefault(asked, []).append(at)
    gaps = [b - a for times in by_chunk.values() for a, b in pairwise(times)]
    assert gaps and min(gaps) >= 0.39


def test_a_server_with_few_slots_is_not_stormed(serve: Make, teacher: Make) -> None:
    def script(number: int, request: dict[str, Any]) -> Reply:
        if server.busy > 4:
            return refusal(429, "too many calls at once", retry_after="0.05")
        time.sleep(0.02)
        return about(request)

    server = serve(script)
    generated = teacher(server.url, concurrency=32).write(make_chunks(150), Silent())
    assert len(generated.queries) == 150
    assert len(server.requests) - 150 <= 60


def test_a_wait_that_is_too_long_ends_the_run(serve: Make, teacher: Make) -> None:
    server = serve(lambda number, request: refusal(429, "daily limit", retry_after="86400"))
    with pytest.raises(TeacherError, match="asks to wait 86,400 s"):
        teacher(server.url).write(make_chunks(3), Silent())
    assert len(server.requests) == 1


def test_server_errors_and_lost_connections_are_tried_again(serve: Make, teacher: Make) -> None:
    failures = {
        2: refusal(500, "oops"),
        3: Reply(hang_up=True),
        4: refusal(503, "later"),
        5: refusal(408, "slow"),
    }
    server = serve(lambda number, request: failures.get(number) or about(request))
    generated = teacher(server.url, concurrency=2).write(make_chunks(6), Silent())
    assert len(generated.queries) == 6
    assert len(server.requests) == 10
    assert generated.summary["calls"] == 10  # the endpoint may have worked for each of them


def test_a_timeout_is_tried_again(serve: Make, teacher: Make) -> None:
    def script(number: int, request: dict[str, Any]) -> Reply:
        if number == 2:
            time.sleep(1.0)
        return about(request)

    server = serve(script)
    assert len(teacher(server.url, timeout=0.3).write(make_chunks(3), Silent()).queries) == 3
    assert len(server.requests) == 4


@pytest.mark.parametrize(
    ("status", "code", "said"),
    [
        (401, None, r"refuses access \(HTTP 401, bad key \*\*\*\): \$TEST_LLM_KEY holds a key"),
        (403, None, "refuses access"),
        (404, "model_not_found", "does not know the model 'tiny'"),
        (402, None, "account is used up"),
        (429, "insufficient_quota", "account is used up"),
    ],
)
def test_what_no_repetition_cures_costs_one_call(
    serve: Make, teacher: Make, monkeypatch: pytest.MonkeyPatch, status: int, code: str | None, said: str
) -> None:
    monkeypatch.setenv("TEST_LLM_KEY", "sk-secret")
    server = serve(lambda number, request: refusal(status, "bad key sk-secret", code))
    with pytest.raises(TeacherError, match=said) as caught:
        teacher(server.url, api_key_env="TEST_LLM_KEY", concurrency=16).write(make_chunks(50), Silent())
    assert len(server.requests) == 1
    assert "sk-secret" not in str(caught.value)
    assert "\n" not in str(caught.value)


def test_a_missing_key_is_named(serve: Make, teacher: Make, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("TEST_LLM_KEY", raising=False)
    server = serve(lambda number, request: refusal(401, "who are you"))
    with pytest.raises(TeacherError, match=r"\$TEST_LLM_KEY is not set"):
        teacher(server.url, api_key_env="TEST_LLM_KEY").write(make_chunks(3), Silent())


def test_nobody_there(serve: Make, teacher: Make) -> None:
    server = serve(lambda number, request: about(request))
    server.stop()
    with pytest.raises(TeacherError, match=f"{server.url} cannot be reached.*start the server there"):
        teacher(server.url).write(make_chunks(3), Silent())


def test_an_endpoint_that_only_fails_is_given_up_soon(serve: Make, teacher: Make) -> None:
    server = serve(lambda number, request: refusal(500, "model failed to load"))
    with pytest.raises(TeacherError, match=r"has not answered one call.*model failed to load"):
        teacher(server.url, concurrency=16).write(make_chunks(50), Silent())
    assert len(server.requests) <= 4


def test_an_address_that_is_no_chat_endpoint(serve: Make, teacher: Make) -> None:
    server = serve(lambda number, request: Reply(body={"hello": "world"}))
    with pytest.raises(TeacherError, match=r"no chat completion.*hello"):
        teacher(server.url, concurrency=1).write(make_chunks(50), Silent())
    assert len(server.requests) == 3


def test_an_endpoint_that_dies_half_way_loses_nothing(serve: Make, teacher: Make) -> None:
    chunks = make_chunks(20)
    dying = serve(lambda number, request: about(request) if number <= 12 else refusal(500, "out of memory"))
    with pytest.raises(TeacherError):
        teacher(dying.url, concurrency=4, backoff=Backoff(first=0.001, attempts=3)).write(chunks, Silent())
        # eight of twenty failed: fewer than half, so the run goes on unless it is stopped
        raise TeacherError("finished with what it got")
    healthy = serve(lambda number, request: about(request))
    generated = teacher(healthy.url).write(chunks, Silent())
    assert len(generated.queries) == 20
    assert len(healthy.requests) == 8
    assert not set(healthy.asked_about()) & set(dying.asked_about()[:12])


def test_kill_9_loses_no_answer(serve: Make, teacher: Make, tmp_path: Path) -> None:
    def script(number: int, request: dict[str, Any]) -> Reply:
        time.sleep(0 if number <= 6 else 0.5)
        return about(request)

    server = serve(script)
    program = textwrap.dedent("""
        import json, sys
        from pathlib import Path
        import msgspec
        from idiolect.config import Generate
        from idiolect.progress import Silent
        from idiolect.records import Chunk
        from idiolect.teachers.llm import LLMTeacher

        class Speaking(Silent):
            def advance(self, count=1, detail="", free=False):
                sys.stdout.write("answered\\n")
                sys.stdout.flush()

        chunks = msgspec.json.decode(sys.stdin.buffer.read(), type=list[Chunk])
        settings = Generate(teacher="llm", base_url=sys.argv[1], model="tiny", concurrency=1)
        LLMTeacher(settings, Path(sys.argv[2]), seed=13).write(chunks, Speaking())
    """)
    chunks = make_chunks(20)
    path = tmp_path / "cache" / "llm.sqlite"
    with subprocess.Popen(
        [sys.executable, "-c", program, server.url, str(path)], stdin=subprocess.PIPE, stdout=subprocess.PIPE
    ) as process:
        assert process.stdin is not None and process.stdout is not None
        process.stdin.write(msgspec.json.encode(chunks))
        process.stdin.close()
        for _ in range(6):
            assert process.stdout.readline() == b"answered\n"
        process.send_signal(signal.SIGKILL)
    before = len(server.requests)
    generated = teacher(server.url, concurrency=8).write(chunks, Silent())
    assert len(generated.queries) == 20
    assert generated.summary["cached"] >= 6
    assert len(server.requests) - before == 20 - generated.summary["cached"]


def test_a_cache_that_is_no_database_is_named(serve: Make, teacher: Make, tmp_path: Path) -> None:
    path = tmp_path / "cache" / "llm.sqlite"
    path.parent.mkdir()
    path.write_text("not a database, and long enough to be sure of it " * 20)
    with pytest.raises(TeacherError, match=r"llm\.sqlite cannot be used"):
        teacher(serve(lambda number, request: about(request)).url).write(make_chunks(1), Silent())


def test_lone_surrogates_do_no_harm(serve: Make, teacher: Make) -> None:
    broken = json.dumps({"queries": [{"query": "bad \ud800", "style": "", "answer": "", "quality": 9}]})
    server = serve(lambda number, request: Reply(broken) if number == 1 else about(request))
    assert len(teacher(server.url, concurrency=1).write(make_chunks(2), Silent()).queries) == 2


def test_the_missing_package_is_named(teacher: Make, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "openai", None)
    with pytest.raises(MissingExtra, match=r"idiolect\[llm\]"):
        teacher("http://127.0.0.1:9/v1").write(make_chunks(1), Silent())


def test_busy_without_a_wait_is_tried_again_with_growing_waits(serve: Make, teacher: Make) -> None:
    server = serve(lambda number, request: refusal(429, "busy") if 2 <= number <= 5 else about(request))
    generated = teacher(server.url, concurrency=1).write(make_chunks(3), Silent())
    assert len(generated.queries) == 3
    assert len(server.requests) == 7
    assert generated.summary["calls"] == 3


def test_a_burst_of_server_errors_is_outlived(serve: Make, teacher: Make) -> None:
    server = serve(lambda number, request: refusal(500, "oops") if 4 <= number <= 19 else about(request))
    generated = teacher(server.url, concurrency=4).write(make_chunks(20), Silent())
    assert len(generated.queries) == 20
    assert len(server.requests) == 36


@pytest.mark.parametrize("cut", [0, 40])
def test_a_connection_reset_in_the_body_is_tried_again(serve: Make, teacher: Make, cut: int) -> None:
    def script(number: int, request: dict[str, Any]) -> Reply:
        reply = about(request)
        reply.cut = cut if number == 2 else None
        return reply

    server = serve(script)
    assert len(teacher(server.url, concurrency=1).write(make_chunks(3), Silent()).queries) == 3
    assert len(server.requests) == 4


@pytest.mark.timed
def test_an_answer_that_drips_is_cut_off_by_the_timeout(serve: Make, teacher: Make) -> None:
    def script(number: int, request: dict[str, Any]) -> Reply:
        reply = about(request)
        reply.drip = 0.05 if number == 2 else 0.0  # some 20 s in all
        return reply

    server = serve(script)
    began = time.monotonic()
    assert len(teacher(server.url, concurrency=1, timeout=0.5).write(make_chunks(3), Silent()).queries) == 3
    assert len(server.requests) == 4
    assert time.monotonic() - began < 5


def test_a_page_of_html_is_no_answer_and_is_shown(serve: Make, teacher: Make) -> None:
    page = Reply(raw=b"<!doctype html>\n<title>Gateway login</title>")
    server = serve(lambda number, request: page)
    with pytest.raises(TeacherError, match=r"no chat completion.*Gateway login"):
        teacher(server.url).write(make_chunks(50), Silent())
    assert len(server.requests) == 3
    server = serve(lambda number, request: page if number == 3 else about(request))
    generated = teacher(server.url, concurrency=1).write(make_chunks(6), Silent())
    assert len(generated.queries) == 5
    assert generated.summary["chunks_failed"] == {"no chat completion": 1}


@pytest.mark.parametrize(
    ("reply", "said"),
    [
        (Reply(""), "the answer is empty"),
        (Reply(None), "the answer is empty"),
        (Reply("I'm sorry, but I can't help with that."), "the answer holds no JSON"),
        (Reply('{"queries": [{"query": "half', finish_reason="length"), "cut off before its first"),
        (Reply('{"queries": [{"quality": 9}]}'), "no item has a text as `query`"),
        (Reply('{"queries": [{"query": "a", "quality": 9'), "the answer holds no JSON"),
    ],
)
def test_answers_that_hold_nothing_are_asked_for_twice_and_counted(
    serve: Make, teacher: Make, reply: Reply, said: str
) -> None:
    server = serve(
        lambda number, request: reply if "topic2x0" in request["messages"][1]["content"] else about(request)
    )
    generated = teacher(server.url, concurrency=1).write(make_chunks(5), Silent())
    assert len(generated.queries) == 4
    assert len(server.requests) == 6
    (reason,) = generated.summary["chunks_failed"]
    assert said in reason


def test_an_endpoint_that_comes_back_is_asked_for_the_rest_only(serve: Make, teacher: Make) -> None:
    """Gone in the middle, at the same address again for the second run: nothing is asked twice."""
    chunks, alive = make_chunks(40), [True]

    def script(number: int, request: dict[str, Any]) -> Reply:
        alive[0] &= number != 13
        return about(request) if alive[0] else Reply(hang_up=True)

    server = serve(script)
    with pytest.raises(TeacherError):
        teacher(server.url, concurrency=2, backoff=Backoff(first=0.001, attempts=2)).write(chunks, Silent())
    asked = len(server.requests)
    server.script = lambda number, request: about(request)
    generated = teacher(server.url).write(chunks, Silent())
    assert len(generated.queries) == 40
    assert len(server.requests) - asked == 28
    assert not set(server.asked_about()[:12]) & set(server.asked_about()[asked:])


def test_a_full_disk_is_named_and_the_next_run_goes_on(serve: Make, teacher: Make, tmp_path: Path) -> None:
    long = "why " * 2_000

    def script(number: int, request: dict[str, Any]) -> Reply:
        return Reply(answer(f"{request['messages'][1]['content'][-20:]} {number}?", long))

    server = serve(script)
    program = textwrap.dedent("""
        import resource, sys
        from pathlib import Path
        import msgspec
        from idiolect.config import Generate
        from idiolect.errors import TeacherError
        from idiolect.progress import Silent
        from idiolect.records import Chunk
        from idiolect.teachers.llm import LLMTeacher

        chunks = msgspec.json.decode(sys.stdin.buffer.read(), type=list[Chunk])
        settings = Generate(teacher="llm", base_url=sys.argv[1], model="tiny", concurrency=2)
        resource.setrlimit(resource.RLIMIT_FSIZE, (200_000, 200_000))
        try:
            LLMTeacher(settings, Path(sys.argv[2]), seed=13).write(chunks, Silent())
        except TeacherError as error:
            sys.exit(str(error))
    """)
    chunks = make_chunks(40)
    path = tmp_path / "cache" / "llm.sqlite"
    full = subprocess.run(
        [sys.executable, "-c", program, server.url, str(path)],
        input=msgspec.json.encode(chunks),
        capture_output=True,
    )
    assert full.returncode == 1
    assert full.stderr.count(b"\n") == 1
    assert b"llm.sqlite cannot be used" in full.stderr and b"free some space" in full.stderr
    before = len(server.requests)
    assert 2 < before < 40
    generated = teacher(server.url).write(chunks, Silent())
    assert generated.summary["cached"] >= before - 2 - 1  # those in flight, and the one that did not fit
    assert len(server.requests) - before == 40 - generated.summary["cached"]


def test_caps_hold_over_the_attempts_at_one_run(tmp_path: Path) -> None:
    async def call(budget: Budget, tokens: int = 0, taken: bool = True) -> None:
        async with budget.call(10) as call:
            call.taken, call.prompt_tokens = taken, tokens

    path = tmp_path / "llm.sqlite"
    with cache.opened(path) as answers:
        account = Spending(answers.connection, "queries")
        first = Budget(3, 1_000, account)
        asyncio.run(call(first, 40))
        asyncio.run(call(first, taken=False))
        account.book(calls=1)  # what a kill leaves of a call in flight
    with cache.opened(path) as answers:
        account = Spending(answers.connection, "queries")
        second = Budget(3, 1_000, account)
        assert (second.calls, second.tokens) == (2, 40)
        asyncio.run(call(second))
        with pytest.raises(OverBudgetError):
            asyncio.run(call(second))
        judging = Budget(3, 1_000, Spending(answers.connection, "judge"))
        assert (judging.calls, judging.calls_left, judging.tokens_left) == (0, 0, 960)
        settle(answers.connection)
        assert (Budget(3, 1_000, account).calls, Budget(3, 1_000, account).calls_left) == (0, 3)


@pytest.mark.parametrize("status", [503, 529])
def test_a_server_that_knows_no_429_is_not_stormed(serve: Make, teacher: Make, status: int) -> None:
    def script(number: int, request: dict[str, Any]) -> Reply:
        if server.busy > 4:
            return refusal(status, "overloaded")
        time.sleep(0.02)
        return about(request)

    server = serve(script)
    generated = teacher(server.url, concurrency=32).write(make_chunks(150), Silent())
    assert len(generated.queries) == 150
    assert len(server.requests) - 150 <= 75


def test_a_judge_is_asked_without_chance_unless_its_endpoint_minds(serve: Make) -> None:
    pytest.importorskip("openai")

    def script(number: int, request: dict[str, Any]) -> Reply:
        return refusal(400, "temperature is fixed at 1") if "temperature" in request else Reply("{}")

    server = serve(script)
    endpoint = of_judge(Generate(base_url="http://127.0.0.1:9/v1", model="tiny", judge_base_url=server.url))

    async def story() -> None:
        async with ChatClient(endpoint) as client:
            with pytest.raises(CallFailedError) as caught:
                await client.ask([{"role": "user", "content": "?"}], {"type": "json_object"})
            assert caught.value.kind == "option"
            await client.ask([{"role": "user", "content": "?"}], {"type": "json_object"})

    asyncio.run(story())
    assert server.requests[0]["temperature"] == 0.0
    assert server.requests[1]["model"] == "tiny"
