"""Reading answers, finding copies: the parts that need no endpoint."""

import pytest

from idiolect.teachers.protocol import Answer, UnusableAnswerError, read_queries
from idiolect.teachers.retry import Backoff, asked_wait

ONE = '{"query": "who?", "style": "question", "answer": "she", "quality": 9}'


def said(text: str, truncated: bool = False) -> Answer:
    return Answer(text=text, prompt_tokens=1, completion_tokens=1, truncated=truncated)


@pytest.mark.parametrize(
    "text",
    [
        f'{{"queries": [{ONE}]}}',
        f"[{ONE}]",
        ONE,
        f'```json\n{{"queries": [{ONE}]}}\n```',
        f'<think>a {{list}} of ["x"]?</think> {{"queries": [{ONE}]}}',
        f'Sure! {{"queries": [{ONE}]}} Hope that helps {{:',
        f'{{"queries": [{ONE}, {{"query": "cut',
        '{"queries": [{"query": "who?", "quality": "9", "style": null, "more": [1]}]}',
    ],
)
def test_queries_are_found_in_whatever_surrounds_them(text: str) -> None:
    (query,), malformed = read_queries(said(text))
    assert (query.query, query.quality, malformed) == ("who?", 9, 0)


def test_malformed_items_are_counted_and_the_rest_kept() -> None:
    items = [
        ONE,
        '{"query": "no quality"}',
        '{"query": 5, "quality": 3}',
        '{"query": "q", "quality": 11}',
        '"text"',
    ]
    queries, malformed = read_queries(said(f'{{"queries": [{", ".join(items)}]}}'))
    assert (len(queries), malformed) == (1, 4)


def test_an_empty_list_is_read_as_one() -> None:
    assert read_queries(said('{"queries": []}')) == ([], 0)


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("", "empty"),
        ("I cannot help with that.", "no JSON"),
        ('{"verdicts": []}', "no list `queries`"),
        ('{"queries": [{"query": "q", "quality": "nan"}]}', "no item"),
        ("[" * 50_000, "no JSON"),
        ("{" * 50_000, "no JSON"),
    ],
)
def test_unusable_answers_say_why(text: str, why: str) -> None:
    with pytest.raises(UnusableAnswerError, match=why):
        read_queries(said(text))


def test_an_answer_cut_off_too_early_says_so() -> None:
    with pytest.raises(UnusableAnswerError, match="cut off"):
        read_queries(said('{"queries": [{"query": "who', truncated=True))


def test_waits_grow_and_never_fall_below_what_is_asked() -> None:
    backoff = Backoff(first=1.0, longest=8.0)
    for attempt, most in enumerate((1.0, 2.0, 4.0, 8.0, 8.0), 1):
        assert most / 2 <= backoff.wait(attempt, None) <= most
    assert 20.0 <= backoff.wait(1, 20.0) <= 21.0
    assert backoff.wait(1, 0.0) == 0.0


def test_retry_after_is_read_in_all_its_forms() -> None:
    assert asked_wait({"retry-after": "7", "retry-after-ms": "250"}) == 0.25
    assert asked_wait({"retry-after": "1.5"}) == 1.5
    assert asked_wait({"retry-after": "Wed, 21 Oct 2015 07:28:00 GMT"}) == 0.0
    assert asked_wait({"retry-after": "soon"}) is None
    assert asked_wait({"retry-after": "nan"}) is None
    assert asked_wait({}) is None
