"""Cleaning: each rule by itself on what it is for, and on what people do and it must leave."""

import msgspec
import pytest
from happened import action, at, impression, numbered

from idiolect.config import Feedback
from idiolect.lifecycle.feedback import action_rules, user_rules
from idiolect.lifecycle.feedback.cleaning import MEANING, RULES, Cleaned, LeftOut
from idiolect.lifecycle.feedback.events import Seen
from idiolect.lifecycle.feedback.resolving import resolved
from idiolect.lifecycle.feedback.user_rules import Asked


def seen(*events):
    """The first event with the others, as the log gives them."""
    first, *others = [event for _, event in numbered(events)]
    return Seen(impression=first, actions=sorted(others, key=lambda one: one.time))


def cleaned(*found, **settings):
    """What is left, and what each rule left out."""
    one = Cleaned(lambda: sorted(found, key=lambda one: one.impression.time), Feedback(**settings))
    left = list(one)
    return left, one.left_out


def trail(*times, query=None, hurried=0):
    return [
        Asked(f"i{number}", f"{at(time)[:19]}.000000+00:00", query or f"q{number}", hurried)
        for number, time in enumerate(times)
    ]


def test_an_action_names_its_hit_by_rank_or_document():
    shown = seen(impression(documents="aba")).impression

    def hit(**named):
        (_, event), *_ = numbered([action(**named)])
        found = resolved(event, shown)
        return found and (found.rank, found.document, found.chunk)

    assert hit(rank=2) == (2, "b", "b#0")
    assert hit(document="a") == (1, "a", "a#0"), "of several chunks the topmost"
    assert hit(document="a", rank=3) == (3, "a", "a#0")
    assert hit(rank=4) is None and hit(document="x") is None
    assert hit(rank=1, document="b") is None


def test_actions_on_hits_that_were_not_shown_are_left_out():
    (left,), out = cleaned(seen(impression(), action(rank=9), action(document="z"), action(rank=3)))
    assert [one.rank for one in left.actions] == [3]
    assert out == {"not shown": LeftOut(actions=2)}


@pytest.mark.parametrize(("after", "rule"), [(-3, "early"), (0.05, "instant"), (0.3, None), (4_000, None)])
def test_actions_before_the_impression_or_within_milliseconds_are_left_out(after, rule):
    (left,), out = cleaned(seen(impression(seconds=60), action(seconds=60 + after)))
    assert (len(left.actions), set(out)) == ((0, {rule}) if rule else (1, set()))


def test_a_search_may_be_left_at_once():
    (left,), out = cleaned(seen(impression(), action(seconds=0.01, kind="abandon")))
    assert len(left.actions) == 1 and not out


def test_whoever_was_not_shown_the_hits_cannot_act_on_them():
    (left,), out = cleaned(
        seen(impression(), action(user="mira"), action(seconds=9), action(rank=2, user="tom"))
    )
    assert len(left.actions) == 2 and out == {"stranger": LeftOut(actions=1)}


def test_a_double_click_is_one_click():
    (left,), out = cleaned(
        seen(
            impression(),
            action(seconds=5),
            action(seconds=5.4),
            action(seconds=5.5, rank=2),
            action(seconds=60),
        )
    )
    assert [one.rank for one in left.actions] == [1, 2, 1]
    assert out == {"doubled": LeftOut(actions=1)}


def test_a_reading_that_went_on_is_not_told_twice():
    """A page that tells at 29 seconds, and again when it is left."""
    read = [
        action(seconds=after, kind="dwell") | {"seconds": length}
        for after, length in ((40, 29.0), (40.6, 31.5))
    ]
    (left,), out = cleaned(seen(impression(), *read, read[1] | {"time": at(40.9)}))
    assert [one.seconds for one in left.actions] == [29.0, 31.5]
    assert out == {"doubled": LeftOut(actions=1)}


def test_clicks_on_everything_say_nothing():
    def opened(ranks, documents="abcde"):
        return seen(impression(documents=documents), *(action(rank=rank, seconds=rank * 9) for rank in ranks))

    assert cleaned(opened(range(1, 6))) == ([], {"everything": LeftOut(impressions=1, actions=5)})
    assert len(cleaned(opened(range(1, 5)))[0]) == 1
    assert len(cleaned(opened([1, 2], "ab"))[0]) == 1, "of two hits, somebody may open both"


def test_a_flood_is_more_than_so_many_within_any_sixty_seconds():
    assert user_rules.flooding(trail(*(50 + step for step in range(4))), 3)
    assert not user_rules.flooding(trail(*(50 + step for step in range(3))), 3)
    assert not user_rules.flooding(trail(0, 20, 40, 60), 3), "three within any minute"
    assert not user_rules.flooding(trail(), 3)


def test_all_of_a_machine_is_left_out_and_nothing_of_others():
    flood = [
        seen(impression(f"f{number}", number, query=f"q{number}"), action(f"f{number}", number + 5))
        for number in range(21)
    ]
    late = seen(impression("late", 9_000))
    other = seen(impression("other", 10, user="tom"))
    left, out = cleaned(*flood, late, other)
    assert [one.impression.id for one in left] == ["other"]
    assert out == {"flood": LeftOut(impressions=22, actions=21)}
    assert len(cleaned(*flood, late, other, flood_minute=30)[0]) == 23


def test_clicks_faster_than_a_persons_make_a_machine():
    def asked(gap):
        return [
            seen(
                impression(f"p{number}", number * 100, documents="abcdef"),
                action(f"p{number}", number * 100 + 2, rank=1),
                action(f"p{number}", number * 100 + 2 + gap, rank=2),
            )
            for number in range(3)
        ]

    assert cleaned(*asked(0.1)) == ([], {"pace": LeftOut(impressions=3, actions=6)})
    assert len(cleaned(*asked(0.5))[0]) == 3
    assert len(cleaned(*asked(0.1)[:2])[0]) == 2, "a slip or two are a person's"
    assert action_rules.hurried(asked(0.1)[0].actions, user_rules.PACE) == 1
    double = seen(impression(), action(seconds=5), action(seconds=5.1)).actions
    assert action_rules.hurried(double, user_rules.PACE) == 0, "on one hit, that is a double click"


def test_the_same_query_over_and_over_counts_a_few_times_a_day():
    again = trail(*range(0, 800, 100), query="Why  does it rattle?")
    assert user_rules.repeated(again) == {"i5", "i6", "i7"}
    assert user_rules.repeated(trail(*(day * 86_400 for day in range(8)), query="daily")) == set()
    asked = [seen(impression(f"r{number}", number * 100, query="why?")) for number in range(7)]
    left, out = cleaned(*asked)
    assert len(left) == user_rules.REPEATS and out == {"repeated": LeftOut(impressions=2)}


def test_a_user_counts_so_often_a_day():
    asked = [seen(impression(f"c{number}", number * 300, query=f"question {number}")) for number in range(9)]
    left, out = cleaned(*asked, user_daily=6)
    assert [one.impression.id for one in left] == [f"c{number}" for number in range(6)]
    assert out == {"cap": LeftOut(impressions=3)}
    other = [
        seen(impression(f"o{number}", number * 300, user="tom", query=f"{number}")) for number in range(3)
    ]
    assert len(cleaned(*asked, *other, user_daily=6)[0]) == 9


def test_whoever_gives_no_user_counts_by_session_or_else_as_one_with_all_others():
    def asked(number, **who):
        return seen(impression(f"n{number}{who}", number, query=f"q{number}", **who))

    flood = [asked(number, user="", session="") for number in range(30)]
    left, out = cleaned(*flood, user_daily=25)
    assert len(left) == 25 and set(out) == {"cap"}, "nobody is called a machine for what all do together"
    assert cleaned(*(asked(number, user="", session="s") for number in range(30)))[0] == []


def test_every_rule_is_told_in_words():
    assert tuple(MEANING) == RULES


def test_what_is_left_can_be_gone_through_again():
    one = Cleaned(lambda: [seen(impression(), action(rank=9))], Feedback())
    assert list(one) == list(one)
    assert one.left_out == {"not shown": LeftOut(actions=1)}
    assert msgspec.json.encode(one.left_out)


def test_what_comes_between_the_two_readings_waits_for_the_next():
    """A machine's later searches, say: the first reading has judged nobody's by them."""
    log = [seen(impression("a", 0))]

    def read():
        found = list(log)
        log.extend(seen(impression(f"b{number}", number, query=f"q{number}")) for number in range(1, 30))
        return found

    assert [one.impression.id for one in Cleaned(read, Feedback())] == ["a"]
