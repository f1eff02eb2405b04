"""`clipomaly evaluate fusion`: hazard zones against labelled 3D boxes."""

from __future__ import annotations

import argparse
import json
from dataclasses import asdict
from pathlib import Path

from clipomaly_ros.cli.outputs import prepare_file
from clipomaly_ros.evaluation.fusion import (
    EDGE_ERROR_LIMIT,
    MAX_DISTANCE,
    POINT_PRECISION_LIMIT,
    POINT_RECALL_LIMIT,
    FusionReport,
    evaluate_fusion,
)
from clipomaly_ros.evaluation.kitti import data_root


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the options of the command."""
    parser.add_argument(
        "--root",
        type=Path,
        metavar="DIR",
        help="folder with image_2, velodyne, calib and label_2 "
        "(default: kitti_labelled below $CLIPOMALY_DATA)",
    )
    parser.add_argument(
        "--sloppy", action="store_true", help="also masks 10 %% too large, too small, shifted"
    )
    parser.add_argument("--json", type=Path, metavar="FILE", help="write the scores to a file as well")


def run(options: argparse.Namespace) -> int:
    """Print a table; 0 when every mask keeps the limits, else 1."""
    prepare_file(options.json)
    report = evaluate_fusion(options.root or data_root() / "kitti_labelled", sloppy=options.sloppy)
    print(table(report))
    if options.json:
        scores = [
            {**asdict(score), "support": score.support.name, "passed": score.passed}
            for score in report.scores
        ]
        options.json.write_text(json.dumps({"passed": report.passed, "scores": scores}, indent=2) + "\n")
    return 0 if report.passed else 1


def table(report: FusionReport) -> str:
    """Return the scores as text, one line an object and mask, with the limits and the verdict."""
    lines = [
        f"{'frame':<8}{'object':<12}{'mask':<15}{'at [m]':>7}{'support':>14}{'points':>8}"
        f"{'recall':>9}{'precision':>11}{'edge [m]':>10}"
    ]
    for score in report.scores:
        lines.append(
            f"{score.frame:<8}{score.kind:<12}{score.mask:<15}{score.distance:>7.2f}"
            f"{score.support.name.lower():>14}{score.zone_points:>8}{score.point_recall:>9.1%}"
            f"{score.point_precision:>11.1%}{score.edge_error:>+10.3f}{'' if score.passed else '  MISSED'}"
        )
    lines.append(
        f"limits within {MAX_DISTANCE:.0f} m: point recall >= {POINT_RECALL_LIMIT:.0%}, "
        f"point precision >= {POINT_PRECISION_LIMIT:.0%}, nearest edge within {EDGE_ERROR_LIMIT} m: "
        f"{'kept' if report.passed else 'MISSED'}"
    )
    return "\n".join(lines)
