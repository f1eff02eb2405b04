"""Turn measurements and ground truth of the simulation into ROS messages."""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

from clipomaly_ros.replay.bag_types import BagError
from clipomaly_ros.simulation import drive as way
from clipomaly_ros.simulation.drive import Drive, Frame
from clipomaly_ros.vision.legend_colours import legend_colours
from clipomaly_ros.vocabulary.entries import Entry, NameSource

JPEG_QUALITY = 90
CAMERA_FRAME, LIDAR_FRAME = "camera_optical", "lidar"
LEGEND_ID = "0" * 64  # one legend for the whole drive


class MessageFactory:
    """Turns measurements into messages of a rosbags typestore."""

    def __init__(self, store) -> None:
        self._types = store.types

    def _make(self, kind: str, **fields):
        return self._types[kind](**fields)

    def _stamp(self, stamp: int):
        return self._make(
            "builtin_interfaces/msg/Time", sec=stamp // 1_000_000_000, nanosec=stamp % 1_000_000_000
        )

    def _header(self, stamp: int, frame: str):
        return self._make("std_msgs/msg/Header", stamp=self._stamp(stamp), frame_id=frame)

    def _transform(self, stamp: int, parent: str, child: str, matrix: NDArray[np.float64]):
        x, y, z, w = map(float, way.quaternion(matrix))
        translation = self._make(
            "geometry_msgs/msg/Vector3", **dict(zip("xyz", map(float, matrix[:3, 3]), strict=True))
        )
        rotation = self._make("geometry_msgs/msg/Quaternion", x=x, y=y, z=z, w=w)
        return self._make(
            "geometry_msgs/msg/TransformStamped",
            header=self._header(stamp, parent),
            child_frame_id=child,
            transform=self._make("geometry_msgs/msg/Transform", translation=translation, rotation=rotation),
        )

    def static_transforms(self):
        """Sensors on the vehicle."""
        places = ((CAMERA_FRAME, way.BASE_FROM_CAMERA), (LIDAR_FRAME, way.BASE_FROM_LIDAR))
        return self._make(
            "tf2_msgs/msg/TFMessage",
            transforms=[self._transform(way.START, "base_link", child, pose) for child, pose in places],
        )

    def odometry(self, stamp: int):
        """Pose of the vehicle at a time [ns]."""
        moved = self._transform(stamp, "odom", "base_link", way.odom_from_base(stamp))
        return self._make("tf2_msgs/msg/TFMessage", transforms=[moved])

    def camera_info(self, drive: Drive, frame: Frame):
        """Calibration with the stamp of the image."""
        lens = drive.intrinsics
        return self._make(
            "sensor_msgs/msg/CameraInfo",
            header=self._header(frame.image_stamp, CAMERA_FRAME),
            height=lens.height,
            width=lens.width,
            distortion_model="plumb_bob",
            d=lens.D,
            k=lens.K.ravel(),
            r=np.eye(3).ravel(),
            p=np.hstack([lens.K, np.zeros((3, 1))]).ravel(),
            binning_x=0,
            binning_y=0,
            roi=self._region((0, 0, 0, 0)),
        )

    def _region(self, box: tuple[int, int, int, int]):
        x, y, width, height = map(int, box)
        return self._make(
            "sensor_msgs/msg/RegionOfInterest",
            x_offset=x,
            y_offset=y,
            width=width,
            height=height,
            do_rectify=False,
        )

    def image(self, frame: Frame):
        """Picture as JPEG."""
        done, data = cv2.imencode(
            ".jpg", frame.image.rgb[..., ::-1], [cv2.IMWRITE_JPEG_QUALITY, JPEG_QUALITY]
        )
        if not done:
            raise BagError("OpenCV could not encode a JPEG")
        return self._make(
            "sensor_msgs/msg/CompressedImage",
            header=self._header(frame.image_stamp, CAMERA_FRAME),
            format="rgb8; jpeg compressed bgr8",
            data=data.ravel(),
        )

    def cloud(self, frame: Frame):
        """Points x, y, z, intensity, float32, unorganised."""
        table = np.column_stack([frame.cloud.xyz, frame.cloud.intensity]).astype("<f4")
        fields = [
            self._make("sensor_msgs/msg/PointField", name=name, offset=4 * place, datatype=7, count=1)
            for place, name in enumerate(("x", "y", "z", "intensity"))
        ]
        return self._make(
            "sensor_msgs/msg/PointCloud2",
            header=self._header(frame.cloud_stamp, LIDAR_FRAME),
            height=1,
            width=len(table),
            fields=fields,
            is_bigendian=False,
            point_step=16,
            row_step=16 * len(table),
            data=np.frombuffer(table.tobytes(), np.uint8),
            is_dense=True,
        )

    def legend(self, drive: Drive):
        """Names and groups of the labels in the ground truth's label images."""
        objects = [drive.scene.objects[index] for index in drive.scene.anomalies]
        colours = legend_colours(
            [Entry(item.name, item.group, source=NameSource.DICTIONARY) for item in objects]
        ).tolist()
        return self._make(
            "clipomaly_msgs/msg/LabelLegend",
            header=self._header(way.START, CAMERA_FRAME),
            legend_id=LEGEND_ID,
            vocabulary_hash="",
            entries=[
                self._make(
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

    def truth(self, drive: Drive, frame: Frame):
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
            name = self._make(
                "clipomaly_msgs/msg/NameCandidate",
                name=objects[index].name,
                score=1.0,
                source=NameSource.DICTIONARY,
            )
            found.append(
                self._make(
                    "clipomaly_msgs/msg/AnomalyRegion",
                    id=number,
                    label=number,
                    name=objects[index].name,
                    name_source=NameSource.DICTIONARY,
                    candidates=[name],
                    score=1.0,
                    bounding_box=self._region(cv2.boundingRect(mask.astype(np.uint8))),
                    pixel_area=int(mask.sum()),
                    state=1,
                )
            )
        found.sort(key=lambda region: -region.pixel_area)
        header = self._header(frame.image_stamp, CAMERA_FRAME)
        score = (regions > 0)[::4, ::4].astype("<u2") * 65535
        return self._make(
            "clipomaly_msgs/msg/AnomalyFrame",
            header=header,
            label_image=self._picture(header, regions, "mono8"),
            region_image=self._picture(header, regions, "mono8"),
            score_image=self._picture(header, score, "mono16"),
            regions=found,
            vocabulary_hash="",
            legend_id=LEGEND_ID,
            model_id="ground truth",
            model_hash="",
            untrained=False,
            latencies=[],
        )

    def _picture(self, header, pixels: NDArray, encoding: str):
        return self._make(
            "sensor_msgs/msg/Image",
            header=header,
            height=pixels.shape[0],
            width=pixels.shape[1],
            encoding=encoding,
            is_bigendian=0,
            step=pixels.shape[1] * pixels.itemsize,
            data=np.frombuffer(pixels.tobytes(), np.uint8),
        )

    def boxes(self, drive: Drive):
        """Ground truth boxes of the anomalous objects in odom, as cubes; ns is the name."""
        markers = []
        for number, index in enumerate(drive.scene.anomalies, start=1):
            box = drive.scene.objects[index].box
            x, y, z = map(float, box.centre)
            pose = self._make(
                "geometry_msgs/msg/Pose",
                position=self._make("geometry_msgs/msg/Point", x=x, y=y, z=z),
                orientation=self._make(
                    "geometry_msgs/msg/Quaternion",
                    x=0.0,
                    y=0.0,
                    z=float(np.sin(box.yaw / 2)),
                    w=float(np.cos(box.yaw / 2)),
                ),
            )
            size = dict(zip("xyz", map(float, box.size), strict=True))
            colour = self._make("std_msgs/msg/ColorRGBA", r=0.2, g=0.8, b=0.4, a=0.4)
            markers.append(
                self._make(
                    "visualization_msgs/msg/Marker",
                    header=self._header(way.START, "odom"),
                    ns=drive.scene.objects[index].name,
                    id=number,
                    type=1,
                    action=0,
                    pose=pose,
                    scale=self._make("geometry_msgs/msg/Vector3", **size),
                    color=colour,
                    lifetime=self._make("builtin_interfaces/msg/Duration", sec=0, nanosec=0),
                    frame_locked=False,
                    points=[],
                    colors=[],
                    texture_resource="",
                    texture=self._make(
                        "sensor_msgs/msg/CompressedImage",
                        header=self._header(0, ""),
                        format="",
                        data=np.zeros(0, np.uint8),
                    ),
                    uv_coordinates=[],
                    text=drive.scene.objects[index].name,
                    mesh_resource="",
                    mesh_file=self._make(
                        "visualization_msgs/msg/MeshFile", filename="", data=np.zeros(0, np.uint8)
                    ),
                    mesh_use_embedded_materials=False,
                )
            )
        return self._make("visualization_msgs/msg/MarkerArray", markers=markers)
