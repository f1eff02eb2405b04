"""Input of one fusion callback, made up: an apron with objects, LiDARs that scan it, drawn regions."""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from clipomaly_ros.hazard.camera import CameraModel
from clipomaly_ros.hazard.clouds import PointField
from clipomaly_ros.hazard.transforms import RigidTransform
from clipomaly_ros.hazard.types import RegionObservation

# The layout of a common driver: x, y, z, padding, intensity, ring, time
FIELDS = (
    PointField("x", 0, 7),
    PointField("y", 4, 7),
    PointField("z", 8, 7),
    PointField("intensity", 16, 7),
    PointField("ring", 20, 4),
    PointField("time", 24, 8),
)
POINT_STEP = 32
_KINDS = {4: "<u2", 7: "<f4", 8: "<f8"}  # of PointField
LAYOUT = np.dtype(
    {
        "names": [field.name for field in FIELDS],
        "formats": [_KINDS[field.datatype] for field in FIELDS],
        "offsets": [field.offset for field in FIELDS],
        "itemsize": POINT_STEP,
    }
)
LIDAR_POINTS = 115_000  # of one LiDAR with 64 beams; larger clouds come from several
_BEAMS, _LOWEST, _HIGHEST = 64, -24.0, 8.0  # elevations [degree]
_RANGE, _NOISE = 100.0, 0.015  # metres
_HEIGHT = 1.9  # of the LiDARs above the ground [m]
_SLOPE = (0.01, -0.005)  # of the apron
WIDTH, HEIGHT = 1280, 720  # of the pictures
DISTORTION = (-0.12, 0.03, 0.0005, -0.0003, 0.0)  # plumb_bob
MATRIX = (1024.0, 0.0, 639.5, 0.0, 1024.0, 359.5, 0.0, 0.0, 1.0)
_OBJECT, _FLAT = 1, 2  # states of clipomaly_msgs/AnomalyRegion
_FLAT_EVERY = 10  # one region in ten is a stain on the ground
# Levels: x forward, y left, z up. Optical: z forward, x right, y down.
_OPTICAL = np.array([[0.0, 0.0, 1.0], [-1.0, 0.0, 0.0], [0.0, -1.0, 0.0]])


@dataclass(frozen=True)
class _Block:
    """An upright box: centre x, y, length, width, height [m], yaw [rad]; feet on the ground."""

    x: float
    y: float
    length: float
    width: float
    height: float
    yaw: float

    @property
    def ground(self) -> float:
        """Return the height of the ground below, in the LiDAR's frame [m]."""
        return _SLOPE[0] * self.x + _SLOPE[1] * self.y - _HEIGHT

    def corners(self) -> NDArray[np.float64]:
        """Return the eight corners, float64 [8, 3]."""
        cos, sin = np.cos(self.yaw), np.sin(self.yaw)
        signs = np.array([(a, b) for a in (-0.5, 0.5) for b in (-0.5, 0.5)]) * (self.length, self.width)
        base = signs @ np.array([[cos, sin], [-sin, cos]]) + (self.x, self.y)
        levels = np.repeat([self.ground, self.ground + self.height], 4)
        return np.column_stack([np.vstack([base, base]), levels])


@dataclass(frozen=True, eq=False)
class FusionInput:
    """What one callback works on.

    data: bytes of a PointCloud2 of `points` points, laid out as FIELDS say. region_image:
    uint8 [720, 1280]. The transforms are those of RegionFuser.fuse.
    """

    points: int
    data: bytes
    region_image: NDArray[np.uint8]
    regions: tuple[RegionObservation, ...]
    camera: CameraModel
    camera_from_cloud: RigidTransform
    fixed_from_cloud: RigidTransform

    @property
    def fixed_from_camera(self) -> RigidTransform:
        """Return the camera's pose."""
        return self.fixed_from_cloud @ self.camera_from_cloud.inverse()


def make_input(points: int, regions: int, seed: int = 0) -> FusionInput:
    """Make an apron with as many points and regions, the same for the same arguments.

    Regions are drawn a little larger than their objects; every tenth is a flat stain. The
    vehicle stands far from the fixed frame's origin, and moved between the two stamps.
    """
    generator = np.random.default_rng(seed)
    objects = _objects(regions, generator)
    blocks = [block for number, block in enumerate(objects) if not _is_flat(number)]
    xyz = _scan(points, [*blocks, *_surroundings(generator)], generator)
    camera = CameraModel.from_camera_info(WIDTH, HEIGHT, "plumb_bob", DISTORTION, MATRIX, frame="camera")
    moved = RigidTransform.from_quaternion([0, 0, np.sin(0.004), np.cos(0.004)], [0.15, 0.0, 0.0])
    camera_from_cloud = (moved @ RigidTransform(_OPTICAL, np.array([0.3, 0.0, -0.25]))).inverse()
    fixed_from_cloud = RigidTransform.from_quaternion(
        [0, 0, np.sin(0.35), np.cos(0.35)], [1200.0, -3400.0, 30.0 + _HEIGHT]
    )
    image, observations = _draw(objects, camera, camera_from_cloud)
    return FusionInput(
        points, _message(xyz, generator), image, observations, camera, camera_from_cloud, fixed_from_cloud
    )


def _is_flat(number: int) -> bool:
    return number % _FLAT_EVERY == _FLAT_EVERY // 2


def _objects(count: int, generator: np.random.Generator) -> list[_Block]:
    """Spread objects over the camera's view: each in its own sector, near and far in turn."""
    objects = []
    for number in range(count):
        angle = np.deg2rad(26) * (2 * (number + 0.5) / count - 1)
        distance = 6.0 + 24.0 * ((number * 0.618) % 1.0)
        length, width, height = generator.uniform(0.2, 1.0, 3) * (1.0 + distance / 20)
        height = 0.0 if _is_flat(number) else height
        yaw = float(generator.uniform(-1.5, 1.5))
        objects.append(_Block(distance * np.cos(angle), distance * np.sin(angle), length, width, height, yaw))
    return objects


def _surroundings(generator: np.random.Generator) -> list[_Block]:
    """Return hangars all around, and parked equipment outside the picture and behind the objects."""
    blocks = [_Block(65, 0, 20, 90, 14, 0), _Block(-60, 10, 20, 100, 12, 0.1), _Block(0, 70, 120, 20, 10, 0)]
    for _ in range(25):
        angle, distance = generator.uniform(0.6, 2 * np.pi - 0.6), generator.uniform(8, 50)
        size = generator.uniform((1, 1, 0.8), (6, 2.5, 3.5))
        blocks.append(_Block(distance * np.cos(angle), distance * np.sin(angle), *size, yaw=angle))
    for y in np.linspace(-18, 18, 7):
        blocks.append(_Block(42 + float(generator.uniform(-4, 4)), y, 4, 2, 1.8, 0.3))
    return blocks


def _scan(points: int, blocks: list[_Block], generator: np.random.Generator) -> NDArray[np.float32]:
    """Return points of one or more LiDARs around the vehicle's roof, float32 [points, 3]."""
    count = max(1, round(points / LIDAR_POINTS))
    shares = np.diff(np.linspace(0, points, count + 1).astype(int))
    parts = []
    for number, share in enumerate(shares):
        place = np.array([0.0, 0.0, 0.0])
        if number:  # the first is where the cloud's frame is, the others are at the roof's corners
            turn = 2 * np.pi * number / count
            place = np.array([1.5 * np.cos(turn), 0.8 * np.sin(turn), -0.1])
        parts.append(_scan_from(place, int(share), blocks, generator))
    return np.vstack(parts)


def _scan_from(
    place: NDArray[np.float64], points: int, blocks: list[_Block], generator: np.random.Generator
) -> NDArray[np.float32]:
    """Turn one LiDAR round once; rays enough that at least `points` return, an even part of them kept."""
    rays = int(1.02 * points / max(np.isfinite(_reach(place, _rays(20_000), blocks)).mean(), 0.1))
    directions = _rays(max(rays, _BEAMS))
    reach = _reach(place, directions, blocks)
    index = np.flatnonzero(np.isfinite(reach))
    index = index[np.linspace(0, len(index) - 1, points).round().astype(np.intp)]
    reach = reach[index] + generator.normal(0, _NOISE, points)
    return (place + directions.reshape(-1, 3)[index] * reach[:, None]).astype(np.float32)


def _rays(count: int) -> NDArray[np.float64]:
    """Return the directions of about `count` rays, float64 [beams, n, 3]."""
    elevation = np.deg2rad(np.linspace(_LOWEST, _HIGHEST, _BEAMS))[:, None]
    azimuth = 2 * np.pi * (np.arange(count // _BEAMS) + 0.013)[None] / (count // _BEAMS)
    level = np.cos(elevation)
    return np.stack(
        [
            level * np.cos(azimuth),
            level * np.sin(azimuth),
            np.broadcast_to(np.sin(elevation), (_BEAMS, azimuth.shape[1])),
        ],
        axis=2,
    )


def _reach(
    place: NDArray[np.float64], rays: NDArray[np.float64], blocks: list[_Block]
) -> NDArray[np.float64]:
    """Return how far each ray goes until the ground or a block, float64 [n]; infinite without return."""
    normal = np.array([-_SLOPE[0], -_SLOPE[1], 1.0])
    with np.errstate(divide="ignore", invalid="ignore"):
        reach = (-_HEIGHT - place @ normal) / (rays @ normal)
        reach[reach < 0] = np.inf
        for block in blocks:
            cos, sin = np.cos(block.yaw), np.sin(block.yaw)
            turn = np.array([[cos, sin, 0], [-sin, cos, 0], [0, 0, 1]])
            start = turn @ (place - (block.x, block.y, block.ground))
            half = np.array([block.length / 2, block.width / 2, 0])
            # only the columns of rays that point to it: most blocks fill a few degrees
            towards = np.arctan2(block.y - place[1], block.x - place[0])
            distance = np.hypot(block.y - place[1], block.x - place[0])
            opening = np.arcsin(min(float(np.hypot(*half[:2])) / distance, 1.0))
            off = np.angle(np.exp(1j * (np.arctan2(rays[0, :, 1], rays[0, :, 0]) - towards)))
            columns = np.flatnonzero(np.abs(off) <= opening)
            local = rays[:, columns] @ turn.T
            one = (np.array([-half[0], -half[1], 0.0]) - start) / local
            other = (np.array([half[0], half[1], block.height]) - start) / local
            near = np.minimum(one, other).max(axis=2)
            far = np.maximum(one, other).min(axis=2)
            hit = (near < far) & (near > 0)
            reach[:, columns] = np.where(hit, np.minimum(reach[:, columns], near), reach[:, columns])
    return np.where(reach < _RANGE, reach, np.inf).ravel()


def _draw(
    objects: list[_Block], camera: CameraModel, camera_from_cloud: RigidTransform
) -> tuple[NDArray[np.uint8], tuple[RegionObservation, ...]]:
    """Draw the objects' outlines, far ones first, and describe what is left of each."""
    image = np.zeros((camera.height, camera.width), np.uint8)
    order = sorted(range(len(objects)), key=lambda number: -np.hypot(objects[number].x, objects[number].y))
    for number in order:
        uv, _ = camera.project(camera_from_cloud.apply(objects[number].corners()))
        outline = cv2.convexHull(np.rint(uv).astype(np.int32))
        cv2.fillConvexPoly(image, outline, number + 1)
        cv2.polylines(image, [outline], True, number + 1, 3)  # a mask that bleeds over the border
    regions = []
    for number in range(len(objects)):
        box = cv2.boundingRect((image == number + 1).astype(np.uint8))
        state = _FLAT if _is_flat(number) else _OBJECT
        regions.append(RegionObservation(number + 1, "", 0, (), 0.9, tuple(box), state))
    return image, tuple(region for region in regions if region.box[2])


def _message(xyz: NDArray[np.float32], generator: np.random.Generator) -> bytes:
    """Return the points as a PointCloud2's data."""
    cloud = np.zeros(len(xyz), LAYOUT)
    cloud["x"], cloud["y"], cloud["z"] = xyz.T
    cloud["intensity"] = generator.uniform(0, 100, len(xyz))
    cloud["time"] = np.linspace(0, 0.1, len(xyz))
    return cloud.tobytes()
