"""`clipomaly bench fusion`: time of one fusion callback, stage by stage, beside the naive way."""

from __future__ import annotations

import argparse
import json
from collections.abc import Sequence
from itertools import product
from pathlib import Path
from typing import Any

from tqdm import tqdm

from clipomaly_ros.cli.bench_vision import positive
from clipomaly_ros.cli.outputs import prepare_file
from clipomaly_ros.evaluation.bench_fusion import SAME, FusionTimings, measure_fusion
from clipomaly_ros.evaluation.bench_timing import Timing
from clipomaly_ros.evaluation.report_tables import text_table
from clipomaly_ros.hazard.clouds import MAX_POINTS


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the options of the command."""
    parser.add_argument(
        "--points",
        type=positive,
        nargs="+",
        default=[115_000, 460_000, 850_000],
        metavar="N",
        help="points of the clouds (default: 115000 460000 850000)",
    )
    parser.add_argument(
        "--regions",
        type=positive,
        nargs="+",
        default=[8, 20],
        metavar="N",
        help="regions of the pictures (default: 8 20)",
    )
    parser.add_argument(
        "--frames", type=positive, default=30, metavar="N", help="callbacks of each case (default: 30)"
    )
    parser.add_argument(
        "--naive-frames", type=positive, default=3, metavar="N", help="runs of the naive way (default: 3)"
    )
    parser.add_argument("--seed", type=int, default=0, help="of the made-up aprons")
    parser.add_argument("--json", type=Path, metavar="FILE", help="write all figures to a file as well")


def run(options: argparse.Namespace) -> int:
    """Print the figures; 0 when both ways give the regions the same points, else 1."""
    if options.seed < 0 or max(options.points) > MAX_POINTS or max(options.regions) > 200:
        raise ValueError(f"expected at most {MAX_POINTS} points, 200 regions and a seed of 0 or more")
    prepare_file(options.json)
    pairs = list(product(options.points, options.regions))
    cases = [
        measure_fusion(points, regions, options.frames, options.naive_frames, options.seed)
        for points, regions in tqdm(pairs, desc="cases", leave=False, disable=None)
    ]
    same = all(case.same for case in cases)
    print(text_table(_rows(cases)))
    print("\n" + text_table(_comparison(cases)))
    verdict = "the same" if same else "OTHER"
    print(f"\nboth ways give the regions {verdict} points (at least {SAME:.0%} in common)")
    if options.json:
        options.json.write_text(json.dumps(_dictionary(cases), indent=2) + "\n", encoding="utf-8")
    return 0 if same else 1


def _title(case: FusionTimings) -> str:
    return f"{case.points} points, {case.regions} regions"


def _pair(timing: Timing) -> str:
    return f"{timing.median:.1f} / {timing.p95:.1f}"


def _rows(cases: Sequence[FusionTimings]) -> list[tuple[str, ...]]:
    header = ("median / p95 [ms]", *cases[0].stages, "callback", "processor")
    return [
        header,
        *(
            (_title(case), *map(_pair, case.stages.values()), _pair(case.callback), _pair(case.cpu))
            for case in cases
        ),
    ]


def _comparison(cases: Sequence[FusionTimings]) -> list[tuple[str, ...]]:
    rows = [("median [ms]", "callback", "naive", "ratio", "processor", "naive", "ratio", "placed", "common")]
    for case in cases:
        rows.append(
            (
                _title(case),
                f"{case.callback.median:.1f}",
                f"{case.naive.median:.0f}",
                f"{case.naive.median / case.callback.median:.1f}",
                f"{case.cpu.median:.1f}",
                f"{case.naive_cpu.median:.0f}",
                f"{case.naive_cpu.median / case.cpu.median:.1f}",
                str(case.placed),
                f"{case.agreement:.1%}",
            )
        )
    return rows


def _dictionary(cases: Sequence[FusionTimings]) -> dict[str, Any]:
    def figures(timing: Timing) -> dict[str, float]:
        return {"median": timing.median, "p95": timing.p95}

    return {
        "unit": "ms",
        "cases": [
            {
                "points": case.points,
                "regions": case.regions,
                "placed": case.placed,
                "callbacks": len(case.callback.values),
                "stages": {name: figures(timing) for name, timing in case.stages.items()},
                "callback": figures(case.callback),
                "processor": figures(case.cpu),
                "naive": figures(case.naive),
                "naive_processor": figures(case.naive_cpu),
                "agreement": case.agreement,
            }
            for case in cases
        ],
    }
