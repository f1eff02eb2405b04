"""The frame of every bridge: hears hazard zones and converts them while somebody listens."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from rcl_interfaces.msg import ParameterDescriptor
from rclpy.node import Node

from clipomaly_msgs.msg import HazardZoneArray
from clipomaly_ros.bridges.plain_zones import PlainZone, plain_zones
from clipomaly_ros.nodes import qos

LOG_EVERY = 5.0  # seconds between two lines about zones that cannot be converted


class BridgeNode(Node):
    """Publishes one message a HazardZoneArray on each output that has a subscription.

    Subscribes to `hazard_zones`. A message that cannot be converted is logged and left out:
    the next one comes within a second.
    """

    def __init__(self, name: str, **options: Any) -> None:
        super().__init__(name, **options)
        self._outputs: list[tuple[Any, Callable[[Any, tuple[PlainZone, ...]], Any]]] = []
        self.create_subscription(
            HazardZoneArray,
            "hazard_zones",
            self._on_zones,
            qos.RESULTS,
            qos_overriding_options=qos.overriding_options(),
        )

    def output(
        self,
        kind: Any,
        topic: str,
        convert: Callable[[Any, tuple[PlainZone, ...]], Any],
        profile: Any = qos.RESULTS,
    ) -> None:
        """Add an output; convert(header, zones) makes its message."""
        publisher = self.create_publisher(
            kind, topic, profile, qos_overriding_options=qos.overriding_options()
        )
        self._outputs.append((publisher, convert))

    def settings(self, table: Mapping[str, tuple[Any, str]]) -> dict[str, Any]:
        """Declare read-only parameters, name -> default and text, and return their values."""
        return {
            name: self.declare_parameter(
                name, default, ParameterDescriptor(description=text, read_only=True)
            ).value
            for name, (default, text) in table.items()
        }

    def _on_zones(self, array: HazardZoneArray) -> None:
        wanted = [(publisher, convert) for publisher, convert in self._outputs if _heard(publisher)]
        if not wanted:
            return
        try:
            zones = plain_zones(array)
            for publisher, convert in wanted:
                publisher.publish(convert(array.header, zones))
        except Exception as error:  # a callback that raises ends the bridge
            if not self.context.ok():  # a signal came in between: nobody is to be told
                return
            self.get_logger().error(
                f"zones of {array.header.stamp.sec} s are left out: {error!r}",
                throttle_duration_sec=LOG_EVERY,
            )


def _heard(publisher: Any) -> bool:
    return publisher.get_subscription_count() > 0
