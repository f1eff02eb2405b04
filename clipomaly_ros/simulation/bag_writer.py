"""Write a simulated drive as a rosbag2 bag with ground truth."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path

from clipomaly_ros.replay.bag_types import BagError, make_typestore, new_bag, offered_qos
from clipomaly_ros.simulation import drive as way
from clipomaly_ros.simulation.drive import Drive
from clipomaly_ros.simulation.message_factory import MessageFactory

IMAGE, CAMERA_INFO, POINTS = "/camera/image_raw/compressed", "/camera/camera_info", "/lidar/points"
TRUTH, TRUTH_BOXES = "/ground_truth/anomalies", "/ground_truth/boxes"
TRUTH_LEGEND = "/ground_truth/legend"
TOPICS = {
    "/tf_static": "tf2_msgs/msg/TFMessage",
    "/tf": "tf2_msgs/msg/TFMessage",
    CAMERA_INFO: "sensor_msgs/msg/CameraInfo",
    IMAGE: "sensor_msgs/msg/CompressedImage",
    POINTS: "sensor_msgs/msg/PointCloud2",
    TRUTH: "clipomaly_msgs/msg/AnomalyFrame",
    TRUTH_LEGEND: "clipomaly_msgs/msg/LabelLegend",
    TRUTH_BOXES: "visualization_msgs/msg/MarkerArray",
}
LATCHED = ("/tf_static", TRUTH_LEGEND, TRUTH_BOXES)


def write_bag(
    path: Path, drive: Drive, frames: int, progress: Callable[[int], None] = lambda done: None
) -> None:
    """Simulate a number of frames into a new bag folder; progress is told each finished frame.

    Raises BagError when the folder exists already or frames is not positive. A bag that
    could not be finished is removed again.
    """
    if frames < 1:
        raise BagError(f"expected at least 1 frame, got {frames}")
    if path.exists():
        raise BagError(f"{path} exists already: give another folder or remove it")
    store = make_typestore()
    messages = MessageFactory(store)
    try:
        with new_bag(path) as writer:
            connections = {
                topic: writer.add_connection(
                    topic, kind, typestore=store, offered_qos_profiles=[offered_qos(latched=topic in LATCHED)]
                )
                for topic, kind in TOPICS.items()
            }

            def write(topic: str, stamp: int, message: object) -> None:
                writer.write(connections[topic], stamp, store.serialize_cdr(message, TOPICS[topic]))

            write("/tf_static", way.START, messages.static_transforms())
            write(TRUTH_LEGEND, way.START, messages.legend(drive))
            write(TRUTH_BOXES, way.START, messages.boxes(drive))
            due = way.START
            for number, frame in enumerate(drive.frames(frames)):
                # Odometry runs ahead of the cloud, so that every stamp can be interpolated.
                while due <= frame.cloud_stamp + way.TF_PERIOD:
                    write("/tf", due, messages.odometry(due))
                    due += way.TF_PERIOD
                write(CAMERA_INFO, frame.image_stamp, messages.camera_info(drive, frame))
                write(IMAGE, frame.image_stamp, messages.image(frame))
                write(POINTS, frame.cloud_stamp, messages.cloud(frame))
                write(TRUTH, frame.image_stamp, messages.truth(drive, frame))
                progress(number + 1)
    except BaseException:
        shutil.rmtree(path, ignore_errors=True)
        raise
