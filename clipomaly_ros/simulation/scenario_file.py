"""What a simulated bag shows, as a small JSON file beside it: its settings and every object's box."""

from __future__ import annotations

import json
import math
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from clipomaly_ros.replay.bag_types import BagError
from clipomaly_ros.simulation.drive import Drive
from clipomaly_ros.simulation.scene_types import OrientedBox
from clipomaly_ros.simulation.splits import SPLITS

SCENARIO = "scenario.json"
_FORMAT = 1
_SEEDS_A_SPLIT = 10_000_000  # as splits.Split.scene_seed makes them


@dataclass(frozen=True, eq=False)
class ScenarioObject:
    """One object of the scene in odom.

    number: of its region and marker in the ground truth, 0 for what belongs there.
    """

    number: int
    name: str
    group: str
    box: OrientedBox

    @property
    def anomalous(self) -> bool:
        """Tell whether it does not belong there."""
        return self.number > 0


@dataclass(frozen=True, eq=False)
class Scenario:
    """A simulated drive: split "" when its scene is of none; scene: number in the split."""

    split: str
    scene: int
    condition: str
    frames: int
    settings: Mapping[str, Any]
    objects: tuple[ScenarioObject, ...]


def write_scenario(folder: Path, drive: Drive, frames: int) -> None:
    """Write the file into a bag's folder."""
    scene, settings = drive.scene, drive.settings
    tag, number = divmod(scene.seed, _SEEDS_A_SPLIT)
    split = next((name for name, rules in SPLITS.items() if rules.tag == tag), "")
    numbers = {index: number for number, index in enumerate(scene.anomalies, start=1)}
    content = {
        "format": _FORMAT,
        "split": split,
        "scene": number,
        "condition": scene.condition.name,
        "frames": frames,
        "settings": {
            "drive_seed": drive.seed,
            "camera": settings.camera.name,
            "lidar": settings.lidar.name,
            "frame_rate": settings.frame_rate,
            "lidar_delay": settings.lidar_delay,
            "clock_offset": settings.clock_offset,
            "extrinsic_error": list(settings.extrinsic_error),
        },
        "objects": [
            {
                "number": numbers.get(index, 0),
                "name": item.name,
                "group": item.group,
                "centre": _rounded(item.box.centre),
                "size": _rounded(item.box.size),
                "yaw": round(float(item.box.yaw), 5),
            }
            for index, item in enumerate(scene.objects)
        ],
    }
    (folder / SCENARIO).write_text(json.dumps(content, indent=1) + "\n", encoding="utf-8")


def read_scenario(folder: Path) -> Scenario | None:
    """Read the file of a bag's folder; None when there is none, BagError for one that is none."""
    path = folder / SCENARIO
    if not path.is_file():
        return None
    try:
        content = json.loads(path.read_text(encoding="utf-8"))
        if content["format"] != _FORMAT:
            raise ValueError(f"expected format {_FORMAT}, got {content['format']!r}")
        return Scenario(
            str(content["split"]),
            int(content["scene"]),
            str(content["condition"]),
            int(content["frames"]),
            dict(content["settings"]),
            tuple(_object(item) for item in content["objects"]),
        )
    except (ValueError, KeyError, TypeError, OverflowError) as error:
        raise BagError(
            f"{path}: not the scenario of a simulated bag: {type(error).__name__} {error}; "
            "write the bag again with `clipomaly simulate bag`"
        ) from error


def _object(item: Mapping[str, Any]) -> ScenarioObject:
    centre, size = (np.asarray(item[key], np.float64) for key in ("centre", "size"))
    yaw, number = float(item["yaw"]), int(item["number"])
    if centre.shape != (3,) or size.shape != (3,) or number < 0 or (size < 0).any():
        raise ValueError(f"expected a box of an object, got {dict(item)!r:.120}")
    if not (np.isfinite(centre).all() and np.isfinite(size).all() and math.isfinite(yaw)):
        raise ValueError(f"expected finite numbers, got {dict(item)!r:.120}")
    return ScenarioObject(number, str(item["name"]), str(item["group"]), OrientedBox(centre, size, yaw))


def _rounded(values: NDArray[np.float64]) -> list[float]:
    return [round(float(value), 4) for value in values]
