"""One step after the other: what the sensors send, what goes wrong, and what must come of it."""

from __future__ import annotations

import random
import time
from typing import Any

from rosgraph_msgs.msg import Clock
from tf2_msgs.msg import TFMessage

from clipomaly_msgs.msg import HazardZoneArray
from clipomaly_ros.nodes.zone_messages import time_message
from clipomaly_ros.soak import scene
from clipomaly_ros.soak.broken_messages import broken_message, without_some_points
from clipomaly_ros.soak.faults import Fault, Step
from clipomaly_ros.soak.link import PATIENCE, Link
from clipomaly_ros.soak.observations import Observations

STEP = 100_000_000  # between two images [ns]
START = 1_700_000_000_000_000_000
INPUT_TIMEOUT, MAX_AGE, BEAT_RATE = 3.0, 3.0, 2.0  # of the node under test [s, s, Hz]
_TICK = 50_000_000  # of clock and odometry [ns]
_DELAY = 40_000_000  # of an image [ns]
_JITTER = 25_000_000  # of a cloud against its image [ns], within slop
_BACK, _FORWARD = 5_000_000_000, 30_000_000_000  # jumps of the clock [ns]
_AHEAD = 60_000_000_000  # stamp of a frame from the future [ns]


class Feeder:
    """Plays steps to a node over a Link and notes what comes back."""

    def __init__(self, link: Link, seen: Observations) -> None:
        self._link, self._seen = link, seen
        self._now = START
        self._late: Any = None  # a frame held back, with its stamp

    def begin(self) -> bool:
        """Start time, mounting and legend; tell whether the node follows the clock."""
        self._link.send("/tf_static", TFMessage(transforms=scene.mounting()))
        self._link.send("legend", scene.legend(START))
        return self._follow_clock()

    def play(self, step: Step) -> None:
        """Send what belongs to a step and wait for what must come of it."""
        fault, link, seen = step.fault, self._link, self._seen
        seen.steps += 1
        if fault is not None and step.begins:
            seen.faults[fault.value] += 1
        if fault in (Fault.CLOCK_BACK, Fault.CLOCK_FORWARD):
            self._jump(fault)
        if fault in (Fault.NO_FRAMES, Fault.NO_CLOUDS) and step.begins:
            self._link.forget()
        before, self._now = self._now, self._now + STEP
        seen.simulated += STEP * 1e-9
        if fault is not Fault.TF_GAP:
            self._odometry(before + _TICK, self._now)
        link.send("/clock", Clock(clock=time_message(self._now)))
        stamp = self._now - _DELAY
        link.send("camera_info", scene.camera_info(stamp))
        begun = time.monotonic()
        self._break(fault, stamp, step.seed)
        whole = self._pair(fault, stamp, step.seed)
        if whole and fault is not Fault.TF_GAP:
            self._await(stamp, begun)
        if self._late is not None and fault is not Fault.LATE_FRAME:
            self._send_late()
        if fault in (Fault.NO_FRAMES, Fault.NO_CLOUDS) and step.ends:
            self._await_silence(fault)

    def _pair(self, fault: Fault | None, stamp: int, seed: int) -> bool:
        """Send frame and cloud as the fault has it; tell whether both went out."""
        shift = random.Random(seed).randint(-_JITTER, _JITTER)  # noqa: S311 - repeatable
        frame, cloud = scene.anomaly_frame(stamp), scene.cloud(stamp + shift)
        if fault is Fault.NAN_POINTS:
            cloud = without_some_points(stamp + shift, seed)
        if fault is Fault.LATE_FRAME:
            self._late = frame, stamp
        frames = {Fault.DROP_FRAME: 0, Fault.NO_FRAMES: 0, Fault.LATE_FRAME: 0, Fault.DOUBLE_FRAME: 2}
        clouds = {Fault.DROP_CLOUD: 0, Fault.NO_CLOUDS: 0, Fault.DOUBLE_CLOUD: 2}
        copied = {Fault.DOUBLE_FRAME: "anomalies", Fault.DOUBLE_CLOUD: "points"}.get(fault)
        if copied is not None:
            self._seen.expected[f"{copied}_duplicate"] += 1
        outgoing = [("anomalies", frame)] * frames.get(fault, 1) + [("points", cloud)] * clouds.get(fault, 1)
        for topic, message in reversed(outgoing) if fault is Fault.CLOUD_FIRST else outgoing:
            self._link.send(topic, message)
        return len({topic for topic, _ in outgoing}) == 2

    def _break(self, fault: Fault | None, stamp: int, seed: int) -> None:
        """Send an unusable message before the good ones."""
        topics = {Fault.BAD_FRAME: "anomalies", Fault.BAD_CLOUD: "points", Fault.BAD_INFO: "camera_info"}
        if fault in topics:
            message, counter = broken_message(topics[fault], stamp, seed)
            self._link.send(topics[fault], message)
            self._seen.expected[counter] += 1
        if fault is Fault.FUTURE_FRAME:
            self._link.send("anomalies", scene.anomaly_frame(stamp + _AHEAD))
            self._seen.expected["anomalies_from_the_future"] += 1

    def _await(self, stamp: int, begun: float) -> None:
        self._seen.good += 1
        if not self._link.wait(lambda: self._link.array_of(stamp) is not None):
            self._seen.lost.append(stamp)
            return
        came, placed = self._link.array_of(stamp)
        self._seen.latencies.append(came - begun)
        if not placed:
            self._seen.misplaced.append(stamp)

    def _send_late(self) -> None:
        frame, stamp = self._late
        self._late = None
        begun = time.monotonic()
        self._link.send("anomalies", frame)
        self._await(stamp, begun)

    def _await_silence(self, fault: Fault) -> None:
        """Let time go on until an array tells that an input is silent."""

        def told() -> bool:
            return any(health == HazardZoneArray.HEALTH_STALE for _, health in self._link.beats())

        if not self._link.wait(told, PATIENCE, self._tick):
            self._seen.untold.append(f"{fault.value} at {self._now * 1e-9:.2f} s")

    def _jump(self, fault: Fault) -> None:
        if fault is Fault.CLOCK_BACK:
            self._seen.expected["time_jump_backward"] += 1
            self._late = None
            self._now -= _BACK
        else:
            self._now += _FORWARD
        if not self._follow_clock():
            self._seen.untold.append(f"{fault.value} to {self._now * 1e-9:.2f} s: no array of that time")

    def _follow_clock(self) -> bool:
        """Let time go on until arrays show that the node has come along."""
        self._link.forget()
        first = self._now

        def followed() -> bool:
            return any(first <= stamp <= self._now for stamp, _ in self._link.beats())

        done = self._link.wait(followed, PATIENCE, self._tick)
        self._link.forget()
        return done

    def _tick(self) -> None:
        self._now += _TICK
        self._seen.simulated += _TICK * 1e-9
        self._odometry(self._now, self._now)
        self._link.send("/clock", Clock(clock=time_message(self._now)))

    def _odometry(self, first: int, last: int) -> None:
        for stamp in range(first, last + 1, _TICK):
            self._link.send("/tf", TFMessage(transforms=[scene.odometry(stamp)]))
