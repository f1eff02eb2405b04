"""The apron benchmark: every set of pictures and every bag that it consists of, with their hashes."""

from __future__ import annotations

import hashlib
import json
import shutil
from collections.abc import Callable, Collection, Iterator, Mapping
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from types import MappingProxyType
from typing import Any

from clipomaly_ros.simulation.bag_writer import write_bag
from clipomaly_ros.simulation.camera_models import CAMERAS
from clipomaly_ros.simulation.conditions import SLICES
from clipomaly_ros.simulation.dataset import write_dataset
from clipomaly_ros.simulation.dataset_settings import DatasetSettings, default_settings
from clipomaly_ros.simulation.drive import Drive, DriveSettings
from clipomaly_ros.simulation.lidar_models import LIDARS
from clipomaly_ros.simulation.scene import make_scene
from clipomaly_ros.simulation.sources import simulator_hash

MANIFEST = "benchmark.json"
_FORMAT = 1
_BLOCK = 1 << 20  # bytes hashed at once
FIRST_BAG_SCENE = 1000  # the pictures show the scenes below: no bag has one of theirs


@dataclass(frozen=True)
class BagPlan:
    """Bags of a split, one for each condition: scenes FIRST_BAG_SCENE and following."""

    split: str
    frames: int
    anomalies: int
    camera: str = "hd"
    lidar: str = "128"
    conditions: tuple[str, ...] = tuple(SLICES)

    def names(self) -> Iterator[tuple[str, str, int]]:
        """Give out name, condition and scene of each bag."""
        for number, condition in enumerate(self.conditions):
            yield f"{self.split}_{condition}", condition, FIRST_BAG_SCENE + number


# Training looks closely, from anywhere (train), at as many scenes as it can (train_scenes), and as
# far as a vehicle does (train_drives).
_FIRST_DRIVE_SCENE, _FIRST_SINGLE_SCENE = 10_000, 20_000
PICTURES: Mapping[str, DatasetSettings] = MappingProxyType(
    {
        "train": default_settings("train"),
        "train_drives": DatasetSettings("train", 900, views=3, anomalies=12, first_scene=_FIRST_DRIVE_SCENE),
        "train_scenes": DatasetSettings(
            "train", 1800, window=512, views=2, anomalies=12, first_scene=_FIRST_SINGLE_SCENE
        ),
        "validation": default_settings("validation"),
        "test": default_settings("test"),
        "nofod": default_settings("nofod"),
    }
)
_QUICK_COUNTS: Mapping[str, int] = MappingProxyType(
    {"train": 12, "train_drives": 3, "train_scenes": 4, "validation": 4, "test": 8, "nofod": 8}
)
BAGS: Mapping[str, BagPlan] = MappingProxyType(
    {"test_bags": BagPlan("test", 60, 10), "nofod_bags": BagPlan("nofod", 30, 0)}
)
QUICK_BAGS: Mapping[str, BagPlan] = MappingProxyType(
    {
        "test_bags": BagPlan("test", 6, 10, "vga", "32", ("dry", "night")),
        "nofod_bags": BagPlan("nofod", 6, 0, "vga", "32", ("dry", "night")),
    }
)
PARTS = (*PICTURES, *BAGS)


@dataclass(frozen=True)
class BenchmarkPlan:
    """What a benchmark consists of: settings of each set of pictures and plan of each set of bags."""

    pictures: Mapping[str, DatasetSettings]
    bags: Mapping[str, BagPlan]

    @property
    def steps(self) -> int:
        """Return how many pictures and frames there are."""
        frames = sum(plan.frames * len(plan.conditions) for plan in self.bags.values())
        return frames + sum(settings.count for settings in self.pictures.values())


def benchmark_plan(quick: bool = False, parts: Collection[str] = PARTS) -> BenchmarkPlan:
    """Return the benchmark's plan, or some parts of it; quick: a few pictures, to try it out.

    Raises ValueError for a part that does not exist.
    """
    unknown = sorted(set(parts) - set(PARTS))
    if unknown:
        raise ValueError(f"expected parts out of {', '.join(PARTS)}, got {unknown[0]!r}")
    return BenchmarkPlan(
        {
            name: replace(settings, count=_QUICK_COUNTS[name]) if quick else settings
            for name, settings in PICTURES.items()
            if name in parts
        },
        {name: plan for name, plan in (QUICK_BAGS if quick else BAGS).items() if name in parts},
    )


def write_benchmark(
    folder: Path,
    plan: BenchmarkPlan,
    workers: int = 2,
    progress: Callable[[int], object] = lambda done: None,
) -> dict[str, Any]:
    """Write all pictures and bags of a plan; what is there and whole is kept. Returns the manifest.

    Layout: a folder for each set of pictures, test_bags/NAME and nofod_bags/NAME, and
    `benchmark.json` with the settings and SHA-256 of each part, and that of the simulator which made
    it. progress is told each number of finished pictures. Raises ValueError for a folder begun with
    another plan or by another simulator.
    """
    folder.mkdir(parents=True, exist_ok=True)
    manifest = _read_manifest(folder)
    for name, settings in plan.pictures.items():
        _check(folder, manifest["pictures"], name, settings.as_dict())
        whole = write_dataset(folder / name, settings, workers, progress)
        manifest["pictures"][name] = {
            "settings": settings.as_dict(),
            "simulator": simulator_hash(),
            "sha256": whole,
        }
        _write_manifest(folder, manifest)
    for name, bags in plan.bags.items():
        settings_of = {**asdict(bags), "conditions": list(bags.conditions)}
        _check(folder, manifest["bags"], name, settings_of)
        entry = manifest["bags"].setdefault(
            name, {"settings": settings_of, "simulator": simulator_hash(), "files": {}}
        )
        for bag, condition, scene in bags.names():
            found = _hashes(folder / name / bag)
            recorded = {key: value for key, value in entry["files"].items() if key.startswith(f"{bag}/")}
            if not recorded or recorded != found:
                shutil.rmtree(folder / name / bag, ignore_errors=True)
                _write(folder / name, bag, bags, condition, scene, progress)
                entry["files"] = {
                    key: value for key, value in entry["files"].items() if key not in recorded
                } | _hashes(folder / name / bag)
                _write_manifest(folder, manifest)
            else:
                progress(bags.frames)
    return manifest


def _write(
    folder: Path,
    name: str,
    plan: BagPlan,
    condition: str,
    scene: int,
    progress: Callable[[int], object],
) -> None:
    """Write a bag beside the finished ones, then move it there: what has its place is whole."""
    unfinished = folder / "unfinished"
    shutil.rmtree(unfinished, ignore_errors=True)
    unfinished.mkdir(parents=True)
    settings = DriveSettings(camera=CAMERAS[plan.camera], lidar=LIDARS[plan.lidar])
    drive = Drive(scene, make_scene(scene, condition, plan.split, plan.anomalies), settings)
    write_bag(unfinished / name, drive, plan.frames, lambda done: progress(1))
    (unfinished / name).rename(folder / name)
    unfinished.rmdir()


def _check(folder: Path, entries: Mapping[str, Any], name: str, wanted: dict[str, Any]) -> None:
    found = entries.get(name)
    if found is not None and found["settings"] != wanted:
        raise ValueError(
            f"{folder}: {name} was begun with other settings: give another folder or remove this one; "
            f"found {found['settings']}, wanted {wanted}"
        )
    begun = simulator_hash() if found is None else str(found.get("simulator", "an unknown one"))
    if begun != simulator_hash():
        raise ValueError(
            f"{folder}: {name} was begun by another simulator, {begun:.12}, this one is "
            f"{simulator_hash():.12}: finish it with that version, or give another folder"
        )


def _hashes(bag: Path) -> dict[str, str]:
    """Return BAG/FILE -> SHA-256 of a bag's files, nothing when there is no bag."""
    files = sorted(bag.iterdir()) if bag.is_dir() else []
    return {f"{bag.name}/{file.name}": _sha256(file) for file in files if file.is_file()}


def _sha256(file: Path) -> str:
    digest = hashlib.sha256()
    with file.open("rb") as stream:
        while block := stream.read(_BLOCK):
            digest.update(block)
    return digest.hexdigest()


def _read_manifest(folder: Path) -> dict[str, Any]:
    path = folder / MANIFEST
    if not path.is_file():
        return {"format": _FORMAT, "pictures": {}, "bags": {}}
    try:
        content: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
        entries = [*content["pictures"].values(), *content["bags"].values()]
        whole = all(isinstance(entry["settings"], dict) for entry in entries)
        whole &= all(isinstance(entry["files"], dict) for entry in content["bags"].values())
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise ValueError(f"{path}: expected the manifest of a benchmark: {error!r}") from error
    if not whole or content.get("format") != _FORMAT:
        raise ValueError(f"{path}: expected a manifest of format {_FORMAT}; give another folder")
    return content


def _write_manifest(folder: Path, manifest: dict[str, Any]) -> None:
    parts = {key: value for key, value in manifest.items() if key != "sha256"}
    manifest["sha256"] = hashlib.sha256(json.dumps(parts, sort_keys=True).encode()).hexdigest()
    path = folder / MANIFEST
    fresh = path.with_suffix(".part")
    fresh.write_text(json.dumps(manifest, indent=1, sort_keys=True) + "\n", encoding="utf-8")
    fresh.replace(path)
