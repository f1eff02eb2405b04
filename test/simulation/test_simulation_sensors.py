"""Camera and LiDAR of the synthetic drive see the same world, where the calibration says."""

import numpy as np
import pytest

from clipomaly_ros.hazard.camera import CameraModel
from clipomaly_ros.simulation import drive as way
from clipomaly_ros.simulation.drive import Drive
from clipomaly_ros.simulation.scene import make_scene


@pytest.fixture(scope="module")
def drive():
    return Drive(seed=3)


@pytest.fixture(scope="module")
def frame(drive):
    return drive.frame(5)


def in_world(points, pose):
    return points @ pose[:3, :3].T + pose[:3, 3]


def test_returns_lie_on_the_objects_they_come_from(drive, frame):
    world = in_world(
        frame.cloud.xyz.astype(float), way.odom_from_base(frame.cloud_stamp) @ way.BASE_FROM_LIDAR
    )
    assert np.abs(world[frame.cloud.objects == -1, 2]).max() < 0.05  # the ground
    seen = 0
    for index, item in enumerate(drive.scene.objects):
        own = world[frame.cloud.objects == index]
        assert item.box.contains(own, margin=0.06).all(), item.name
        seen += len(own) > 0
    assert seen >= 10
    anomalies = np.isin(frame.cloud.objects, drive.scene.anomalies)
    assert anomalies.sum() > 40


def test_labels_lie_where_the_camera_model_projects_the_boxes(drive, frame):
    lens = drive.intrinsics
    camera = CameraModel.from_camera_info(lens.width, lens.height, "plumb_bob", lens.D, lens.K.ravel())
    pose = np.linalg.inv(way.odom_from_base(frame.image_stamp) @ way.BASE_FROM_CAMERA)
    for index in drive.scene.anomalies:
        box = drive.scene.objects[index].box
        signs = np.array([[x, y, z] for x in (-1, 1) for y in (-1, 1) for z in (-1, 1)]) / 2
        c, s = np.cos(box.yaw), np.sin(box.yaw)
        corners = (signs * box.size) @ np.array([[c, s, 0], [-s, c, 0], [0, 0, 1]]) + box.centre
        uv, visible = camera.project(in_world(corners, pose))
        assert visible.all()
        rows, columns = np.nonzero(frame.image.objects == index)
        assert len(rows) > 20
        low, high = uv.min(axis=0), uv.max(axis=0)
        assert low[0] - 1 <= columns.min()
        assert columns.max() <= high[0] + 1
        assert low[1] - 1 <= rows.min()
        assert rows.max() <= high[1] + 1
        # and it fills the projected box, apart from what stands in front or is not box-shaped
        assert columns.max() - columns.min() > 0.5 * (high[0] - low[0])


def test_returns_on_an_anomaly_fall_on_its_mask(drive, frame):
    lens = drive.intrinsics
    camera = CameraModel.from_camera_info(lens.width, lens.height, "plumb_bob", lens.D, lens.K.ravel())
    pose = np.linalg.inv(way.odom_from_base(frame.image_stamp) @ way.BASE_FROM_CAMERA)
    chosen = np.isin(frame.cloud.objects, drive.scene.anomalies)
    world = in_world(
        frame.cloud.xyz[chosen].astype(float), way.odom_from_base(frame.cloud_stamp) @ way.BASE_FROM_LIDAR
    )
    uv, visible = camera.project(in_world(world, pose))
    u, v = np.round(uv[visible]).astype(int).T
    hit = frame.image.objects[np.clip(v, 0, lens.height - 1), np.clip(u, 0, lens.width - 1)]
    # The LiDAR looks from 0.35 m behind and above the camera: a few points are hidden from it.
    assert (hit == frame.cloud.objects[chosen][visible]).mean() > 0.8


def test_equal_seeds_give_equal_measurements_and_others_do_not(frame):
    again = Drive(seed=3).frame(5)
    np.testing.assert_array_equal(frame.image.rgb, again.image.rgb)
    np.testing.assert_array_equal(frame.cloud.xyz, again.cloud.xyz)
    places = {seed: [o.box.centre for o in make_scene(seed).objects if o.anomalous] for seed in (3, 4)}
    assert not np.allclose(places[3], places[4])


def test_picture_has_light_shade_and_sky(frame):
    rgb = frame.image.rgb
    assert rgb.shape == (360, 640, 3)
    sky = rgb[frame.image.objects == -2].mean(axis=0)
    assert sky[2] > sky[0]
    ground = rgb[frame.image.objects == -1].mean(axis=1)
    assert np.percentile(ground, 99) - np.percentile(ground, 1) > 50  # shadows and markings
    assert len(np.unique(frame.image.objects)) > 12
