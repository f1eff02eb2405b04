"""`clipomaly simulate`: write a small synthetic bag with ground truth."""

from __future__ import annotations

import argparse
from pathlib import Path

from tqdm import tqdm

from clipomaly_ros.simulation.bag_writer import write_bag
from clipomaly_ros.simulation.drive import Drive


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the options."""
    parser.add_argument("-o", "--out", type=Path, required=True, help="folder of the new bag")
    parser.add_argument("--frames", type=int, default=30, help="camera frames at 10 Hz (default: 30)")
    parser.add_argument("--seed", type=int, default=0, help="places the anomalies (default: 0)")


def run(options: argparse.Namespace) -> int:
    """Simulate and write; exit code 0."""
    if options.seed < 0:
        raise ValueError(f"expected a seed of 0 or more, got {options.seed}")
    with tqdm(total=options.frames, desc="simulating", unit="frame", leave=False) as bar:
        write_bag(options.out, Drive(options.seed), options.frames, lambda done: bar.update(1))
    size = sum(file.stat().st_size for file in options.out.iterdir()) / 1e6
    print(f"{options.out}: {options.frames} frames, {size:.1f} MB")
    return 0
