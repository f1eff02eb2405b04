"""Publish a bag's raw messages with their clock: in lockstep with the nodes, or in recorded time."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

from builtin_interfaces.msg import Time
from rclpy.node import Node
from rclpy.qos import QoSDurabilityPolicy, QoSHistoryPolicy, QoSProfile, QoSReliabilityPolicy
from rosgraph_msgs.msg import Clock

from clipomaly_ros.replay.bag_reader import Bag
from clipomaly_ros.replay.bag_types import is_latched
from clipomaly_ros.replay.recorder import Recorder, message_class
from clipomaly_ros.replay.schedule import Entry, Step, header_stamp

FRAMES, ZONES = "/anomalies", "/hazard_zones"
CLOCK_PERIOD = 0.01  # of /clock while playing in recorded time [s]
_QUICK_FACTOR, _QUICK_LEAST = 20.0, 3.0
_HOPELESS = 3  # frames lost in a row, after which a further one is not waited for with the full timeout
_FUSION_PATIENCE = 10.0  # after the segmenter's result, however slow that was [s]


@dataclass
class Playback:
    """What was played and what came back, by stamp of the image [ns].

    sent, zones_at, frame_at: seconds on the steady clock. matched: images with a cloud.
    """

    sent: dict[int, float] = field(default_factory=dict)
    frame_at: dict[int, float] = field(default_factory=dict)
    zones_at: dict[int, float] = field(default_factory=dict)
    matched: set[int] = field(default_factory=set)

    def done(self, stamp: int) -> bool:
        """Tell whether everything that follows from an image has arrived."""
        return stamp in self.frame_at and (stamp in self.zones_at or stamp not in self.matched)


class Player:
    """Plays one bag. The node must be spun by another thread meanwhile.

    frames: topic of the AnomalyFrames, whether a node publishes them or the bag holds them.
    check() raises when a node has ended.
    """

    def __init__(
        self,
        node: Node,
        bag: Bag,
        connections: Sequence[Any],
        check: Callable[[], None],
        frames: str = FRAMES,
    ) -> None:
        self._node, self._bag, self._check = node, bag, check
        self._frames = frames
        self._connections = list(connections)
        self._arrived = threading.Condition()
        self.playback = Playback()
        self.now = 0  # time of the bag [ns]
        self.recorder: Recorder | None = None
        self._publishers = {
            c.topic: node.create_publisher(message_class(c.msgtype), c.topic, _qos(c)) for c in connections
        }
        self._clock = node.create_publisher(Clock, "/clock", 10)

    def receive(self, topic: str, raw: bytes) -> None:
        """Note a result; called from the spinning thread."""
        if topic not in (self._frames, ZONES):
            return
        stamp, now = header_stamp(raw), time.monotonic()
        with self._arrived:
            target = self.playback.frame_at if topic == self._frames else self.playback.zones_at
            target.setdefault(stamp, now)
            self._arrived.notify_all()

    def subscribers(self) -> dict[str, int]:
        """Return how many subscriptions each played topic has."""
        return {topic: publisher.get_subscription_count() for topic, publisher in self._publishers.items()}

    def play_lockstep(
        self, entries: Sequence[Entry], steps: Sequence[Step], timeout: float, progress: Callable[[], None]
    ) -> None:
        """Publish each frame with what it needs, then wait for its zones; timeout a frame [s].

        Once frames take their usual time, a lost one is not waited for with the full timeout.
        """
        messages = _Lookahead(self._bag.messages(self._connections))
        self._advance(entries[0].time if entries else 0)
        durations: list[float] = []
        losses = 0  # one after the other
        for step in steps:
            for place in step.places:
                connection, raw = messages.take(place)
                if entries[place].role == "image":
                    self._note_sent(entries[place].stamp, step.matched)
                self._advance(entries[place].time)
                self._publish(connection.topic, raw, entries[place].time)
            if step.stamp and step.awaited:
                if self._wait(step.stamp, _patience(timeout, durations, losses)):
                    durations.append(time.monotonic() - self.playback.sent[step.stamp])
                    losses = 0
                else:
                    losses += 1
            if step.stamp:
                progress()

    def play_realtime(
        self, entries: Sequence[Entry], matched: set[int], timeout: float, progress: Callable[[], None]
    ) -> None:
        """Publish every message at its recorded time, then wait for what is still under way [s]."""
        if not entries:
            return
        begin, start = entries[0].time, time.monotonic()
        for entry, (connection, _, raw) in zip(entries, self._bag.messages(self._connections), strict=True):
            while True:
                elapsed = time.monotonic() - start
                ahead = (entry.time - begin) * 1e-9 - elapsed
                self._advance(min(entry.time, begin + int(elapsed * 1e9)))
                if ahead <= 0:
                    break
                time.sleep(min(ahead, CLOCK_PERIOD))
            self._check()
            if entry.role == "image":
                self._note_sent(entry.stamp, entry.stamp in matched)
            self._publish(connection.topic, raw, entry.time)
            if entry.role == "image":
                progress()
        last = max(self.playback.sent, default=0)
        self._wait(last, min(timeout, 5.0))  # earlier frames that are still missing were dropped

    def settle(self, seconds: float) -> None:
        """Wait a little, so that the last diagnostics arrive."""
        deadline = time.monotonic() + seconds
        while time.monotonic() < deadline:
            self._check()
            time.sleep(0.05)

    def _note_sent(self, stamp: int, matched: bool) -> None:
        self.playback.sent[stamp] = time.monotonic()
        if matched:
            self.playback.matched.add(stamp)

    def _advance(self, now: int) -> None:
        """Publish the clock; it never goes back, although lockstep reorders a few messages."""
        if now > self.now:
            self.now = now
            self._clock.publish(Clock(clock=Time(sec=now // 1_000_000_000, nanosec=now % 1_000_000_000)))

    def _publish(self, topic: str, raw: bytes, recorded: int) -> None:
        if self.recorder is not None:
            self.recorder.write(topic, raw, recorded)
        if topic == self._frames:  # played, not segmented: nobody sends it back
            self.receive(topic, raw)
        self._publishers[topic].publish(bytes(raw))

    def _wait(self, stamp: int, timeout: float) -> bool:
        """Wait for the results of an image; False when they did not come in time."""
        start = time.monotonic()
        while True:
            with self._arrived:
                if self._arrived.wait_for(lambda: self.playback.done(stamp), 0.1):
                    return True
            self._check()
            now = time.monotonic()
            if now - start > timeout or now - self.playback.frame_at.get(stamp, now) > _FUSION_PATIENCE:
                return False


def _patience(timeout: float, durations: Sequence[float], losses: int) -> float:
    """Return how long to wait for a frame [s], given how long others took and how many were just lost."""
    if losses >= _HOPELESS:
        return min(timeout, _QUICK_LEAST)
    if not durations:
        return timeout
    usual = sorted(durations)[len(durations) // 2]
    return min(timeout, max(_QUICK_LEAST, _QUICK_FACTOR * usual))


class _Lookahead:
    """Gives the messages of a stream by their place, in almost increasing order."""

    def __init__(self, stream: Iterator[tuple[Any, int, bytes]]) -> None:
        self._stream, self._next = stream, 0
        self._waiting: dict[int, tuple[Any, bytes]] = {}

    def take(self, place: int) -> tuple[Any, bytes]:
        while place >= self._next:
            connection, _, raw = next(self._stream)
            self._waiting[self._next] = (connection, raw)
            self._next += 1
        return self._waiting.pop(place)


def _qos(connection: Any) -> QoSProfile:
    latched = is_latched(connection)
    return QoSProfile(
        history=QoSHistoryPolicy.KEEP_LAST,
        depth=100 if latched or connection.topic.split("/")[-1] == "tf" else 10,
        reliability=QoSReliabilityPolicy.RELIABLE,
        durability=QoSDurabilityPolicy.TRANSIENT_LOCAL if latched else QoSDurabilityPolicy.VOLATILE,
    )
