"""Hazard zones as a keep-out mask, nav_msgs/OccupancyGrid, for Nav2's keep-out filter."""

from __future__ import annotations

import math
from array import array
from typing import Any

from geometry_msgs.msg import Point, Pose, Quaternion
from nav_msgs.msg import MapMetaData, OccupancyGrid
from std_msgs.msg import Header

from clipomaly_msgs.msg import HazardZone
from clipomaly_ros.bridges.bridge_node import LOG_EVERY, BridgeNode
from clipomaly_ros.bridges.plain_zones import Grid, PlainZone, keep_out_grid
from clipomaly_ros.nodes import qos
from clipomaly_ros.nodes.running import run_node

PARAMETERS = {
    "resolution": (0.1, "Side of a cell of the mask [m], 0.01 to 10."),
    "longest_side": (
        4000,
        "Most cells a side, 10 to 20000; zones that do not fit are left out, far ones first.",
    ),
    "least_action": (
        HazardZone.ACTION_SLOW,
        "Zones whose suggested action is below this ACTION_* of HazardZone stay free, 0 to 5.",
    ),
}
_RANGES = {"resolution": (0.01, 10.0), "longest_side": (10, 20000), "least_action": (0, 5)}


def grid_message(header: Header, grid: Grid) -> OccupancyGrid:
    """Convert a mask; its frame and stamp are those of the zones."""
    cells = array("b")
    cells.frombytes(grid.cells.tobytes())
    return OccupancyGrid(
        header=header,
        info=MapMetaData(
            map_load_time=header.stamp,
            resolution=grid.resolution,
            width=grid.cells.shape[1],
            height=grid.cells.shape[0],
            origin=Pose(
                position=Point(x=grid.origin[0], y=grid.origin[1], z=0.0), orientation=Quaternion(w=1.0)
            ),
        ),
        data=cells,
    )


class KeepOutBridge(BridgeNode):
    """Publishes `keep_out_mask`, latched as Nav2's filters expect it."""

    def __init__(self, **options: Any) -> None:
        super().__init__("hazard_keep_out_bridge", **options)
        self._values = self.settings(PARAMETERS)
        for name, (least, most) in _RANGES.items():
            value = self._values[name]
            if not (math.isfinite(value) and least <= value <= most):
                raise ValueError(f"parameter {name}: expected {least} to {most}, got {value}")
        self.output(OccupancyGrid, "keep_out_mask", self._convert, qos.LATCHED)

    def _convert(self, header: Header, zones: tuple[PlainZone, ...]) -> OccupancyGrid:
        values = self._values
        grid = keep_out_grid(zones, values["resolution"], values["longest_side"], values["least_action"])
        if grid.left_out:
            self.get_logger().warning(
                f"{grid.left_out} zones do not fit into a mask of {values['longest_side']} cells a side: "
                "raise longest_side or resolution",
                throttle_duration_sec=LOG_EVERY,
            )
        return grid_message(header, grid)


def main(args: list[str] | None = None) -> int:
    """Run the bridge until a signal."""
    return run_node(KeepOutBridge, args)
