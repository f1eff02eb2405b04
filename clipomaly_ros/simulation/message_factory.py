"""Turn measurements of the simulation into ROS messages."""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

from clipomaly_ros.replay.bag_types import BagError
from clipomaly_ros.simulation import drive as way
from clipomaly_ros.simulation.camera_models import DISTORTION_MODEL
from clipomaly_ros.simulation.drive import Drive, Frame

CAMERA_FRAME, LIDAR_FRAME = "camera_optical", "lidar"
_FLOAT32, _UINT16 = 7, 4  # datatypes of sensor_msgs/PointField
# Padded to a multiple of 4, as drivers do it, so that floats are aligned.
POINT = np.dtype(
    {
        "names": ["x", "y", "z", "intensity", "ring", "time"],
        "formats": ["<f4", "<f4", "<f4", "<f4", "<u2", "<f4"],
        "offsets": [0, 4, 8, 12, 16, 20],
        "itemsize": 24,
    }
)


class MessageFactory:
    """Turns measurements into messages of a rosbags typestore."""

    def __init__(self, store) -> None:
        self._types = store.types

    def make(self, kind: str, **fields):
        """Build a message from all of its fields."""
        return self._types[kind](**fields)

    def stamp(self, stamp: int):
        """Build a time from nanoseconds."""
        return self.make(
            "builtin_interfaces/msg/Time", sec=stamp // 1_000_000_000, nanosec=stamp % 1_000_000_000
        )

    def header(self, stamp: int, frame: str):
        """Build a header; stamp: [ns]."""
        return self.make("std_msgs/msg/Header", stamp=self.stamp(stamp), frame_id=frame)

    def _transform(self, stamp: int, parent: str, child: str, matrix: NDArray[np.float64]):
        x, y, z, w = map(float, way.quaternion(matrix))
        translation = self.make(
            "geometry_msgs/msg/Vector3", **dict(zip("xyz", map(float, matrix[:3, 3]), strict=True))
        )
        rotation = self.make("geometry_msgs/msg/Quaternion", x=x, y=y, z=z, w=w)
        return self.make(
            "geometry_msgs/msg/TransformStamped",
            header=self.header(stamp, parent),
            child_frame_id=child,
            transform=self.make("geometry_msgs/msg/Transform", translation=translation, rotation=rotation),
        )

    def static_transforms(self):
        """Sensors on the vehicle."""
        places = ((CAMERA_FRAME, way.BASE_FROM_CAMERA), (LIDAR_FRAME, way.BASE_FROM_LIDAR))
        return self.make(
            "tf2_msgs/msg/TFMessage",
            transforms=[self._transform(way.START, "base_link", child, pose) for child, pose in places],
        )

    def odometry(self, drive: Drive, stamp: int):
        """Pose of the vehicle at a time [ns]."""
        moved = self._transform(stamp, "odom", "base_link", drive.odom_from_base(stamp))
        return self.make("tf2_msgs/msg/TFMessage", transforms=[moved])

    def clock(self, stamp: int):
        """Tell the time [ns]."""
        return self.make("rosgraph_msgs/msg/Clock", clock=self.stamp(stamp))

    def camera_info(self, drive: Drive, frame: Frame):
        """Calibration with the stamp of the image."""
        lens = drive.intrinsics
        return self.make(
            "sensor_msgs/msg/CameraInfo",
            header=self.header(frame.image_stamp, CAMERA_FRAME),
            height=lens.height,
            width=lens.width,
            distortion_model=DISTORTION_MODEL,
            d=lens.D,
            k=lens.K.ravel(),
            r=np.eye(3).ravel(),
            p=np.hstack([lens.K, np.zeros((3, 1))]).ravel(),
            binning_x=0,
            binning_y=0,
            roi=self.region((0, 0, 0, 0)),
        )

    def region(self, box: tuple[int, int, int, int]):
        """Build a region from x, y, width, height [pixel]."""
        x, y, width, height = map(int, box)
        return self.make(
            "sensor_msgs/msg/RegionOfInterest",
            x_offset=x,
            y_offset=y,
            width=width,
            height=height,
            do_rectify=False,
        )

    def compressed_image(self, frame: Frame, quality: int):
        """Picture as JPEG of a quality from 1 to 100."""
        done, data = cv2.imencode(".jpg", frame.image.rgb[..., ::-1], [cv2.IMWRITE_JPEG_QUALITY, quality])
        if not done:
            raise BagError("OpenCV could not encode a JPEG")
        return self.make(
            "sensor_msgs/msg/CompressedImage",
            header=self.header(frame.image_stamp, CAMERA_FRAME),
            format="rgb8; jpeg compressed bgr8",
            data=data.ravel(),
        )

    def image(self, frame: Frame):
        """Picture as it is, rgb8."""
        return self.picture(self.header(frame.image_stamp, CAMERA_FRAME), frame.image.rgb, "rgb8")

    def picture(self, header, pixels: NDArray, encoding: str):
        """Build an Image from pixels [H, W] or [H, W, channels]."""
        return self.make(
            "sensor_msgs/msg/Image",
            header=header,
            height=pixels.shape[0],
            width=pixels.shape[1],
            encoding=encoding,
            is_bigendian=0,
            step=pixels[0].nbytes,
            data=np.frombuffer(pixels.tobytes(), np.uint8),
        )

    def cloud(self, frame: Frame):
        """Points x, y, z, intensity, ring, time (from the stamp [s]), unorganised."""
        cloud = frame.cloud
        table = np.zeros(len(cloud.xyz), POINT)
        table["x"], table["y"], table["z"] = cloud.xyz.T
        table["intensity"], table["ring"], table["time"] = cloud.intensity, cloud.ring, cloud.time_offset
        fields = [
            self.make(
                "sensor_msgs/msg/PointField",
                name=name,
                offset=POINT.fields[name][1],
                datatype=_UINT16 if name == "ring" else _FLOAT32,
                count=1,
            )
            for name in POINT.names
        ]
        return self.make(
            "sensor_msgs/msg/PointCloud2",
            header=self.header(frame.cloud_stamp, LIDAR_FRAME),
            height=1,
            width=len(table),
            fields=fields,
            is_bigendian=False,
            point_step=POINT.itemsize,
            row_step=POINT.itemsize * len(table),
            data=np.frombuffer(table.tobytes(), np.uint8),
            is_dense=True,
        )
