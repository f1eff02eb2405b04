import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from clipomaly_ros.hazard.disputes import settle_disputes

LINE = np.column_stack([np.arange(9.0), np.zeros((9, 2))])
BOTH = [np.arange(9), np.arange(9)]


def settle(under, claims=BOTH):
    settled = settle_disputes(LINE, np.array(under, np.uint8), claims, np.array([1, 2]))
    return [claim.tolist() for claim in settled]


def test_each_gets_what_is_under_its_mask_and_the_nearer_of_the_rest():
    assert settle([1, 1, 1, 1, 0, 2, 2, 2, 2])[0][:4] == [0, 1, 2, 3]
    assert settle([0, 1, 1, 2, 2, 2, 2, 2, 0]) == [[0, 1, 2], [3, 4, 5, 6, 7, 8]]


def test_pieces_of_one_thing_stay_together():
    assert settle([1, 1, 0, 0, 0, 0, 0, 2, 2]) == [list(range(9))] * 2


def test_what_only_one_claims_stays_though_another_mask_bleeds_over_it():
    assert settle([1, 1, 1, 2, 2, 0, 0, 2, 2], [np.arange(5), np.arange(7, 9)]) == [[0, 1, 2, 3, 4], [7, 8]]


@settings(max_examples=60, deadline=None)
@given(st.integers(0, 10_000), st.integers(1, 5), st.integers(1, 40))
def test_no_return_is_lost_or_taken_from_its_own_mask(seed, regions, count):
    generator = np.random.default_rng(seed)
    points = generator.normal(size=(count, 3))
    under = generator.integers(0, regions + 1, count).astype(np.uint8)
    claims = [np.flatnonzero(generator.random(count) < 0.6) for _ in range(regions)]
    settled = settle_disputes(points, under, claims, np.arange(1, regions + 1))
    for number, (before, after) in enumerate(zip(claims, settled, strict=True), 1):
        assert set(after) <= set(before)
        assert set(before[under[before] == number]) <= set(after)
    assert set(np.concatenate(settled)) == set(np.concatenate(claims))
