import numpy as np
import pytest
from apron_scene import CAMERA, CAMERA_FROM_LIDAR, FIXED_FROM_LIDAR, draw, scan
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.spatial.transform import Rotation
from scipy.stats import norm

from clipomaly_ros.hazard.clouds import PointCloud
from clipomaly_ros.hazard.ego_motion import EgoMotion
from clipomaly_ros.hazard.fuser import FusionSettings, RegionFuser
from clipomaly_ros.hazard.transforms import RigidTransform
from clipomaly_ros.hazard.types import HazardError, Support

CRATE = (8.0, 9.0, -0.5, 0.7, 1.1)
SIGN = (12.0, 12.4, 2.0, 2.6, 0.6)
triples = st.tuples(*[st.floats(-1, 1)] * 3).map(np.array)


def pose_at(time, velocity, turn):
    """Return where a body is that turns evenly [rad/s] and whose origin goes straight on [m/s]."""
    return RigidTransform(Rotation.from_rotvec(turn * time).as_matrix(), velocity * time)


@settings(max_examples=50)
@given(velocity=triples, turn=triples, start=triples, place=triples)
def test_places_move_with_the_body(velocity, turn, start, place):
    mounted = RigidTransform(Rotation.from_rotvec(start).as_matrix(), 5 * start)  # a sensor somewhere on it
    step, body = 1e-4, 20 * velocity
    before, now = (pose_at(time, body, turn) @ mounted for time in (0.0, step))
    place = 30 * place
    moved = (now @ before.inverse()).apply(place[None])
    expected = (moved - place) / step
    assert EgoMotion.between(before, now, step).at(moved) == pytest.approx(expected, abs=0.02)


def test_no_time_is_no_motion():
    with pytest.raises(HazardError, match="> 0 s"):
        EgoMotion.between(RigidTransform.identity(), RigidTransform.identity(), 0.0)


@pytest.mark.parametrize(
    ("box", "cloud", "support"),
    [
        (CRATE, scan([CRATE], beams=40, step=0.4, noise=0.0), Support.FUSED),
        (SIGN, PointCloud(np.empty((0, 3), np.float32)), Support.GROUND_PLANE),
    ],
    ids=["returns", "ground"],
)
def test_the_covariance_holds_the_error_of_the_clocks(box, cloud, support):
    """Stamps that are off by 5 ms scatter the place as its covariance says."""
    image, regions = draw([box])
    velocity, turn, sigma = np.array([8.0, 1.0, 0.0]), np.array([0.0, 0.0, 0.5]), 0.005

    def fused(error, time_sigma):
        lidar = pose_at(error, velocity, turn) @ FIXED_FROM_LIDAR
        camera = lidar @ CAMERA_FROM_LIDAR.inverse()
        begin = pose_at(-0.02, velocity, turn) @ FIXED_FROM_LIDAR @ CAMERA_FROM_LIDAR.inverse()
        motion = EgoMotion.between(begin, camera, 0.02 + error)
        fuser = RegionFuser(FusionSettings(time_sigma=time_sigma))
        result = fuser.fuse(image, regions, CAMERA, cloud, CAMERA_FROM_LIDAR, lidar, camera, motion=motion)
        (measurement,) = result.measurements
        assert measurement.support is support
        return measurement.geometry

    errors = sigma * norm.ppf((np.arange(40) + 0.5) / 40)  # a sample without gaps: 40 stand for many
    scattered = np.cov(np.array([fused(error, 0.0).centroid for error in errors]).T)
    exact, unsure = fused(0.0, 0.0), fused(0.0, sigma)
    added = unsure.covariance - exact.covariance
    assert np.trace(added) > 0.03**2
    assert np.abs(added - scattered).max() < 0.1 * np.trace(added)
    assert (unsure.centroid == exact.centroid).all()
