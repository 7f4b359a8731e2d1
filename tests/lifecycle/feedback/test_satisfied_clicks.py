"""Which clicks satisfied: liked, copied from, read for long enough, or the last before the session left it at that."""

from simulated_searches import searched

from idiolect.lifecycle.feedback.clicks import readings


def satisfied(*seen):
    """Ranks, one set for each impression."""
    return [{one.hits[place].rank for place in one.satisfied} for one in readings(seen, 30.0)]


def test_reading_for_long_copying_and_liking_satisfy_and_a_glance_does_not():
    done = ("click", 1), ("dwell", 1, 29.0), ("dwell", 2, 30.0), ("copy", 3), ("like", 4), ("dislike", 5)
    assert satisfied(searched(1, "q", "abcdef", *done)) == [{2, 3, 4}]


def test_the_last_click_satisfies_where_nothing_was_asked_again():
    first = searched(1, "pump noise", "abc", ("click", 1), ("click", 3))
    assert satisfied(first) == [{3}]
    soon = searched(2, "pump rattles", "abc", after=3600 + 600)
    assert satisfied(first, soon) == [set(), set()], "it was asked in other words ten minutes later"
    same = searched(3, "Pump, noise!", "abc", after=3600 + 600)
    assert satisfied(first, same) == [{3}, set()], "the same words are no reformulation"
    after = searched(6, "pump rattles", "abc", after=3600 + 900)
    assert satisfied(first, same, after) == [set(), set(), set()], "the same words, and then other ones"
    nothing = searched(7, "pump rattles", "", after=3600 + 600)
    assert satisfied(first, nothing) == [set()], "nor where the other words found nothing"
    later = searched(4, "pump rattles", "abc", after=3600 + 1900)
    assert satisfied(first, later) == [{3}, set()], "another session"
    other = searched(5, "pump rattles", "abc", user="u2", after=3600 + 600)
    assert satisfied(first, other) == [{3}, set()], "somebody else"


def test_leaving_and_asking_again_say_that_the_last_click_did_not_satisfy():
    for left in ("reformulate", "abandon"):
        assert satisfied(searched(1, "q", "abc", ("click", 2), (left, 0))) == [set()]
        assert satisfied(searched(1, "q", "abc", ("like", 2), (left, 0))) == [{2}], "but liking stays"


def test_of_a_last_click_that_is_known_to_have_been_short_being_last_says_nothing():
    assert satisfied(searched(1, "q", "abc", ("click", 2), ("dwell", 2, 3.0))) == [set()]
    assert satisfied(searched(1, "q", "abc", ("click", 2), ("dwell", 2, 0.0))) == [set()]


def test_of_nobodys_session_it_is_not_known_whether_it_was_asked_again():
    assert satisfied(searched(1, "q", "abc", ("click", 2), user="")) == [set()]
    assert satisfied(searched(1, "q", "abc", ("click", 2), user="", session="s")) == [{2}]
    assert satisfied(searched(1, "q", "abc", ("like", 2), user="")) == [{2}]


def test_what_was_not_shown_is_counted_and_searches_without_hits_are_none():
    (one,) = readings([searched(1, "q", "ab", ("click", 5)), searched(2, "q", "")], 30.0)
    assert (one.lost, one.opened, one.satisfied) == (1, frozenset(), frozenset())
