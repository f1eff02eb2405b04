"""Latency over DDS: from a camera's stamp to the zones, both nodes as processes of their own."""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import message_filters
from rclpy.node import Node
from rclpy.qos import QoSProfile
from sensor_msgs.msg import CameraInfo, Image, PointCloud2
from tf2_msgs.msg import TFMessage

from clipomaly_msgs.msg import AnomalyFrame, HazardZoneArray
from clipomaly_ros.evaluation.bench_latency_messages import BASE, FIXED, SensorMessages, make_messages
from clipomaly_ros.evaluation.bench_timing import Timing
from clipomaly_ros.nodes import qos
from clipomaly_ros.nodes.running import spun_beside
from clipomaly_ros.nodes.stamps import to_nanoseconds
from clipomaly_ros.replay.node_parameters import FUSION, SEGMENTER
from clipomaly_ros.replay.processes import NodeProcessError, NodeProcesses, share_file, transport_environment
from clipomaly_ros.replay.shared_memory import remove_abandoned

ENCODE = "encode"  # the encoder's stage in AnomalyFrame.latencies
_WARM_UP = 10  # arrays that come before it counts
_START_PATIENCE = 300.0  # for the first arrays [s]
_LAST_PATIENCE = 10.0  # for the last ones [s]
_SLOP = 0.05  # between image and cloud [s], the default of hazard_fusion


@dataclass(frozen=True)
class LatencySettings:
    """seconds: measured; rate: of the sensors [Hz]; points, regions, seed: see make_input.

    bundle: model bundle, None for the installed default. masks: send what a segmenter would
    make of the images instead of them, and run the fusion alone.
    """

    seconds: float = 30.0
    rate: float = 10.0
    points: int = 115_000
    regions: int = 20
    bundle: Path | None = None
    masks: bool = False
    seed: int = 0

    def __post_init__(self) -> None:
        if not 0 < self.seconds <= 86400 or not 0 < self.rate <= 100:
            raise ValueError(
                "expected more than 0 and at most 86400 s and 100 Hz, "
                f"got {self.seconds:g} s and {self.rate:g} Hz"
            )


@dataclass
class LatencySeen:
    """What came of the images; times in seconds by stamp [ns].

    sent: stamps of the images that count. joined: when message_filters alone, in the bench's
    process, had joined a frame with its cloud. zones: when the zones came. encode: the
    encoder's part. stages: durations of the nodes' stages by node, stamp and stage. regions: how
    many the frame of each stamp had.
    """

    sent: list[int] = field(default_factory=list)
    joined: dict[int, float] = field(default_factory=dict)
    zones: dict[int, float] = field(default_factory=dict)
    encode: dict[int, float] = field(default_factory=dict)
    stages: dict[str, dict[int, dict[str, float]]] = field(
        default_factory=lambda: {SEGMENTER: {}, FUSION: {}}
    )
    regions: dict[int, int] = field(default_factory=dict)

    @property
    def dropped(self) -> int:
        """Return how many images no zones came of."""
        return sum(stamp not in self.zones for stamp in self.sent)

    def whole(self) -> Timing:
        """Return the time from the camera's stamp to the zones."""
        return Timing([1000 * self.zones[stamp] for stamp in self.sent if stamp in self.zones])

    def encoder(self) -> Timing:
        """Return the time of the encoder."""
        return Timing([1000 * self.encode[stamp] for stamp in self.sent if stamp in self.encode])

    def without_encoder(self, arrivals: dict[int, float]) -> Timing:
        """Return the time from the camera's stamp to arrivals (zones or joined), the encoder's taken off."""
        known = [stamp for stamp in self.sent if stamp in arrivals and stamp in self.encode]
        return Timing([1000 * (arrivals[stamp] - self.encode[stamp]) for stamp in known])

    def stage_timings(self, node: str) -> dict[str, Timing]:
        """Return a node's own stages as its messages tell them."""
        timings: dict[str, Timing] = {}
        for stamp in self.sent:
            for stage, seconds in self.stages[node].get(stamp, {}).items():
                timings.setdefault(stage, Timing()).values.append(1000 * seconds)
        return timings


def measure_latency(
    settings: LatencySettings, folder: Path, progress: Callable[[], None] = lambda: None
) -> LatencySeen:
    """Start both nodes, send sensor messages at the rate, note when zones come; folder gets the logs.

    The bench hears the frames and clouds as well, and joins them with message_filters alone: what
    any node that fuses must wait for. progress(): after each message that counts. BagError when
    nothing is installed, NodeProcessError when a node ends or no zones come.
    """
    messages = make_messages(settings.points, settings.regions, settings.seed)
    environment = transport_environment(folder)
    os.environ.update(environment)  # Fast DDS and rcl read them in this process, too
    defaults = [share_file("config", "apron.yaml")]
    bundle = {} if settings.bundle is None else {"bundle": str(settings.bundle.resolve())}
    frames = {"cameras": [""], "fixed_frame": FIXED, "reference_frame": BASE}
    try:
        with NodeProcesses(folder / "log") as nodes:
            if not settings.masks:
                nodes.start(SEGMENTER, bundle, {}, defaults)
            nodes.start(FUSION, frames, {}, defaults)
            with spun_beside("clipomaly_bench", lambda node: _Link(node, messages, settings)) as link:
                return link.run(nodes, progress)
    finally:
        remove_abandoned(int(environment["ROS_DOMAIN_ID"]))


class _Link:
    """The sensors' and the planner's end of DDS; the node is spun by another thread."""

    def __init__(self, node: Node, messages: SensorMessages, settings: LatencySettings) -> None:
        self._messages, self._settings, self._seen = messages, settings, LatencySeen()
        if settings.masks:
            self._masks = node.create_publisher(AnomalyFrame, "anomalies", qos.RESULTS)
        else:
            self._image = node.create_publisher(Image, "image_raw", QoSProfile(depth=5))
        self._info = node.create_publisher(CameraInfo, "camera_info", QoSProfile(depth=5))
        self._cloud = node.create_publisher(PointCloud2, "points", QoSProfile(depth=5))
        self._mounting = node.create_publisher(TFMessage, "/tf_static", qos.LATCHED)
        self._mounting.publish(messages.mounting)
        frames = message_filters.Subscriber(node, AnomalyFrame, "anomalies", qos_profile=qos.RESULTS)
        clouds = message_filters.Subscriber(node, PointCloud2, "points", qos_profile=qos.SENSOR_IN)
        frames.registerCallback(self._on_frame)
        self._joined = message_filters.ApproximateTimeSynchronizer([frames, clouds], 10, _SLOP)
        self._joined.registerCallback(self._on_joined)
        node.create_subscription(HazardZoneArray, "hazard_zones", self._on_zones, qos.RESULTS)

    def run(self, nodes: NodeProcesses, progress: Callable[[], None]) -> LatencySeen:
        """Send until some zones have come, then for as long as wished, then wait for the last ones."""
        seen, settings, period = self._seen, self._settings, 1.0 / self._settings.rate
        running = (FUSION,) if settings.masks else (SEGMENTER, FUSION)
        patience = time.monotonic() + _START_PATIENCE
        for _ in _ticks(period):
            nodes.check()
            if len(seen.zones) >= _WARM_UP:
                break
            for name in running:
                for line in nodes.log_lines(name, "ERROR", "FATAL")[-1:]:
                    raise NodeProcessError(f"{name}: {line.split(': ', 1)[-1]}")
            if time.monotonic() > patience:
                raise NodeProcessError(f"no zones within {_START_PATIENCE:.0f} s; {nodes.log_end(FUSION)}")
            self._send()
        for number, _ in enumerate(_ticks(period)):
            nodes.check()
            if number >= max(round(settings.seconds * settings.rate), 1):
                break
            seen.sent.append(self._send())
            progress()
        patience = time.monotonic() + _LAST_PATIENCE
        while seen.sent[-1] not in seen.zones and time.monotonic() < patience:
            time.sleep(0.02)
        return seen

    def _send(self) -> int:
        stamp = time.time_ns()
        image, info, cloud = self._messages.stamped(stamp)
        if self._settings.masks:
            self._masks.publish(self._messages.stamped_masks(stamp))
        else:
            self._image.publish(image)
        self._info.publish(info)
        self._cloud.publish(cloud)
        return stamp

    def _on_frame(self, frame: AnomalyFrame) -> None:
        stamp = to_nanoseconds(frame.header.stamp)
        stages = _stages(frame)
        if stages:
            self._seen.stages[SEGMENTER][stamp] = stages
        self._seen.regions[stamp] = len(frame.regions)
        if self._settings.masks:
            self._seen.encode[stamp] = 0.0
        elif ENCODE in stages:
            self._seen.encode[stamp] = stages[ENCODE]

    def _on_joined(self, frame: AnomalyFrame, _: PointCloud2) -> None:
        stamp = to_nanoseconds(frame.header.stamp)
        self._seen.joined[stamp] = 1e-9 * (time.time_ns() - stamp)

    def _on_zones(self, array: HazardZoneArray) -> None:
        now, stamp = time.time_ns(), to_nanoseconds(array.header.stamp)
        if array.camera_frame:  # the others tell that the node is alive
            self._seen.stages[FUSION][stamp] = _stages(array)
            self._seen.zones[stamp] = 1e-9 * (now - stamp)


def _stages(message: Any) -> dict[str, float]:
    return {item.stage: float(item.duration) for item in message.latencies}


def _ticks(period: float) -> Iterator[None]:
    """Yield at a rate; after a late one the next comes at its own time."""
    begun, number = time.monotonic(), 0
    while True:
        time.sleep(max(begun + number * period - time.monotonic(), 0.0))
        yield
        number = max(number + 1, int((time.monotonic() - begun) / period))
