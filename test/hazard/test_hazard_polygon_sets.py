import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from clipomaly_ros.hazard import polygon_sets
from clipomaly_ros.hazard.polygons import (
    contains,
    convex_hull,
    diameter,
    nearest_edge_distance,
    polygon_distance,
)

seeds = st.integers(0, 2**32 - 1)


def polygons(seed, count=6, spread=6.0):
    """Return convex polygons of 3 to about 12 corners, here and there."""
    generator = np.random.default_rng(seed)
    return [
        convex_hull(
            generator.normal(generator.uniform(-spread, spread, 2), 1.0, (generator.integers(3, 40), 2))
        )
        for _ in range(count)
    ]


@settings(max_examples=15, deadline=None)
@given(seeds, st.tuples(st.floats(-9, 9), st.floats(-9, 9)))
def test_a_set_gives_what_its_polygons_give_one_by_one(seed, point):
    some = polygons(seed)
    stacked = polygon_sets.stack(some)
    assert polygon_sets.diameters(stacked) == pytest.approx([diameter(one) for one in some])
    expected = [nearest_edge_distance(one, point) for one in some]
    assert polygon_sets.distances_to_point(stacked, point) == pytest.approx(expected, abs=1e-9)
    first, second = np.triu_indices(len(some), 1)
    expected = [polygon_distance(some[i], some[j]) for i, j in zip(first, second, strict=True)]
    between = polygon_sets.distances_between(stacked[first], stacked[second])
    assert between == pytest.approx(expected, abs=1e-9)
    touching = {tuple(pair) for pair in polygon_sets.boxes_touch(stacked).tolist()}
    near = {(i, j) for i, j, gap in zip(first, second, between, strict=True) if gap == 0}
    assert near <= touching
    centres = np.array([one.mean(axis=0) for one in some])
    farthest = [np.linalg.norm(one - c, axis=1).max() for one, c in zip(some, centres, strict=True)]
    assert polygon_sets.radii(stacked, centres) == pytest.approx(farthest)


@settings(max_examples=15, deadline=None)
@given(seeds, st.floats(-1e5, 1e5))
def test_the_overlap_is_the_share_of_the_smaller_one_wherever_they_lie(seed, far):
    one, other = polygons(seed, 2, 1.0)
    share = polygon_sets.overlap_share(one, other)
    assert share == pytest.approx(polygon_sets.overlap_share(other, one), abs=1e-4)
    assert share == pytest.approx(polygon_sets.overlap_share(one + far, other + far), abs=1e-3)
    low, high = np.minimum(one.min(axis=0), other.min(axis=0)), np.maximum(one.max(axis=0), other.max(axis=0))
    samples = np.random.default_rng(seed).uniform(low, high, (20_000, 2))
    a, b = contains(one, samples), contains(other, samples)
    if min(a.sum(), b.sum()) > 500:
        assert share == pytest.approx((a & b).sum() / min(a.sum(), b.sum()), abs=0.1)


def test_known_overlaps():
    square = np.array([[0.0, 0], [0, 1], [1, 1], [1, 0]])
    assert polygon_sets.overlap_share(square, square) == pytest.approx(1.0)
    assert polygon_sets.overlap_share(square, square + np.array([0.75, 0.0])) == pytest.approx(0.25, abs=1e-6)
    assert polygon_sets.overlap_share(square, 0.1 * square + 0.5) == pytest.approx(1.0)
    assert polygon_sets.overlap_share(square, square + 3.0) == 0.0


def test_no_polygons_are_no_problem():
    nothing = polygon_sets.stack([])
    assert len(polygon_sets.diameters(nothing)) == len(polygon_sets.boxes_touch(nothing)) == 0
    assert len(polygon_sets.distances_to_point(nothing, [0, 0])) == 0
