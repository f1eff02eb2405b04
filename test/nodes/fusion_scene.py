"""A box on flat ground, seen by one camera and one LiDAR, as messages."""

from __future__ import annotations

from array import array

import cv2
import numpy as np
from builtin_interfaces.msg import Time
from geometry_msgs.msg import Quaternion, Transform, TransformStamped, Vector3
from sensor_msgs.msg import CameraInfo, PointCloud2, PointField, RegionOfInterest
from sensor_msgs.msg import Image as ImageMessage
from std_msgs.msg import Header

from clipomaly_msgs.msg import AnomalyFrame, AnomalyRegion, NameCandidate
from clipomaly_ros.nodes.message_buffers import bytes_field, image_message

WIDTH, HEIGHT, FOCAL = 640, 360, 500.0
CAMERA, LIDAR, BASE, FIXED = "camera_optical", "lidar", "base_link", "odom"
CAMERA_HEIGHT, LIDAR_HEIGHT = 1.5, 1.8
BOX_CENTRE, BOX_SIDE = np.array([10.0, 1.0, 0.5]), 1.0
LEGEND_ID = "ab" * 32


def stamp(nanoseconds: int) -> Time:
    return Time(sec=nanoseconds // 10**9, nanosec=nanoseconds % 10**9)


def box_corners() -> np.ndarray:
    signs = np.array([[x, y, z] for x in (-1, 1) for y in (-1, 1) for z in (-1, 1)])
    return BOX_CENTRE + signs * BOX_SIDE / 2


def project(points_base: np.ndarray) -> np.ndarray:
    relative = points_base - [0.0, 0.0, CAMERA_HEIGHT]
    x, y, z = -relative[:, 1], -relative[:, 2], relative[:, 0]
    return np.column_stack([FOCAL * x / z + (WIDTH - 1) / 2, FOCAL * y / z + (HEIGHT - 1) / 2])


def box_mask() -> np.ndarray:
    mask = np.zeros((HEIGHT, WIDTH), np.uint8)
    corners = np.round(project(box_corners())).astype(np.int32)
    cv2.fillConvexPoly(mask, cv2.convexHull(corners), 1)
    return mask


def anomaly_frame(nanoseconds: int, mask: np.ndarray | None = None, frame_id: str = CAMERA) -> AnomalyFrame:
    """Make a frame with one region where the mask is 1, or none when the mask is empty."""
    mask = box_mask() if mask is None else mask
    header = Header(stamp=stamp(nanoseconds), frame_id=frame_id)
    regions = []
    if mask.any():
        x, y, width, height = cv2.boundingRect(mask)
        regions = [
            AnomalyRegion(
                id=1,
                label=7,
                name="suitcase",
                name_source=NameCandidate.SOURCE_DICTIONARY,
                candidates=[
                    NameCandidate(name="suitcase", score=0.75, source=2),
                    NameCandidate(name="pallet", score=0.25, source=2),
                ],
                score=0.9,
                bounding_box=RegionOfInterest(x_offset=x, y_offset=y, width=width, height=height),
                pixel_area=int(mask.sum()),
                state=AnomalyRegion.STATE_UNKNOWN_OBSTACLE,
            )
        ]
    return AnomalyFrame(
        header=header,
        label_image=image_message(np.where(mask == 1, 7, 0).astype(np.uint8), "mono8", header),
        region_image=image_message(mask.astype(np.uint8), "mono8", header),
        score_image=image_message(np.zeros((9, 16), np.uint16), "mono16", header),
        regions=regions,
        vocabulary_hash="cd" * 32,
        legend_id=LEGEND_ID,
        model_id="scene",
        model_hash="ef" * 32,
    )


def camera_info(nanoseconds: int, frame_id: str = CAMERA) -> CameraInfo:
    return CameraInfo(
        header=Header(stamp=stamp(nanoseconds), frame_id=frame_id),
        width=WIDTH,
        height=HEIGHT,
        distortion_model="plumb_bob",
        d=[0.0] * 5,
        k=np.array([FOCAL, 0, (WIDTH - 1) / 2, 0, FOCAL, (HEIGHT - 1) / 2, 0, 0, 1.0]),
    )


def scene_points() -> np.ndarray:
    """Return ground and box as the LiDAR sees them, float32 [N, 3], in its frame."""
    gx, gy = np.meshgrid(np.arange(3.0, 25.0, 0.2), np.arange(-7.0, 7.0, 0.2))
    ground = np.column_stack([gx.ravel(), gy.ravel(), np.zeros(gx.size)])
    low, high = BOX_CENTRE - BOX_SIDE / 2, BOX_CENTRE + BOX_SIDE / 2
    under = ((ground >= low - [0, 0, 1]) & (ground <= high)).all(axis=1)
    behind = (ground[:, 0] > high[0]) & (np.abs(ground[:, 1] - BOX_CENTRE[1]) < 1.5) & (ground[:, 0] < 23)
    grid = np.arange(0.05, BOX_SIDE, 0.1)
    a, b = (values.ravel() for values in np.meshgrid(grid, grid))
    front = np.column_stack([np.full(a.size, low[0]), low[1] + a, low[2] + b])
    top = np.column_stack([low[0] + a, low[1] + b, np.full(a.size, high[2])])
    points = np.vstack([ground[~under & ~behind], front, top])
    return (points - [0.0, 0.0, LIDAR_HEIGHT]).astype(np.float32)


def cloud(nanoseconds: int, points: np.ndarray | None = None, frame_id: str = LIDAR) -> PointCloud2:
    points = scene_points() if points is None else points
    return PointCloud2(
        header=Header(stamp=stamp(nanoseconds), frame_id=frame_id),
        height=1,
        width=len(points),
        fields=[
            PointField(name=name, offset=4 * i, datatype=PointField.FLOAT32, count=1)
            for i, name in enumerate("xyz")
        ],
        point_step=12,
        row_step=12 * len(points),
        data=bytes_field(np.ascontiguousarray(points, np.float32)) if len(points) else array("B"),
        is_dense=True,
    )


def transform(
    parent: str,
    child: str,
    translation: tuple[float, float, float] = (0.0, 0.0, 0.0),
    quaternion: tuple[float, float, float, float] = (0.0, 0.0, 0.0, 1.0),
    nanoseconds: int = 0,
) -> TransformStamped:
    x, y, z, w = quaternion
    return TransformStamped(
        header=Header(stamp=stamp(nanoseconds), frame_id=parent),
        child_frame_id=child,
        transform=Transform(
            translation=Vector3(x=translation[0], y=translation[1], z=translation[2]),
            rotation=Quaternion(x=x, y=y, z=z, w=w),
        ),
    )


def sensor_transforms() -> list[TransformStamped]:
    """Return the mounting of both sensors; the camera looks along base_link's x."""
    return [
        transform(BASE, CAMERA, (0.0, 0.0, CAMERA_HEIGHT), (-0.5, 0.5, -0.5, 0.5)),
        transform(BASE, LIDAR, (0.0, 0.0, LIDAR_HEIGHT)),
    ]


def truncated(image: ImageMessage) -> ImageMessage:
    image.data = array("B", image.data[:-10])
    return image
