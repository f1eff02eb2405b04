"""Hazard zones as vision_msgs/Detection3DArray."""

from __future__ import annotations

import math
from typing import Any

from geometry_msgs.msg import Point, Pose, PoseWithCovariance, Quaternion, Vector3
from std_msgs.msg import Header
from vision_msgs.msg import (
    BoundingBox3D,
    Detection3D,
    Detection3DArray,
    ObjectHypothesis,
    ObjectHypothesisWithPose,
)

from clipomaly_ros.bridges.bridge_node import BridgeNode
from clipomaly_ros.bridges.plain_zones import PlainZone, smallest_box
from clipomaly_ros.bridges.pose_covariance import position_covariance
from clipomaly_ros.nodes.running import run_node


def detection(header: Header, zone: PlainZone) -> Detection3D:
    """Convert a zone: one hypothesis a name, the smallest upright box, the zone's id as text."""
    box, middle = smallest_box(zone.polygon), zone.middle
    turn = Quaternion(z=math.sin(box.yaw / 2), w=math.cos(box.yaw / 2))
    x, y, z = zone.centroid.tolist()
    place = PoseWithCovariance(
        pose=Pose(position=Point(x=x, y=y, z=z), orientation=turn),
        covariance=position_covariance(zone.covariance),
    )
    return Detection3D(
        header=header,
        results=[
            ObjectHypothesisWithPose(hypothesis=ObjectHypothesis(class_id=name, score=score), pose=place)
            for name, score in zone.names
        ],
        bbox=BoundingBox3D(
            center=Pose(
                position=Point(x=float(box.centre[0]), y=float(box.centre[1]), z=float(middle[2])),
                orientation=turn,
            ),
            size=Vector3(x=box.length, y=box.width, z=zone.height),
        ),
        id=str(zone.id),
    )


def detections(header: Header, zones: tuple[PlainZone, ...]) -> Detection3DArray:
    """Convert all zones."""
    return Detection3DArray(header=header, detections=[detection(header, zone) for zone in zones])


class Detection3DBridge(BridgeNode):
    """Publishes `hazard_detections`."""

    def __init__(self, **options: Any) -> None:
        super().__init__("hazard_detection3d_bridge", **options)
        self.output(Detection3DArray, "hazard_detections", detections)


def main(args: list[str] | None = None) -> int:
    """Run the bridge until a signal."""
    return run_node(Detection3DBridge, args)
