"""Pictures of a data set with their ground truth, from one scene at a time."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from clipomaly_ros.simulation.camera_models import CAMERAS
from clipomaly_ros.simulation.camera_sensor import CameraImage, CameraSensor
from clipomaly_ros.simulation.classes import ANOMALY, VOID
from clipomaly_ros.simulation.dataset_settings import DatasetSettings
from clipomaly_ros.simulation.scene import make_scene
from clipomaly_ros.simulation.scene_types import Scene
from clipomaly_ros.simulation.splits import find_split
from clipomaly_ros.simulation.views import View, drive_views, training_views
from clipomaly_ros.simulation.world import World

JPEG_QUALITY = 92
LEAST_PIXELS = 10  # an anomaly with fewer counts neither for nor against anything
DEPTH_UNIT = 0.005  # of depth pictures [m]; 0 is nothing within 327 m
RECORDS = "records"

_NORMAL, _ANOMALOUS, _LEFT_OUT = 0, 1, 255  # of the SegmentMeIfYouCan masks


def files_of(folder: Path, name: str, depth: bool) -> dict[str, Path]:
    """Return the files of a frame by kind."""
    files = {
        "image": folder / "images" / f"{name}.jpg",
        "mask": folder / "labels_masks" / f"{name}_labels_semantic.png",
        "semantic": folder / "semantic" / f"{name}.png",
        "instances": folder / "instances" / f"{name}.png",
    }
    if depth:
        files["depth"] = folder / "depth" / f"{name}.png"
    return files


def read_record(folder: Path, name: str, depth: bool) -> dict[str, Any] | None:
    """Return the record of a finished frame; None where it or one of its files is missing or changed."""
    path = folder / RECORDS / f"{name}.json"
    if not path.is_file():
        return None
    try:
        record: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
        hashes = dict(record["sha256"])
    except (ValueError, KeyError, TypeError):  # damaged, as after a crash of the machine
        return None
    for kind, file in files_of(folder, name, depth).items():
        if not file.is_file() or hashlib.sha256(file.read_bytes()).hexdigest() != hashes.get(kind):
            return None
    return record


def write_scene(folder: Path, settings: DatasetSettings, number: int) -> int:
    """Render and write all frames of scene number that are not there yet; return how many frames it has."""
    frames = settings.frames_of_scene(number)
    if all(read_record(folder, settings.name(frame), settings.depth) for frame in frames):
        return len(frames)
    cv2.setNumThreads(1)  # the processes share the cores already
    condition = settings.condition(number)
    scene = make_scene(number, condition, settings.split, settings.anomalies)
    world = World([item.parts for item in scene.objects])
    camera = CAMERAS[settings.camera]
    sensor = CameraSensor(camera, scene, world)
    generator = find_split(settings.split).generator(number, 4)
    if settings.window is None:
        views = drive_views(generator, settings.views)
    else:
        views = training_views(scene, world, camera, generator, settings.views, settings.window)
    if not views:
        raise ValueError(f"expected room for a camera in scene {number} of {settings.split}, found none")
    for place, frame in enumerate(frames):
        if read_record(folder, settings.name(frame), settings.depth) is None:
            # Where few places were found, the last ones are looked from again, with other noise.
            noise = find_split(settings.split).generator(number, 5, place)
            view = views[place % len(views)]
            image = sensor.render(view.world_from_camera, view.window, noise)
            _write_frame(folder, settings, frame, number, scene, view, image)
    return len(frames)


def _write_frame(
    folder: Path,
    settings: DatasetSettings,
    frame: int,
    number: int,
    scene: Scene,
    view: View,
    image: CameraImage,
) -> None:
    name = settings.name(frame)
    annotations = [
        _annotation(scene, index, image.objects == index, view.world_from_camera[:3, 3])
        for index in np.unique(image.objects[image.objects >= 0]).tolist()
    ]
    semantic = image.labels.copy()
    for item in annotations:
        if item["anomalous"] and item["area"] < LEAST_PIXELS:
            semantic[image.objects == item["instance"] - 1] = VOID
    mask = np.full(semantic.shape, _NORMAL, np.uint8)
    mask[semantic == ANOMALY], mask[semantic == VOID] = _ANOMALOUS, _LEFT_OUT
    pictures: dict[str, NDArray] = {
        "image": image.rgb[..., ::-1],
        "mask": mask,
        "semantic": semantic,
        "instances": (np.maximum(image.objects, -1) + 1).astype(np.uint16),
    }
    if settings.depth:
        steps = np.round(np.nan_to_num(image.depth, posinf=0.0) / DEPTH_UNIT)
        pictures["depth"] = np.where(steps > np.iinfo(np.uint16).max, 0, steps).astype(np.uint16)
    hashes = {}
    for kind, path in files_of(folder, name, settings.depth).items():
        options = [cv2.IMWRITE_JPEG_QUALITY, JPEG_QUALITY] if path.suffix == ".jpg" else []
        _, data = cv2.imencode(path.suffix, pictures[kind], options)
        path.write_bytes(data.tobytes())
        hashes[kind] = hashlib.sha256(data.tobytes()).hexdigest()
    camera = CAMERAS[settings.camera]
    x, y = view.window[:2] if view.window else (0, 0)
    record = {
        "name": name,
        "scene": number,
        "condition": scene.condition.name,
        "slice": settings.condition(number),
        "camera": camera.name,
        "width": int(semantic.shape[1]),
        "height": int(semantic.shape[0]),
        "window": None if view.window is None else list(view.window),
        "K": (camera.K - [[0, 0, x], [0, 0, y], [0, 0, 0]]).tolist(),
        "D": camera.D.tolist(),
        "world_from_camera": np.round(view.world_from_camera, 9).tolist(),
        "annotations": annotations,
        "sha256": hashes,
    }
    path = folder / RECORDS / f"{name}.json"
    part = path.with_suffix(".part")
    part.write_text(json.dumps(record), encoding="utf-8")
    part.replace(path)  # the record comes last and whole: with it the frame is finished


def _annotation(
    scene: Scene, index: int, mask: NDArray[np.bool_], eye: NDArray[np.float64]
) -> dict[str, Any]:
    item = scene.objects[index]
    rows, columns = np.flatnonzero(mask.any(axis=1)), np.flatnonzero(mask.any(axis=0))
    box = item.box
    return {
        "instance": index + 1,
        "name": item.name,
        "group": item.group,
        "anomalous": item.anomalous,
        "variant": item.variant,
        "bbox": [
            int(columns[0]),
            int(rows[0]),
            int(columns[-1] - columns[0] + 1),
            int(rows[-1] - rows[0] + 1),
        ],
        "area": int(mask.sum()),
        "iscrowd": 0,
        "distance": round(float(np.linalg.norm(box.centre - eye)), 3),
        "height": round(float(box.size[2]), 4),
        "size": np.round(box.size, 4).tolist(),
        "box": {
            "centre": np.round(box.centre, 4).tolist(),
            "size": np.round(box.size, 4).tolist(),
            "yaw": round(float(box.yaw), 5),
        },
    }
