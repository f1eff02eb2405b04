"""The vehicle's way past the stand, its sensors' places, and what they measure at each time."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, field, replace

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.spatial.transform import Rotation

from clipomaly_ros.simulation.camera_effects import CameraEffects, apply_effects, ego_flow
from clipomaly_ros.simulation.camera_models import CAMERAS, CameraModel
from clipomaly_ros.simulation.camera_sensor import CameraImage, CameraSensor
from clipomaly_ros.simulation.lidar_models import LIDARS, LidarModel
from clipomaly_ros.simulation.lidar_sensor import LidarScan, LidarSensor
from clipomaly_ros.simulation.mesh import pose
from clipomaly_ros.simulation.scene import make_scene
from clipomaly_ros.simulation.scene_types import Scene
from clipomaly_ros.simulation.vehicle_path import VehiclePath
from clipomaly_ros.simulation.world import World

SECOND = 1_000_000_000  # [ns]
START = 1_700_000_000 * SECOND  # [ns]
TF_PERIOD = 20_000_000  # [ns]
LEAD = 300_000_000  # odometry before the first image; clocks may differ by less [ns]
_WORKERS = 2

_OPTICAL = np.array([[0.0, 0.0, 1.0], [-1.0, 0.0, 0.0], [0.0, -1.0, 0.0]])  # base <- optical axes


def _camera_place() -> NDArray[np.float64]:
    place = pose((1.55, 0.05, 1.72), pitch=np.deg2rad(6.5))
    place[:3, :3] = place[:3, :3] @ _OPTICAL
    return place


BASE_FROM_CAMERA = _camera_place()
BASE_FROM_LIDAR = pose((1.20, 0.0, 1.95), yaw=np.deg2rad(0.8))


def quaternion(matrix: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return the rotation of a pose as x, y, z, w."""
    return Rotation.from_matrix(matrix[:3, :3]).as_quat()


@dataclass(frozen=True, eq=False)
class DriveSettings:
    """How a drive is measured.

    path: the vehicle's. frame_rate: of camera and LiDAR [Hz], not above the LiDAR's turns per
    second. camera, lidar: the models. sector: angle about straight ahead that the LiDAR keeps
    [rad]; None: the model's own. effects: of the camera. lidar_delay: of each sweep behind its
    image [s]. clock_offset: what the camera's clock shows more than the LiDAR's, which is the true
    one [s]. extrinsic_error: error of the LiDAR's calibration, x, y, z [m], roll, pitch, yaw [rad]
    in its own frame: the sensor stands there, whereas its transform says BASE_FROM_LIDAR.
    """

    path: VehiclePath = field(default_factory=VehiclePath)
    frame_rate: float = 10.0
    camera: CameraModel = CAMERAS["vga"]
    lidar: LidarModel = LIDARS["32"]
    sector: float | None = float(np.deg2rad(120))
    effects: CameraEffects = field(default_factory=CameraEffects)
    lidar_delay: float = 0.014
    clock_offset: float = 0.0
    extrinsic_error: tuple[float, float, float, float, float, float] = (0.0,) * 6

    def __post_init__(self) -> None:
        if not 0 < self.frame_rate <= self.lidar.rate:
            raise ValueError(
                f"expected a frame rate in (0, {self.lidar.rate}] Hz, the LiDAR's, got {self.frame_rate}"
            )
        if len(self.extrinsic_error) != 6:
            raise ValueError(
                "expected 6 numbers of extrinsic error (x, y, z, roll, pitch, yaw), "
                f"got {self.extrinsic_error}"
            )
        numbers = [*self.extrinsic_error, self.clock_offset, self.lidar_delay]
        if not np.isfinite(numbers).all():
            raise ValueError(f"expected finite delays, offsets and errors, got {numbers}")
        if self.lidar_delay < 0 or abs(self.clock_offset) >= LEAD / SECOND:
            raise ValueError(
                f"expected a LiDAR delay of 0 or more and a clock offset below {LEAD / SECOND} s, "
                f"got {self.lidar_delay} and {self.clock_offset}"
            )


@dataclass(frozen=True, eq=False)
class Frame:
    """One camera frame and the sweep that belongs to it.

    image_time, cloud_time: true time of measurement [ns]; the cloud's is when the LiDAR looks
    straight ahead. image_stamp, cloud_stamp: what the sensors' clocks showed then [ns].
    """

    image_time: int
    image_stamp: int
    image: CameraImage
    cloud_time: int
    cloud_stamp: int
    cloud: LidarScan


class Drive:
    """A drive through one scene: the same seed gives the same measurements.

    scene: made from the seed when none is given. Further settings as in DriveSettings.
    """

    def __init__(
        self, seed: int = 0, scene: Scene | None = None, settings: DriveSettings | None = None
    ) -> None:
        self.seed = seed
        self.scene = make_scene(seed) if scene is None else scene
        self.settings = settings or DriveSettings()
        lidar = self.settings.lidar
        if self.settings.sector is not None:
            lidar = replace(lidar, sector=self.settings.sector)
        world = World([item.parts for item in self.scene.objects])
        self._camera = CameraSensor(self.settings.camera, self.scene, world)
        self._lidar = LidarSensor(self.scene, world, lidar)
        x, y, z, roll, pitch, yaw = self.settings.extrinsic_error
        self._true_lidar = BASE_FROM_LIDAR @ pose((x, y, z), roll, pitch, yaw)

    @property
    def intrinsics(self) -> CameraModel:
        """Return the camera's model."""
        return self.settings.camera

    def odom_from_base(self, time: ArrayLike) -> NDArray[np.float64]:
        """Return the vehicle's true pose in odom, float64 [..., 4, 4], at true times [ns]."""
        return self.settings.path.poses((np.asarray(time) - START) / SECOND)

    def odom_from_camera(self, time: ArrayLike) -> NDArray[np.float64]:
        """Return the camera's pose (optical frame) in odom, float64 [..., 4, 4], at true times [ns]."""
        return self.odom_from_base(time) @ BASE_FROM_CAMERA

    def odom_from_lidar(self, time: ArrayLike) -> NDArray[np.float64]:
        """Return the LiDAR's true pose in odom, float64 [..., 4, 4], at true times [ns]."""
        return self.odom_from_base(time) @ self._true_lidar

    def frame(self, number: int) -> Frame:
        """Measure frame number (0, 1, ...); frames do not depend on each other."""
        settings = self.settings
        image_time = START + LEAD + round(number * SECOND / settings.frame_rate)
        cloud_time = image_time + round(settings.lidar_delay * SECOND)
        return Frame(
            image_time,
            image_time + round(settings.clock_offset * SECOND),
            self._image(image_time, number),
            cloud_time,
            cloud_time,
            self._lidar.scan(
                lambda offset: self.odom_from_lidar(cloud_time + np.round(offset * SECOND).astype(np.int64)),
                np.random.default_rng([self.seed, number, 1]),
            ),
        )

    def _image(self, time: int, number: int) -> CameraImage:
        """Take a picture in the middle of the exposure."""
        generator = np.random.default_rng([self.seed, number, 0])
        image = self._camera.render(self.odom_from_camera(time), generator=generator)
        effects = self.settings.effects
        half = round(effects.shutter * SECOND / 2)
        before, after = self.odom_from_camera([time - half, time + half])
        flow = ego_flow(self.settings.camera, image.depth, np.linalg.inv(after) @ before)
        return replace(image, rgb=apply_effects(image.rgb, effects, generator, flow))

    def frames(self, count: int) -> Iterator[Frame]:
        """Measure the first frames, in order; two at a time, since the heavy parts run beside each other."""
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
