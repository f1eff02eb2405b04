"""`clipomaly evaluate WHAT`: measure a stage against ground truth, print the figures.

Each evaluation is a module with `add_arguments(parser)` and `run(options) -> int`.
"""

from __future__ import annotations

import argparse
import importlib

EVALUATIONS = {
    "fusion": ("clipomaly_ros.cli.evaluate_fusion", "zones against the 3D boxes of labelled KITTI frames"),
    "segmentation": (
        "clipomaly_ros.cli.evaluate_segmentation",
        "anomalies, names and labels of a model bundle against a labelled image set",
    ),
    "chain": ("clipomaly_ros.cli.evaluate_chain", "both stages on simulated bags, zones against the truth"),
    "threshold": (
        "clipomaly_ros.cli.evaluate_threshold",
        "the fixed threshold that a bundle needs, chosen on a validation split",
    ),
    "weights": (
        "clipomaly_ros.cli.evaluate_weights",
        "calibration and weights of a fused unknown score, from frames of known classes alone",
    ),
}


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add one subcommand for each evaluation."""
    choices = parser.add_subparsers(dest="evaluation", metavar="WHAT", required=True)
    for name, (module, text) in EVALUATIONS.items():
        choice = choices.add_parser(name, help=text, description=text[0].upper() + text[1:] + ".")
        importlib.import_module(module).add_arguments(choice)


def run(options: argparse.Namespace) -> int:
    """Run the chosen evaluation; 0 limits kept, 1 missed, 2 data missing."""
    return int(importlib.import_module(EVALUATIONS[options.evaluation][0]).run(options))
