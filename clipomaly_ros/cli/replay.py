"""`clipomaly replay`: play a bag through the nodes, leave pictures, a bag and a page."""

from __future__ import annotations

import argparse
import signal
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from itertools import pairwise
from pathlib import Path

from tqdm import tqdm

from clipomaly_ros.replay.bag_reader import Bag
from clipomaly_ros.replay.bag_types import BagError
from clipomaly_ros.replay.node_parameters import wished_parameters
from clipomaly_ros.replay.pictures import paint_all
from clipomaly_ros.replay.processes import NodeProcessError
from clipomaly_ros.replay.report import write_report
from clipomaly_ros.replay.results import Recording
from clipomaly_ros.replay.results_folder import ResultsFolder
from clipomaly_ros.replay.session import Replay, ReplayResult, ReplaySettings
from clipomaly_ros.replay.summary import Summary, summarise


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the options."""
    parser.add_argument("--bag", type=Path, required=True, help="rosbag2 folder or .mcap file")
    parser.add_argument("--out", type=Path, default=Path("out"), help="folder of the results (default: out)")
    parser.add_argument("--bundle", type=Path, help="model bundle (default: config/apron.yaml's)")
    parser.add_argument("--fixed-frame", help="frame of the zones (default: odom or map, else the LiDAR's)")
    parser.add_argument("--realtime", action="store_true", help="keep the recorded timing, report drops")
    parser.add_argument("--image-topic", help="camera image, raw or compressed (default: found by type)")
    parser.add_argument("--camera-info-topic", help="calibration (default: found by type)")
    parser.add_argument("--points-topic", help="point cloud (default: found by type)")
    parser.add_argument(
        "--anomalies",
        metavar="TOPIC",
        help="play the AnomalyFrames recorded on this topic instead of running the segmenter",
    )
    parser.add_argument(
        "--params", type=Path, metavar="FILE", help="ROS parameter file, on top of config/apron.yaml"
    )
    parser.add_argument(
        "--timeout", type=float, default=60.0, help="longest wait for the zones of a frame in s (default: 60)"
    )


def run(options: argparse.Namespace) -> int:
    """Replay; exit code 0 when frames were fused, 1 when a node failed or nothing was fused."""
    if not options.timeout > 0:
        raise BagError(f"expected a timeout above 0 s, got {options.timeout}")
    settings = ReplaySettings(
        bag=options.bag,
        out=options.out.resolve(),
        bundle=options.bundle,
        fixed_frame=options.fixed_frame,
        realtime=options.realtime,
        timeout=options.timeout,
        image_topic=options.image_topic,
        camera_info_topic=options.camera_info_topic,
        points_topic=options.points_topic,
        anomalies_topic=options.anomalies,
        params=options.params,
    )
    if settings.bag.resolve().is_relative_to(settings.out):
        raise BagError(
            f"the bag lies in {settings.out}, which is emptied first: give another folder with --out"
        )
    if settings.bundle is not None and not settings.bundle.is_dir():
        raise BagError(f"bundle {settings.bundle}: no such folder; `clipomaly export` makes one")
    with _interruptible(), Bag(settings.bag) as bag:
        settings.select(bag)
        for node in settings.nodes:  # before an earlier result is removed
            wished_parameters(settings.params, node)
        with ResultsFolder(settings.out) as folder:
            try:
                result = Replay(settings, say).run(bag, _progress("playing", "frame"))
            except NodeProcessError as error:
                print(f"clipomaly replay: {error}", file=sys.stderr)
                return 1
            summary = show(settings, result)
            folder.finish()
    for name, lines in summary.errors.items():
        say(f"{name} logged {len(lines)} errors, e.g.: {lines[0]}")
    if not summary.with_zones:
        reason = result.frames.problem or "the table above says what was lost where"
        print(f"clipomaly replay: no frame was fused: {reason}", file=sys.stderr)
        return 1
    return 0


def show(settings: ReplaySettings, result: ReplayResult) -> Summary:
    """Paint the pictures, write the page, print the table."""
    stamps = sorted(result.playback.sent)
    gaps = sorted(after - before for before, after in pairwise(stamps))
    rate = 1e9 / gaps[len(gaps) // 2] if gaps and gaps[len(gaps) // 2] > 0 else 10.0
    with Recording(result.record_bag, result.selection) as recording, _bar("painting", len(stamps)) as bar:
        pictures = paint_all(
            recording, result.frames.reference, settings.out, min(max(rate, 1.0), 60.0), lambda: bar.update(1)
        )
        diagnostics = recording.diagnostics()
    chosen = {
        "bag": str(settings.bag.resolve()),
        "mode": "recorded timing" if settings.realtime else "lockstep",
        "fixed_frame": result.frames.fixed,
        "masks": result.selection.anomalies.topic if result.selection.anomalies is not None else "",
    }
    summary = summarise(chosen, result.playback, result.cloud_count, pictures, diagnostics, result.errors)
    page = write_report(settings.out, summary, pictures)
    print(f"\n{summary.table()}\n\nresults: {page}", flush=True)
    return summary


def say(text: str) -> None:
    """Print one line of progress."""
    tqdm.write(f"[replay] {text}", file=sys.stderr)


def _bar(text: str, total: int) -> tqdm:
    return tqdm(total=total, desc=f"[replay] {text}", unit="frame", leave=False, disable=None)


def _progress(text: str, unit: str) -> Callable[[int], Callable[[], None]]:
    def begin(total: int) -> Callable[[], None]:
        bar = tqdm(total=total, desc=f"[replay] {text}", unit=unit, leave=False, disable=None)

        def step() -> None:
            bar.update(1)
            if bar.n >= total:
                bar.close()

        return step

    return begin


@contextmanager
def _interruptible() -> Iterator[None]:
    """Turn SIGINT and SIGTERM into KeyboardInterrupt, so that the node processes end.

    SIGINT as well: a shell starts background jobs with SIGINT ignored.
    """

    def interrupt(number: int, frame: object) -> None:
        raise KeyboardInterrupt

    before = {number: signal.signal(number, interrupt) for number in (signal.SIGINT, signal.SIGTERM)}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
