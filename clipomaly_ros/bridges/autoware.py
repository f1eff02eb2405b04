"""Hazard zones as autoware_perception_msgs: DetectedObjects and PredictedObjects."""

from __future__ import annotations

from typing import Any

from autoware_perception_msgs.msg import (
    DetectedObject,
    DetectedObjectKinematics,
    DetectedObjects,
    ObjectClassification,
    PredictedObject,
    PredictedObjectKinematics,
    PredictedObjects,
    PredictedPath,
    Shape,
)
from builtin_interfaces.msg import Duration
from geometry_msgs.msg import (
    Point,
    Point32,
    Polygon,
    Pose,
    PoseWithCovariance,
    Quaternion,
    Twist,
    TwistWithCovariance,
    Vector3,
)
from std_msgs.msg import Header
from unique_identifier_msgs.msg import UUID

from clipomaly_ros.bridges.bridge_node import BridgeNode
from clipomaly_ros.bridges.plain_zones import PlainZone
from clipomaly_ros.bridges.pose_covariance import position_covariance
from clipomaly_ros.nodes.running import run_node

PEDESTRIANS = ("person", "pedestrian")  # names; everything else is an UNKNOWN, which planners avoid
PATH_STEP, PATH_STEPS = 0.5, 10  # of a predicted path [s]


def classification(zone: PlainZone) -> ObjectClassification:
    """Return the class of a zone; what has no class of Autoware's is UNKNOWN."""
    known = zone.names[0][0] in PEDESTRIANS
    return ObjectClassification(
        label=ObjectClassification.PEDESTRIAN if known else ObjectClassification.UNKNOWN,
        probability=min(max(zone.names[0][1], 0.0), 1.0) if known else 1.0,
    )


def shape(zone: PlainZone) -> Shape:
    """Return the footprint around the object's pose, and its dimensions."""
    middle, size = zone.middle, zone.polygon.max(axis=0) - zone.polygon.min(axis=0)
    return Shape(
        type=Shape.POLYGON,
        footprint=Polygon(
            points=[Point32(x=x, y=y) for x, y in (zone.polygon - middle[:2]).tolist()],
        ),
        dimensions=Vector3(x=float(size[0]), y=float(size[1]), z=zone.height),
    )


def place(zone: PlainZone) -> PoseWithCovariance:
    """Return the middle of the object; its heading is not known and left along x."""
    return PoseWithCovariance(pose=_pose(zone.middle), covariance=position_covariance(zone.covariance))


def motion(zone: PlainZone) -> TwistWithCovariance:
    """Return the velocity; the pose is not turned, so that its axes are those of the frame."""
    x, y, z = (0.0, 0.0, 0.0) if zone.velocity is None else zone.velocity.tolist()
    return TwistWithCovariance(twist=Twist(linear=Vector3(x=x, y=y, z=z)))


def detected_objects(header: Header, zones: tuple[PlainZone, ...]) -> DetectedObjects:
    """Convert all zones to detections."""
    return DetectedObjects(
        header=header,
        objects=[
            DetectedObject(
                existence_probability=zone.existence,
                classification=[classification(zone)],
                kinematics=DetectedObjectKinematics(
                    pose_with_covariance=place(zone),
                    has_position_covariance=True,
                    orientation_availability=DetectedObjectKinematics.UNAVAILABLE,
                    twist_with_covariance=motion(zone),
                    has_twist=zone.velocity is not None,
                    has_twist_covariance=False,
                ),
                shape=shape(zone),
            )
            for zone in zones
        ],
    )


def predicted_objects(header: Header, zones: tuple[PlainZone, ...]) -> PredictedObjects:
    """Convert all zones to objects that go on as they move, for planners."""
    return PredictedObjects(
        header=header,
        objects=[
            PredictedObject(
                object_id=UUID(uuid=list(zone.id.bytes)),
                existence_probability=zone.existence,
                classification=[classification(zone)],
                kinematics=PredictedObjectKinematics(
                    initial_pose_with_covariance=place(zone),
                    initial_twist_with_covariance=motion(zone),
                    predicted_paths=[path(zone)],
                ),
                shape=shape(zone),
            )
            for zone in zones
        ],
    )


def path(zone: PlainZone) -> PredictedPath:
    """Return where a zone goes at its velocity: 5 s in steps of half a second."""
    step = PATH_STEP * (0.0 * zone.middle if zone.velocity is None else zone.velocity)
    return PredictedPath(
        path=[_pose(zone.middle + index * step) for index in range(PATH_STEPS + 1)],
        time_step=Duration(sec=0, nanosec=round(PATH_STEP * 1e9)),
        confidence=1.0,
    )


def _pose(position: Any) -> Pose:
    x, y, z = position.tolist()
    return Pose(position=Point(x=x, y=y, z=z), orientation=Quaternion(w=1.0))


class AutowareBridge(BridgeNode):
    """Publishes `detected_objects` and `predicted_objects`."""

    def __init__(self, **options: Any) -> None:
        super().__init__("hazard_autoware_bridge", **options)
        self.output(DetectedObjects, "detected_objects", detected_objects)
        self.output(PredictedObjects, "predicted_objects", predicted_objects)


def main(args: list[str] | None = None) -> int:
    """Run the bridge until a signal."""
    return run_node(AutowareBridge, args)
