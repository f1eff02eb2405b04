"""Read back what a replay recorded, joined by the stamp of the image."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray
from rclpy.duration import Duration
from rclpy.serialization import deserialize_message
from rclpy.time import Time
from tf2_msgs.msg import TFMessage
from tf2_ros import Buffer, TransformException

from clipomaly_ros.hazard.camera import CameraModel
from clipomaly_ros.hazard.clouds import PointCloud, parse_cloud
from clipomaly_ros.hazard.transforms import RigidTransform
from clipomaly_ros.nodes.jump_aware_buffer import whole
from clipomaly_ros.replay.bag_reader import TF_TYPE, Bag, Selection
from clipomaly_ros.replay.player import FRAMES, ZONES
from clipomaly_ros.replay.schedule import header_stamp
from clipomaly_ros.vision.images import decode_compressed, decode_image

_PENDING = 40  # frames that may wait for their zones before they are given out without
TRUTH_BOXES = "/ground_truth/boxes"


def nanoseconds(time: Any) -> int:
    """Return a builtin_interfaces/Time in nanoseconds."""
    return int(time.sec) * 1_000_000_000 + int(time.nanosec)


@dataclass
class JoinedFrame:
    """One image with what was found in it; parts that never came are None.

    image, cloud: CDR bytes. frame: AnomalyFrame. zones: HazardZoneArray.
    """

    stamp: int
    image: bytes | None = None
    frame: Any = None
    zones: Any = None
    cloud: bytes | None = None


class Recording:
    """The bag of a replay, open for reading; masks: topic of masks that were played, else empty."""

    def __init__(self, path: Path, selection: Selection) -> None:
        self.bag = Bag(path)
        by_topic = {connection.topic: connection for connection in self.bag.connections}
        self._image = by_topic[selection.image.topic]
        self._points = by_topic[selection.points.topic]
        self._info = by_topic[selection.camera_info.topic]
        self.masks = selection.anomalies.topic if selection.anomalies is not None else ""
        self._frames, self._zones = by_topic.get(self.masks or FRAMES), by_topic.get(ZONES)
        self._diagnostics = by_topic.get("/diagnostics")
        self._truth = by_topic.get(TRUTH_BOXES)
        self._buffer = Buffer(cache_time=Duration(seconds=10_000_000))
        for connection, _, raw in self.bag.messages([c for c in by_topic.values() if c.msgtype == TF_TYPE]):
            static = connection.topic.split("/")[-1] == "tf_static"
            store = self._buffer.set_transform_static if static else self._buffer.set_transform
            for transform in deserialize_message(raw, TFMessage).transforms:
                store(whole(transform), "bag")
        self._cameras: dict[str, CameraModel] = {}

    def __enter__(self) -> Recording:
        return self

    def __exit__(self, *exception: object) -> None:
        self.bag.__exit__(*exception)

    def frames(self) -> Iterator[JoinedFrame]:
        """Give out the images in order, each with its results; few are held in memory."""
        wanted = (self._image, self._points, self._frames, self._zones)
        pending: dict[int, JoinedFrame] = {}
        clouds: dict[int, bytes] = {}
        early: dict[int, bytes] = {}  # recorded results may lie before their image
        for connection, _, raw in self.bag.messages([c for c in wanted if c is not None]):
            stamp = header_stamp(raw)
            if connection == self._points:
                clouds[stamp] = raw
                if len(clouds) > _PENDING:
                    clouds.pop(min(clouds))
                continue
            if connection == self._image:
                found = early.pop(stamp, None)
                frame = None if found is None else self.bag.read(found, self._frames)
                pending[stamp] = JoinedFrame(stamp, raw, frame)
                if len(pending) > _PENDING:
                    yield pending.pop(min(pending))
                continue
            joined = pending.get(stamp)
            if joined is None:
                if connection == self._frames:
                    early[stamp] = raw
                    if len(early) > _PENDING:
                        early.pop(min(early))
                continue
            if connection == self._frames:
                joined.frame = self.bag.read(raw, connection)
            elif joined.zones is None:
                zones = self.bag.read(raw, connection)
                if zones.camera_frame:  # else a repetition without a new measurement
                    joined.zones = zones
                    joined.cloud = clouds.get(nanoseconds(zones.cloud_stamp))
            # Images are given out in order, so the first one may hold up later ones.
            while pending and pending[min(pending)].zones is not None and pending[min(pending)].frame:
                yield pending.pop(min(pending))
        for stamp in sorted(pending):
            yield pending.pop(stamp)

    def picture(self, joined: JoinedFrame) -> NDArray[np.uint8]:
        """Decode the image of a frame: uint8 RGB [H, W, 3]."""
        message = self.bag.read(joined.image, self._image)
        if self._image.msgtype.endswith("CompressedImage"):
            return decode_compressed(message.data, message.format)
        return decode_image(
            message.encoding, message.data, message.height, message.width, message.step, message.is_bigendian
        )

    def points(self, joined: JoinedFrame) -> tuple[NDArray[np.float32], str]:
        """Return the points [n, 3] of a frame's cloud and their frame."""
        cloud = self.bag.read(joined.cloud, self._points)
        return cloud_points(cloud).xyz, cloud.header.frame_id

    def camera(self) -> CameraModel | None:
        """Return the camera's model from the first calibration; None when it is unusable."""
        for connection, _, raw in self.bag.messages([self._info]):
            info = self.bag.read(raw, connection)
            try:
                return CameraModel.from_camera_info(
                    info.width, info.height, info.distortion_model, info.d, info.k, info.r, info.p
                )
            except ValueError:
                return None
        return None

    def transform(self, target: str, source: str, stamp: int) -> RigidTransform | None:
        """Return target <- source at a time [ns]; None when TF does not give it."""
        try:
            found = self._buffer.lookup_transform(target, source, Time(nanoseconds=stamp)).transform
        except TransformException:
            return None
        q, t = found.rotation, found.translation
        return RigidTransform.from_quaternion((q.x, q.y, q.z, q.w), (t.x, t.y, t.z))

    def truth(self) -> list[tuple[str, NDArray[np.float64], str]]:
        """Return the true boxes if the bag has them: name, corners on the ground [4, 2], frame."""
        boxes = []
        for connection, _, raw in self.bag.messages([c for c in (self._truth,) if c]):
            for marker in self.bag.read(raw, connection).markers:
                angle = 2 * np.arctan2(marker.pose.orientation.z, marker.pose.orientation.w)
                c, s = np.cos(angle), np.sin(angle)
                corners = (
                    np.array([[1, 1], [1, -1], [-1, -1], [-1, 1]]) / 2 * (marker.scale.x, marker.scale.y)
                )
                place = (marker.pose.position.x, marker.pose.position.y)
                boxes.append(
                    (marker.ns, corners @ np.array([[c, s], [-s, c]]) + place, marker.header.frame_id)
                )
        return boxes

    def diagnostics(self) -> dict[str, dict[str, str]]:
        """Return the last reported values of each node."""
        last: dict[str, dict[str, str]] = {}
        for connection, _, raw in self.bag.messages([c for c in (self._diagnostics,) if c]):
            for status in self.bag.read(raw, connection).status:
                values = {item.key: item.value for item in status.values}
                last[status.name.strip("/")] = {"message": status.message, **values}
        return last


def cloud_points(cloud: Any) -> PointCloud:
    """Return the points of a PointCloud2; HazardError when its layout cannot be used."""
    return parse_cloud(
        cloud.fields,
        cloud.data,
        cloud.width,
        cloud.height,
        cloud.point_step,
        cloud.row_step,
        cloud.is_bigendian,
    )


def pixels(image: Any) -> NDArray[Any]:
    """Return the pixels of a mono8 or mono16 sensor_msgs/Image as an array [H, W]."""
    kind = {"mono8": "u1", "mono16": ">u2" if image.is_bigendian else "<u2"}[image.encoding]
    table = np.frombuffer(image.data, np.uint8)[: image.height * image.step].reshape(image.height, image.step)
    width = image.width * np.dtype(kind).itemsize
    found = np.ascontiguousarray(table[:, :width]).view(kind)
    return found.astype(found.dtype.newbyteorder("="), copy=False)


def enlarged(picture: NDArray[Any], scale: float, smooth: bool = True) -> NDArray[Any]:
    """Scale a picture; smooth=False for labels."""
    size = (round(picture.shape[1] * scale), round(picture.shape[0] * scale))
    if size == picture.shape[1::-1]:
        return picture
    return cv2.resize(picture, size, interpolation=cv2.INTER_CUBIC if smooth else cv2.INTER_NEAREST)
