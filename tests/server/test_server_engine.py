"""Who is computed when: what the engine promises its waiting requests."""

import concurrent.futures
import threading
from itertools import chain

import numpy as np
import pytest
from recorder import Recorder, text, vector

from idiolect.server.engine import Engine, QueueFullError, StoppedError
from idiolect.server.lanes import TURN


@pytest.fixture
def runtime():
    return Recorder()


@pytest.fixture
def engine(runtime):
    engine = Engine(runtime, max_batch_tokens=400, max_queue_tokens=100_000)
    yield engine
    runtime.free.set()
    engine.stop()


@pytest.fixture
def held(engine, runtime):
    """The engine, busy with a text that nobody cares about until the runtime is freed."""
    runtime.hold()
    engine.submit([text(999)])
    assert runtime.entered.wait(5)
    return engine


@pytest.fixture
def packing():
    """A held engine over a runtime that lets texts of up to 64 tokens share rows, and the runtime."""
    runtime = Recorder(row_tokens=64)
    engine = Engine(runtime, max_batch_tokens=400, max_queue_tokens=100_000)
    runtime.hold()
    engine.submit([text(999)])
    assert runtime.entered.wait(5)
    yield engine, runtime
    runtime.free.set()
    engine.stop()


def result(future):
    return future.result(20)


def test_vectors_come_in_the_order_of_the_texts(engine):
    texts = [text(number, 1 + 37 * number % 200) for number in range(100)]
    np.testing.assert_array_equal(result(engine.submit(texts)), [vector(ids) for ids in texts])
    assert engine.waiting == 0


def test_a_text_that_is_in_flight_is_computed_once(held, runtime):
    futures = [held.submit([text(1), text(number), text(1)]) for number in (2, 3, 2)]
    assert held.waiting == 10 + 3 * 10  # the held one, and three distinct texts
    runtime.free.set()
    for future, number in zip(futures, (2, 3, 2), strict=True):
        np.testing.assert_array_equal(
            result(future), [vector(ids) for ids in (text(1), text(number), text(1))]
        )
    assert sorted(chain(*runtime.passes[1:])) == [1, 2, 3]


def test_a_text_in_the_pass_that_runs_is_not_computed_again(held, runtime):
    again = held.submit([text(999)])
    runtime.free.set()
    np.testing.assert_array_equal(result(again), [vector(text(999))])
    assert runtime.passes == [[999]]


def test_queries_overtake_bulk(held, runtime):
    bulk = held.submit([text(number, 100) for number in range(100, 120)])
    query = held.submit([text(1)])
    runtime.free.set()
    result(bulk)
    assert runtime.passes[1] == [1]
    assert result(query)[0, 0] == 1


def test_a_query_that_bulk_waits_for_too_overtakes_it(held, runtime):
    held.submit([text(number, 100) for number in range(100, 120)] + [text(1)])
    query = held.submit([text(1)])
    runtime.free.set()
    result(query)
    assert runtime.passes[1] == [1]


def test_bulk_is_not_starved_by_queries(held, runtime):
    bulk = held.submit([text(100, 600)])
    for number in range(10 * TURN):
        held.submit([text(number, 40 + number % 20)])  # of lengths that hardly share a pass
    held.budget = 60
    runtime.free.set()
    result(bulk)
    assert runtime.passes.index([100]) <= TURN


def test_a_long_request_takes_turns_with_others(held, runtime):
    long = held.submit([text(number, 150) for number in range(100, 140)])
    short = held.submit([text(number, 250) for number in range(1, 4)])
    runtime.free.set()
    result(short), result(long)
    assert max(runtime.passes.index([number]) for number in (1, 2, 3)) <= 6  # of 24


def test_batches_hold_texts_of_similar_lengths_within_the_budget(held, runtime):
    lengths = np.random.default_rng(7).integers(1, 250, 300).tolist()
    sent = [held.submit([text(index, length)]) for index, length in enumerate(lengths[:100])]
    sent += [
        held.submit([text(start + row, length) for row, length in enumerate(lengths[start : start + 50])])
        for start in range(100, 300, 50)
    ]
    runtime.free.set()
    for future in sent:
        result(future)
    batches = [[lengths[index] for index in taken] for taken in runtime.passes[1:]]
    assert sorted(chain(*runtime.passes[1:])) == list(range(300))
    assert all(len(batch) * max(batch) <= held.budget for batch in batches)
    padded = sum(len(batch) * max(batch) for batch in batches)
    assert sum(lengths) / padded > 0.85


def test_requests_share_a_pass(held, runtime):
    futures = [held.submit([text(number, 20)]) for number in range(1, 9)]
    runtime.free.set()
    for future in futures:
        result(future)
    assert runtime.passes[1:] == [list(range(1, 9))]


def test_texts_of_other_lengths_are_not_padded_to_the_longest(held, runtime):
    futures = [held.submit([text(number, length)]) for number, length in ((1, 100), (2, 70), (3, 90))]
    runtime.free.set()
    for future in futures:
        result(future)
    assert runtime.passes[1:] == [[1, 3], [2]]


def test_texts_that_share_rows_share_a_pass_whatever_their_lengths(packing):
    held, runtime = packing
    futures = [held.submit([text(number, length)]) for number, length in enumerate((5, 60, 9, 33, 64, 7))]
    futures.append(held.submit([text(number, 3) for number in range(6, 10)]))
    runtime.free.set()
    for future in futures:
        result(future)
    assert [sorted(taken) for taken in runtime.passes[1:]] == [list(range(10))]


def test_a_pass_of_them_is_filled_in_the_order_of_turns_and_within_the_budget(packing):
    held, runtime = packing
    lengths = np.random.default_rng(7).integers(1, 65, 60).tolist()
    futures = [held.submit([text(number, length)]) for number, length in enumerate(lengths)]
    runtime.free.set()
    for future in futures:
        result(future)
    assert list(chain(*runtime.passes[1:])) == list(range(60))
    assert all(sum(lengths[number] for number in taken) <= held.budget for taken in runtime.passes[1:])
    assert len(runtime.passes[1:]) <= 1 + sum(lengths) / (held.budget - 64)


def test_longer_ones_do_not_join_them_and_wait_their_turn(packing):
    held, runtime = packing
    bulk = held.submit([text(100, 300), text(101, 40), text(102, 290)])
    short = held.submit([text(1, 10)])
    runtime.free.set()
    result(bulk), result(short)
    assert [sorted(taken) for taken in runtime.passes[1:]] == [[1], [100], [102], [101]]


def test_the_queue_is_bounded_in_tokens(held, runtime):
    held.max_queue_tokens = 100
    first = held.submit([text(1, 80)])
    with pytest.raises(QueueFullError) as full:
        held.submit([text(2, 20)])
    assert (full.value.waiting, full.value.retry_after > 0) == (90, True)
    joined = held.submit([text(1, 80)])  # takes no room
    runtime.free.set()
    np.testing.assert_array_equal(result(first), result(joined))
    assert result(held.submit([text(2, 5000)])).shape == (1, 4)  # an empty queue has room for any request


def test_a_full_queue_is_left_as_it_was(held, runtime):
    held.max_queue_tokens = 100
    with pytest.raises(QueueFullError):
        held.submit([text(1, 50), text(2, 50)])
    assert held.waiting == 10
    again = held.submit([text(1, 50)])
    runtime.free.set()
    np.testing.assert_array_equal(result(again), [vector(text(1, 50))])


def test_what_is_being_tokenised_has_its_room(engine):
    engine.max_queue_tokens = 100
    with engine.announce(500), pytest.raises(QueueFullError), engine.announce(1):
        pass
    with engine.announce(60), engine.announce(40):
        assert result(engine.submit([text(1)])).shape == (1, 4)
    assert engine.announced == 0


def test_what_was_taken_is_finished_when_the_engine_stops(held, runtime):
    futures = [held.submit([text(number, 100) for number in range(start, start + 9)]) for start in (1, 20)]
    stopping = threading.Thread(target=held.stop)
    stopping.start()
    while not held._stopping:
        pass
    with pytest.raises(StoppedError):
        held.submit([text(77)])
    runtime.free.set()
    stopping.join(20)
    assert [len(result(future)) for future in futures] == [9, 9]
    assert not held._thread.is_alive()


def test_a_failing_pass_fails_only_those_who_wait_for_it(held, runtime):
    runtime.broken = 5
    failing = held.submit([text(5, 300), text(6, 20), text(8, 20)])
    joined = held.submit([text(6, 20)])
    other = held.submit([text(7, 100)])
    runtime.free.set()
    with pytest.raises(RuntimeError):
        result(failing)
    assert result(joined)[0, 0] == 6
    assert result(other)[0, 0] == 7
    assert held.waiting == 0
    computed = list(chain(*runtime.passes))
    assert 6 in computed
    assert 8 not in computed  # nobody waits for it any more


def test_vectors_that_are_no_numbers_are_a_failure(engine, runtime, monkeypatch):
    monkeypatch.setattr(runtime, "encode_tokens", lambda tokens: np.full((1, 4), np.nan, np.float32))
    with pytest.raises(ArithmeticError):
        result(engine.submit([text(1)]))


def test_the_cache_answers_without_a_pass_and_is_bounded(runtime):
    engine = Engine(runtime, 400, 100_000, cache_bytes=10 * (40 + 16 + 300))
    for number in range(30):
        result(engine.submit([text(number)]))
    assert (len(engine.cache), len(runtime.passes)) == (10, 30)
    assert engine.cache.bytes <= engine.cache.most_bytes
    np.testing.assert_array_equal(
        result(engine.submit([text(29), text(20)])), [vector(text(29)), vector(text(20))]
    )
    assert len(runtime.passes) == 30
    result(engine.submit([text(50)]))  # takes the place of the one that was used longest ago: 21, not 20
    result(engine.submit([text(20)]))
    assert runtime.passes[30:] == [[50]]
    result(engine.submit([text(21)]))
    assert runtime.passes[31:] == [[21]]
    engine.stop()


def test_many_threads_lose_and_mix_nothing(engine):
    draw = np.random.default_rng(3).integers

    def ask(seed):
        numbers = draw(1, 60, 20)
        texts = [text(number, 1 + number * 7) for number in numbers]
        np.testing.assert_array_equal(result(engine.submit(texts)), [vector(ids) for ids in texts])

    with concurrent.futures.ThreadPoolExecutor(8) as pool:
        list(pool.map(ask, range(200)))
    assert engine.waiting == 0
    assert not engine._flying
