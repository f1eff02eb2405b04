"""The ray caster against answers known from geometry."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.spatial.transform import Rotation

from clipomaly_ros.simulation.raycast import GROUND, NOTHING, blocked, cast
from clipomaly_ros.simulation.scene import place
from clipomaly_ros.simulation.shapes import Kind, Material, Shape

GREY = Material((0.5, 0.5, 0.5))


def unit(vectors):
    vectors = np.atleast_2d(np.asarray(vectors, float))
    return vectors / np.linalg.norm(vectors, axis=1, keepdims=True)


def shape(kind, centre, half, rotation=None):
    rotation = np.eye(3) if rotation is None else rotation
    return Shape(kind, np.asarray(centre, float), np.asarray(half, float), GREY, rotation)


def outside(solid, points):
    """Signed test of points against a solid, written without the ray caster: > 0 outside."""
    local = ((points - solid.centre) @ solid.rotation) / solid.half
    radius = np.hypot(local[:, 0], local[:, 1])
    if solid.kind == Kind.BOX:
        return np.abs(local).max(axis=1) - 1
    if solid.kind == Kind.ELLIPSOID:
        return np.linalg.norm(local, axis=1) - 1
    if solid.kind == Kind.CYLINDER:
        return np.maximum(radius, np.abs(local[:, 2])) - 1
    return np.maximum(radius - (1 - local[:, 2]) / 2, np.abs(local[:, 2]) - 1)


solids = st.builds(
    lambda kind, centre, half, turn: shape(kind, centre, half, Rotation.from_rotvec(turn).as_matrix()),
    st.sampled_from(list(Kind)),
    st.tuples(st.floats(4, 12), st.floats(-3, 3), st.floats(-3, 3)),
    st.tuples(*[st.floats(0.2, 2.0)] * 3),
    st.tuples(*[st.floats(-3, 3)] * 3),
)


def test_ground_is_met_where_the_slope_says():
    rays = unit([[1, 0, -0.1], [1, 0, 0.1], [0, 1, -1], [1, 0, 0]])
    hits = cast(np.array([0, 0, 2.0]), rays, [])
    assert hits.shape.tolist() == [GROUND, NOTHING, GROUND, NOTHING]
    np.testing.assert_allclose(hits.distance[[0, 2]], [2 * np.sqrt(1.01) / 0.1, 2 * np.sqrt(2)], rtol=1e-5)
    np.testing.assert_allclose(hits.local[0], [20, 0, 0], atol=1e-4)


@pytest.mark.parametrize(
    ("kind", "ray", "distance", "normal"),
    [
        (Kind.BOX, [1, 0, 0], 9.0, [-1, 0, 0]),
        (Kind.ELLIPSOID, [1, 0, 0], 9.0, [-1, 0, 0]),
        (Kind.CYLINDER, [1, 0, 0], 9.0, [-1, 0, 0]),
        (Kind.CONE, [1, 0, 0], 9.5, [-2, 0, 1]),  # halfway up a unit cone the radius is 1/2
        (Kind.BOX, [10, 0, 4.5], None, None),
    ],
)
def test_central_rays(kind, ray, distance, normal):
    hits = cast(np.zeros(3), unit([ray]), [shape(kind, [10, 0, 0], [1, 1, 1])], ground=False)
    if distance is None:
        assert hits.shape[0] == NOTHING
        return
    assert hits.distance[0] == pytest.approx(distance, abs=1e-5)
    np.testing.assert_allclose(hits.normal[0], unit(normal)[0], atol=1e-5)


def test_caps_from_above_and_below():
    above = cast(
        np.array([0, 0, 5.0]), unit([[0, 0, -1]]), [shape(Kind.CYLINDER, [0, 0, 0], [1, 1, 2])], False
    )
    assert above.distance[0] == pytest.approx(3.0)
    np.testing.assert_allclose(above.normal[0], [0, 0, 1], atol=1e-6)
    below = cast(np.array([0, 0, -5.0]), unit([[0, 0, 1]]), [shape(Kind.CONE, [0, 0, 0], [1, 1, 1])], False)
    assert below.distance[0] == pytest.approx(4.0)
    np.testing.assert_allclose(below.normal[0], [0, 0, -1], atol=1e-6)


@given(solids, st.integers(0, 2**32 - 1))
@settings(max_examples=60, deadline=None)
def test_hits_lie_on_the_surface_and_nothing_is_missed(solid, seed):
    generator = np.random.default_rng(seed)
    targets = solid.centre + generator.normal(0, 1.2, (200, 3)) * solid.radius
    rays = unit(targets)
    hits = cast(np.zeros(3), rays, [solid], ground=False)
    met = np.isfinite(hits.distance)
    points = hits.distance[met, None] * rays[met]
    scale = solid.half.min()
    assert np.abs(outside(solid, points)).max(initial=0) * scale < 5e-3
    assert (np.einsum("ij,ij->i", hits.normal[met], rays[met]) <= 1e-3).all()  # seen from outside
    # March along each ray: what is inside the solid must not lie before the hit or on a missed ray.
    steps = np.linspace(0.0, 20.0, 400)
    inside = np.stack([outside(solid, rays * step) < -0.02 / scale for step in steps])
    first = np.where(inside.any(axis=0), steps[inside.argmax(axis=0)], np.inf)
    assert (hits.distance <= first + 1e-3).all()


@given(solids)
@settings(max_examples=40, deadline=None)
def test_extent_is_the_tight_box(solid):
    low, high = solid.extent(np.eye(3))
    generator = np.random.default_rng(0)
    local = generator.uniform(-1, 1, (200_000, 3))
    if solid.kind == Kind.BOX:
        local = np.array([[x, y, z] for x in (-1, 1) for y in (-1, 1) for z in (-1, 1)], float)
    elif solid.kind == Kind.ELLIPSOID:
        local = unit(local)
    else:
        radius = np.ones(len(local)) if solid.kind == Kind.CYLINDER else (1 - local[:, 2]) / 2
        local[:, :2] = unit(local[:, :2]) * radius[:, None]
        rim = local[:20_000].copy()
        rim[:, 2] = np.sign(rim[:, 2]) if solid.kind == Kind.CYLINDER else -1
        rim[:, :2] = unit(rim[:, :2])
        local = np.vstack([local, rim, [[0, 0, 1.0]]])
    points = (local * solid.half) @ solid.rotation.T + solid.centre
    np.testing.assert_allclose(points.min(axis=0), low, atol=0.03)
    np.testing.assert_allclose(points.max(axis=0), high, atol=0.03)
    assert (points >= low - 1e-9).all()
    assert (points <= high + 1e-9).all()


def test_nearest_of_several_wins_and_casts_a_shadow():
    near, far = shape(Kind.BOX, [5, 0, 1], [1, 1, 1]), shape(Kind.ELLIPSOID, [9, 0, 1], [2, 2, 2])
    hits = cast(np.array([0, 0, 1.0]), unit([[1, 0, 0]]), [far, near])
    assert (hits.shape[0], hits.distance[0]) == (1, pytest.approx(4.0))
    sun = unit([[1, 0, 1]])[0]
    dark = blocked(np.array([[3.0, 0, 0.0], [30.0, 0, 0]]), sun, [far, near])
    assert dark.tolist() == [True, False]


def test_an_object_turns_with_its_box():
    parts = [shape(Kind.BOX, [0, 0, 0.5], [1.0, 0.25, 0.5])]
    item = place("thing", "", parts, (10, 2), np.deg2rad(30))
    np.testing.assert_allclose(item.box.size, [2.0, 0.5, 1.0])
    np.testing.assert_allclose(item.box.centre, [10, 2, 0.5], atol=1e-12)
    tip = np.array([[10 + 0.99 * np.cos(np.deg2rad(30)), 2 + 0.99 * np.sin(np.deg2rad(30)), 0.5]])
    assert item.box.contains(tip).all()
    assert not item.box.contains(tip + np.array([0.3, 0, 0])).any()
