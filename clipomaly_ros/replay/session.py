"""One replay: bag in, node processes, results recorded into a bag."""

from __future__ import annotations

import os
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import rclpy
from rclpy.executors import ExternalShutdownException, SingleThreadedExecutor
from rclpy.signals import SignalHandlerOptions

from clipomaly_ros.hazard.clouds import parse_cloud
from clipomaly_ros.hazard.ground import GroundSettings, estimate_ground
from clipomaly_ros.hazard.types import HazardError
from clipomaly_ros.replay.bag_reader import TF_TYPE, Bag, Selection
from clipomaly_ros.replay.frames import FrameChoice, choose_frames
from clipomaly_ros.replay.player import Playback, Player
from clipomaly_ros.replay.processes import NodeProcesses, share_file, transport_environment
from clipomaly_ros.replay.readiness import wait_until_active
from clipomaly_ros.replay.recorder import Recorder
from clipomaly_ros.replay.schedule import (
    Entry,
    header_frame,
    index_bag,
    match_clouds,
    on_stamp_time,
    plan_lockstep,
    record_offset,
)
from clipomaly_ros.replay.shared_memory import remove_abandoned

SEGMENTER, FUSION = "anomaly_segmenter", "hazard_fusion"
SLOP = 50_000_000  # between image and cloud [ns], the default of hazard_fusion
SETTLE = 1.3  # so that each node's last diagnostics (1 Hz) are recorded [s]
_OFFSET_LIMIT = 500_000_000  # of record times against stamps that the nodes take as a late message [ns]
_HEAVY = ("sensor_msgs/msg/Image", "sensor_msgs/msg/CompressedImage", "sensor_msgs/msg/PointCloud2")


@dataclass(frozen=True)
class ReplaySettings:
    """What a user may choose; None: found from the bag or from config/apron.yaml."""

    bag: Path
    out: Path
    bundle: Path | None = None
    fixed_frame: str | None = None
    realtime: bool = False
    timeout: float = 60.0
    image_topic: str | None = None
    camera_info_topic: str | None = None
    points_topic: str | None = None


@dataclass(frozen=True)
class ReplayResult:
    """What is known after a replay, beside out/bag.

    errors: lines of the nodes' logs with level ERROR or FATAL, by node.
    """

    selection: Selection
    frames: FrameChoice
    playback: Playback
    cloud_count: int
    errors: dict[str, list[str]]
    record_bag: Path


class Replay:
    """Plays one bag through the nodes. say() gets one line of progress; progress() each frame."""

    def __init__(self, settings: ReplaySettings, say: Callable[[str], None]) -> None:
        self.settings, self._say = settings, say

    def run(self, bag: Bag, progress_of: Callable[[int], Callable[[], None]]) -> ReplayResult:
        """Play, wait, record.

        progress_of(frames) returns what is called after each frame.
        BagError for unusable input; NodeProcessError when a node fails.
        """
        wish = self.settings
        selection = bag.select(wish.image_topic, wish.camera_info_topic, wish.points_topic)
        others = [c for c in bag.connections if c not in selection.connections and _plays_along(c)]
        entries = index_bag(bag, selection, others)
        offset = record_offset(entries)
        if abs(offset) > _OFFSET_LIMIT:
            self._say(f"record times are {offset * 1e-9:+.1f} s off the stamps: playing on the stamps' time")
            entries = on_stamp_time(entries, offset)
        frames = self._choose_frames(bag, selection, entries)
        matched = {entries[image].stamp for image in match_clouds(entries, SLOP)}
        images = sum(entry.role == "image" for entry in entries)
        self._say(
            f"{images} images on {selection.image.topic}, "
            f"{sum(e.role == 'points' for e in entries)} clouds on {selection.points.topic}, "
            f"{len(matched)} within {SLOP // 1_000_000} ms of each other"
        )
        out_bag = wish.out / "bag"
        environment = transport_environment(wish.out)
        os.environ.update(environment)  # Fast DDS and rcl read them in this process, too
        parameters = self._parameters(bag, selection, frames)
        with _tidy_memory(int(environment["ROS_DOMAIN_ID"])), NodeProcesses(wish.out / "log") as nodes:
            self._start(nodes, selection, parameters)
            context = rclpy.Context()
            rclpy.init(args=[], context=context, signal_handler_options=SignalHandlerOptions.NO)
            try:
                playback = self._play(
                    context, nodes, bag, selection, others, entries, matched, progress_of(images)
                )
            finally:
                context.try_shutdown()
            for name in nodes.stop():
                self._say(f"warning: {name} did not end by itself")
            errors = {name: nodes.log_lines(name, "ERROR", "FATAL") for name in (SEGMENTER, FUSION)}
        clouds = sum(entry.role == "points" for entry in entries)
        return ReplayResult(selection, frames, playback, clouds, errors, out_bag)

    def _choose_frames(self, bag: Bag, selection: Selection, entries: list[Entry]) -> FrameChoice:
        _, _, image = next(bag.messages([selection.image]))
        _, _, cloud = next(bag.messages([selection.points]))
        choice = choose_frames(entries, header_frame(image), header_frame(cloud), self.settings.fixed_frame)
        for note in filter(None, choice.text.split("; ")):
            self._say(note)
        return choice

    def _parameters(self, bag: Bag, selection: Selection, frames: FrameChoice) -> dict[str, dict[str, Any]]:
        """Return each node's parameters that differ from config/apron.yaml."""

        def reliable() -> dict[str, Any]:  # a new one each time: rcl reads no YAML with aliases
            return {"subscription": {"reliability": "reliable"}}

        inputs = {SEGMENTER: (selection.image,), FUSION: (selection.camera_info, selection.points)}
        parameters: dict[str, dict[str, Any]] = {name: {"use_sim_time": True} for name in (SEGMENTER, FUSION)}
        if not self.settings.realtime:  # in lockstep nothing may be lost
            for name, connections in inputs.items():
                parameters[name]["qos_overrides"] = {c.topic: reliable() for c in connections}
        parameters[SEGMENTER]["image_transport"] = selection.image_transport
        if self.settings.bundle is not None:
            parameters[SEGMENTER]["bundle"] = str(self.settings.bundle.resolve())
        parameters[FUSION] |= {"fixed_frame": frames.fixed, "reference_frame": frames.reference}
        connection, _, raw = next(bag.messages([selection.points]))
        if header_frame(raw) == frames.fixed:
            height = _ground_height(bag.read(raw, connection))
            if height is not None:
                self._say(f"ground {-height:.2f} m below {frames.fixed}, from the first cloud")
                parameters[FUSION]["fusion.ground.height"] = round(height, 3)
        return parameters

    def _start(
        self, nodes: NodeProcesses, selection: Selection, parameters: dict[str, dict[str, Any]]
    ) -> None:
        defaults = [share_file("config", "apron.yaml")]
        image = selection.image.topic
        # As image_transport does, the segmenter appends the transport to the base topic.
        remap = {"image_raw": image}
        if selection.image_transport == "compressed":
            base, _, last = image.rpartition("/")
            remap = {"image_raw": base} if last == "compressed" else {"/image_raw/compressed": image}
        nodes.start(SEGMENTER, parameters[SEGMENTER], remap, defaults)
        remap = {"camera_info": selection.camera_info.topic, "points": selection.points.topic}
        nodes.start(FUSION, parameters[FUSION], remap, defaults)

    def _play(self, context, nodes, bag, selection, others, entries, matched, progress) -> Playback:
        wish = self.settings
        connections = [*selection.connections, *others]
        required = [connection.topic for connection in selection.connections]
        node = rclpy.create_node("clipomaly_replay", context=context, enable_rosout=False)
        executor = SingleThreadedExecutor(context=context)
        executor.add_node(node)
        spinner = threading.Thread(target=_spin, args=(executor,), name="replay-spin", daemon=True)
        player = Player(node, bag, connections, nodes.check)
        recorder = Recorder(wish.out / "bag", lambda: player.now, player.receive)
        player.recorder = recorder
        for connection in connections:
            recorder.add_connection(connection)
        spinner.start()
        try:
            wait_until_active(node, (SEGMENTER, FUSION), nodes, recorder, player, required, self._say)
            self._say("nodes are active; playing " + ("in recorded time" if wish.realtime else "in lockstep"))
            if wish.realtime:
                player.play_realtime(entries, matched, wish.timeout, progress)
            else:
                player.play_lockstep(entries, plan_lockstep(entries, SLOP), wish.timeout, progress)
            player.settle(SETTLE)
            return player.playback
        finally:
            executor.shutdown(timeout_sec=2.0)
            spinner.join(5.0)
            recorder.close()
            node.destroy_node()


@contextmanager
def _tidy_memory(domain: int) -> Iterator[None]:
    try:
        yield
    finally:
        remove_abandoned(domain)


def _plays_along(connection: Any) -> bool:
    """Tell whether a further topic is played: ground truth and small things, but no results or images."""
    ours = connection.msgtype.startswith("clipomaly_msgs/") and "ground_truth" not in connection.topic
    known = connection.msgtype.split("/")[0].endswith("_msgs") and connection.msgtype not in _HEAVY
    system = connection.topic in ("/clock", "/diagnostics", "/rosout", "/parameter_events", "/hazard_markers")
    importable = connection.msgtype.split("/")[0] in (
        ["clipomaly_msgs", "geometry_msgs", "nav_msgs", "sensor_msgs", "std_msgs", "visualization_msgs"]
    )
    return known and importable and not ours and not system and connection.msgtype != TF_TYPE


def _ground_height(cloud: Any) -> float | None:
    """Return the height of the ground under the sensor in the cloud's frame [m], None when unclear."""
    try:
        points = parse_cloud(
            cloud.fields,
            cloud.data,
            cloud.width,
            cloud.height,
            cloud.point_step,
            cloud.row_step,
            cloud.is_bigendian,
        )
    except HazardError:  # the node names it in its diagnostics
        return None
    plane = estimate_ground(points.xyz, np.zeros(3), GroundSettings())
    return float(plane.height_at(np.zeros((1, 2)))[0]) if plane.estimated else None


def _spin(executor: SingleThreadedExecutor) -> None:
    try:
        executor.spin()
    except ExternalShutdownException:
        return
