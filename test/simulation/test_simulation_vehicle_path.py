"""Vehicle paths: rigid poses, constant speed, heading along the way."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from clipomaly_ros.simulation.vehicle_path import VehiclePath


@given(st.floats(0.1, 15), st.floats(-0.3, 0.3), st.floats(-50, 50), st.floats(-50, 50), st.floats(-3, 3))
def test_the_vehicle_moves_ahead_at_its_speed(speed, turn_rate, x, y, yaw):
    path = VehiclePath(speed, turn_rate, x, y, yaw)
    times = np.linspace(0, 10, 21)
    step = 1e-4
    before, after = path.poses(times - step), path.poses(times + step)
    velocity = (after[:, :3, 3] - before[:, :3, 3]) / (2 * step)
    rotation = path.poses(times)[:, :3, :3]
    np.testing.assert_allclose(velocity, speed * rotation[:, :, 0], atol=1e-4 * (1 + speed))
    np.testing.assert_allclose(rotation @ rotation.swapaxes(1, 2), np.tile(np.eye(3), (21, 1, 1)), atol=1e-9)
    np.testing.assert_allclose(path.poses(0.0)[:3, 3], [x, y, 0])


def test_an_arc_of_no_turn_is_a_line():
    np.testing.assert_allclose(
        VehiclePath(2, 1e-7).poses([0, 5, 9]), VehiclePath(2, 0).poses([0, 5, 9]), atol=1e-4
    )


def test_odd_numbers_are_refused():
    with pytest.raises(ValueError, match="finite"):
        VehiclePath(speed=np.inf)
