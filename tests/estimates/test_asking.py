"""What a dry run says of the LLMs against what they are then asked, by a real run over a real endpoint."""

import json
import random
import re

import msgspec
import pytest
from builders import a_chunk
from stages.generating import context_over
from teachers.chat_server import (
    ChatServer,
    Reply,
    answer,
    completion,
    passage_of,
    queries_of,
    schema_of,
    verdict,
)

from idiolect.config import Config, Generate
from idiolect.estimates.amounts import Corpus
from idiolect.estimates.asking import asked
from idiolect.estimates.estimate import estimate, estimate_corpus
from idiolect.estimates.paid import Answers
from idiolect.estimates.rates import REFERENCE
from idiolect.files import write_text
from idiolect.runtimes.model_files import describe
from idiolect.stages import generate
from idiolect.stages.context import Context
from idiolect.teachers.grounding import MOST_AT_ONCE
from idiolect.teachers.relabelling import MOST_CALLS

CALLS, FURTHER, TOKENS = 0.02, 0.4, 0.35
"""How far an estimate may be from the truth, as a share of it: calls for queries, other calls, all tokens.

The judge's depend on what ranks above a query's chunk, of which a base of random weights knows nothing.
"""


def replies(number, request):
    """What is asked for, of words of the passage; the best marks for all."""
    write = {"queries": queries, "negatives": near_misses, "judge": judgments}[schema_of(request)]
    content = json.dumps(write(request))
    prompt = sum(len(message["content"]) for message in request["messages"])
    usage = {"prompt_tokens": prompt // 4, "completion_tokens": len(content) // 4}
    return Reply(body=completion(Reply(content), request) | {"usage": usage})


def queries(request):
    shown, _, wish = request["messages"][1]["content"].rpartition("</passage>")
    words = list(dict.fromkeys(re.findall(r"[a-z]{5,}", shown)))
    names = {"positives": ["1", "2"]} if 'number="2"' in shown else {}
    answers = (
        "since the {0} was replaced, and the {1} with it, as the manual says; nobody looked after them before"
    )
    pairs = zip(words[: int(re.search(r"\d+", wish.replace("1 query", "1"))[0])], words[::-1], strict=False)
    return json.loads(
        answer(
            *(
                {
                    "query": f"how come that {pair[0]} and {pair[1]} belong together?",
                    "answer": answers.format(*pair),
                }
                | names
                for pair in pairs
            )
        )
    )


def near_misses(request):
    told = " ".join(passage_of(request).split()[::-1])
    return {"negatives": [{"query": one, "passage": told, "changed": "all"} for one in queries_of(request)]}


def judgments(request):
    return {"verdicts": [verdict(query, standalone=9) for query in queries_of(request)]}


@pytest.fixture(scope="module")
def endpoint():
    pytest.importorskip("openai")
    server = ChatServer(replies)
    yield server
    server.stop()


def made_up(count):
    """Chunks of words that hardly any other chunk has, three to a document."""
    drawn = random.Random(5)
    syllables = [one + two for one in "bdfklmnprst" for two in ("a", "ei", "o", "u")]
    words = ["".join(drawn.choices(syllables, k=3)) for _ in range(10 * count)]
    return [
        a_chunk(
            f"d{n // 3}#{n % 3}",
            " ".join(drawn.sample(words, 45 + n % 30)),
            title=words[n // 3],
            headings=[words[n]],
        )
        for n in range(count)
    ]


CHUNKS = made_up(90)


@pytest.fixture
def context(tiny_model, tmp_path, endpoint):
    """Settings → what generate is run with, over the made-up chunks."""

    def make(*settings):
        return context_over(tmp_path, CHUNKS, endpoint.url, f"train.base={tiny_model}", *settings)

    return make


def told(context):
    (row,) = estimate(context.workspace, context.config, None, ["generate"])
    return row, {one.purpose: one for one in row.bills}


@pytest.mark.parametrize(
    "settings",
    [
        "",
        "judge=true",
        "judge=true multi_hop=0.4",
        "judge=true max_queries=60",
        "judge=true max_calls=120",
        "written_negatives=0.5",
    ],
)
def test_a_run_asks_about_as_much_as_was_estimated(context, settings, one_thread):
    given = context(*(f"generate.{one}" for one in settings.split()))
    row, bills = told(given)
    summary = generate.run(given)
    assert bills.pop("queries").llm_calls == pytest.approx(summary["calls"], rel=CALLS)
    tokens = {kind: summary[kind] for kind in ("prompt_tokens", "completion_tokens")}
    for purpose, judged in (("judge", "judge"), ("negatives", "judged negatives")):
        counted = summary.get(purpose, {})
        expected = sum(bills.pop(name).llm_calls for name in {purpose, judged} & bills.keys())
        assert expected == pytest.approx(counted.get("calls", 0), rel=FURTHER)
        assert bool(counted) == (expected > 0)
        tokens = {kind: count + counted.get(kind, 0) for kind, count in tokens.items()}
    assert not bills
    for kind, count in tokens.items():
        assert getattr(row, kind) == pytest.approx(count, rel=TOKENS)
    assert row.llm_calls == sum(one.llm_calls for one in row.bills)


def test_after_a_run_everything_is_paid_for(context, one_thread):
    given = context("generate.judge=true")
    generate.run(given)
    row, bills = told(given)
    assert bills["queries"].llm_calls == 0
    assert bills["judge"].llm_calls <= 0.2 * len(given.workspace.chunks.read_text().splitlines())
    assert any("answers are cached" in note for note in row.basis)


def test_ranking_queries_takes_time_and_memory_that_prepare_is_spared(tiny_model):
    def rows(**settings):
        generate = Generate(teacher="llm", base_url="http://127.0.0.1/v1", model="m", **settings)
        corpus = Corpus(
            documents=2_000,
            chunks=20_000,
            tokens=3_000_000,
            characters=12_000_000,
            asked=20_000,
            read_seconds=0.0,
            sample=CHUNKS,
            basis="made up",
        )
        files = describe(tiny_model)
        return estimate_corpus(
            corpus, None, Config(generate=generate), files, ["generate", "prepare"], REFERENCE
        )

    plain, ranked, judged = rows(), rows(round_trip=20), rows(judge=True)
    assert plain[0].minutes is None
    assert ranked[0].minutes == judged[0].minutes and judged[0].untimed
    encoding = 3_000_000 / REFERENCE.encode / 60
    assert encoding < ranked[0].minutes < 2 * encoding
    assert plain[1].minutes - ranked[1].minutes == pytest.approx(encoding, rel=0.1)
    assert ranked[0].memory_mb > plain[0].memory_mb + 400
    assert ranked[0].disk_mb + ranked[1].disk_mb == pytest.approx(
        plain[0].disk_mb + plain[1].disk_mb, abs=0.3
    )


PRICES = """
[models.writer]
prompt = 1.0
completion = 4.0
[models.stern]
prompt = 3.0
completion = 12.0
host = "judge.example"
[models.foreign]
prompt = 1.0
completion = 1.0
currency = "EUR"
"""


def priced(context, tmp_path, **settings):
    prices = tmp_path / "prices.toml"
    write_text(prices, PRICES)
    changed = {"base_url": "https://llm.example/v1", "model": "writer", "judge": True, "prices": str(prices)}
    section = msgspec.structs.replace(context.config.generate, **(changed | settings))
    return told(Context(context.workspace, msgspec.structs.replace(context.config, generate=section)))


def test_the_judge_is_paid_at_its_own_price(context, tmp_path, one_thread):
    row, bills = priced(context(), tmp_path, judge_model="stern", judge_base_url="https://judge.example/v1")
    assert (bills["queries"].model, bills["judge"].model) == ("writer", "stern")
    for one, (asking, answering) in ((bills["queries"], (1, 4)), (bills["judge"], (3, 12))):
        expected = (asking * one.prompt_tokens + answering * one.completion_tokens) / 1e6
        assert one.price == pytest.approx(expected) and expected > 0
    assert row.price == pytest.approx(sum(one.price for one in row.bills))


def test_what_cannot_be_added_up_is_not(context, tmp_path, one_thread):
    row, bills = priced(context(), tmp_path, judge_model="foreign")
    assert bills["judge"].price > 0 and row.price is None
    assert any("EUR and USD are not added up" in note for note in row.basis)
    row, bills = priced(context(), tmp_path, judge_model="unheard")
    assert bills["queries"].price > 0 and row.price is None
    assert any('add [models."unheard"]' in note for note in row.basis)


def requests(total=90, paid=None, **settings):
    config = Config(generate=Generate(teacher="llm", model="m", **settings))
    found = asked(CHUNKS, total, config, paid or {})
    return found, {one.purpose: one for one in found.requests}


def test_a_sample_stands_for_the_corpus():
    few, many = requests()[1], requests(900, max_queries=100_000)[1]
    assert many["queries"].calls == 10 * few["queries"].calls == 900
    assert many["queries"].prompt_tokens == pytest.approx(10 * few["queries"].prompt_tokens, rel=0.01)


def test_queries_above_the_cap_are_not_asked_for():
    found, by_purpose = requests(900, max_queries=200)
    assert by_purpose["queries"].calls + found.spared == 900
    assert found.queries <= 200
    assert by_purpose["queries"].calls == pytest.approx(50, rel=0.25)  # four queries each


def test_the_judge_has_what_the_teacher_leaves():
    free, capped = requests(judge=True)[1]["judge"], requests(judge=True, max_calls=100)[1]["judge"]
    assert free.calls > 90
    assert (capped.calls, capped.unasked) == (10, free.calls - 10)


def test_many_queries_of_a_chunk_are_judged_in_several_requests():
    (plain, _), (many, _) = (
        requests(judge=True, per_chunk=count, max_queries=10**6) for count in (4, 2 * MOST_AT_ONCE)
    )
    first, last = plain.requests[1].calls, many.requests[1].calls
    assert last > first + 80


def test_looking_for_further_positives_has_its_cap():
    judged = requests(100_000, judge=True, max_queries=400_000, max_calls=10**9, max_tokens=10**12)[1][
        "judge"
    ]
    assert judged.calls == pytest.approx(100_000 + MOST_CALLS, rel=0.01)


def test_cached_answers_are_taken_in_their_kind():
    paid = {
        "queries": Answers(count=30, prompt_tokens=700, completion_tokens=100),
        "verdicts": Answers(count=5),
    }
    _, by_purpose = requests(judge=True, paid=paid)
    assert (by_purpose["queries"].cached, by_purpose["queries"].calls) == (30, 60)
    assert by_purpose["queries"].prompt_tokens == 60 * 700
    assert by_purpose["judge"].cached == 5


def test_a_corpus_without_a_word_is_asked_nothing():
    found = asked([a_chunk("a#0", "1 2 3")], 1, Config(generate=Generate(teacher="llm", judge=True)), {})
    assert [one.calls for one in found.requests] == [0]


def test_negatives_are_written_for_a_share_and_judged_one_by_one():
    def wanted(share):
        return requests(written_negatives=share)[1]

    assert set(wanted(0.0)) == {"queries"}
    half, whole = wanted(0.5), wanted(1.0)
    assert whole["negatives"].calls == 90
    assert whole["judged negatives"].calls == pytest.approx(2 * half["judged negatives"].calls, abs=2)
    assert whole["judged negatives"].calls > 250
    assert 70 < half["negatives"].calls < 90
    assert whole["negatives"].completion_tokens > half["negatives"].completion_tokens > 0
