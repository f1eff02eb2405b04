"""Small bags for the tests of the replay: real message types, tiny pictures."""

import cv2
import numpy as np

from clipomaly_ros.replay.bag_types import make_typestore, new_bag, offered_qos

START = 1_700_000_000_000_000_000
PERIOD = 100_000_000


class BagBuilder:
    """Collects messages by topic and time, then writes them in order of time."""

    def __init__(self):
        self.store = make_typestore()
        self.types = self.store.types
        self._messages = []
        self._topics = {}

    def make(self, kind, **fields):
        return self.types[kind](**fields)

    def header(self, stamp, frame):
        time = self.make("builtin_interfaces/msg/Time", sec=stamp // 10**9, nanosec=stamp % 10**9)
        return self.make("std_msgs/msg/Header", stamp=time, frame_id=frame)

    def add(self, topic, kind, time, message):
        self._topics[topic] = kind
        self._messages.append((time, len(self._messages), topic, message))

    def image(self, topic, stamp, time=None, frame="camera", size=(48, 64)):
        picture = np.random.default_rng(stamp % 1000).integers(0, 255, (*size, 3), np.uint8)
        data = cv2.imencode(".jpg", picture)[1].ravel()
        kind = "sensor_msgs/msg/CompressedImage"
        message = self.make(kind, header=self.header(stamp, frame), format="jpeg", data=data)
        self.add(topic, kind, stamp if time is None else time, message)

    def camera_info(self, topic, stamp, frame="camera", size=(48, 64)):
        height, width = size
        K = np.array([50.0, 0, width / 2, 0, 50.0, height / 2, 0, 0, 1])
        roi = self.make(
            "sensor_msgs/msg/RegionOfInterest", x_offset=0, y_offset=0, height=0, width=0, do_rectify=False
        )
        kind = "sensor_msgs/msg/CameraInfo"
        message = self.make(
            kind,
            header=self.header(stamp, frame),
            height=height,
            width=width,
            distortion_model="plumb_bob",
            d=np.zeros(5),
            k=K,
            r=np.eye(3).ravel(),
            p=np.insert(K, [3, 6, 9], 0.0),
            binning_x=0,
            binning_y=0,
            roi=roi,
        )
        self.add(topic, kind, stamp, message)

    def cloud(self, topic, stamp, time=None, frame="lidar"):
        points = np.random.default_rng(7).uniform(-10, 10, (300, 4)).astype("<f4")
        points[:, 2] = -1.7
        fields = [
            self.make("sensor_msgs/msg/PointField", name=name, offset=4 * k, datatype=7, count=1)
            for k, name in enumerate(("x", "y", "z", "intensity"))
        ]
        kind = "sensor_msgs/msg/PointCloud2"
        message = self.make(
            kind,
            header=self.header(stamp, frame),
            height=1,
            width=300,
            fields=fields,
            is_bigendian=False,
            point_step=16,
            row_step=4800,
            data=np.frombuffer(points.tobytes(), np.uint8),
            is_dense=True,
        )
        self.add(topic, kind, stamp if time is None else time, message)

    def transform(
        self, topic, stamp, parent, child, time=None, xyz=(0.0, 0.0, 0.0), xyzw=(0.0, 0.0, 0.0, 1.0)
    ):
        vector = self.make("geometry_msgs/msg/Vector3", **dict(zip("xyz", xyz, strict=True)))
        rotation = self.make("geometry_msgs/msg/Quaternion", **dict(zip("xyzw", xyzw, strict=True)))
        place = self.make("geometry_msgs/msg/Transform", translation=vector, rotation=rotation)
        stamped = self.make(
            "geometry_msgs/msg/TransformStamped",
            header=self.header(stamp, parent),
            child_frame_id=child,
            transform=place,
        )
        kind = "tf2_msgs/msg/TFMessage"
        self.add(topic, kind, stamp, self.make(kind, transforms=[stamped]))

    def text(self, topic, stamp):
        self.add(topic, "std_msgs/msg/String", stamp, self.make("std_msgs/msg/String", data="hello"))

    def write(self, path, with_qos=False):
        with new_bag(path) as writer:
            connections = {
                topic: writer.add_connection(
                    topic,
                    kind,
                    typestore=self.store,
                    offered_qos_profiles=[offered_qos(latched=topic == "/tf_static")] if with_qos else [],
                )
                for topic, kind in self._topics.items()
            }
            for time, _, topic, message in sorted(self._messages, key=lambda item: item[:2]):
                writer.write(connections[topic], time, self.store.serialize_cdr(message, self._topics[topic]))
        return path


def small_drive(path, frames=4, odometry=False, clouds=True, skip_clouds=(), with_qos=False):
    """Write a bag of tiny frames: camera and LiDAR, static TF, odometry if asked for."""
    builder = BagBuilder()
    optical = (-0.5, 0.5, -0.5, 0.5)
    builder.transform("/tf_static", START, "lidar", "camera", xyzw=optical)
    if odometry:
        builder.transform("/tf_static", START, "base_link", "lidar")
    for number in range(frames):
        stamp = START + (number + 1) * PERIOD
        builder.camera_info("/front/camera_info", stamp)
        builder.image("/front/image_raw/compressed", stamp)
        if clouds and number not in skip_clouds:
            builder.cloud("/top/points", stamp + 5_000_000)
    if odometry:
        for tick in range(0, (frames + 3) * 5):
            stamp = START + tick * PERIOD // 5
            builder.transform("/tf", stamp, "odom", "base_link", xyz=(0.1 * tick, 0.0, 0.0))
    return builder.write(path, with_qos)
