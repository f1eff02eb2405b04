"""Turn the simulation's ground truth into ROS messages."""

from __future__ import annotations

import cv2
import numpy as np

from clipomaly_ros.simulation import drive as way
from clipomaly_ros.simulation.drive import Drive, Frame
from clipomaly_ros.simulation.message_factory import CAMERA_FRAME, MessageFactory
from clipomaly_ros.vision.legend_colours import legend_colours
from clipomaly_ros.vocabulary.entries import Entry, NameSource

LEGEND_ID = "0" * 64  # one legend for the whole drive
_CUBE = 1  # visualization_msgs/Marker
_DEEPEST = 65.535  # greatest depth that 16 bits of millimetres hold [m]


class TruthFactory:
    """Turns ground truth into messages."""

    def __init__(self, messages: MessageFactory) -> None:
        self._messages = messages

    def depth(self, frame: Frame):
        """Depth along the optical axis in millimetres, 16UC1; 0 beyond 65.535 m and in the sky."""
        depth = frame.image.depth
        known = np.isfinite(depth) & (depth > 0) & (depth <= _DEEPEST)
        millimetres = np.where(known, np.round(np.where(known, depth, 0) * 1000), 0).astype("<u2")
        header = self._messages.header(frame.image_stamp, CAMERA_FRAME)
        return self._messages.picture(header, millimetres, "16UC1")

    def labels(self, frame: Frame):
        """Class of each pixel, mono8: index into the approved classes, 254 anomaly, 255 void."""
        header = self._messages.header(frame.image_stamp, CAMERA_FRAME)
        return self._messages.picture(header, frame.image.labels, "mono8")

    def legend(self, drive: Drive):
        """Names and groups of the labels in the ground truth's label images."""
        objects = [drive.scene.objects[index] for index in drive.scene.anomalies]
        colours = legend_colours(
            [Entry(item.name, item.group, source=NameSource.DICTIONARY) for item in objects]
        ).tolist()
        return self._messages.make(
            "clipomaly_msgs/msg/LabelLegend",
            header=self._messages.header(way.START, CAMERA_FRAME),
            legend_id=LEGEND_ID,
            vocabulary_hash="",
            entries=[
                self._messages.make(
                    "clipomaly_msgs/msg/LegendEntry",
                    label=label,
                    name=item.name,
                    source=NameSource.DICTIONARY,
                    group=item.group,
                    red=red,
                    green=green,
                    blue=blue,
                )
                for label, (item, (red, green, blue)) in enumerate(
                    zip(objects, colours, strict=True), start=1
                )
            ],
        )

    def anomalies(self, drive: Drive, frame: Frame):
        """Ground truth of the picture: region k + 1 is the k-th anomalous object."""
        objects = drive.scene.objects
        height, width = frame.image.objects.shape
        regions = np.zeros((height, width), np.uint8)
        found = []
        for number, index in enumerate(drive.scene.anomalies, start=1):
            mask = frame.image.objects == index
            if not mask.any():
                continue
            regions[mask] = number
            name = self._messages.make(
                "clipomaly_msgs/msg/NameCandidate",
                name=objects[index].name,
                score=1.0,
                source=NameSource.DICTIONARY,
            )
            found.append(
                self._messages.make(
                    "clipomaly_msgs/msg/AnomalyRegion",
                    id=number,
                    label=number,
                    name=objects[index].name,
                    name_source=NameSource.DICTIONARY,
                    candidates=[name],
                    score=1.0,
                    bounding_box=self._messages.region(cv2.boundingRect(mask.astype(np.uint8))),
                    pixel_area=int(mask.sum()),
                    state=1,
                )
            )
        found.sort(key=lambda region: -region.pixel_area)
        header = self._messages.header(frame.image_stamp, CAMERA_FRAME)
        score = (regions > 0)[::4, ::4].astype("<u2") * 65535
        return self._messages.make(
            "clipomaly_msgs/msg/AnomalyFrame",
            header=header,
            label_image=self._messages.picture(header, regions, "mono8"),
            region_image=self._messages.picture(header, regions, "mono8"),
            score_image=self._messages.picture(header, score, "mono16"),
            regions=found,
            vocabulary_hash="",
            legend_id=LEGEND_ID,
            model_id="ground truth",
            model_hash="",
            untrained=False,
            latencies=[],
        )

    def boxes(self, drive: Drive):
        """Ground truth boxes of the anomalous objects in odom, as cubes; ns is the name."""
        markers = []
        for number, index in enumerate(drive.scene.anomalies, start=1):
            box = drive.scene.objects[index].box
            x, y, z = map(float, box.centre)
            pose = self._messages.make(
                "geometry_msgs/msg/Pose",
                position=self._messages.make("geometry_msgs/msg/Point", x=x, y=y, z=z),
                orientation=self._messages.make(
                    "geometry_msgs/msg/Quaternion",
                    x=0.0,
                    y=0.0,
                    z=float(np.sin(box.yaw / 2)),
                    w=float(np.cos(box.yaw / 2)),
                ),
            )
            size = dict(zip("xyz", map(float, box.size), strict=True))
            colour = self._messages.make("std_msgs/msg/ColorRGBA", r=0.2, g=0.8, b=0.4, a=0.4)
            markers.append(
                self._messages.make(
                    "visualization_msgs/msg/Marker",
                    header=self._messages.header(way.START, "odom"),
                    ns=drive.scene.objects[index].name,
                    id=number,
                    type=_CUBE,
                    action=0,
                    pose=pose,
                    scale=self._messages.make("geometry_msgs/msg/Vector3", **size),
                    color=colour,
                    lifetime=self._messages.make("builtin_interfaces/msg/Duration", sec=0, nanosec=0),
                    frame_locked=False,
                    points=[],
                    colors=[],
                    texture_resource="",
                    texture=self._messages.make(
                        "sensor_msgs/msg/CompressedImage",
                        header=self._messages.header(0, ""),
                        format="",
                        data=np.zeros(0, np.uint8),
                    ),
                    uv_coordinates=[],
                    text=drive.scene.objects[index].name,
                    mesh_resource="",
                    mesh_file=self._messages.make(
                        "visualization_msgs/msg/MeshFile", filename="", data=np.zeros(0, np.uint8)
                    ),
                    mesh_use_embedded_materials=False,
                )
            )
        return self._messages.make("visualization_msgs/msg/MarkerArray", markers=markers)
