"""A simulated bag as both stages need it: pictures, clouds, transforms, and what is really there."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import AbstractContextManager
from pathlib import Path

import numpy as np
import tf2_ros
from numpy.typing import NDArray
from rclpy.clock import ClockType
from rclpy.duration import Duration
from rclpy.serialization import deserialize_message
from rclpy.time import Time
from sensor_msgs.msg import CameraInfo, CompressedImage, Image, PointCloud2
from std_msgs.msg import Header
from tf2_msgs.msg import TFMessage
from visualization_msgs.msg import MarkerArray

from clipomaly_msgs.msg import AnomalyFrame, LabelLegend
from clipomaly_ros.hazard.transforms import RigidTransform
from clipomaly_ros.nodes.camera_info_history import CameraInfoHistory
from clipomaly_ros.nodes.cloud_input import CloudInput, read_cloud
from clipomaly_ros.nodes.image_input import decode
from clipomaly_ros.nodes.jump_aware_buffer import whole
from clipomaly_ros.nodes.stamps import to_nanoseconds
from clipomaly_ros.nodes.transforms_at_stamps import PairTransforms
from clipomaly_ros.replay.bag_reader import TF_TYPE, Bag
from clipomaly_ros.replay.bag_types import BagError
from clipomaly_ros.replay.results import TRUTH_BOXES
from clipomaly_ros.simulation.bag_writer import TRUTH
from clipomaly_ros.simulation.scenario_file import ScenarioObject, read_scenario
from clipomaly_ros.simulation.scene_types import OrientedBox

UNKNOWN_CONDITION = "unknown"
_TF_CACHE = Duration(seconds=10_000_000)  # a whole recording


class ChainBag(AbstractContextManager["ChainBag"]):
    """A bag of `clipomaly simulate bag`, open for reading; clouds and transforms are held in memory.

    objects: the anomalous ones. known: what belongs there, None for a bag without scenario.json.
    visible: stamp of an image [ns] -> number of an anomalous object -> its visible pixels.
    Raises BagError when something is missing.
    """

    def __init__(self, path: Path) -> None:
        self.path, self.name = path, path.name
        self._bag = Bag(path)
        try:
            self._selection = self._bag.select(anomalies=TRUTH)
            scenario = read_scenario(path) if path.is_dir() else None
            self.condition = scenario.condition if scenario else UNKNOWN_CONDITION
            self.split = scenario.split if scenario else ""
            self.known: tuple[ScenarioObject, ...] | None = None
            if scenario is None:
                self.objects = self._marked_objects()
            else:
                self.objects = tuple(item for item in scenario.objects if item.anomalous)
                self.known = tuple(item for item in scenario.objects if not item.anomalous)
            self.calibrations = CameraInfoHistory()
            for raw in self._raw(self._selection.camera_info):
                self.calibrations.add(deserialize_message(raw, CameraInfo))
            self.clouds: tuple[CloudInput, ...] = tuple(
                read_cloud(deserialize_message(raw, PointCloud2)) for raw in self._raw(self._selection.points)
            )
            self._buffer = self._read_transforms()
            self.visible: Mapping[int, Mapping[int, int]] = {
                to_nanoseconds(frame.header.stamp): {item.id: item.pixel_area for item in frame.regions}
                for frame in self.true_frames()
            }
        except BaseException:
            self._bag.__exit__()
            raise

    def __exit__(self, *exception: object) -> None:
        self._bag.__exit__(*exception)

    def __len__(self) -> int:
        return len(self.visible)

    def images(self) -> Iterator[tuple[Header, NDArray[np.uint8]]]:
        """Give out the pictures in order, RGB uint8 [H, W, 3], each with its header."""
        kind = CompressedImage if self._selection.image_transport == "compressed" else Image
        for raw in self._raw(self._selection.image):
            message = deserialize_message(raw, kind)
            yield message.header, decode(message)

    def true_frames(self) -> Iterator[AnomalyFrame]:
        """Give out the true masks in order; a region's id is its object's number."""
        for raw in self._raw(self._selection.anomalies):
            yield deserialize_message(raw, AnomalyFrame)

    def true_legends(self) -> Iterator[LabelLegend]:
        """Give out the legends of the true masks."""
        for raw in self._raw(self._selection.legend):
            yield deserialize_message(raw, LabelLegend)

    def transforms(
        self,
        frames: tuple[str, str],
        camera: tuple[str, int],
        cloud: tuple[str, int],
        extrinsic_error: RigidTransform | None = None,
    ) -> PairTransforms:
        """Return the transforms of a pair, as the node looks them up.

        frames: fixed and reference frame. camera, cloud: frame and stamp [ns]. extrinsic_error:
        where the cloud's frame is thought to be, seen from where it is. Raises
        tf2_ros.TransformException when the recording does not reach so far.
        """
        (fixed, reference), (camera_frame, camera_stamp), (cloud_frame, cloud_stamp) = frames, camera, cloud
        image_time, cloud_time = _time(camera_stamp), _time(cloud_stamp)
        lookup = self._buffer.lookup_transform
        camera_from_cloud = _rigid(
            self._buffer.lookup_transform_full(camera_frame, image_time, cloud_frame, cloud_time, fixed)
        )
        fixed_from_cloud = _rigid(lookup(fixed, cloud_frame, cloud_time))
        if extrinsic_error is not None:
            camera_from_cloud = camera_from_cloud @ extrinsic_error
            fixed_from_cloud = fixed_from_cloud @ extrinsic_error
        return PairTransforms(
            camera_from_cloud,
            fixed_from_cloud,
            _rigid(lookup(fixed, camera_frame, image_time)),
            _rigid(lookup(fixed, reference, image_time)),
        )

    def _raw(self, connection) -> Iterator[bytes]:
        for _, _, raw in self._bag.messages([connection] if connection is not None else []):
            yield raw

    def _read_transforms(self) -> tf2_ros.Buffer:
        buffer = tf2_ros.Buffer(cache_time=_TF_CACHE)
        for connection in self._bag.connections:
            if connection.msgtype != TF_TYPE:
                continue
            static = connection.topic.split("/")[-1] == "tf_static"
            store = buffer.set_transform_static if static else buffer.set_transform
            for raw in self._raw(connection):
                for transform in deserialize_message(raw, TFMessage).transforms:
                    store(whole(transform), "bag")
        return buffer

    def _marked_objects(self) -> tuple[ScenarioObject, ...]:
        """Return the anomalous objects from the markers, which know no groups."""
        found = [c for c in self._bag.connections if c.topic == TRUTH_BOXES and c.msgcount]
        if not found:
            raise BagError(
                f"bag {self.path}: expected ground truth boxes on {TRUTH_BOXES}; found: {self._bag.topics()}"
            )
        raw = next(self._raw(found[0]))
        return tuple(
            ScenarioObject(marker.id, marker.ns, "", _box(marker))
            for marker in deserialize_message(raw, MarkerArray).markers
        )


def _box(marker) -> OrientedBox:
    place, turn, size = marker.pose.position, marker.pose.orientation, marker.scale
    yaw = 2.0 * float(np.arctan2(turn.z, turn.w))
    return OrientedBox(np.array([place.x, place.y, place.z]), np.array([size.x, size.y, size.z]), yaw)


def _time(stamp: int) -> Time:
    return Time(nanoseconds=stamp, clock_type=ClockType.ROS_TIME)


def _rigid(found) -> RigidTransform:
    rotation, translation = found.transform.rotation, found.transform.translation
    return RigidTransform.from_quaternion(
        (rotation.x, rotation.y, rotation.z, rotation.w), (translation.x, translation.y, translation.z)
    )
