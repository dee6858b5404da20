"""What was done beside what was right, counted by hand."""

import pytest

from benchmarks.reconciliation.cases import Call, Scenario, Wanted
from benchmarks.reconciliation.patterns import fits, still_claims
from benchmarks.reconciliation.scoring import Counts, Done, score

GHENT = Call((), (Wanted(("ADD",), "home", "ghent"), Wanted(("ADD",), "pet", "dog pim")))
ANTWERP = Call(
    (), (Wanted(("UPDATE",), "home", "antwerp"), Wanted(("ADD",), "tired", "tired", optional=True)), ("boat",)
)


@pytest.mark.parametrize(
    ("pattern", "text"),
    [
        ("dog pim", "User has a dog called Pim"),
        ("dog", "User has two dogs"),
        ("nurs", "User is a nurse"),
        ("3|three sons", "User has three sons"),
        ("lives_in oslo -sister", "User lives in Oslo"),
        ("eat not|n't", "User doesn't eat meat"),
        ("umeå", "User lives in Umeå"),
    ],
)
def test_a_text_fits_a_pattern_that_has_its_words(pattern, text):
    assert fits(pattern, text)


@pytest.mark.parametrize(
    ("pattern", "text"),
    [
        ("dog pim", "User has a dog"),
        ("cat", "User works with categories"),
        ("7", "User is 70"),
        ("oslo -sister", "User's sister lives in Oslo"),
        ("lives_in oslo", "User lives near Oslo"),
    ],
)
def test_a_text_does_not_fit_a_pattern_without_its_words(pattern, text):
    assert not fits(pattern, text)


def test_what_is_told_as_over_is_no_claim():
    assert still_claims("tennis", "User plays tennis")
    assert not still_claims("tennis", "User no longer plays tennis")
    assert still_claims("eat not|n't", "User doesn't eat meat"), "a denial is claimed by a denial"


def test_all_right_is_all_right():
    done = [
        [Done("ADD", "User lives in Ghent"), Done("ADD", "User has a dog named Pim")],
        [Done("UPDATE", "User lives in Antwerp", "User lives in Ghent"), Done("ADD", "User is tired")],
    ]
    current = ["User lives in Antwerp", "User has a dog named Pim", "User is tired"]
    scored = score(Scenario("", "", (GHENT, ANTWERP)), done, current)
    assert scored.counts == Counts(right=3, true=2, known=2, over=1, forbidden=1)
    assert scored.remarks == ()
    assert (scored.counts.precision, scored.counts.recall) == (1, 1)


def test_a_change_that_is_only_added_leaves_what_is_stale():
    done = [
        [Done("ADD", "User lives in Ghent")],
        [Done("ADD", "User lives in Antwerp"), Done("ADD", "User has a boat")],
    ]
    current = ["User lives in Ghent", "User lives in Antwerp", "User has a boat", "Ghent is home to User"]
    scored = score(Scenario("", "", (GHENT, ANTWERP)), done, current)
    assert scored.counts == Counts(
        right=1, wrong=2, missed=2, true=2, known=1, over=1, stale=1, forbidden=1, broken=1, unwanted=1
    )
    assert scored.counts.precision == pytest.approx(1 / 3)
    assert scored.counts.recall == pytest.approx(1 / 3)


def test_what_is_said_again_is_wrong_once_it_is_known():
    done = [[Done("ADD", "User lives in Ghent"), Done("ADD", "User's home is Ghent"), Done("ADD", "Pim is User's dog")]]
    current = ["User lives in Ghent", "User's home is Ghent", "Pim is User's dog"]
    assert score(Scenario("", "", (GHENT,)), done, current).counts == Counts(
        right=2, wrong=1, true=2, known=2, surplus=1
    )


def test_two_texts_share_what_they_can_say_between_them():
    both = "User lives in Ghent with Pim, a dog"
    done = [[Done("ADD", both), Done("ADD", "User lives in Ghent")]]
    scored = score(Scenario("", "", (GHENT,)), done, [both, "User lives in Ghent"])
    assert scored.counts == Counts(right=2, wrong=1, true=2, known=2), "the first says both; together they say no more"


def test_a_change_of_the_wrong_memory_is_wrong():
    done = [
        [Done("ADD", "User lives in Ghent"), Done("ADD", "User has a dog named Pim")],
        [Done("UPDATE", "User lives in Antwerp", "User has a dog named Pim")],
    ]
    counts = score(Scenario("", "", (GHENT, ANTWERP)), done, ["User lives in Ghent", "User lives in Antwerp"]).counts
    assert (counts.right, counts.wrong, counts.missed) == (2, 1, 1)
    assert (counts.known, counts.stale) == (1, 1)


def test_what_is_deleted_is_known_by_its_old_text_and_is_stale_if_it_stays():
    gone = Scenario("", "", (GHENT, Call((), (Wanted(("DELETE",), "home", ""),))))
    learned = [Done("ADD", "User lives in Ghent"), Done("ADD", "User has a dog named Pim")]
    right = score(gone, [learned, [Done("DELETE", "", "User lives in Ghent")]], ["User has a dog named Pim"])
    assert right.counts == Counts(right=3, true=1, known=1, over=1)
    wrong = score(gone, [learned, [Done("DELETE", "", "User has a dog named Pim")]], ["User lives in Ghent"])
    assert wrong.counts == Counts(right=2, wrong=1, missed=1, true=1, over=1, stale=1)


def test_what_was_never_known_can_not_be_stale():
    assert score(Scenario("", "", (GHENT, ANTWERP)), [[], []], []).counts == Counts(missed=3, true=2, forbidden=1)


def test_a_past_that_is_told_late_leaves_what_holds():
    late = Call((), (Wanted(("PAST",), "home", "bruges"),))
    learned = [Done("ADD", "User lives in Ghent"), Done("ADD", "User has a dog named Pim")]
    current = ["User lives in Ghent", "User has a dog named Pim"]
    scenario = Scenario("", "", (GHENT, late))
    right = score(scenario, [learned, [Done("PAST", "User lives in Bruges", "User lives in Ghent")]], current)
    assert right.counts == Counts(right=3, true=2, known=2, over=1)
    wrong = score(scenario, [learned, [Done("ADD", "User lives in Bruges")]], [*current, "User lives in Bruges"])
    assert wrong.counts == Counts(right=2, wrong=1, missed=1, true=2, known=2, over=1, stale=1)


def test_an_old_text_may_stay_where_that_is_right():
    named = Call((), (Wanted(("ADD", "UPDATE"), "home", "ghent canal"),))
    texts = ["User lives in Ghent", "User has a dog named Pim", "User lives in Ghent by the canal"]
    done = [[Done("ADD", texts[0]), Done("ADD", texts[1])], [Done("ADD", texts[2])]]
    assert score(Scenario("", "", (GHENT, named)), done, texts).counts == Counts(right=3, true=2, known=2)
