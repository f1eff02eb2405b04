import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from scipy.spatial import ConvexHull

from clipomaly_ros.hazard.polygons import (
    MAX_CORNERS,
    area_centroid,
    contains,
    convex_hull,
    convex_hulls,
    diameter,
    inflate,
    is_clockwise,
    nearest_edge_distance,
    overlap,
    polygon_distance,
    signed_area,
)

SQUARE = np.array([[0.0, 0], [0, 1], [1, 1], [1, 0]])
plane = st.floats(-50, 50).map(lambda value: round(value, 3))
point_sets = arrays(np.float64, st.tuples(st.integers(1, 60), st.just(2)), elements=plane)


def is_convex(polygon):
    edges = np.roll(polygon, -1, axis=0) - polygon
    following = np.roll(edges, -1, axis=0)
    return (edges[:, 0] * following[:, 1] - edges[:, 1] * following[:, 0] <= 1e-9).all()


@given(point_sets)
def test_a_hull_is_clockwise_convex_bounded_and_holds_its_points(points):
    hull = convex_hull(points)
    assert 3 <= len(hull) <= MAX_CORNERS
    assert is_clockwise(hull)
    assert is_convex(hull)
    assert contains(hull, points, 1e-6).all()


@given(point_sets, st.integers(0, 60), st.floats(0, 1), st.sampled_from([0.0, 5e6]))
def test_a_corner_on_an_edge_does_not_move_the_centre(points, edge, share, far):
    hull = convex_hull(points) + far
    edge %= len(hull)
    between = hull[edge] + share * (hull[(edge + 1) % len(hull)] - hull[edge])
    centre = area_centroid(hull)
    assert area_centroid(np.insert(hull, edge + 1, between, axis=0)) == pytest.approx(centre, abs=1e-5)
    assert contains(hull, centre[None], 1e-6).all()
    assert area_centroid(SQUARE[::-1] + far) == pytest.approx(np.array([0.5, 0.5]) + far, abs=1e-8)


@given(st.integers(0, 10_000), st.integers(4, 60), st.floats(0.1, 1e3))
def test_a_hull_has_the_corners_that_qhull_finds(seed, count, scale):
    points = np.random.default_rng(seed).normal(0, scale, (count, 2))
    expected = points[ConvexHull(points).vertices]
    assert {tuple(corner) for corner in convex_hull(points, 1e-6)} == {tuple(corner) for corner in expected}


@given(st.integers(65, 2000), st.floats(0.5, 30))
def test_a_hull_of_many_corners_becomes_an_outer_one_of_64(count, radius):
    angles = np.linspace(0, 2 * np.pi, count, endpoint=False)
    circle = radius * np.column_stack([np.cos(angles), np.sin(angles)]) + 1000.0
    hull = convex_hull(circle)
    assert len(hull) <= MAX_CORNERS
    assert is_clockwise(hull)
    assert contains(hull, circle, 1e-6).all()
    assert -signed_area(hull) < 1.01 * np.pi * radius**2


@pytest.mark.parametrize("points", [[[3, 4]], [[0, 0], [5, 0]], [[0, 0], [1, 1], [2, 2]], [[7, 7]] * 10])
def test_points_without_area_get_a_small_rectangle(points):
    hull = convex_hull(points, padding=0.1)
    assert len(hull) == 4
    assert is_clockwise(hull)
    assert contains(hull, points).all()
    assert diameter(hull) <= diameter(np.array(points, float)) + 0.3


def test_known_distances():
    assert nearest_edge_distance(SQUARE, [0.5, 0.5]) == 0.0
    assert nearest_edge_distance(SQUARE, [3.0, 0.5]) == pytest.approx(2.0)
    assert nearest_edge_distance(SQUARE, [4.0, 5.0]) == pytest.approx(5.0)
    assert polygon_distance(SQUARE, SQUARE + np.array([4.0, 5.0])) == pytest.approx(5.0)
    assert polygon_distance(SQUARE, SQUARE + 0.5) == 0.0
    assert diameter(SQUARE) == pytest.approx(np.sqrt(2))


@given(point_sets, point_sets)
def test_distance_is_symmetric_and_never_above_the_corners(first, second):
    one, other = convex_hull(first), convex_hull(second)
    distance = polygon_distance(one, other)
    assert distance == pytest.approx(polygon_distance(other, one))
    assert distance <= np.linalg.norm(one[:, None] - other[None], axis=2).min() + 1e-9
    assert (distance == 0) == overlap(one, other) or distance < 1e-9


@given(point_sets, st.floats(0, 10), st.floats(-np.pi, np.pi))
def test_inflation_reaches_its_radius(points, radius, angle):
    hull = convex_hull(points)
    moved = hull + radius * np.array([np.cos(angle), np.sin(angle)])
    assert contains(inflate(hull, radius), moved, 1e-6).all()


@given(st.lists(point_sets, min_size=1, max_size=6), st.sampled_from([0.04, 0.05, 3.0]))
def test_hulls_found_together_are_those_found_alone(groups, padding):
    sizes = np.array([len(points) for points in groups])
    together = convex_hulls(np.ascontiguousarray(np.concatenate(groups).T), sizes, padding)
    for points, hull in zip(groups, together, strict=True):
        alone = convex_hull(points, padding)
        assert contains(alone, hull, 1e-5).all()
        assert contains(hull, alone, 1e-5).all()
        assert signed_area(hull) == pytest.approx(signed_area(alone), abs=1e-4)
