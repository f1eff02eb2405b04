"""Open a rosbag2 bag and pick the topics that the nodes need."""

from __future__ import annotations

import contextlib
import os
from collections.abc import Collection, Iterator, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from rosbags.interfaces import Connection
from rosbags.rosbag2 import Reader

from clipomaly_ros.replay.bag_types import LEGEND_TYPE, BagError, make_typestore

# Compressed first: cheaper to send.
IMAGE_TYPES = (
    "sensor_msgs/msg/CompressedImage",
    "sensor_msgs/msg/Image",
)
CAMERA_INFO_TYPE = "sensor_msgs/msg/CameraInfo"
CLOUD_TYPE = "sensor_msgs/msg/PointCloud2"
TF_TYPE = "tf2_msgs/msg/TFMessage"
FRAME_TYPE = "clipomaly_msgs/msg/AnomalyFrame"
# Pictures that are not camera images, or that an earlier replay left in the bag.
_MCAP_MAGIC = b"\x89MCAP0\r\n"  # first and last bytes of a file
_NOT_CAMERA = ("depth", "overlay", "label", "mask", "ground_truth", "thermal", "disparity")


@dataclass(frozen=True)
class Selection:
    """The topics of a bag that drive the nodes; tf and tf_static may be missing.

    anomalies, legend: recorded results that are played in the segmenter's place.
    """

    image: Connection
    camera_info: Connection
    points: Connection
    tf: Connection | None
    tf_static: Connection | None
    anomalies: Connection | None = None
    legend: Connection | None = None

    @property
    def connections(self) -> tuple[Connection, ...]:
        """Return all that are there."""
        found = (
            self.tf_static,
            self.tf,
            self.legend,
            self.camera_info,
            self.image,
            self.points,
            self.anomalies,
        )
        return tuple(connection for connection in found if connection is not None)

    @property
    def image_transport(self) -> str:
        """Return "compressed" or "raw"."""
        return "compressed" if self.image.msgtype == IMAGE_TYPES[0] else "raw"


class Bag(AbstractContextManager["Bag"]):
    """A bag open for reading: a rosbag2 folder, an .mcap or a .db3 file.

    Raises BagError, one line, when the path is missing or the bag is broken.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        if not path.exists():
            raise BagError(f"bag {path}: no such file or folder")
        if path.is_dir() and not (path / "metadata.yaml").exists():
            single = sorted([*path.glob("*.mcap"), *path.glob("*.db3")])
            if len(single) != 1:
                raise BagError(
                    f"bag {path}: expected metadata.yaml or exactly one .mcap or .db3 file in the folder"
                )
            path = single[0]
        try:
            self._reader = Reader(path)
            self._reader.open()
        except Exception as error:  # a broken file raises whatever its bytes lead to
            hint = "; a recording that was cut off can be mended with `mcap recover`" if _is_cut(path) else ""
            raise BagError(f"bag {self.path}: not a readable bag: {_one_line(error)}{hint}") from error
        try:
            self.store = make_typestore(tuple(self._reader.connections))
        except BaseException:
            self._reader.close()
            raise

    def __exit__(self, *exception: object) -> None:
        self._reader.close()

    @property
    def connections(self) -> list[Connection]:
        """Return all topics of the bag, by name."""
        return sorted(self._reader.connections, key=lambda connection: connection.topic)

    def topics(self) -> str:
        """Return one line with all topics, their types and counts."""
        listed = [f"{c.topic} ({c.msgtype}, {c.msgcount})" for c in self.connections]
        return ", ".join(listed) or "none"

    def messages(self, connections: Collection[Connection]) -> Iterator[tuple[Connection, int, bytes]]:
        """Read messages of some topics in recorded order: topic, record time [ns], CDR bytes."""
        if not connections:
            return
        try:
            yield from self._reader.messages(connections=list(connections))
        except (OSError, MemoryError, GeneratorExit):
            raise
        except Exception as error:
            raise BagError(f"bag {self.path}: broken in the middle: {_one_line(error)}") from error

    def read(self, raw: bytes, connection: Connection) -> Any:
        """Decode one message; BagError when the bytes do not fit the type."""
        try:
            return self.store.deserialize_cdr(raw, connection.msgtype)
        except Exception as error:
            raise BagError(
                f"bag {self.path}: a message on {connection.topic} is not a {connection.msgtype}: "
                f"{_one_line(error)}"
            ) from error

    def select(
        self,
        image: str | None = None,
        camera_info: str | None = None,
        points: str | None = None,
        anomalies: str | None = None,
    ) -> Selection:
        """Pick the topics of camera, LiDAR and TF, by type unless named.

        anomalies: topic of recorded AnomalyFrames; their legend is the one beside it.
        BagError names what is missing and lists what the bag has.
        """
        chosen_image = self._pick("image", IMAGE_TYPES, image, _is_camera)
        base = chosen_image.topic.rsplit("/", 1)[0]
        if base.rsplit("/", 1)[-1].startswith("image"):  # .../image_raw/compressed
            base = base.rsplit("/", 1)[0]
        info = self._pick("camera_info", (CAMERA_INFO_TYPE,), camera_info, prefer=base)
        cloud = self._pick("points", (CLOUD_TYPE,), points, lambda topic: "ground_truth" not in topic)
        tf = [c for c in self.connections if c.msgtype == TF_TYPE and c.msgcount]
        moving = next((c for c in tf if c.topic.split("/")[-1] == "tf"), None)
        static = next((c for c in tf if c.topic.split("/")[-1] == "tf_static"), None)
        frames = self._pick("anomalies", (FRAME_TYPE,), anomalies) if anomalies is not None else None
        beside = frames.topic.rpartition("/")[0] + "/legend" if frames is not None else ""
        legend = next(
            (c for c in self.connections if c.topic == beside and c.msgtype == LEGEND_TYPE and c.msgcount),
            None,
        )
        return Selection(chosen_image, info, cloud, moving, static, frames, legend)

    def others_like(self, chosen: Connection, types: Sequence[str]) -> list[str]:
        """Return further topics that could have been picked instead, in another place than `chosen`."""
        place = chosen.topic.removesuffix("/compressed")
        return [
            c.topic
            for c in self.connections
            if c.msgtype in types
            and c.msgcount
            and c.topic.removesuffix("/compressed") != place
            and _is_camera(c.topic)
        ]

    def _pick(self, role: str, types: Sequence[str], name: str | None, accept=lambda topic: True, prefer=""):
        if name is not None:
            name = f"/{name.lstrip('/')}"
            for connection in self.connections:
                if connection.topic == name and connection.msgtype in types and connection.msgcount:
                    return connection
            raise BagError(
                f"bag {self.path}: no topic {name} with messages of type {' or '.join(types)}; "
                f"found: {self.topics()}"
            )
        found = [c for c in self.connections if c.msgtype in types and c.msgcount and accept(c.topic)]
        if not found:
            raise BagError(
                f"bag {self.path}: no {role} topic with messages of type {' or '.join(types)}; "
                f"found: {self.topics()}"
            )

        def rank(connection: Connection) -> tuple:
            return (
                bool(prefer) and not connection.topic.startswith(prefer + "/"),
                types.index(connection.msgtype),
                connection.topic,
            )

        return min(found, key=rank)


def _is_cut(path: Path) -> bool:
    """Tell whether an .mcap file, or one in the folder, begins as one but does not end as one."""
    for file in [path] if path.is_file() else path.glob("*.mcap"):
        with contextlib.suppress(OSError), file.open("rb") as stream:
            begin = stream.read(len(_MCAP_MAGIC))
            stream.seek(0, os.SEEK_END)
            stream.seek(max(0, stream.tell() - len(_MCAP_MAGIC)))
            if begin == _MCAP_MAGIC and stream.read() != _MCAP_MAGIC:
                return True
    return False


def _is_camera(topic: str) -> bool:
    return not any(word in topic.lower() for word in _NOT_CAMERA)


def _one_line(error: BaseException) -> str:
    text = " ".join(str(error).split()) or type(error).__name__
    return text[:300]
