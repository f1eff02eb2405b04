"""Tells Nav2's keep-out filter where the mask is: nav2_msgs/CostmapFilterInfo, latched."""

from __future__ import annotations

from typing import Any

from nav2_msgs.msg import CostmapFilterInfo
from rclpy.node import Node
from std_msgs.msg import Header

from clipomaly_ros.nodes import qos
from clipomaly_ros.nodes.running import run_node

KEEP_OUT = 0  # CostmapFilterInfo.type of the keep-out filter


def filter_info(stamp: Any, mask_topic: str) -> CostmapFilterInfo:
    """Return the information: mask values are used as they are."""
    return CostmapFilterInfo(
        header=Header(stamp=stamp), type=KEEP_OUT, filter_mask_topic=mask_topic, base=0.0, multiplier=1.0
    )


class FilterInfo(Node):
    """Publishes `keep_out_filter_info` once; it stays for late subscribers."""

    def __init__(self, **options: Any) -> None:
        super().__init__("hazard_nav2_filter_info", **options)
        self._publisher = self.create_publisher(CostmapFilterInfo, "keep_out_filter_info", qos.LATCHED)
        mask = self.resolve_topic_name("keep_out_mask")
        self._publisher.publish(filter_info(self.get_clock().now().to_msg(), mask))


def main(args: list[str] | None = None) -> int:
    """Run until a signal."""
    return run_node(FilterInfo, args)
