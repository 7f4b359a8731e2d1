"""Negatives: passed over by enough people above what satisfied them, opened by nobody, and the teacher agrees."""

import random

from simulated_searches import searched

from idiolect.lifecycle.feedback.clicks import readings
from idiolect.lifecycle.feedback.negatives import Opinion, negatives, passed_over
from idiolect.lifecycle.feedback.positives import positives


def judged(seen, teacher, examinations=3, margin=0.95):
    """The documents that came out for "q", and why others did not."""
    given = list(readings(seen, 30.0))
    found = positives(given, None, 2, 0.0).positives
    passed = passed_over(given, found, examinations)
    result, left_out = negatives(passed, found, {"q": "q"}, teacher, margin)
    return {one.document for one in result.get("q", ())}, left_out


def agrees(doubts):
    return [Opinion(0.1, 0.9) for _ in doubts]


def likes(rank, *users, order="abcd", start=0):
    return [
        searched(start + number, "q", order, ("like", rank), user=user) for number, user in enumerate(users)
    ]


def test_what_enough_people_passed_over_on_their_way_is_negative_where_the_teacher_agrees():
    three = likes(3, "u1", "u2", "u3")
    assert judged(three, agrees)[0] == {"a", "b"}
    assert judged(likes(3, "u1", "u2"), agrees)[0] == set(), "two people are too few"
    assert judged(likes(3, "u1", "u2", "u2", "u2"), agrees)[0] == set(), "of whom one came back"
    assert judged(likes(3, "u1", "u2", "", "", ""), agrees)[0] == {"a", "b"}, "unnamed ones count as one"


def test_what_anybody_opened_is_no_negative():
    other = searched(9, "Q", "abcd", ("click", 1), ("reformulate", 0), user="u9")
    assert judged([*likes(3, "u1", "u2", "u3"), other], agrees)[0] == {"b"}


def test_a_dislike_neither_leads_to_a_negative_nor_is_one():
    """Whoever copies from c and then dislikes it was not satisfied there; a that was disliked was not passed over."""
    users = [f"u{number}" for number in range(4)]
    far = [
        searched(number, "q", "abcd", ("like", 2), ("copy", 4), ("dislike", 4), user=user)
        for number, user in enumerate(users)
    ]
    assert judged(far, agrees)[0] == {"a"}, "c stands below the last that satisfied"
    hated = [
        searched(number, "q", "abcd", ("dislike", 1), ("like", 3), user=user)
        for number, user in enumerate(users)
    ]
    assert judged(hated, agrees)[0] == {"b"}


def test_what_was_shown_below_the_last_satisfied_click_never_comes_out():
    """However often it was shown and not clicked: d stands below each click, a hundred times."""
    seen = likes(3, *(f"u{number}" for number in range(100)))
    assert judged(seen, agrees, examinations=2)[0] == {"a", "b"}
    rng = random.Random(13)
    for _trial in range(200):
        seen, above = [], set()
        for number in range(rng.randint(2, 25)):
            order = rng.sample("abcdef", 6)
            ranks = rng.sample(range(1, 7), rng.randint(0, 2))
            done = [(rng.choice(("like", "click", "dislike")), rank) for rank in ranks]
            seen.append(searched(number, "q", order, *done, user=f"u{rng.randrange(9)}"))
        for one in readings(seen, 30.0):
            lowest = max((place for place in one.satisfied), default=-1)
            above |= {hit.document for hit in one.hits[: max(lowest, 0)]}
        assert judged(seen, agrees, examinations=2)[0] <= above


def test_searches_without_a_satisfied_click_examined_nothing():
    idle = [searched(n, "q", "abcd", user=f"v{n}") for n in range(50)]
    gone = [searched(n, "q", "abcd", ("click", 4), ("abandon", 0), user=f"w{n}") for n in range(50, 99)]
    assert judged([*idle, *gone, *likes(1, "u1", "u2", "u3", start=200)], agrees)[0] == set()


def test_the_teacher_has_a_veto_and_is_asked_about_the_same_query_s_positives():
    asked = []

    def doubting(doubts):
        asked.extend(doubts)
        opinions = {
            "a": Opinion(0.87, 0.9),
            "b": None,
            "c": Opinion(0.85, 0.9),
            "d": Opinion(float("nan"), 0.9),
        }
        return [opinions[doubt.hit[0]] for doubt in doubts]

    found, left_out = judged(likes(5, "u1", "u2", "u3", order="abcde"), doubting)
    assert found == {"c"}, "only what scores below .95 x the positive's"
    assert {doubt.hit[0] for doubt in asked} == {"a", "b", "c", "d"}
    assert {doubt.positives[0] for doubt in asked} == {("e", "")}
    assert left_out == {
        "passed over, and the teacher knows nothing of it": 2,
        "passed over, and the teacher finds that it may answer": 1,
    }


def test_a_negative_score_of_the_positive_lowers_the_bar():
    def logits(doubts):
        return [Opinion({"a": -4.1, "b": -3.9}[doubt.hit[0]], -4.0) for doubt in doubts]

    assert judged(likes(3, "u1", "u2", "u3"), logits)[0] == set(), "-4.1 is not 5% below -4.0"


def test_other_parts_of_a_document_that_answers_are_no_negatives():
    seen = [searched(n, "q", ["a", "b", "a"], ("like", 3), user=f"u{n}") for n in range(3)]
    assert judged(seen, agrees)[0] == {"b"}
