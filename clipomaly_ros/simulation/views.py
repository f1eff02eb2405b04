"""Where the pictures of a data set are taken from."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from clipomaly_ros.simulation.anomaly_placement import WAY
from clipomaly_ros.simulation.camera_models import CameraModel
from clipomaly_ros.simulation.classes import VOID, class_index
from clipomaly_ros.simulation.drive import BASE_FROM_CAMERA
from clipomaly_ros.simulation.ground_plan import GroundPlan
from clipomaly_ros.simulation.mesh import pose
from clipomaly_ros.simulation.scene_types import Scene
from clipomaly_ros.simulation.vehicle_path import VehiclePath
from clipomaly_ros.simulation.world import World

Window = tuple[int, int, int, int]

_OPTICAL = np.array([[0.0, 0.0, 1.0], [-1.0, 0.0, 0.0], [0.0, -1.0, 0.0]])  # level <- optical axes
_ON_ANOMALY, _ON_GROUND = 0.55, 0.12  # shares of what training windows look at; the rest: objects
_APPARENT = (14.0, 420.0)  # size of it in the picture [pixel]
_NEAREST, _FARTHEST = 2.5, 48.0  # how far off it is [m]
_ELBOW_ROOM = 0.7  # around a camera [m]
_PITCH = (-10.0, 30.0)  # how far up (negative) and down a vehicle's camera looks [degrees]
_TRIES = 30


@dataclass(frozen=True, eq=False)
class View:
    """A picture to take: world <- camera, float64 [4, 4] (optical frame), and what part of it."""

    world_from_camera: NDArray[np.float64]
    window: Window | None = None


def drive_views(generator: np.random.Generator, count: int) -> list[View]:
    """Return views from places along the vehicle's way, as its camera has them."""
    path = VehiclePath()
    stations = (np.arange(count) + generator.random(count)) / count * WAY
    return [View(matrix @ BASE_FROM_CAMERA) for matrix in path.poses(stations / path.speed)]


def training_views(
    scene: Scene, world: World, camera: CameraModel, generator: np.random.Generator, count: int, side: int
) -> list[View]:
    """Return square windows, side pixels wide, from anywhere between the objects of a scene.

    Most look at something that does not belong there, others at objects or at the ground, from
    far and near. Fewer than count only where there is no room for a camera.
    """
    plan = GroundPlan()
    for item in scene.objects:
        plan.take(item.parts)
    views = []
    for _ in range(count):
        for _attempt in range(_TRIES):
            target, size = _target(scene, generator)
            view = _towards(target, size, plan, world, camera, generator, side)
            if view is not None:
                views.append(view)
                break
    return views


def _target(scene: Scene, generator: np.random.Generator) -> tuple[NDArray[np.float64], float]:
    """Pick a point to look at, float64 [3], and how large the thing there is [m]."""
    turn = generator.random()
    anomalies = scene.anomalies
    if anomalies and turn < _ON_ANOMALY:
        box = scene.objects[int(generator.choice(anomalies))].box
        return box.centre, float(box.size.max())
    if turn > 1 - _ON_GROUND:
        return np.array([generator.uniform(5, 50), generator.uniform(-15, 15), 0.0]), 3.0
    # Each kind equally often, however many there are of it.
    known = [item for item in scene.objects if not item.anomalous and class_index(item.name) != VOID]
    names = sorted({item.name for item in known})
    if not names:
        return np.array([20.0, 0.0, 0.0]), 3.0
    name = names[int(generator.integers(len(names)))]
    item = [item for item in known if item.name == name][
        int(generator.integers(sum(k.name == name for k in known)))
    ]
    if item.box.size.max() < 6.0:
        return item.box.centre, float(item.box.size.max())
    part = item.parts[int(generator.integers(len(item.parts)))]
    low, high = part.vertices.min(axis=0), part.vertices.max(axis=0)
    return (low + high) / 2, float(np.clip((high - low).max(), 1.5, 10.0))


def _towards(
    target: NDArray[np.float64],
    size: float,
    plan: GroundPlan,
    world: World,
    camera: CameraModel,
    generator: np.random.Generator,
    side: int,
) -> View | None:
    """Return a view of a target from a random place, None where no camera can stand or see it."""
    focal = camera.K[0, 0]
    apparent = np.exp(generator.uniform(*np.log(_APPARENT)))
    distance = float(np.clip(focal * size / apparent, _NEAREST, _FARTHEST))
    direction = generator.uniform(-np.pi, np.pi)
    height = generator.uniform(1.2, 2.5)
    x, y = target[:2] - distance * np.array([np.cos(direction), np.sin(direction)])
    if not plan.standable(x, y, _ELBOW_ROOM):
        return None
    eye = np.array([x, y, height])
    ray = target - eye
    reach = float(np.linalg.norm(ray))
    if world.blocked(eye[None], ray[None] / reach, max(reach - size, 0.3 * reach))[0]:
        return None
    # The camera is turned so that the target is somewhere in the picture, level as a vehicle is.
    margin = 60
    aside = generator.uniform(margin, camera.width - margin) - camera.K[0, 2]
    pitch = np.radians(generator.normal(6.5, 3.0))
    below = np.arctan2(height - target[2], np.hypot(*ray[:2]))
    lowest, highest = (np.arctan((v - camera.K[1, 2]) / focal) for v in (margin, camera.height - margin))
    pitch = below - np.clip(below - pitch, lowest, highest)
    if not _PITCH[0] < np.degrees(pitch) < _PITCH[1]:
        return None
    yaw = direction + np.arctan(aside / focal)
    matrix = pose(eye, roll=generator.normal(0, np.radians(0.8)), pitch=pitch, yaw=yaw)
    matrix[:3, :3] = matrix[:3, :3] @ _OPTICAL
    u, v, depth = camera.K @ (np.linalg.inv(matrix) @ (*target, 1.0))[:3]
    middle = np.array([u, v]) / depth + generator.uniform(-0.32, 0.32, 2) * side
    corner = np.clip(middle - side / 2, 0, (camera.width - side, camera.height - side)).astype(int)
    return View(matrix, (int(corner[0]), int(corner[1]), side, side))
