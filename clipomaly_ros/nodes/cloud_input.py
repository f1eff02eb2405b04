"""PointCloud2 at the edge of fusion: checked once, then finite points."""

from __future__ import annotations

from dataclasses import dataclass

from sensor_msgs.msg import PointCloud2
from std_msgs.msg import Header

from clipomaly_ros.hazard.clouds import MAX_POINTS, PointCloud, parse_cloud
from clipomaly_ros.hazard.types import HazardError
from clipomaly_ros.nodes.message_checks import BadMessage, check_header


@dataclass(frozen=True)
class CloudInput:
    """One usable cloud; stamp: nanoseconds; points in the frame of the header."""

    header: Header
    stamp: int
    points: PointCloud

    @property
    def frame_id(self) -> str:
        """Return the frame of the points."""
        return self.header.frame_id


def read_cloud(message: PointCloud2) -> CloudInput:
    """Check a cloud and convert it; BadMessage names what is wrong with it.

    Points without a position are left out and counted in the result, the rest is used.
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
        )
    except HazardError as error:
        raise BadMessage("layout", str(error)) from error
    return CloudInput(message.header, stamp, points)
