"""PointCloud2 at the edge of fusion: checked once, then finite points."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray
from sensor_msgs.msg import PointCloud2
from std_msgs.msg import Header

from clipomaly_ros.hazard.clouds import MAX_POINTS, PointCloud, parse_cloud
from clipomaly_ros.hazard.deskew import sweep_times
from clipomaly_ros.hazard.types import HazardError
from clipomaly_ros.nodes.message_checks import BadMessage, check_header


@dataclass(frozen=True)
class CloudInput:
    """One usable cloud; stamp: nanoseconds; points in the frame of the header.

    times: at which the pose of the LiDAR matters, from the stamp [s]; None: at the stamp only.
    """

    header: Header
    stamp: int
    points: PointCloud
    times: NDArray[np.float64] | None = None

    @property
    def frame_id(self) -> str:
        """Return the frame of the points."""
        return self.header.frame_id

    def at_stamp(self) -> CloudInput:
        """Return the cloud as if all of it had been measured at its stamp."""
        return replace(self, points=replace(self.points, offsets=None), times=None)


def read_cloud(message: PointCloud2, timed: bool = False, time_unit: str = "auto") -> CloudInput:
    """Check a cloud and convert it; BadMessage names what is wrong with it.

    Points without a position are left out and counted in the result, the rest is used.
    timed: read the time of each point, in time_unit (deskew_times), where the cloud has it.
    """
    stamp = check_header(message.header)
    absent = {"x", "y", "z"} - {field.name for field in message.fields}
    if absent:
        names = ", ".join(sorted(field.name for field in message.fields)[:32]) or "none"
        raise BadMessage("no_xyz", f"fields {', '.join(sorted(absent))} are missing; the cloud has: {names}")
    if message.width * message.height > MAX_POINTS:
        raise BadMessage(
            "size", f"expected at most {MAX_POINTS} points, got {message.width} x {message.height}"
        )
    if message.point_step and len(message.data) < message.width * message.height * message.point_step:
        raise BadMessage(
            "truncated",
            f"expected {message.width} x {message.height} points of {message.point_step} bytes, "
            f"got {len(message.data)} bytes",
        )
    try:
        points = parse_cloud(
            message.fields,
            message.data,
            width=message.width,
            height=message.height,
            point_step=message.point_step,
            row_step=message.row_step,
            is_bigendian=message.is_bigendian,
            stamp=stamp if timed else None,
            time_unit=time_unit,
        )
    except HazardError as error:
        raise BadMessage("layout", str(error)) from error
    times = None
    if points.offsets is not None:
        times = sweep_times(float(points.offsets.min()), float(points.offsets.max()))
    return CloudInput(message.header, stamp, points, times)
