import numpy as np
import pytest

from clipomaly_ros.hazard.clouds import PointCloud
from clipomaly_ros.hazard.ground import GroundSettings
from clipomaly_ros.hazard.terrain import find_terrain
from clipomaly_ros.hazard.transforms import RigidTransform

HERE = RigidTransform(np.eye(3), np.zeros(3))
FALL = 0.25  # metres the apron lies lower from 12 m ahead
SENSOR = np.array([0.0, 0.0, 0.0])


def terrain():
    generator = np.random.default_rng(1)
    xy = generator.uniform(-38, 38, (40_000, 2))
    z = -1.8 + generator.normal(0, 0.01, 40_000) - FALL * (xy[:, 0] > 12)
    return find_terrain(PointCloud(np.column_stack([xy, z]).astype(np.float32)), HERE, GroundSettings())


def towards(place):
    return (place - SENSOR) / np.linalg.norm(place - SENSOR)


@pytest.mark.parametrize("place", [[8.0, 1.0, -1.8], [22.0, -3.0, -1.8 - FALL]])
def test_rays_end_on_the_ground_where_it_is(place):
    ground, ray = terrain(), towards(np.array(place))
    assert ground.height_at(np.array([place[:2]]))[0] == pytest.approx(place[2], abs=0.03)
    assert ground.reach(ray[None], SENSOR)[0] > 0.98 * np.linalg.norm(place)
    (plane,) = ground.planes_below(ray[None], SENSOR)
    assert plane.height_at(np.array([place[:2]]))[0] == pytest.approx(place[2], abs=0.03)


def test_rays_above_the_horizon_reach_nothing():
    ground, ray = terrain(), towards(np.array([10.0, 0.0, 0.5]))
    assert np.isnan(ground.reach(ray[None], SENSOR)[0])
    assert ground.planes_below(ray[None], SENSOR) == [ground.plane]
