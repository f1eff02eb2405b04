"""A synthetic scan of a flat apron with boxes on it, and a camera that looks at them."""

import numpy as np

from clipomaly_ros.hazard.camera import CameraModel
from clipomaly_ros.hazard.clouds import PointCloud
from clipomaly_ros.hazard.transforms import RigidTransform
from clipomaly_ros.hazard.types import RegionObservation

WIDTH, HEIGHT = 960, 540
CAMERA = CameraModel.from_camera_info(
    WIDTH, HEIGHT, "plumb_bob", [0.0] * 5, [700.0, 0, 480, 0, 700, 270, 0, 0, 1], frame="camera"
)
# Level frames x forward, y left, z up; the optical frame's axes are z forward, x right, y down.
OPTICAL = np.array([[0.0, 0, 1], [-1, 0, 0], [0, -1, 0]])
SENSOR_HEIGHT = 1.8
CAMERA_FROM_LIDAR = RigidTransform(OPTICAL, [0.2, 0.0, -0.3]).inverse()
FIXED_FROM_LIDAR = RigidTransform(np.eye(3), [0.0, 0.0, SENSOR_HEIGHT])


def scan(boxes, beams=64, step=0.2, noise=0.01, slope=(0.0, 0.0)):
    """Cast the rays of a spinning LiDAR at the ground z = slope . xy and at upright boxes.

    boxes: (x0, x1, y0, y1, height) in the fixed frame. Returns points in the LiDAR's frame.
    """
    elevation = np.deg2rad(np.linspace(-24, 4, beams))
    azimuth = np.deg2rad(np.arange(-60, 60, step))
    e, a = (grid.ravel() for grid in np.meshgrid(elevation, azimuth, indexing="ij"))
    rays = np.column_stack([np.cos(e) * np.cos(a), np.cos(e) * np.sin(a), np.sin(e)])
    rays[rays == 0] = 1e-12
    normal = np.array([-slope[0], -slope[1], 1.0])
    towards = rays @ normal
    reach = np.where(towards < 0, -SENSOR_HEIGHT / np.minimum(towards, -1e-9), np.inf)
    for x0, x1, y0, y1, height in boxes:
        low = (np.array([x0, y0, -5.0]) - [0, 0, SENSOR_HEIGHT]) / rays
        high = (np.array([x1, y1, height]) - [0, 0, SENSOR_HEIGHT]) / rays
        near, far = np.minimum(low, high).max(axis=1), np.maximum(low, high).min(axis=1)
        reach = np.where((near < far) & (near > 0), np.minimum(reach, near), reach)
    seen = reach < 60
    noisy = reach[seen] + np.random.default_rng(0).normal(0, noise, np.count_nonzero(seen))
    return PointCloud((rays[seen] * noisy[:, None]).astype(np.float32))


def pixels(points_fixed):
    uv, visible = CAMERA.project((CAMERA_FROM_LIDAR @ FIXED_FROM_LIDAR.inverse()).apply(points_fixed))
    assert visible.all(), "the scene must lie in the picture"
    return uv


def draw(boxes, state=1):
    """Draw each box's outline box as a region, far ones first; ids from 1 in the order given."""
    image = np.zeros((HEIGHT, WIDTH), np.uint8)
    regions = []
    for number, (x0, x1, y0, y1, height) in sorted(enumerate(boxes, 1), key=lambda item: -item[1][0]):
        corners = np.array([[x, y, z] for x in (x0, x1) for y in (y0, y1) for z in (0, height)])
        uv = pixels(corners)
        left, top = np.floor(uv.min(axis=0)).astype(int)
        right, bottom = np.ceil(uv.max(axis=0)).astype(int)
        image[top : bottom + 1, left : right + 1] = number
        box = (int(left), int(top), int(right - left + 1), int(bottom - top + 1))
        regions.append(RegionObservation(number, "", 0, (), 0.9, box, state))
    return image, regions
