"""`clipomaly soak`: the fusion node under faults for a long time, and the verdict."""

from __future__ import annotations

import argparse
import json
import math
import tempfile
from dataclasses import asdict
from pathlib import Path

from tqdm import tqdm

from clipomaly_ros.cli.outputs import prepare_file
from clipomaly_ros.soak.judge import judge, table
from clipomaly_ros.soak.observations import Observations
from clipomaly_ros.soak.session import SoakSettings, run_soak


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the options."""
    add = parser.add_argument
    add("--minutes", type=float, default=10.0, help="how long to feed the node (default: %(default)s)")
    add("--seed", type=int, default=0, help="of the faults: equal seeds repeat them (default: %(default)s)")
    add(
        "--faults",
        type=float,
        default=0.25,
        metavar="SHARE",
        help="share of the steps at which a fault begins, 0 to 1 (default: %(default)s)",
    )
    add("--json", type=Path, metavar="FILE", help="write what was seen and the verdict to a file as well")


def run(options: argparse.Namespace) -> int:
    """Run and print a table; 0 when every check holds, else 1."""
    if not math.isfinite(options.minutes):
        raise ValueError(f"--minutes: expected a number, got {options.minutes}")
    settings = SoakSettings(options.minutes * 60.0, options.seed, options.faults)
    prepare_file(options.json)
    with (
        tempfile.TemporaryDirectory(prefix="clipomaly_soak_") as folder,
        tqdm(desc="[soak]", unit="step", leave=False, disable=None) as bar,
    ):

        def progress(seen: Observations) -> None:
            bar.update(1)

        seen = run_soak(settings, Path(folder), progress)
    checks = judge(seen)
    passed = all(check.passed for check in checks)
    print(table(seen, checks))
    print(f"seed {settings.seed}: {'all checks hold' if passed else 'VIOLATED'}")
    if options.json:
        report = {
            "passed": passed,
            "seed": settings.seed,
            "checks": [asdict(check) for check in checks],
            "seen": vars(seen),
        }
        options.json.write_text(json.dumps(report, indent=2) + "\n", encoding="utf-8")
    return 0 if passed else 1
