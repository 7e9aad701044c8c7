"""The figures are right on groups small enough to count by hand."""

import pytest

from tests.evaluate import measures

TRUTH = {1: "a", 2: "a", 3: "a", 4: "b"}
GROUPS = {1: "x", 2: "x", 3: "y", 4: "y", 5: "y"}  # 5 has no label and counts nowhere


def test_b_cubed_by_hand():
    found = measures.b_cubed(GROUPS, TRUTH, TRUTH)
    assert found.precision == pytest.approx((1 + 1 + 1 / 2 + 1 / 2) / 4)
    assert found.recall == pytest.approx((2 / 3 + 2 / 3 + 1 / 3 + 1) / 4)


def test_b_cubed_of_some_items_sees_the_whole_groups():
    found = measures.b_cubed(GROUPS, TRUTH, [3])
    assert (found.precision, found.recall) == (pytest.approx(1 / 2), pytest.approx(1 / 3))


def test_pairwise_by_hand():
    found = measures.pairwise(GROUPS, TRUTH, TRUTH)
    assert (found.precision, found.recall) == (pytest.approx(1 / 2), pytest.approx(1 / 3))


def test_pairs_of_a_kind_alone():
    odd = {1: True, 2: False, 3: True, 4: False}
    found = measures.pairwise(GROUPS, TRUTH, TRUTH, lambda one, other: odd[one] != odd[other])
    assert (found.precision, found.recall) == (pytest.approx(1 / 2), pytest.approx(1 / 2))


def test_nothing_joined_is_precise_and_finds_nothing():
    alone = {at: at for at in TRUTH}
    assert measures.pairwise(alone, TRUTH, TRUTH) == measures.Agreement(1.0, 0.0)
    assert measures.Agreement(0.0, 0.0).f1 == 0.0


def test_calibration_error_by_hand():
    said = [0.75] * 4 + [0.25] * 4
    assert measures.calibration_error(said, [True] * 3 + [False] + [True] + [False] * 3) == pytest.approx(0.0)
    assert measures.calibration_error(said, [False] * 4 + [False] * 4) == pytest.approx(0.5)
    assert measures.calibration_error([], []) == 0.0
