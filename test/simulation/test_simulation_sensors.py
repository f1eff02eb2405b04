"""Camera and LiDAR of the synthetic drive see the same world, where the calibration says."""

import numpy as np
import pytest
from simple_apron import simple_apron

from clipomaly_ros.hazard.camera import CameraModel
from clipomaly_ros.simulation.drive import Drive


@pytest.fixture(scope="module")
def drive():
    return Drive(3, simple_apron(3))


@pytest.fixture(scope="module")
def frame(drive):
    return drive.frame(5)


@pytest.fixture(scope="module")
def camera(drive):
    lens = drive.intrinsics
    return CameraModel.from_camera_info(lens.width, lens.height, "plumb_bob", lens.D, lens.K.ravel())


def in_world(points, pose):
    return points @ pose[:3, :3].T + pose[:3, 3]


def cloud_in_world(drive, frame):
    """Return the points where they were met, each from the LiDAR's place at that time."""
    times = frame.cloud_time + np.round(frame.cloud.time_offset.astype(float) * 1e9).astype(np.int64)
    poses = drive.odom_from_lidar(times)
    return np.einsum("nij,nj->ni", poses[:, :3, :3], frame.cloud.xyz.astype(float)) + poses[:, :3, 3]


def test_returns_lie_on_the_objects_they_come_from(drive, frame):
    world = cloud_in_world(drive, frame)
    assert np.abs(world[frame.cloud.objects == -1, 2]).max() < 0.06  # the ground
    for index, item in enumerate(drive.scene.objects):
        own = world[frame.cloud.objects == index]
        assert len(own) > 0, item.name
        assert item.box.contains(own, margin=0.1).all(), item.name
    assert np.isin(frame.cloud.objects, drive.scene.anomalies).sum() > 40


def test_labels_lie_where_the_camera_model_projects_the_boxes(drive, frame, camera):
    pose = np.linalg.inv(drive.odom_from_camera(frame.image_time))
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


def test_returns_on_an_anomaly_fall_on_its_mask_at_its_depth(drive, frame, camera):
    lens = drive.intrinsics
    chosen = np.isin(frame.cloud.objects, drive.scene.anomalies)
    world = cloud_in_world(drive, frame)[chosen]
    points = in_world(world, np.linalg.inv(drive.odom_from_camera(frame.image_time)))
    uv, visible = camera.project(points)
    u, v = np.round(uv[visible]).astype(int).T
    v, u = np.clip(v, 0, lens.height - 1), np.clip(u, 0, lens.width - 1)
    same = frame.image.objects[v, u] == frame.cloud.objects[chosen][visible]
    # The LiDAR looks from 0.35 m behind and above the camera: a few points are hidden from it.
    assert same.mean() > 0.8
    error = frame.image.depth[v, u][same] - points[visible][same, 2]
    assert np.abs(np.median(error)) < 0.02
    assert np.percentile(np.abs(error), 90) < 0.15


def test_the_picture_comes_with_all_its_ground_truth(drive, frame):
    size = (drive.intrinsics.height, drive.intrinsics.width)
    image = frame.image
    assert image.rgb.shape == (*size, 3)
    assert image.rgb.dtype == np.uint8
    assert image.objects.shape == image.labels.shape == image.depth.shape == size
    assert {-2, -1, *range(len(drive.scene.objects))} == set(np.unique(image.objects).tolist())
    # There is light and shade
    ground = image.rgb[image.objects == -1].mean(axis=1)
    assert np.percentile(ground, 99) - np.percentile(ground, 1) > 20
