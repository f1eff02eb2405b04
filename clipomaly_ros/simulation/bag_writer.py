"""Write a drive as a rosbag2 bag with ground truth."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from clipomaly_ros.replay.bag_types import BagError, make_typestore, new_bag, offered_qos
from clipomaly_ros.simulation import drive as way
from clipomaly_ros.simulation.drive import Drive
from clipomaly_ros.simulation.message_factory import MessageFactory
from clipomaly_ros.simulation.scenario_file import write_scenario
from clipomaly_ros.simulation.truth_factory import TruthFactory

IMAGE, RAW_IMAGE = "/camera/image_raw/compressed", "/camera/image_raw"
CAMERA_INFO, POINTS = "/camera/camera_info", "/lidar/points"
TRUTH, TRUTH_BOXES = "/ground_truth/anomalies", "/ground_truth/boxes"
TRUTH_LEGEND, TRUTH_DEPTH, TRUTH_LABELS = (f"/ground_truth/{name}" for name in ("legend", "depth", "labels"))
TOPICS = {  # of a bag with default options
    "/clock": "rosgraph_msgs/msg/Clock",
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
MOST_ANOMALIES = 255  # their numbers are the pixels of the ground truth's pictures


@dataclass(frozen=True)
class BagOptions:
    """What goes into a bag.

    jpeg_quality: 1 to 100; 0 for raw pictures (rgb8) on RAW_IMAGE instead of JPEG on IMAGE.
    depth, labels: True for these ground truth pictures too.
    """

    jpeg_quality: int = 88
    depth: bool = False
    labels: bool = False

    def __post_init__(self) -> None:
        if not 0 <= self.jpeg_quality <= 100:
            raise BagError(f"expected a JPEG quality of 0 (raw) to 100, got {self.jpeg_quality}")

    @property
    def topics(self) -> dict[str, str]:
        """Return the topics and their types."""
        topics = dict(TOPICS)
        if not self.jpeg_quality:
            del topics[IMAGE]
            topics[RAW_IMAGE] = "sensor_msgs/msg/Image"
        for wanted, topic in ((self.depth, TRUTH_DEPTH), (self.labels, TRUTH_LABELS)):
            if wanted:
                topics[topic] = "sensor_msgs/msg/Image"
        return topics


def write_bag(
    path: Path,
    drive: Drive,
    frames: int,
    progress: Callable[[int], None] = lambda done: None,
    options: BagOptions | None = None,
) -> None:
    """Simulate a number of frames into a new bag folder; progress is told each finished frame.

    The scene and its settings go into a file of the folder, too (see scenario_file).
    Raises BagError when the folder exists already, frames is not positive, or the scene has more
    than 255 anomalies. A bag that could not be finished is removed again.
    """
    options = options or BagOptions()
    if frames < 1:
        raise BagError(f"expected at least 1 frame, got {frames}")
    if len(drive.scene.anomalies) > MOST_ANOMALIES:
        raise BagError(
            f"expected at most {MOST_ANOMALIES} anomalies, as masks of 8 bits hold, "
            f"got {len(drive.scene.anomalies)}"
        )
    if path.exists():
        raise BagError(f"{path} exists already: give another folder or remove it")
    store = make_typestore()
    messages = MessageFactory(store)
    truth = TruthFactory(messages)
    topics = options.topics
    try:
        with new_bag(path) as writer:
            connections = {
                topic: writer.add_connection(
                    topic, kind, typestore=store, offered_qos_profiles=[offered_qos(latched=topic in LATCHED)]
                )
                for topic, kind in topics.items()
            }

            def write(topic: str, stamp: int, message: object) -> None:
                writer.write(connections[topic], stamp, store.serialize_cdr(message, topics[topic]))

            write("/tf_static", way.START, messages.static_transforms())
            write(TRUTH_LEGEND, way.START, truth.legend(drive))
            write(TRUTH_BOXES, way.START, truth.boxes(drive))
            due = way.START
            for number, frame in enumerate(drive.frames(frames)):
                # Odometry runs ahead of all stamps, so that each of them can be interpolated.
                last_point = frame.cloud_time + round(
                    float(frame.cloud.time_offset.max(initial=0.0)) * way.SECOND
                )
                ahead = max(frame.image_stamp, frame.image_time, last_point) + 2 * way.TF_PERIOD
                while due <= ahead:
                    write("/clock", due, messages.clock(due))
                    write("/tf", due, messages.odometry(drive, due))
                    due += way.TF_PERIOD
                # Recorded when it was measured, whatever the camera's clock says.
                taken = frame.image_time
                write(CAMERA_INFO, taken, messages.camera_info(drive, frame))
                if options.jpeg_quality:
                    write(IMAGE, taken, messages.compressed_image(frame, options.jpeg_quality))
                else:
                    write(RAW_IMAGE, taken, messages.image(frame))
                write(POINTS, frame.cloud_time, messages.cloud(frame))
                write(TRUTH, taken, truth.anomalies(drive, frame))
                if options.depth:
                    write(TRUTH_DEPTH, taken, truth.depth(frame))
                if options.labels:
                    write(TRUTH_LABELS, taken, truth.labels(frame))
                progress(number + 1)
        write_scenario(path, drive, frames)
    except BaseException:
        shutil.rmtree(path, ignore_errors=True)
        raise
