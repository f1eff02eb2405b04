"""`clipomaly bench WHAT`: measure the speed of a stage, print the figures.

Each bench is a module with `add_arguments(parser)` and `run(options) -> int`.
"""

from __future__ import annotations

import argparse
import importlib

BENCHES = {
    "vision": ("clipomaly_ros.cli.bench_vision", "time and memory of the segmenter, stage by stage"),
    "fusion": ("clipomaly_ros.cli.bench_fusion", "time of one fusion callback, stage by stage"),
    "latency": ("clipomaly_ros.cli.bench_latency", "time from a camera's stamp to the zones, over DDS"),
}


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add one subcommand for each bench."""
    choices = parser.add_subparsers(dest="bench", metavar="WHAT", required=True)
    for name, (module, text) in BENCHES.items():
        choice = choices.add_parser(name, help=text, description=text[0].upper() + text[1:] + ".")
        importlib.import_module(module).add_arguments(choice)


def run(options: argparse.Namespace) -> int:
    """Run the chosen bench; 0 measured."""
    return int(importlib.import_module(BENCHES[options.bench][0]).run(options))
