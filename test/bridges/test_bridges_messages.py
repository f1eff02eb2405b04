"""Zones in the messages of vision_msgs, nav2_msgs and Autoware, where these packages are installed."""

import math
import uuid

import numpy as np
import pytest
from zone_array import COVARIANCE, moving, zone, zone_array

from clipomaly_ros.bridges.plain_zones import plain_zones


def plain(*zones):
    array = zone_array(*zones)
    return array.header, plain_zones(array)


def test_detections_of_vision_msgs():
    pytest.importorskip("vision_msgs.msg", reason="the ROS package vision_msgs is not installed")
    from clipomaly_ros.bridges.detection3d import detections

    header, zones = plain(zone(), zone(20.0, name="", candidates=[]))
    message = detections(header, zones)
    first, second = message.detections
    assert message.header == header == first.header
    assert [(r.hypothesis.class_id, r.hypothesis.score) for r in first.results] == [
        ("suitcase", 0.25),
        ("pallet", 0.5),
    ]
    assert second.results[0].hypothesis.class_id == "unknown"
    assert uuid.UUID(first.id) == zones[0].id
    assert sorted([first.bbox.size.x, first.bbox.size.y]) == pytest.approx([1.0, 1.0], abs=1e-3)
    assert first.bbox.size.z == pytest.approx(0.8)
    centre = first.bbox.center.position
    assert (centre.x, centre.y, centre.z) == pytest.approx((10.0, 2.0, 0.2), abs=1e-3)
    turn = first.bbox.center.orientation
    assert math.hypot(turn.z, turn.w) == pytest.approx(1.0)
    pose = np.array(first.results[0].pose.covariance).reshape(6, 6)
    np.testing.assert_allclose(pose[:3, :3], COVARIANCE)
    assert not pose[3:].any()


def test_objects_of_autoware():
    pytest.importorskip("autoware_perception_msgs.msg", reason="autoware_perception_msgs is not installed")
    from autoware_perception_msgs.msg import DetectedObjectKinematics, ObjectClassification, Shape

    from clipomaly_ros.bridges.autoware import detected_objects, predicted_objects

    header, zones = plain(moving(), zone(20.0, name="person"))
    detected, predicted = detected_objects(header, zones), predicted_objects(header, zones)
    assert detected.header == predicted.header == header
    first, person = detected.objects
    assert [row.label for row in first.classification] == [ObjectClassification.UNKNOWN]
    assert [row.label for row in person.classification] == [ObjectClassification.PEDESTRIAN]
    assert first.kinematics.has_twist
    assert not person.kinematics.has_twist
    assert first.kinematics.orientation_availability == DetectedObjectKinematics.UNAVAILABLE
    assert first.shape.type == Shape.POLYGON
    middle = first.kinematics.pose_with_covariance.pose.position
    corners = [(p.x + middle.x, p.y + middle.y) for p in first.shape.footprint.points]
    np.testing.assert_allclose(corners, zones[0].polygon, atol=1e-5)
    size = first.shape.dimensions
    assert (size.x, size.y, size.z) == pytest.approx((1.0, 1.0, 0.8), abs=1e-5)
    going, standing = predicted.objects
    assert uuid.UUID(bytes=bytes(going.object_id.uuid)) == zones[0].id
    (way,), (stay,) = going.kinematics.predicted_paths, standing.kinematics.predicted_paths
    step = way.time_step.sec + way.time_step.nanosec * 1e-9
    end = way.path[-1].position
    duration = step * (len(way.path) - 1)
    assert (end.x - middle.x, end.y - middle.y) == pytest.approx((duration, -2 * duration))
    assert stay.path[-1].position == stay.path[0].position


def test_filter_info_of_nav2():
    pytest.importorskip("nav2_msgs.msg", reason="the ROS package nav2_msgs is not installed")
    from clipomaly_ros.bridges.nav2_filter_info import filter_info

    info = filter_info(zone_array().header.stamp, "/apron/keep_out_mask")
    assert (info.type, info.filter_mask_topic, info.base, info.multiplier) == (
        0,
        "/apron/keep_out_mask",
        0.0,
        1.0,
    )
