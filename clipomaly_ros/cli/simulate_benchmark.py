"""`clipomaly simulate benchmark`: all pictures and bags of the apron benchmark."""

from __future__ import annotations

import argparse
from pathlib import Path

from tqdm import tqdm

from clipomaly_ros.simulation.benchmark import MANIFEST, PARTS, benchmark_plan, write_benchmark


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the options."""
    add = parser.add_argument
    add("-o", "--out", type=Path, required=True, help="folder of the benchmark; one begun is continued")
    add("--quick", action="store_true", help="a few small pictures and bags only, to try it out")
    add("--only", nargs="+", choices=PARTS, default=PARTS, metavar="PART", help=f"of {', '.join(PARTS)}")
    add("--workers", type=int, default=2, help="processes for the pictures (default: %(default)s)")


def run(options: argparse.Namespace) -> int:
    """Write what is missing; exit code 0."""
    plan = benchmark_plan(options.quick, options.only)
    with tqdm(total=plan.steps, desc="rendering", unit="picture", leave=False, disable=None) as bar:
        manifest = write_benchmark(options.out, plan, options.workers, bar.update)
    for name, entry in manifest["pictures"].items():
        print(f"{options.out / name}: {entry['settings']['count']} pictures, SHA-256 {entry['sha256']}")
    for name, entry in manifest["bags"].items():
        bags = len(entry["settings"]["conditions"])
        print(f"{options.out / name}: {bags} bags of {entry['settings']['frames']} frames")
    print(f"{options.out / MANIFEST}: SHA-256 of all {manifest['sha256']}")
    return 0
