import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from clipomaly_ros.hazard.ground import GroundPlane, GroundSettings, estimate_ground
from clipomaly_ros.hazard.ground_relief import GroundRelief, measure_relief


def apron(slope=(0.0, 0.0), height=-1.7, clutter=0.0, count=8000, seed=0):
    """Points of a sloping ground; a share of them lifted, as objects lift them."""
    generator = np.random.default_rng(seed)
    xy = generator.uniform(-30, 30, (count, 2))
    z = xy @ slope + height + generator.normal(0, 0.015, count)
    lifted = generator.random(count) < clutter
    z[lifted] += generator.uniform(0.2, 4, np.count_nonzero(lifted))
    return np.column_stack([xy, z]).astype(np.float32)


@settings(max_examples=40, deadline=None)
@given(
    st.floats(-0.11, 0.11), st.floats(-0.11, 0.11), st.floats(-3, -0.5), st.floats(0, 0.5), st.integers(0, 99)
)
def test_level_and_sloping_ground_is_found_among_clutter(slope_x, slope_y, height, clutter, seed):
    points = apron((slope_x, slope_y), height, clutter, seed=seed)
    plane = estimate_ground(points, np.zeros(3), GroundSettings())
    assert plane.estimated
    assert plane.confidence > 0.3
    assert plane.height == pytest.approx(height, abs=0.06)
    assert (plane.slope_x, plane.slope_y) == pytest.approx((slope_x, slope_y), abs=0.005)


def test_equal_clouds_give_equal_planes():
    points = apron(clutter=0.3)
    planes = [estimate_ground(points, np.zeros(3), GroundSettings()) for _ in range(2)]
    assert planes[0] == planes[1]


@pytest.mark.parametrize(
    "points",
    [
        np.empty((0, 3), np.float32),
        apron(count=20),
        apron(slope=(0.5, 0.0)),  # a bank, no apron
        apron(height=3.0),  # a roof above the sensor
    ],
    ids=["none", "few", "steep", "above"],
)
def test_without_usable_ground_the_prior_is_returned_and_says_so(points):
    plane = estimate_ground(points, np.zeros(3), GroundSettings(height=-1.2))
    assert plane == GroundPlane.prior(-1.2)
    assert not plane.estimated
    assert plane.confidence == 0.0


def test_a_raised_kerb_is_relief_not_an_obstacle():
    points = apron(count=30000)
    kerb = points[:, 0] > 10
    points[kerb, 2] += 0.12
    plane = estimate_ground(points, np.zeros(3), GroundSettings())
    heights = plane.heights(points)
    relief = measure_relief(points, heights, np.zeros(3), 40.0)
    away = np.abs(points[:, 0] - 10) > 4
    assert np.abs((heights - relief.at(points[:, :2]))[away]).max() < 0.09
    assert relief.at(np.array([[1e4, 0.0]]))[0] == 0.0


def test_an_object_does_not_lift_its_own_ground():
    points = apron(count=30000)
    on_top = (np.abs(points[:, 0] - 8) < 0.6) & (np.abs(points[:, 1]) < 0.6)
    points[on_top, 2] += 0.2
    plane = estimate_ground(points, np.zeros(3), GroundSettings())
    heights = plane.heights(points)
    relief = measure_relief(points, heights, np.zeros(3), 40.0)
    assert (heights - relief.at(points[:, :2]))[on_top].min() > 0.12


@given(st.integers(0, 10_000), st.integers(1, 12), st.floats(0.3, 3.0))
def test_the_relief_is_that_of_the_cell_and_zero_outside(seed, side, cell):
    generator = np.random.default_rng(seed)
    relief = GroundRelief(generator.normal(0, 0.1, (side, side)).astype(np.float32), (-2.0, 3.0), cell)
    number = generator.integers(-3, side + 3, (50, 2))
    places = (number + generator.uniform(0.01, 0.99, (50, 2))) * cell + (-2.0, 3.0)
    inside = ((number >= 0) & (number < side)).all(axis=1)
    column, row = np.clip(number, 0, side - 1).T
    np.testing.assert_array_equal(relief.at(places), np.where(inside, relief.offsets[row, column], 0))
