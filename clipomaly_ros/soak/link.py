"""The sensors' and the planner's end of DDS: publishers, what came back, and waiting for it."""

from __future__ import annotations

import threading
import time
from collections import Counter
from collections.abc import Callable
from typing import Any

import numpy as np
from diagnostic_msgs.msg import DiagnosticArray
from lifecycle_msgs.srv import GetState
from rclpy.node import Node
from rclpy.qos import QoSDurabilityPolicy, QoSHistoryPolicy, QoSProfile, QoSReliabilityPolicy
from rosgraph_msgs.msg import Clock
from sensor_msgs.msg import CameraInfo, PointCloud2
from tf2_msgs.msg import TFMessage

from clipomaly_msgs.msg import AnomalyFrame, HazardZoneArray, LabelLegend
from clipomaly_ros.nodes.stamps import to_nanoseconds
from clipomaly_ros.soak import scene

NODE = "hazard_fusion"
DEPTH = 200  # nothing may be lost in a queue: what is lost must be the node's doing
PATIENCE = 60.0  # for anything that must happen, on the busiest machine [s]
START_PATIENCE = 300.0  # for the start of the node [s]
_NEAR = 0.5  # of a zone to the object, horizontally [m]
_TYPES = {"anomalies": AnomalyFrame, "points": PointCloud2, "camera_info": CameraInfo, "/tf": TFMessage}


def _reliable(depth: int, latched: bool = False) -> QoSProfile:
    return QoSProfile(
        history=QoSHistoryPolicy.KEEP_LAST,
        depth=depth,
        reliability=QoSReliabilityPolicy.RELIABLE,
        durability=QoSDurabilityPolicy.TRANSIENT_LOCAL if latched else QoSDurabilityPolicy.VOLATILE,
    )


class Link:
    """Publishes for one fusion node and remembers what it says; spun by another thread.

    check(): called while waiting; raises when the node's process has ended.
    """

    def __init__(self, node: Node, check: Callable[[], None]) -> None:
        self._node, self._check = node, check
        self._changed = threading.Condition()
        self._seen: dict[int, tuple[float, bool]] = {}  # stamp -> steady time, zone at the object
        self._beats: list[tuple[int, int]] = []  # stamp and health of arrays without a measurement
        self._counters: Counter[str] = Counter()
        self._reports = 0
        self.sent: Counter[str] = Counter()
        self._publishers = {
            topic: node.create_publisher(kind, topic, _reliable(DEPTH)) for topic, kind in _TYPES.items()
        }
        self._publishers["/clock"] = node.create_publisher(Clock, "/clock", _reliable(10))
        for topic, kind in (("/tf_static", TFMessage), ("legend", LabelLegend)):
            self._publishers[topic] = node.create_publisher(kind, topic, _reliable(1, latched=True))
        node.create_subscription(HazardZoneArray, "hazard_zones", self._on_zones, _reliable(DEPTH))
        node.create_subscription(DiagnosticArray, "/diagnostics", self._on_diagnostics, _reliable(50))
        self._state = node.create_client(GetState, f"/{NODE}/get_state")

    def send(self, topic: str, message: Any) -> None:
        """Publish a message and count it."""
        self.sent[topic] += 1
        self._publishers[topic].publish(message)

    def array_of(self, stamp: int) -> tuple[float, bool] | None:
        """Return when the array of a frame came and whether a zone was at the object."""
        with self._changed:
            return self._seen.get(stamp)

    def beats(self) -> list[tuple[int, int]]:
        """Return stamp [ns] and health of the arrays without a measurement, since `forget`."""
        with self._changed:
            return list(self._beats)

    def forget(self) -> None:
        """Forget the arrays that came so far."""
        with self._changed:
            self._seen.clear()
            self._beats.clear()

    def counters(self) -> tuple[int, Counter[str]]:
        """Return the number of reports so far and the counters of the latest."""
        with self._changed:
            return self._reports, Counter(self._counters)

    def wait(
        self,
        condition: Callable[[], Any],
        patience: float = PATIENCE,
        meanwhile: Callable[[], None] | None = None,
    ) -> bool:
        """Wait until a condition holds; tell whether it did in time.

        meanwhile: called again and again, every 5 ms.
        """
        end = time.monotonic() + patience
        while not condition():
            self._check()
            if time.monotonic() > end:
                return False
            if meanwhile is not None:
                meanwhile()
            with self._changed:
                if not condition():
                    self._changed.wait(0.005 if meanwhile is not None else 0.5)
        return True

    def wait_ready(self, refused: Callable[[], None]) -> bool:
        """Wait until the node is active and hears every input.

        refused(): called meanwhile; raises when the node will not become active.
        """
        active = threading.Event()

        def ask() -> None:
            refused()
            if self._state.service_is_ready():
                self._state.call_async(GetState.Request()).add_done_callback(
                    lambda future: active.set() if future.result().current_state.label == "active" else None
                )

        unusable = {"points": PointCloud2(), "anomalies": AnomalyFrame(), "camera_info": CameraInfo()}

        def unheard() -> list[str]:
            return [topic for topic in unusable if not self._counters[f"{topic}_zero_stamp"]]

        def try_again() -> None:
            # That this side knows of a subscription does not mean that the subscription knows of it.
            for topic in unheard():
                self._publishers[topic].publish(unusable[topic])

        if not self.wait(active.is_set, START_PATIENCE, ask):
            return False
        topics = [*_TYPES, "/clock", "/tf_static", "legend"]
        return self.wait(
            lambda: all(self._publishers[topic].get_subscription_count() for topic in topics)
        ) and self.wait(lambda: not unheard(), PATIENCE, try_again)

    def wait_settled(self, patience: float = PATIENCE) -> Counter[str]:
        """Wait until the counters no longer change from report to report, and return them."""
        latest: list[Counter[str]] = []

        def settled() -> bool:
            reports, counters = self.counters()
            if not latest or reports != settled.reports:
                settled.reports = reports
                latest.append(counters)
            return len(latest) > 2 and latest[-1] == latest[-2] == latest[-3]

        settled.reports = -1
        self.wait(settled, patience)
        return latest[-1]

    def _on_zones(self, message: HazardZoneArray) -> None:
        now, stamp = time.monotonic(), to_nanoseconds(message.header.stamp)
        with self._changed:
            if message.camera_frame:
                self._seen[stamp] = now, any(_near(zone) for zone in message.zones)
            else:
                self._beats.append((stamp, message.health))
            self._changed.notify_all()

    def _on_diagnostics(self, message: DiagnosticArray) -> None:
        for status in message.status:
            if status.name == f"/{NODE}":
                found = {item.key: int(item.value) for item in status.values if item.value.isdecimal()}
                with self._changed:
                    self._counters, self._reports = Counter(found), self._reports + 1
                    self._changed.notify_all()


def _near(zone: Any) -> bool:
    place = zone.centroid
    return float(np.hypot(place.x - scene.BOX_CENTRE[0], place.y - scene.BOX_CENTRE[1])) < _NEAR
