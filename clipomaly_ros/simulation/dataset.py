"""Data sets of synthetic pictures: SegmentMeIfYouCan masks, classes, instances, and a COCO-style index."""

from __future__ import annotations

import hashlib
import json
import multiprocessing
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

from ament_index_python.packages import get_package_share_directory

from clipomaly_ros.simulation.assets.registry import ANOMALIES
from clipomaly_ros.simulation.classes import ANOMALY, CLASS_NAMES, VOID
from clipomaly_ros.simulation.dataset_frames import DEPTH_UNIT, RECORDS, files_of, read_record, write_scene
from clipomaly_ros.simulation.dataset_settings import DatasetSettings
from clipomaly_ros.simulation.sources import simulator_hash
from clipomaly_ros.simulation.splits import TRAINING_GROUPS
from clipomaly_ros.vocabulary.loading import load_vocabulary

SETTINGS, INDEX, FRAMES, HASHES = "settings.json", "instances.json", "frames.json", "hashes.json"


def write_dataset(
    folder: Path,
    settings: DatasetSettings,
    workers: int = 2,
    progress: Callable[[int], None] = lambda done: None,
) -> str:
    """Write a data set; frames that are there already and whole are kept.

    Layout: `images/NAME.jpg`; `labels_masks/NAME_labels_semantic.png`, 0 normal, 1 anomaly, 255
    void; `semantic/NAME.png`, uint8, index into info.class_names, 254 anomaly, 255 void;
    `instances/NAME.png`, uint16, an annotation's `instance`, 0 none; `depth/NAME.png`, uint16, in
    units of info.depth_unit [m], 0 none; `instances.json`, COCO style; `frames.json`, the cameras;
    `hashes.json`, SHA-256 of every file and of the simulator's sources.

    progress is told each number of finished frames. Returns the SHA-256 over all files. Raises
    ValueError for a folder that holds something else, or was begun with other settings or by
    another version of the simulator: its pictures would not belong together.
    """
    if workers < 1:
        raise ValueError(f"expected 1 worker or more, got {workers}")
    _prepare(folder, settings)
    task = partial(write_scene, folder, settings)
    if workers == 1:
        for number in settings.scenes:
            progress(task(number))
    else:
        # Not forked: threads and the ray tracer's devices do not outlive a fork.
        with multiprocessing.get_context("spawn").Pool(workers) as pool:
            for frames in pool.imap_unordered(task, settings.scenes):
                progress(frames)
    return _write_index(folder, settings)


def _prepare(folder: Path, settings: DatasetSettings) -> None:
    wanted = {**settings.as_dict(), "simulator": simulator_hash()}
    path = folder / SETTINGS
    if path.is_file():
        _check_begun(folder, path, wanted)
    elif folder.exists() and any(folder.iterdir()):
        raise ValueError(f"{folder}: expected a new or empty folder or one begun here, found other files")
    for file in files_of(folder, "", settings.depth).values():
        file.parent.mkdir(parents=True, exist_ok=True)
    (folder / RECORDS).mkdir(exist_ok=True)
    part = path.with_suffix(".part")
    part.write_text(json.dumps(wanted, indent=1), encoding="utf-8")
    part.replace(path)


def _check_begun(folder: Path, path: Path, wanted: dict[str, Any]) -> None:
    """Raise ValueError unless a data set was begun with the settings and the simulator that go on."""
    try:
        found = json.loads(path.read_text(encoding="utf-8"))
        begun = str(found.pop("simulator", "an unknown one"))
    except (ValueError, AttributeError, TypeError) as error:
        raise ValueError(f"{path}: expected the settings of a data set: {error}") from error
    settings = {key: value for key, value in wanted.items() if key != "simulator"}
    if found != settings:
        raise ValueError(f"{folder} was begun with other settings: expected {found}, got {settings}")
    if begun != wanted["simulator"]:
        raise ValueError(
            f"{folder} was begun by another simulator, {begun:.12}, this one is {wanted['simulator']:.12}: "
            "finish it with that version, or give another folder"
        )


def _categories() -> list[dict[str, Any]]:
    share = Path(get_package_share_directory("clipomaly_ros")) / "config" / "vocabulary"
    vocabulary = load_vocabulary(share / "airside_approved.yaml", share / "airside_candidates.yaml")
    named = [(entry.name, entry.group) for entry in (*vocabulary.approved, *vocabulary.candidates)]
    named += [(asset.name, asset.group) for asset in ANOMALIES.values() if asset.group in TRAINING_GROUPS]
    return [{"id": k + 1, "name": name, "supercategory": group} for k, (name, group) in enumerate(named)]


def _write_index(folder: Path, settings: DatasetSettings) -> str:
    categories = _categories()
    numbers = {category["name"]: category["id"] for category in categories}
    images: list[dict[str, Any]] = []
    annotations: list[dict[str, Any]] = []
    frames: list[dict[str, Any]] = []
    hashes: dict[str, str] = {}
    for frame in range(settings.count):
        name = settings.name(frame)
        record = read_record(folder, name, settings.depth)
        if record is None:
            raise ValueError(f"{folder}: expected the finished frame {name}, found it missing or changed")
        for kind, file in files_of(folder, name, settings.depth).items():
            hashes[file.relative_to(folder).as_posix()] = record["sha256"][kind]
        images.append(
            {
                "id": frame + 1,
                "file_name": f"{name}.jpg",
                "width": record["width"],
                "height": record["height"],
                "condition": record["slice"],
                "seed": record["scene"],
                "camera": record["camera"],
            }
        )
        for item in record.pop("annotations"):
            if item["name"] in numbers:
                annotations.append(
                    {
                        "id": len(annotations) + 1,
                        "image_id": frame + 1,
                        "category_id": numbers[item["name"]],
                        **item,
                    }
                )
        frames.append(record)
    info = {
        "description": "synthetic apron",
        "split": settings.split,
        "class_names": list(CLASS_NAMES),
        "anomaly": ANOMALY,
        "void": VOID,
        "depth_unit": DEPTH_UNIT,
        "settings": settings.as_dict(),
    }
    index = {"info": info, "images": images, "annotations": annotations, "categories": categories}
    for file, content in ((INDEX, index), (FRAMES, {"info": info, "frames": frames})):
        data = json.dumps(content, separators=(",", ":")).encode()
        (folder / file).write_bytes(data)
        hashes[file] = hashlib.sha256(data).hexdigest()
    whole = hashlib.sha256("".join(f"{hashes[k]}  {k}\n" for k in sorted(hashes)).encode()).hexdigest()
    summary = {"sha256": whole, "simulator": simulator_hash(), "files": hashes}
    (folder / HASHES).write_text(json.dumps(summary, indent=0, sort_keys=True), encoding="utf-8")
    return whole
