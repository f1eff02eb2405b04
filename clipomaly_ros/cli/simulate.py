"""`clipomaly simulate`: write a drive over the synthetic apron as a bag, pictures, or a whole benchmark."""

from __future__ import annotations

import argparse
from dataclasses import replace
from pathlib import Path

import numpy as np
from tqdm import tqdm

from clipomaly_ros.cli import simulate_benchmark
from clipomaly_ros.simulation.anomaly_placement import FREE_WAY
from clipomaly_ros.simulation.bag_writer import BagOptions, write_bag
from clipomaly_ros.simulation.camera_effects import CameraEffects
from clipomaly_ros.simulation.camera_models import CAMERAS
from clipomaly_ros.simulation.conditions import SLICES
from clipomaly_ros.simulation.dataset import write_dataset
from clipomaly_ros.simulation.dataset_settings import default_settings
from clipomaly_ros.simulation.drive import LEAD, SECOND, Drive, DriveSettings
from clipomaly_ros.simulation.lidar_models import LIDARS
from clipomaly_ros.simulation.scene import make_scene
from clipomaly_ros.simulation.splits import SPLITS


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the options."""
    kinds = parser.add_subparsers(dest="kind", metavar="KIND", required=True)
    _add_bag(kinds.add_parser("bag", help="write a drive as a rosbag2 bag with ground truth"))
    _add_images(kinds.add_parser("images", help="write pictures with masks, classes and instances"))
    simulate_benchmark.add_arguments(
        kinds.add_parser("benchmark", help="write all pictures and bags of the apron benchmark")
    )


def run(options: argparse.Namespace) -> int:
    """Simulate and write; exit code 0."""
    runs = {"bag": _run_bag, "images": _run_images, "benchmark": simulate_benchmark.run}
    return runs[options.kind](options)


def _add_bag(parser: argparse.ArgumentParser) -> None:
    add = parser.add_argument
    add("-o", "--out", type=Path, required=True, help="folder of the new bag")
    add("--frames", type=int, default=100, help="camera frames (default: %(default)s)")
    add("--rate", type=float, default=10.0, help="frames per second (default: %(default)s)")
    add("--seed", type=int, default=0, help="number of the scene in its split (default: %(default)s)")
    add("--split", choices=SPLITS, default="demo", help="whose scenes (default: %(default)s)")
    add("--condition", choices=SLICES, default="dry", help="light and weather (default: %(default)s)")
    add("--anomalies", type=int, default=10, help="how many things lie about (default: %(default)s)")
    add("--camera", choices=CAMERAS, default="vga", help="camera (default: %(default)s)")
    add("--lidar", choices=LIDARS, default="32", help="LiDAR: number of beams (default: %(default)s)")
    add("--full-turn", action="store_true", help="keep the whole turn of the LiDAR, not the sector ahead")
    add("--quality", type=int, default=88, help="JPEG quality, 0: raw pictures (default: %(default)s)")
    add("--truth-pictures", action="store_true", help="write depth and class pictures, too")
    add("--exposure", type=float, default=1.0, help="factor on the light (default: %(default)s)")
    add("--noise", type=float, default=0.0, help="noise of the camera, full scale 1 (default: %(default)s)")
    add("--shutter", type=float, default=0.004, help="for the motion blur [s] (default: %(default)s)")
    add("--clock-offset", type=float, default=0.0, help="of the camera's clock [s] (default: %(default)s)")
    add(
        "--extrinsic-error",
        type=float,
        nargs=6,
        default=(0.0,) * 6,
        metavar=("X", "Y", "Z", "ROLL", "PITCH", "YAW"),
        help="error of the LiDAR's calibration [m, rad] (default: none)",
    )


def _add_images(parser: argparse.ArgumentParser) -> None:
    add = parser.add_argument
    add("-o", "--out", type=Path, required=True, help="folder of the data set; one begun is continued")
    add("--split", choices=SPLITS, required=True, help="whose scenes, and what may appear in them")
    add("--count", type=int, help="pictures (default: as usual for the split)")
    add("--conditions", nargs="+", choices=SLICES, help="light and weather, in turn (default: all)")
    add("--camera", choices=CAMERAS, help="camera (default: hd)")
    add(
        "--window",
        type=int,
        help="side of square parts of pictures [pixel], 0 for whole ones (default: 512 for train)",
    )
    add("--views", type=int, help="pictures of each scene (default: 6 for train, else 4)")
    add("--anomalies", type=int, help="in each scene (default: 12 for train, else 7)")
    add("--first-scene", type=int, help="number of the first scene in the split (default: 0)")
    add("--workers", type=int, default=2, help="processes (default: %(default)s)")


def _run_bag(options: argparse.Namespace) -> int:
    settings = DriveSettings(
        frame_rate=options.rate,
        camera=CAMERAS[options.camera],
        lidar=LIDARS[options.lidar],
        sector=None if options.full_turn else float(np.deg2rad(120)),
        effects=CameraEffects(exposure=options.exposure, noise=options.noise, shutter=options.shutter),
        clock_offset=options.clock_offset,
        extrinsic_error=tuple(options.extrinsic_error),
    )
    way = settings.path.speed * (LEAD / SECOND + max(options.frames - 1, 0) / settings.frame_rate)
    if way > FREE_WAY:
        raise ValueError(
            f"expected a drive of at most {FREE_WAY:g} m, beyond which the vehicle would meet what stands "
            f"about; {options.frames} frames at {options.rate:g} Hz take {way:.1f} m"
        )
    truth = options.truth_pictures
    content = BagOptions(jpeg_quality=options.quality, depth=truth, labels=truth)
    scene = make_scene(options.seed, options.condition, options.split, options.anomalies)
    drive = Drive(options.seed, scene, settings)
    with tqdm(total=options.frames, desc="simulating", unit="frame", leave=False) as bar:
        write_bag(options.out, drive, options.frames, lambda done: bar.update(1), content)
    size = sum(file.stat().st_size for file in options.out.iterdir()) / 1e6
    print(f"{options.out}: {options.frames} frames, {size:.1f} MB")
    return 0


def _run_images(options: argparse.Namespace) -> int:
    settings = default_settings(
        options.split,
        count=options.count,
        conditions=None if options.conditions is None else tuple(options.conditions),
        camera=options.camera,
        window=options.window or None,
        views=options.views,
        anomalies=options.anomalies,
        first_scene=options.first_scene,
    )
    if options.window == 0:
        settings = replace(settings, window=None)
    with tqdm(total=settings.count, desc=f"rendering {settings.split}", unit="picture", leave=False) as bar:
        whole = write_dataset(options.out, settings, options.workers, bar.update)
    print(f"{options.out}: {settings.count} pictures, SHA-256 {whole}")
    return 0
