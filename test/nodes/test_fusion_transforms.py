"""Transforms of a pair at its two stamps, while the vehicle moves and after a jump back."""

from __future__ import annotations

import fusion_scene as scene
import numpy as np
import pytest
import rclpy
from rclpy.duration import Duration
from rclpy.node import Node
from rclpy.time import Time
from std_msgs.msg import Header

from clipomaly_ros.hazard.clouds import PointCloud
from clipomaly_ros.nodes.cloud_input import CloudInput
from clipomaly_ros.nodes.jump_aware_buffer import JumpAwareBuffer
from clipomaly_ros.nodes.message_checks import BadMessage
from clipomaly_ros.nodes.transforms_at_stamps import TransformsAtStamps

SECOND = 1_000_000_000
START = 1_700_000_000 * SECOND
SPEED = 10.0


@pytest.fixture
def transforms():
    context = rclpy.Context()
    rclpy.init(context=context)
    node = Node("listener", context=context)
    source = TransformsAtStamps(node, scene.FIXED, scene.BASE, 10.0, SECOND // 2)
    yield source
    source.close()
    node.destroy_node()
    rclpy.try_shutdown(context=context)


def mount(transforms: TransformsAtStamps) -> None:
    for message in scene.sensor_transforms():
        transforms.buffer.set_transform_static(message, "test")


def drive(transforms: TransformsAtStamps, start: int, steps: int = 20, offset: float = 0.0) -> None:
    """Send the way of a vehicle that goes along x with SPEED, at 10 Hz."""
    for index in range(steps):
        at = start + index * SECOND // 10
        message = scene.transform(
            scene.FIXED, scene.BASE, (offset + SPEED * (at - start) / SECOND, 0.0, 0.0), nanoseconds=at
        )
        transforms.buffer.set_transform(message, "test")


def test_the_motion_between_the_stamps_is_in_the_transform(transforms):
    mount(transforms)
    drive(transforms, START)
    image, cloud = START + SECOND, START + SECOND + 50_000_000
    found = transforms.at(scene.CAMERA, image, scene.LIDAR, cloud)
    # A point 5 m ahead of the LiDAR: the vehicle drove 0.5 m between image and cloud.
    (point,) = found.camera_from_cloud.apply(np.array([[5.0, 0.0, 0.0]]))
    np.testing.assert_allclose(
        point, [0.0, scene.CAMERA_HEIGHT - scene.LIDAR_HEIGHT, 5.0 + SPEED * 0.05], atol=1e-6
    )
    np.testing.assert_allclose(found.fixed_from_cloud.translation, [10.5, 0, scene.LIDAR_HEIGHT], atol=1e-6)
    np.testing.assert_allclose(found.fixed_from_camera.translation, [10, 0, scene.CAMERA_HEIGHT], atol=1e-6)
    velocities = found.motion.at(np.array([[30.0, 5.0, 0.0], [0.0, 0.0, 9.0]]))
    np.testing.assert_allclose(velocities, [[SPEED, 0, 0]] * 2, atol=1e-6)
    assert transforms.at(scene.CAMERA, START, scene.LIDAR, START).motion is None  # nothing is known before
    np.testing.assert_allclose(found.fixed_from_reference.translation, [10, 0, 0], atol=1e-6)


def test_a_missing_frame_is_named_with_the_known_ones(transforms):
    mount(transforms)
    with pytest.raises(BadMessage) as caught:
        transforms.at(scene.CAMERA, START, scene.LIDAR, START)
    assert caught.value.reason == "transform_missing"
    text = transforms.explain(scene.CAMERA, scene.LIDAR, str(caught.value))
    assert "does not know 'odom'" in text
    assert f"known frames: {', '.join(sorted([scene.BASE, scene.CAMERA, scene.LIDAR]))}" in text


def test_with_no_transform_at_all_nothing_is_known(transforms):
    assert transforms.known_frames() == []
    assert "known frames: none" in transforms.explain(scene.CAMERA, scene.LIDAR, "")


def test_a_time_not_reached_yet_is_missing(transforms):
    mount(transforms)
    drive(transforms, START)
    with pytest.raises(BadMessage) as caught:
        transforms.at(scene.CAMERA, START + 5 * SECOND, scene.LIDAR, START + 5 * SECOND)
    assert "known frames" in transforms.explain(scene.CAMERA, scene.LIDAR, str(caught.value))


def test_an_unknown_reference_leaves_the_pair_usable(transforms):
    mount(transforms)
    drive(transforms, START)
    transforms.reference_frame = "tow_bar"
    found = transforms.at(scene.CAMERA, START + SECOND, scene.LIDAR, START + SECOND)
    assert found.fixed_from_reference is None


def test_when_stamps_go_back_the_old_way_is_forgotten_and_mountings_stay(transforms):
    mount(transforms)
    drive(transforms, START)
    drive(transforms, START, steps=3, offset=100.0)
    found = transforms.at(scene.CAMERA, START + SECOND // 10, scene.LIDAR, START + SECOND // 10)
    assert found.fixed_from_cloud.translation[0] == pytest.approx(101.0)
    with pytest.raises(BadMessage):
        transforms.at(scene.CAMERA, START + SECOND, scene.LIDAR, START + SECOND)


def test_what_came_after_a_jump_survives_the_order_to_forget(transforms):
    mount(transforms)
    drive(transforms, START, steps=3)
    transforms.buffer.forget_future(START)
    transforms.at(scene.CAMERA, START, scene.LIDAR, START)
    drive(transforms, START, steps=20)
    transforms.buffer.forget_future(START)
    with pytest.raises(BadMessage):
        transforms.at(scene.CAMERA, START, scene.LIDAR, START)


def test_the_motion_is_that_of_the_time_before_the_picture(transforms):
    mount(transforms)
    drive(transforms, START)
    found = transforms.at(scene.CAMERA, START + SECOND, scene.LIDAR, START + SECOND)
    np.testing.assert_allclose(found.motion.linear, [SPEED, 0, 0], atol=1e-6)


def test_just_after_time_zero_no_motion_is_known(transforms):
    """A simulation begins at zero, and TF takes zero for the latest."""
    mount(transforms)
    drive(transforms, SECOND // 50)
    first = transforms.at(scene.CAMERA, SECOND // 10, scene.LIDAR, SECOND // 10)
    assert first.motion is None


def test_just_after_time_zero_no_pose_is_continued(transforms):
    mount(transforms)
    drive(transforms, SECOND // 50, steps=1)
    points = PointCloud(np.zeros((1, 3), np.float32))
    cloud = CloudInput(Header(frame_id=scene.LIDAR), SECOND // 50, points, np.linspace(0.0, 0.1, 3))
    with pytest.raises(BadMessage) as caught:
        transforms.at_scans(scene.CAMERA, SECOND // 50, [cloud])
    assert caught.value.reason == "scan_transform_missing"


@pytest.mark.parametrize("frames", [[scene.BASE], [scene.BASE, "wheel"]])  # the second: in one message
@pytest.mark.parametrize("offset", [SECOND, -SECOND, -START])
def test_a_message_with_a_wrong_stamp_changes_nothing_and_is_named(offset, frames):
    strays, newest = [], START
    buffer = JumpAwareBuffer(Duration(seconds=10), SECOND // 2, lambda: newest, strays.append)
    for index in range(20):
        at = START + index * SECOND // 10
        newest = at
        for stamp in (at, max(0, at + offset)) if index == 12 else (at,):
            for child in frames:
                message = scene.transform(scene.FIXED, child, (float(index), 0.0, 0.0), nanoseconds=stamp)
                buffer.set_transform(message, "test")
    for index in range(20):
        found = buffer.lookup_transform(
            scene.FIXED, scene.BASE, Time(nanoseconds=START + index * SECOND // 10)
        )
        assert found.transform.translation.x == pytest.approx(index)
    assert [(stray.name, stray.offset > 0) for stray in strays] == [(child, offset > 0) for child in frames]


def test_slow_transforms_stamped_ahead_of_the_clock_are_used():
    """As of a localisation that says how long its answer holds: 1 Hz, 1 s ahead."""
    now = START
    buffer = JumpAwareBuffer(Duration(seconds=60), SECOND // 2, lambda: now)
    for index in range(20):
        now = START + index * SECOND
        buffer.set_transform(
            scene.transform(scene.FIXED, scene.BASE, (float(index), 0.0, 0.0), nanoseconds=now + SECOND),
            "test",
        )
        if index > 1:
            found = buffer.lookup_transform(scene.FIXED, scene.BASE, Time(nanoseconds=now))
            assert found.transform.translation.x == pytest.approx(index - 1)
