"""The vehicle's way past the stand, its sensors' places, and what they measure at each time."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.spatial.transform import Rotation

from clipomaly_ros.simulation.camera_sensor import CameraImage, CameraSensor, default_intrinsics
from clipomaly_ros.simulation.lidar_sensor import LidarScan, LidarSensor
from clipomaly_ros.simulation.scene import Scene, make_scene
from clipomaly_ros.simulation.shapes import rotation_y, rotation_z

SPEED = 2.2  # [m/s]
TURN_RATE = 0.012  # [rad/s]
FRAME_PERIOD = 100_000_000  # [ns]
TF_PERIOD = 20_000_000  # [ns]
LIDAR_DELAY = 14_000_000  # of the cloud behind the image [ns]: motion between them is real
_WORKERS = 2
START = 1_700_000_000_000_000_000  # [ns]

_OPTICAL = np.array([[0.0, 0.0, 1.0], [-1.0, 0.0, 0.0], [0.0, -1.0, 0.0]])  # base <- optical axes


def _pose(rotation: NDArray, x: float, y: float, z: float) -> NDArray[np.float64]:
    matrix = np.eye(4)
    matrix[:3, :3], matrix[:3, 3] = rotation, (x, y, z)
    return matrix


BASE_FROM_CAMERA = _pose(rotation_y(np.deg2rad(6.5)) @ _OPTICAL, 1.55, 0.05, 1.72)
BASE_FROM_LIDAR = _pose(rotation_z(np.deg2rad(0.8)), 1.20, 0.0, 1.95)


def odom_from_base(stamp: int) -> NDArray[np.float64]:
    """Return the vehicle's pose in odom, float64 [4, 4], at a time [ns]: a wide arc to the left."""
    elapsed = (stamp - START) / 1e9
    yaw = TURN_RATE * elapsed
    radius = SPEED / TURN_RATE
    return _pose(rotation_z(yaw), radius * np.sin(yaw), radius * (1 - np.cos(yaw)), 0.0)


def quaternion(matrix: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return the rotation of a pose as x, y, z, w."""
    return Rotation.from_matrix(matrix[:3, :3]).as_quat()


@dataclass(frozen=True)
class Frame:
    """One camera frame and the cloud that belongs to it; stamps in ns."""

    image_stamp: int
    image: CameraImage
    cloud_stamp: int
    cloud: LidarScan


class Drive:
    """A drive through one scene: the same seed gives the same measurements."""

    def __init__(self, seed: int = 0, scene: Scene | None = None) -> None:
        self.scene = make_scene(seed) if scene is None else scene
        self.intrinsics = default_intrinsics()
        self._camera = CameraSensor(self.intrinsics, self.scene)
        self._lidar = LidarSensor(self.scene)
        self._seed = seed

    def frame(self, number: int) -> Frame:
        """Measure frame number (0, 1, ...); frames do not depend on each other."""
        generator = np.random.default_rng([self._seed, number])
        image_stamp = START + 100_000_000 + number * FRAME_PERIOD
        cloud_stamp = image_stamp + LIDAR_DELAY
        image = self._camera.render(odom_from_base(image_stamp) @ BASE_FROM_CAMERA)
        cloud = self._lidar.scan(odom_from_base(cloud_stamp) @ BASE_FROM_LIDAR, generator)
        return Frame(image_stamp, image, cloud_stamp, cloud)

    def frames(self, count: int) -> Iterator[Frame]:
        """Measure the first frames, in order; two at a time, since numpy frees the interpreter."""
        with ThreadPoolExecutor(_WORKERS) as pool:
            ahead: deque[Future[Frame]] = deque()
            try:
                for number in range(count + _WORKERS):
                    if number < count:
                        ahead.append(pool.submit(self.frame, number))
                    if number >= _WORKERS:
                        yield ahead.popleft().result()
            finally:
                pool.shutdown(cancel_futures=True)
