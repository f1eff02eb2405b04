"""The drive: repeatable, frames on their own, and with the sensor faults that were asked for."""

import numpy as np
import pytest
from simple_apron import simple_apron

from clipomaly_ros.simulation.drive import BASE_FROM_LIDAR, Drive, DriveSettings
from clipomaly_ros.simulation.lidar_models import LIDARS
from clipomaly_ros.simulation.vehicle_path import VehiclePath


def make(**settings):
    return Drive(1, simple_apron(1), DriveSettings(**settings))


@pytest.fixture(scope="module")
def plain():
    return make().frame(2)


def test_equal_seeds_give_equal_frames_in_any_order(plain):
    again = list(make().frames(3))[2]
    np.testing.assert_array_equal(again.image.rgb, plain.image.rgb)
    np.testing.assert_array_equal(again.cloud.xyz, plain.cloud.xyz)
    other = Drive(2, simple_apron(1)).frame(2)
    assert other.cloud.xyz.shape != plain.cloud.xyz.shape or not np.array_equal(
        other.cloud.xyz, plain.cloud.xyz
    )
    np.testing.assert_array_equal(other.image.objects, plain.image.objects)  # chance is noise only


@pytest.mark.parametrize("offset", [-0.1, 0.04, 0.1])
def test_a_clock_offset_changes_the_stamps_and_nothing_else(plain, offset):
    frame = make(clock_offset=offset).frame(2)
    assert frame.image_time == plain.image_time == plain.image_stamp
    assert frame.image_stamp - frame.image_time == round(offset * 1e9)
    assert frame.cloud_stamp == plain.cloud_stamp
    np.testing.assert_array_equal(frame.image.rgb, plain.image.rgb)


def test_an_extrinsic_error_moves_the_lidar_away_from_where_its_transform_says():
    drive = make(extrinsic_error=(0.1, 0.0, 0.0, 0.0, 0.0, 0.05))
    error = np.linalg.inv(drive.odom_from_base(0) @ BASE_FROM_LIDAR) @ drive.odom_from_lidar(0)
    np.testing.assert_allclose(error[:3, 3], [0.1, 0, 0], atol=1e-9)
    np.testing.assert_allclose(np.arctan2(error[1, 0], error[0, 0]), 0.05)


def test_the_sector_and_the_rate_are_as_asked():
    drive = make(sector=np.deg2rad(60), frame_rate=5.0, path=VehiclePath(turn_rate=0.0), lidar=LIDARS["128"])
    first, second = drive.frames(2)
    assert second.image_time - first.image_time == 200_000_000
    azimuth = np.degrees(np.arctan2(first.cloud.xyz[:, 1], first.cloud.xyz[:, 0]))
    assert -30.1 < azimuth.min() < -29
    assert 29 < azimuth.max() < 30.1
    moved = drive.odom_from_base(second.image_time) - drive.odom_from_base(first.image_time)
    np.testing.assert_allclose(moved[:3, 3], [0.44, 0, 0], atol=1e-9)


@pytest.mark.parametrize(
    "bad",
    [
        {"frame_rate": 11.0},
        {"frame_rate": 0.0},
        {"clock_offset": 0.4},
        {"lidar_delay": -0.1},
        {"extrinsic_error": (0.0,) * 3},
        {"extrinsic_error": (np.nan,) * 6},
    ],
)
def test_impossible_drives_are_refused(bad):
    with pytest.raises(ValueError, match="expected"):
        DriveSettings(**bad)
