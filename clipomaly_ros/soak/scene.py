"""One box on flat ground and a vehicle that shuttles before it, as the messages of its sensors."""

from __future__ import annotations

from array import array

import cv2
import numpy as np
from geometry_msgs.msg import Quaternion, Transform, TransformStamped, Vector3
from numpy.typing import NDArray
from sensor_msgs.msg import CameraInfo, PointCloud2, PointField, RegionOfInterest
from std_msgs.msg import Header

from clipomaly_msgs.msg import AnomalyFrame, AnomalyRegion, LabelLegend, LegendEntry, NameCandidate
from clipomaly_ros.nodes.message_buffers import bytes_field, image_message
from clipomaly_ros.nodes.zone_messages import time_message

WIDTH, HEIGHT, FOCAL = 320, 180, 250.0
CAMERA, LIDAR, BASE, FIXED = "camera_optical", "lidar", "base_link", "odom"
BOX_CENTRE, BOX_SIDE = np.array([10.0, 1.0, 0.5]), 1.0  # in FIXED [m]
LEGEND_ID = "ab" * 32
LABEL, NAME, GROUP = 7, "suitcase", "baggage"
_CAMERA_HEIGHT, _LIDAR_HEIGHT = 1.5, 1.8
_REACH, _PERIOD = 1.0, 20.0  # of the shuttling [m, s]


def vehicle_x(nanoseconds: int) -> float:
    """Return how far along x of FIXED the vehicle stands at a time [m]."""
    return _REACH * float(np.sin(2 * np.pi * (nanoseconds % int(_PERIOD * 1e9)) * 1e-9 / _PERIOD))


def anomaly_frame(stamp: int, frame_id: str = CAMERA) -> AnomalyFrame:
    """Return what a perfect segmenter makes of the camera's image at a stamp [ns]."""
    mask = _box_mask(vehicle_x(stamp))
    header = _header(stamp, frame_id)
    x, y, width, height = cv2.boundingRect(mask)
    region = AnomalyRegion(
        id=1,
        label=LABEL,
        name=NAME,
        name_source=NameCandidate.SOURCE_DICTIONARY,
        candidates=[NameCandidate(name=NAME, score=0.75, source=NameCandidate.SOURCE_DICTIONARY)],
        score=0.9,
        bounding_box=RegionOfInterest(x_offset=x, y_offset=y, width=width, height=height),
        pixel_area=int(mask.sum()),
        state=AnomalyRegion.STATE_UNKNOWN_OBSTACLE,
    )
    return AnomalyFrame(
        header=header,
        label_image=image_message(mask * np.uint8(LABEL), "mono8", header),
        region_image=image_message(mask, "mono8", header),
        score_image=image_message(np.zeros((9, 16), np.uint16), "mono16", header),
        regions=[region],
        vocabulary_hash="cd" * 32,
        legend_id=LEGEND_ID,
        model_id="soak",
        model_hash="ef" * 32,
    )


def legend(stamp: int) -> LabelLegend:
    """Return the legend of the frames."""
    return LabelLegend(
        header=_header(stamp, CAMERA),
        legend_id=LEGEND_ID,
        entries=[
            LegendEntry(label=LABEL, name=NAME, source=NameCandidate.SOURCE_DICTIONARY, group=GROUP),
        ],
    )


def camera_info(stamp: int) -> CameraInfo:
    """Return the calibration of the camera: a pinhole without distortion."""
    middle = ((WIDTH - 1) / 2, (HEIGHT - 1) / 2)
    return CameraInfo(
        header=_header(stamp, CAMERA),
        width=WIDTH,
        height=HEIGHT,
        distortion_model="plumb_bob",
        d=[0.0] * 5,
        k=np.array([FOCAL, 0, middle[0], 0, FOCAL, middle[1], 0, 0, 1.0]),
    )


def cloud_points(stamp: int) -> NDArray[np.float32]:
    """Return ground and box as the LiDAR sees them at a stamp [ns], float32 [N, 3], in its frame."""
    return (_WORLD - [vehicle_x(stamp), 0.0, _LIDAR_HEIGHT]).astype(np.float32)


def cloud(stamp: int, points: NDArray[np.float32] | None = None) -> PointCloud2:
    """Return a cloud of x, y, z as float32; points default to what the LiDAR sees."""
    points = cloud_points(stamp) if points is None else points
    return PointCloud2(
        header=_header(stamp, LIDAR),
        height=1,
        width=len(points),
        fields=[
            PointField(name=name, offset=4 * index, datatype=PointField.FLOAT32, count=1)
            for index, name in enumerate("xyz")
        ],
        point_step=12,
        row_step=12 * len(points),
        data=bytes_field(points) if len(points) else array("B"),
        is_dense=True,
    )


def mounting() -> list[TransformStamped]:
    """Return where the sensors sit on the vehicle; the camera looks along its x."""
    return [
        _transform(BASE, CAMERA, (0.0, 0.0, _CAMERA_HEIGHT), (-0.5, 0.5, -0.5, 0.5)),
        _transform(BASE, LIDAR, (0.0, 0.0, _LIDAR_HEIGHT)),
    ]


def odometry(stamp: int) -> TransformStamped:
    """Return where the vehicle is at a stamp [ns]."""
    return _transform(FIXED, BASE, (vehicle_x(stamp), 0.0, 0.0), stamp=stamp)


def _header(stamp: int, frame_id: str) -> Header:
    return Header(stamp=time_message(stamp), frame_id=frame_id)


def _transform(parent, child, translation, rotation=(0.0, 0.0, 0.0, 1.0), stamp=0) -> TransformStamped:
    x, y, z = translation
    qx, qy, qz, qw = rotation
    return TransformStamped(
        header=_header(stamp, parent),
        child_frame_id=child,
        transform=Transform(translation=Vector3(x=x, y=y, z=z), rotation=Quaternion(x=qx, y=qy, z=qz, w=qw)),
    )


def _box_mask(vehicle: float) -> NDArray[np.uint8]:
    signs = np.array([[x, y, z] for x in (-1, 1) for y in (-1, 1) for z in (-1, 1)])
    corners = BOX_CENTRE + signs * BOX_SIDE / 2 - [vehicle, 0.0, _CAMERA_HEIGHT]
    ahead, right, down = corners[:, 0], -corners[:, 1], -corners[:, 2]
    u = FOCAL * right / ahead + (WIDTH - 1) / 2
    v = FOCAL * down / ahead + (HEIGHT - 1) / 2
    mask = np.zeros((HEIGHT, WIDTH), np.uint8)
    outline = cv2.convexHull(np.round(np.column_stack([u, v])).astype(np.int32))
    return np.asarray(cv2.fillConvexPoly(mask, outline, 1), np.uint8)


def _world() -> NDArray[np.float64]:
    """Return points on the ground, without what the box hides, and on its front and top [N, 3]."""
    x, y = (values.ravel() for values in np.meshgrid(np.arange(3.0, 25.0, 0.25), np.arange(-7.0, 7.0, 0.25)))
    low, high = BOX_CENTRE - BOX_SIDE / 2, BOX_CENTRE + BOX_SIDE / 2
    hidden = (x >= low[0]) & (x < 23) & (np.abs(y - BOX_CENTRE[1]) < 1.5)
    ground = np.column_stack([x, y, np.zeros(x.size)])[~hidden]
    grid = np.arange(0.05, BOX_SIDE, 0.1)
    a, b = (values.ravel() for values in np.meshgrid(grid, grid))
    front = np.column_stack([np.full(a.size, low[0]), low[1] + a, low[2] + b])
    top = np.column_stack([low[0] + a, low[1] + b, np.full(a.size, high[2])])
    return np.vstack([ground, front, top])


_WORLD = _world()
