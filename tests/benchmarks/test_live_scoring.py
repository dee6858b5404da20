"""Scores, intervals and verdicts, with values that were computed by hand."""

import pytest

from benchmarks.live import scoring, verdicts


@pytest.mark.parametrize(
    ("answer", "right", "category", "expected"),
    [
        ("The painted sunrises!", "a painting of sunrise", "single-hop", 2 * (2 / 2) * (2 / 3) / (2 / 2 + 2 / 3)),
        ("7 May, 2023", "7 May 2023", "temporal", 1.0),
        ("kiln", "boat", "single-hop", 0.0),
        ("", "boat", "single-hop", 0.0),
        ("boat boat", "boat", "single-hop", 2 * 0.5 * 1 / 1.5),
        ("yes", "yes; she likes cats", "open-domain", 1.0),
        ("yes", "yes; she likes cats", "single-hop", 2 * 1 * 0.25 / 1.25),
        # Of "cats" the best answered is whole, of "old dogs" half the words: 2·1·½ / 1½.
        ("dogs, cats", "cats, old dogs", "multi-hop", (1 + 2 / 3) / 2),
    ],
)
def test_f1_is_that_of_locomo(answer, right, category, expected):
    assert scoring.f1(answer, right, category=category) == pytest.approx(expected)


def test_an_adversarial_question_is_met_by_locomos_two_phrases():
    assert scoring.says_unknown("Not mentioned in the conversation.")
    assert scoring.says_unknown("no information available")
    assert not scoring.says_unknown("a kiln")


@pytest.mark.parametrize(
    ("places", "events", "expected"),
    [
        ([1, 2, 3], 3, 1.0),
        ([3, 2, 1], 3, 0.0),
        # Pairs (1,2) and (1,3) stand as they should, (2,3) does not: tau = 1/3.
        ([1, 3, 2], 3, (1 / 3 + 1) / 2),
        # Ranks 1 2 3 5 beside 1 5 5 2 (2 and 3 are missing, the stranger is second): 3 pairs agree and 2 do not.
        ([1, 0], 3, ((3 - 2) / (6 * 5) ** 0.5 + 1) / 2),
        # Nothing fits: all pairs of event and stranger disagree, the others are tied in one list.
        ([0, 0], 2, (-4 / (5 * 5) ** 0.5 + 1) / 2),
        ([1], 1, 0.0),
        ([], 2, 0.0),
    ],
)
def test_the_order_of_events_is_kendalls(places, events, expected):
    assert scoring.order(places, events) == pytest.approx(expected)


def test_an_interval_of_right_and_wrong_is_wilsons():
    # 8 of 10, z² = 3.8415: middle (0.8 + 0.19207) / 1.38415, width 1.95996·√(0.016 + 0.009604) / 1.38415.
    assert scoring.interval([1.0] * 8 + [0.0] * 2) == pytest.approx((0.49016, 0.94332), abs=1e-4)
    low, high = scoring.interval([1.0, 1.0])
    assert low == pytest.approx(0.34238, abs=1e-4)
    assert high == 1
    assert scoring.interval([]) == (0, 1)


def test_an_interval_of_parts_is_drawn_and_holds_the_mean():
    values = [0.0, 0.5, 1.0, 0.5] * 25
    low, high = scoring.interval(values)
    # The deviation of a value is √⅛, that of the mean a tenth of it: 0.5 ± 1.96·0.0354.
    assert (low, high) == pytest.approx((0.4307, 0.5693), abs=0.01)
    assert scoring.interval(values) == (low, high)
    assert scoring.interval([0.5, 0.5]) == (0.5, 0.5)


@pytest.mark.parametrize(
    ("answer", "expected"),
    [
        ('{"reason": "same", "verdict": "right"}', True),
        ('```json\n{"verdict": "WRONG"}\n```', False),
        ('{"verdict": "wrong"} No: {"verdict": "right"}', True),
        ('<think>{"verdict": "wrong"}</think>\n{"verdict": "right"}', True),
        ('{"reason": "a } in it", "verdict": "right"}', True),
        ('{"reason": "cut off", "verdict": "wro', None),
        ('{"verdict": true}', True),
        ('{"verdict": "perhaps"}', None),
        ("Yes.", True),
        ("The answer is INCORRECT", False),
        ("The answer is not correct", None),
        ("Yes and no", None),
        ("It isn't right", None),
        ("I cannot judge this.", None),
        ("", None),
    ],
)
def test_a_verdict_is_read_or_is_none(answer, expected):
    assert verdicts.verdict(answer) is expected


@pytest.mark.parametrize(
    ("answer", "expected"),
    [
        ('{"reason": "met", "score": 1.0}', 1.0),
        ('{"score": "0.5"}', 0.5),
        ('{"reason": "a } in it", "score": 0', 0.0),
        ("1", 1.0),
        ('{"score": 0.7}', None),
        ('{"score": null}', None),
        ('{"score": 10}', None),
        ("Half of it", None),
        ("", None),
    ],
)
def test_a_points_score_is_read_or_is_none(answer, expected):
    assert verdicts.score(answer) == expected


@pytest.mark.parametrize(
    ("answer", "expected"),
    [
        ("[2, 0, 1]", [2, 0, 1]),
        ("As [1] says: [2,0,2]", [2, 0, 0]),
        ("[0, 0, 0]", [0, 0, 0]),
        ("[2, 1]", None),
        ("[4, 0, 1]", None),
        ("[]", None),
        ("none", None),
        ("[1, , 2]", None),
        ("[01, 0, 2]", [1, 0, 2]),
    ],
)
def test_events_of_lines_are_read_or_are_none(answer, expected):
    assert verdicts.places(answer, lines=3, events=3) == expected
