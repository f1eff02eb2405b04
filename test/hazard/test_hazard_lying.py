from dataclasses import replace

import cv2
import numpy as np
import pytest
from apron_scene import CAMERA, CAMERA_FROM_LIDAR, FIXED_FROM_LIDAR, SENSOR_HEIGHT, draw, scan

from clipomaly_ros.hazard.clouds import PointCloud
from clipomaly_ros.hazard.foreground import ForegroundSettings
from clipomaly_ros.hazard.fuser import FusionSettings, RegionFuser
from clipomaly_ros.hazard.types import Support

TRANSFORMS = (CAMERA_FROM_LIDAR, FIXED_FROM_LIDAR, FIXED_FROM_LIDAR @ CAMERA_FROM_LIDAR.inverse())


def outline_of(boxes, masked, grown=0, beams=64):
    """Return the outline of the first region's zone and the LiDAR's returns of its box, both [n, 2]."""
    cloud = scan(boxes, beams=beams)
    image, regions = draw(masked)
    if grown:
        image = cv2.dilate(image, np.ones((2 * grown + 1, 2 * grown + 1), np.uint8))
    (measurement,) = RegionFuser().fuse(image, regions, CAMERA, cloud, *TRANSFORMS).measurements
    assert measurement.support is Support.FUSED
    points = FIXED_FROM_LIDAR.apply(cloud.xyz)
    x0, x1, y0, y1, _ = masked[0]
    low, high = np.array([x0, y0]) - 0.05, np.array([x1, y1]) + 0.05
    own = ((points[:, :2] >= low) & (points[:, :2] <= high)).all(axis=1) & (points[:, 2] > 0.08)
    return measurement.geometry.polygon, points[own, :2]


@pytest.mark.parametrize("beams", [32, 64, 128])
@pytest.mark.parametrize(("near", "length"), [(7.0, 2.0), (10.0, 1.0), (10.0, 4.0), (14.0, 2.0)])
def test_a_bar_that_points_at_the_sensor_is_as_long_as_its_returns(beams, near, length):
    bar = (near, near + length, -0.08, 0.08, 0.15)
    polygon, returns = outline_of([bar], [bar], beams=beams)
    assert polygon[:, 0].min() <= returns[:, 0].min() + 0.02
    assert polygon[:, 0].max() >= returns[:, 0].max() - 0.02
    assert polygon[:, 0].min() > near - 0.1
    assert polygon[:, 0].max() < near + length + 0.1


@pytest.mark.parametrize(
    "behind",
    [(11.5, 12.0, -6.0, 6.0, 0.2), (12.0, 12.5, -6.0, 6.0, 3.0), (10.5, 10.8, 0.2, 3.0, 0.15)],
    ids=["kerb", "wall", "beside"],
)
def test_what_a_wide_mask_lets_through_is_not_the_bar(behind):
    bar = (9.0, 10.0, -0.1, 0.1, 0.15)
    polygon, _ = outline_of([bar, behind], [bar], grown=6)
    assert polygon[:, 0].max() < 10.2
    assert np.ptp(polygon[:, 1]) < 0.5


def test_a_mask_larger_than_its_box_is_measured_as_far_as_the_box_goes():
    bar = (9.0, 13.0, -0.1, 0.1, 0.15)
    image, (region,) = draw([bar])
    x, y, width, height = region.box
    result = RegionFuser().fuse(
        image,
        [replace(region, box=(x, y, width, height // 8))],
        CAMERA,
        scan([bar], beams=64),
        *TRANSFORMS,
    )
    (measurement,) = result.measurements
    assert measurement.support is Support.FUSED
    along = measurement.geometry.polygon[:, 0]
    assert 8.9 < along.min() < along.max() - 1.0 < 12.1


@pytest.mark.parametrize("beams", [32, 64, 128])
@pytest.mark.parametrize("farther", [6.0, 10.0])
@pytest.mark.parametrize("near", [8.0, 12.0])
def test_one_mask_over_two_things_in_line_is_not_the_ground_between_them(near, farther, beams):
    first, second = ((x, x + 0.5, -0.4, 0.4, 0.3) for x in (near, near + farther))
    cloud = scan([first, second], beams=beams)
    image, regions = draw([(near, near + farther + 0.5, -0.4, 0.4, 0.3)])
    (measurement,) = RegionFuser().fuse(image, regions, CAMERA, cloud, *TRANSFORMS).measurements
    assert measurement.support is Support.FUSED
    assert np.ptp(measurement.geometry.polygon[:, 0]) < 1.0
    # Whoever knows not where the rays began cannot tell that anything is seen between.
    (measurement,) = (
        RegionFuser().fuse(image, regions, CAMERA, cloud, *TRANSFORMS, one_lidar=False).measurements
    )
    assert np.ptp(measurement.geometry.polygon[:, 0]) > farther


@pytest.mark.parametrize("near", [7.0, 9.0, 11.0])
def test_a_cable_that_one_beam_missed_is_one_cable(near):
    cable = (near, near + 4.0, -0.015, 0.015, 0.12)
    hit, bare = scan([cable]).xyz, scan([]).xyz
    returns = np.flatnonzero((hit[:, 2] > 0.08 - SENSOR_HEIGHT) & (np.abs(hit[:, 1]) < 0.05))
    beams = np.rint(np.rad2deg(np.arcsin(hit[:, 2] / np.linalg.norm(hit, axis=1))) / (28 / 63)).astype(int)
    missing = sorted(set(beams[returns]))[len(set(beams[returns])) // 2]
    cloud = PointCloud(np.where((beams == missing)[:, None], bare, hit))
    image, regions = draw([(near, near + 4.0, -0.1, 0.1, 0.12)])
    fuser = RegionFuser(FusionSettings(foreground=ForegroundSettings(min_points=1)))
    (measurement,) = fuser.fuse(image, regions, CAMERA, cloud, *TRANSFORMS).measurements
    assert measurement.support is Support.FUSED
    own = returns[beams[returns] != missing]  # one a beam
    assert measurement.geometry.polygon[:, 0].min() <= hit[own, 0].min() + 0.02
    assert measurement.geometry.polygon[:, 0].max() >= hit[own, 0].max() - 0.02
