"""One replay: bag in, node processes, results recorded into a bag."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from rclpy.node import Node

from clipomaly_ros.nodes.running import spun_beside
from clipomaly_ros.replay.bag_reader import (
    CAMERA_INFO_TYPE,
    CLOUD_TYPE,
    IMAGE_TYPES,
    TF_TYPE,
    Bag,
    Selection,
)
from clipomaly_ros.replay.bag_types import BagError
from clipomaly_ros.replay.frames import FrameChoice, choose_frames
from clipomaly_ros.replay.node_parameters import (
    DIAGNOSTICS_PERIOD,
    FUSION,
    SEGMENTER,
    found_parameters,
    needed_parameters,
    parameters_on_top,
    wished_parameters,
)
from clipomaly_ros.replay.player import FRAMES, ZONES, Playback, Player
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

SLOP = 50_000_000  # between image and cloud [ns], the default of hazard_fusion
SETTLE = DIAGNOSTICS_PERIOD + 0.3  # so that each node's last diagnostics are recorded [s]
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
    anomalies_topic: str | None = None
    params: Path | None = None

    @property
    def nodes(self) -> tuple[str, ...]:
        """Return the nodes that run: recorded AnomalyFrames need no segmenter."""
        return (SEGMENTER, FUSION) if self.anomalies_topic is None else (FUSION,)

    def select(self, bag: Bag) -> Selection:
        """Pick the bag's topics; BagError when one is missing."""
        return bag.select(self.image_topic, self.camera_info_topic, self.points_topic, self.anomalies_topic)


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
        selection = wish.select(bag)
        wished = {name: wished_parameters(wish.params, name) for name in wish.nodes}
        slop = _slop(wished[FUSION])
        others = [c for c in bag.connections if c not in selection.connections and _plays_along(c)]
        entries = index_bag(bag, selection, others)
        offset = record_offset(entries)
        if abs(offset) > _OFFSET_LIMIT:
            self._say(f"record times are {offset * 1e-9:+.1f} s off the stamps: playing on the stamps' time")
            entries = on_stamp_time(entries, offset)
        frames = self._choose_frames(bag, selection, entries, wished[FUSION])
        matched = _matched(entries, slop, selection)
        self._tell_choices(bag, selection)
        images = sum(entry.role == "image" for entry in entries)
        self._say(
            f"{images} images on {selection.image.topic}, "
            f"{sum(e.role == 'points' for e in entries)} clouds on {selection.points.topic}, "
            f"{len(matched)} within {slop * 1e-6:g} ms of each other"
        )
        out_bag = wish.out / "bag"
        environment = transport_environment(wish.out)
        os.environ.update(environment)  # Fast DDS and rcl read them in this process, too
        found = found_parameters(bag, selection, frames, self._say)
        needed = needed_parameters(selection, wish.bundle, wish.realtime)
        parameters = {
            name: parameters_on_top(found[name], wished[name], needed[name], self._say) for name in wish.nodes
        }
        with _tidy_memory(int(environment["ROS_DOMAIN_ID"])), NodeProcesses(wish.out / "log") as nodes:
            self._start(nodes, selection, parameters)
            playback = self._play(nodes, bag, selection, others, entries, matched, slop, progress_of(images))
            for name in nodes.stop():
                self._say(f"warning: {name} did not end by itself")
            errors = {name: nodes.log_lines(name, "ERROR", "FATAL") for name in wish.nodes}
        clouds = sum(entry.role == "points" for entry in entries)
        return ReplayResult(selection, frames, playback, clouds, errors, out_bag)

    def _tell_choices(self, bag: Bag, selection: Selection) -> None:
        """Say which topics were not taken, where the choice was this program's."""
        wish = self.settings
        for chosen, named, types, option in (
            (selection.image, wish.image_topic, IMAGE_TYPES, "--image-topic"),
            (selection.camera_info, wish.camera_info_topic, (CAMERA_INFO_TYPE,), "--camera-info-topic"),
            (selection.points, wish.points_topic, (CLOUD_TYPE,), "--points-topic"),
        ):
            others = bag.others_like(chosen, types) if named is None else []
            if others:
                self._say(f"{chosen.topic} is taken, not {', '.join(others)}; choose with {option}")

    def _choose_frames(
        self, bag: Bag, selection: Selection, entries: list[Entry], wished: Mapping[str, Any]
    ) -> FrameChoice:
        _, _, image = next(bag.messages([selection.image]))
        _, _, cloud = next(bag.messages([selection.points]))
        fixed = wished.get("fixed_frame", self.settings.fixed_frame)
        if self.settings.fixed_frame not in (None, fixed):
            raise BagError(f"the parameter file says fixed_frame {fixed}, --fixed-frame says otherwise")
        choice = choose_frames(entries, header_frame(image), header_frame(cloud), fixed)
        choice = replace(choice, reference=wished.get("reference_frame", choice.reference))
        for note in choice.notes:
            self._say(note)
        return choice

    def _start(
        self, nodes: NodeProcesses, selection: Selection, parameters: dict[str, dict[str, Any]]
    ) -> None:
        defaults = [share_file("config", "apron.yaml")]
        if self.settings.params is not None:
            defaults.append(self.settings.params.resolve())
        if SEGMENTER in parameters:
            image = selection.image.topic
            # As image_transport does, the segmenter appends the transport to the base topic.
            remap = {"image_raw": image}
            if selection.image_transport == "compressed":
                base, _, last = image.rpartition("/")
                remap = {"image_raw": base} if last == "compressed" else {"/image_raw/compressed": image}
            nodes.start(SEGMENTER, parameters[SEGMENTER], remap, defaults)
        remap = {"camera_info": selection.camera_info.topic, "points": selection.points.topic}
        if selection.anomalies is not None:
            remap["anomalies"] = selection.anomalies.topic
        if selection.legend is not None:
            remap["legend"] = selection.legend.topic
        nodes.start(FUSION, parameters[FUSION], remap, defaults)

    def _play(self, nodes, bag, selection, others, entries, matched, slop, progress) -> Playback:
        wish = self.settings
        connections = [*selection.connections, *others]
        required = [connection.topic for connection in selection.connections]
        results = {FRAMES, ZONES}
        if selection.anomalies is not None:  # nobody segments
            required.remove(selection.image.topic)
            results.remove(FRAMES)
        frames = selection.anomalies.topic if selection.anomalies is not None else FRAMES

        def begin(node: Node) -> tuple[Node, Player, Recorder]:
            player = Player(node, bag, connections, nodes.check, frames)
            player.recorder = Recorder(wish.out / "bag", lambda: player.now, player.receive)
            for connection in connections:
                player.recorder.add_connection(connection)
            return node, player, player.recorder

        with spun_beside("clipomaly_replay", begin) as (node, player, recorder):
            try:
                wait_until_active(node, wish.nodes, nodes, recorder, player, required, results, self._say)
                how = "in recorded time" if wish.realtime else "in lockstep"
                self._say(f"nodes are active; playing {how}")
                if wish.realtime:
                    player.play_realtime(entries, matched, wish.timeout, progress)
                else:
                    player.play_lockstep(entries, plan_lockstep(entries, slop), wish.timeout, progress)
                player.settle(SETTLE)
                return player.playback
            finally:
                recorder.close()


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


def _slop(wished: Mapping[str, Any]) -> int:
    """Return the largest difference of the stamps of an image and its cloud [ns]."""
    slop = wished.get("slop", SLOP * 1e-9)
    if not isinstance(slop, float) or not slop > 0:  # the node refuses it, too, but later
        raise BagError(f"parameter slop of {FUSION}: expected a number above 0 like 0.05, got {slop!r}")
    return round(slop * 1e9)


def _matched(entries: list[Entry], slop: int, selection: Selection) -> set[int]:
    """Return the stamps of the images that zones must follow: with a cloud and, if recorded, a mask."""
    matched = {entries[image].stamp for image in match_clouds(entries, slop)}
    if selection.anomalies is None:
        return matched
    masks = {entry.stamp for entry in entries if entry.role == "anomalies"}
    if masks.isdisjoint(entry.stamp for entry in entries if entry.role == "image"):
        raise BagError(
            f"no AnomalyFrame on {selection.anomalies.topic} has the stamp of an image on "
            f"{selection.image.topic}: name the camera's topic with --image-topic"
        )
    return matched & masks
