"""`clipomaly bench latency`: time from a camera's stamp to the zones, over DDS."""

from __future__ import annotations

import argparse
import json
import tempfile
from pathlib import Path
from typing import Any

from tqdm import tqdm

from clipomaly_ros.cli.bench_vision import positive
from clipomaly_ros.cli.outputs import prepare_file
from clipomaly_ros.evaluation.bench_latency import LatencySeen, LatencySettings, measure_latency
from clipomaly_ros.evaluation.bench_timing import Timing
from clipomaly_ros.evaluation.report_tables import text_table
from clipomaly_ros.hazard.clouds import MAX_POINTS
from clipomaly_ros.replay.node_parameters import FUSION, SEGMENTER

_ROWS = {
    "whole": "camera stamp to zones",
    "encoder": "of it the encoder",
    "without_encoder": "camera stamp to zones, without the encoder",
    "message_filters": "camera stamp to frame and cloud joined by message_filters alone, without it",
}


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the options of the command."""
    add = parser.add_argument
    add("--bundle", type=Path, metavar="DIR", help="model bundle (default: config/apron.yaml's)")
    add(
        "--masks",
        action="store_true",
        help="send finished masks instead of images, for a machine whose encoder is slower than the rate",
    )
    add("--seconds", type=float, default=30.0, help="how long to measure (default: %(default)s)")
    add("--rate", type=float, default=10.0, help="of camera and LiDAR in Hz (default: %(default)s)")
    add("--points", type=positive, default=115_000, metavar="N", help="of the clouds (default: %(default)s)")
    add("--things", type=positive, default=20, metavar="N", help="on the apron (default: %(default)s)")
    add("--seed", type=int, default=0, help="of the made-up apron")
    add("--json", type=Path, metavar="FILE", help="write all figures to a file as well")


def run(options: argparse.Namespace) -> int:
    """Print the figures; 0 when zones came of every image, else 1."""
    if options.seed < 0 or options.points > MAX_POINTS or options.things > 200:
        raise ValueError(f"expected at most {MAX_POINTS} points, 200 things and a seed of 0 or more")
    if options.bundle is not None and options.masks:
        raise ValueError("expected --bundle or --masks, got both: nothing is encoded with masks")
    if options.bundle is not None and not options.bundle.is_dir():
        raise ValueError(f"bundle {options.bundle}: no such folder; `clipomaly export` makes one")
    settings = LatencySettings(
        seconds=options.seconds,
        rate=options.rate,
        points=options.points,
        regions=options.things,
        bundle=options.bundle,
        masks=options.masks,
        seed=options.seed,
    )
    prepare_file(options.json)
    total = max(round(settings.seconds * settings.rate), 1)
    with (
        tempfile.TemporaryDirectory(prefix="clipomaly_latency_") as folder,
        tqdm(total=total, desc="[latency]", unit="image", leave=False, disable=None) as bar,
    ):
        seen = measure_latency(settings, Path(folder), lambda: bar.update(1) and None)
    print(table(seen))
    print(f"\n{verdict(seen, settings)}")
    if options.json:
        options.json.write_text(json.dumps(report(seen, settings), indent=2) + "\n", encoding="utf-8")
    return 0 if not seen.dropped else 1


def timings(seen: LatencySeen) -> dict[str, Timing]:
    """Return the times that are compared, by their name in the JSON file."""
    return {
        "whole": seen.whole(),
        "encoder": seen.encoder(),
        "without_encoder": seen.without_encoder(seen.zones),
        "message_filters": seen.without_encoder(seen.joined),
    }


def table(seen: LatencySeen) -> str:
    """Return the figures as text: the whole way first, then the nodes' own stages."""
    rows = [("[ms]", "median", "p95", "p99")]
    named = [(_ROWS[name], timing) for name, timing in timings(seen).items()]
    for node in (SEGMENTER, FUSION):
        named += [(f"{node}: {stage}", timing) for stage, timing in seen.stage_timings(node).items()]
    rows += [
        (title, f"{timing.median:.1f}", f"{timing.p95:.1f}", f"{timing.p99:.1f}")
        for title, timing in named
        if timing.values
    ]
    return text_table(rows)


def verdict(seen: LatencySeen, settings: LatencySettings) -> str:
    """Return one sentence on what was lost and why."""
    images = f"{len(seen.sent)} images at {settings.rate:g} Hz, {seen.dropped} without zones"
    encoder = seen.encoder()
    if seen.dropped and encoder.values and encoder.median > 1000 / settings.rate:
        between = f"the {1000 / settings.rate:.0f} ms between two"
        return f"{images}: the encoder alone takes longer than {between} (--masks measures the rest)"
    return images


def report(seen: LatencySeen, settings: LatencySettings) -> dict[str, Any]:
    """Return everything for the JSON file."""

    def figures(timing: Timing) -> dict[str, float]:
        if not timing.values:
            return {"count": 0}
        return {
            "count": len(timing.values),
            "median": timing.median,
            "p95": timing.p95,
            "p99": timing.p99,
        }

    return {
        "unit": "ms",
        "points": settings.points,
        "rate": settings.rate,
        "masks": settings.masks,
        "images": len(seen.sent),
        "dropped": seen.dropped,
        "regions": [seen.regions[stamp] for stamp in seen.sent if stamp in seen.regions],
        **{name: figures(timing) for name, timing in timings(seen).items()},
        "stages": {
            node: {stage: figures(timing) for stage, timing in seen.stage_timings(node).items()}
            for node in (SEGMENTER, FUSION)
        },
    }
