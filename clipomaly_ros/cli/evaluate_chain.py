"""`clipomaly evaluate chain`: both stages on simulated bags, zones against what is really there."""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from pathlib import Path

from tqdm import tqdm

from clipomaly_ros.cli.outputs import prepare_file, prepare_folder
from clipomaly_ros.evaluation.chain import SHIFTS, YAWS, evaluate_chain, steps
from clipomaly_ros.evaluation.chain_plots import write_plots
from clipomaly_ros.evaluation.chain_report import tables, verdict, write_json, write_report
from clipomaly_ros.evaluation.chain_settings import fusion_parameters, load_segmenter, shipped_parameters
from clipomaly_ros.evaluation.report_tables import text_table
from clipomaly_ros.replay.bag_reader import Bag
from clipomaly_ros.replay.bag_types import BagError
from clipomaly_ros.simulation.bag_writer import TRUTH


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the options of the command."""
    masks = parser.add_mutually_exclusive_group(required=True)
    masks.add_argument("--bundle", type=Path, metavar="DIR", help="model bundle of stage one")
    masks.add_argument(
        "--perfect-masks", action="store_true", help="the true masks in stage one's place: fusion alone"
    )
    add = parser.add_argument
    add(
        "--bags",
        type=Path,
        nargs="+",
        default=[],
        metavar="DIR",
        help="bags of `clipomaly simulate bag`, or folders of them",
    )
    add("--nofod", type=Path, nargs="+", default=[], metavar="DIR", help="bags without anomalies")
    add(
        "--config", type=Path, metavar="YAML", help="parameter file of the nodes (default: config/apron.yaml)"
    )
    add("--shifts", action="store_true", help="also with shifted stamps of the clouds, up to 100 ms")
    add("--extrinsics", action="store_true", help="also with a LiDAR turned by up to 1 degree")
    add("--threads", type=int, metavar="N", help="threads of the encoder (default: the parameter file's)")
    add("--json", type=Path, metavar="FILE", help="write all figures to a file as well")
    add("--out", type=Path, metavar="DIR", help="write JSON, Markdown and plots")


def run(options: argparse.Namespace) -> int:
    """Print the figures; 0 when all limits are kept, 1 when one is missed, 2 without bags."""
    bags, nofod = _bags(options.bags), _bags(options.nofod)
    if not bags and not nofod:
        print("expected at least one bag: make some with `clipomaly simulate bag` or `simulate benchmark`")
        return 2
    prepare_file(options.json)
    prepare_folder(options.out)
    config = options.config or shipped_parameters()
    parameters = fusion_parameters(config)
    loaded = load_segmenter(options.bundle, config, options.threads) if options.bundle else None
    shifts, yaws = (SHIFTS if options.shifts else ()), (YAWS if options.extrinsics else ())
    pictures = sum(map(_pictures, (*bags, *nofod)))
    total = steps(pictures, len(bags), len(nofod), shifts, yaws)
    with tqdm(total=total, desc="chain", unit="step", leave=False, disable=None) as bar:
        report = evaluate_chain(bags, nofod, loaded, parameters, shifts, yaws, lambda step: bar.update(1))
    if report.untrained:
        print("THE WEIGHTS ARE RANDOM: no figure below means anything.\n")
    for title, rows in tables(report):
        print(f"{title}\n{text_table(rows)}\n")
    missed = verdict(report)
    print("\n".join(f"MISSED {line}" for line in missed) or "all limits kept")
    if options.json:
        write_json(report, options.json)
    if options.out:
        print(write_report(report, options.out, write_plots(report, options.out)))
    return 1 if missed else 0


def _bags(paths: Sequence[Path]) -> list[Path]:
    """Return the bags named, and in place of a folder of bags those in it."""
    found: list[Path] = []
    for path in paths:
        inside = sorted(file.parent for file in path.glob("*/metadata.yaml"))
        found += inside if inside and not (path / "metadata.yaml").is_file() else [path]
    return found


def _pictures(path: Path) -> int:
    """Return the number of pictures of a bag; BagError when it is none with ground truth."""
    with Bag(path) as bag:
        found = [connection.msgcount for connection in bag.connections if connection.topic == TRUTH]
        if not found:
            raise BagError(f"bag {path}: expected ground truth on {TRUTH}; found: {bag.topics()}")
        return int(found[0])
