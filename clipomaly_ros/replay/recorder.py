"""Record everything a replay publishes into one bag, as the raw bytes that were sent."""

from __future__ import annotations

import importlib
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

from rclpy.node import Node
from rclpy.qos import QoSDurabilityPolicy, QoSHistoryPolicy, QoSProfile, QoSReliabilityPolicy

from clipomaly_ros.replay.bag_types import is_latched, make_typestore, new_bag, offered_qos, register_package

# Traffic of ROS itself, not of the system under replay.
IGNORED = ("/parameter_events", "/rosout")


def message_class(kind: str) -> Any:
    """Import the Python class of "package/msg/Name"."""
    package, group, name = kind.split("/")
    return getattr(importlib.import_module(f"{package}.{group}"), name)


class Recorder:
    """Writes messages into out/bag; thread-safe, since player and subscriptions both write.

    on_message(topic, raw) is called for each message that came over DDS.
    clock() gives the bag's time [ns].
    """

    def __init__(
        self, path: Path, clock: Callable[[], int], on_message: Callable[[str, bytes], None]
    ) -> None:
        self._clock, self._on_message = clock, on_message
        self._store = make_typestore()
        self._lock = threading.Lock()
        self._connections: dict[str, Any] = {}
        self._subscriptions: dict[str, Any] = {}
        self._writer = new_bag(path)
        self._writer.open()
        self._open = True

    def add_topic(self, topic: str, kind: str, latched: bool = False) -> None:
        """Declare a topic that the player itself writes."""
        with self._lock:
            if topic not in self._connections:
                self._connections[topic] = self._connect(topic, kind, latched)

    def add_connection(self, connection: Any) -> None:
        """Declare a topic that is played from another bag, with that bag's definition of its type."""
        with self._lock:
            if connection.msgdef.data:
                self._connections[connection.topic] = self._writer.add_connection(
                    connection.topic,
                    connection.msgtype,
                    msgdef=connection.msgdef.data,
                    rihs01=connection.digest or None,
                    typestore=self._store if connection.msgtype in self._store.fielddefs else None,
                    offered_qos_profiles=[offered_qos(latched=is_latched(connection))],
                )
            else:
                latched = is_latched(connection)
                self._connections[connection.topic] = self._connect(
                    connection.topic, connection.msgtype, latched
                )

    def write(self, topic: str, raw: bytes, time: int | None = None) -> None:
        """Write one message of a declared topic; time: bag time [ns], default now."""
        with self._lock:
            if self._open:
                stamp = self._clock() if time is None else time
                self._writer.write(self._connections[topic], stamp, raw)

    def follow(self, node: Node) -> None:
        """Subscribe to every topic that other nodes publish and that is not followed yet."""
        for topic, kinds in node.get_topic_names_and_types():
            if topic in self._subscriptions or topic in self._connections or topic in IGNORED:
                continue
            publishers = [
                p for p in node.get_publishers_info_by_topic(topic) if p.node_name != node.get_name()
            ]
            if not publishers:
                continue
            latched = all(p.qos_profile.durability == QoSDurabilityPolicy.TRANSIENT_LOCAL for p in publishers)
            reliable = all(p.qos_profile.reliability == QoSReliabilityPolicy.RELIABLE for p in publishers)
            self.add_topic(topic, kinds[0], latched)
            profile = QoSProfile(
                history=QoSHistoryPolicy.KEEP_LAST,
                depth=50,
                reliability=QoSReliabilityPolicy.RELIABLE if reliable else QoSReliabilityPolicy.BEST_EFFORT,
                durability=(QoSDurabilityPolicy.TRANSIENT_LOCAL if latched else QoSDurabilityPolicy.VOLATILE),
            )

            def receive(raw: bytes, topic: str = topic) -> None:
                self.write(topic, raw)
                self._on_message(topic, raw)

            self._subscriptions[topic] = node.create_subscription(
                message_class(kinds[0]), topic, receive, profile, raw=True
            )

    @property
    def followed(self) -> set[str]:
        """Return the topics that come over DDS."""
        return set(self._subscriptions)

    def close(self) -> None:
        """Finish the bag; further messages are ignored."""
        with self._lock:
            if self._open:
                self._open = False
                self._writer.close()

    def _connect(self, topic: str, kind: str, latched: bool) -> Any:
        if kind not in self._store.fielddefs:
            register_package(self._store, kind.split("/")[0])
        return self._writer.add_connection(
            topic, kind, typestore=self._store, offered_qos_profiles=[offered_qos(latched=latched)]
        )
