"""Point clouds of any layout, read at the edge of fusion and compared with a reading point by point."""

from __future__ import annotations

import math
import struct
from array import array

import numpy as np
from builtin_interfaces.msg import Time
from sensor_msgs.msg import PointCloud2, PointField
from std_msgs.msg import Header

from clipomaly_ros.fuzzing.draw import Draw, header_parts, rarely, usual_or_any
from clipomaly_ros.hazard.deskew import Sweep
from clipomaly_ros.hazard.deskew_times import FARTHEST_STAMP, UNITS
from clipomaly_ros.hazard.transforms import RigidTransform
from clipomaly_ros.nodes.cloud_input import read_cloud
from clipomaly_ros.nodes.message_checks import BadMessage

_SIZES = {1: 1, 2: 1, 3: 2, 4: 2, 5: 4, 6: 4, 7: 4, 8: 8}
_KINDS = {**dict.fromkeys("xyz", (7, 7, 7, 8)), **dict.fromkeys(("t", "time"), (5, 6, 7, 8))}
_TIMES = {5: ("i", 1_000_000), 6: ("I", 1_000_000), 7: ("f", 1e-3), 8: ("d", 1e-3)}  # one millisecond
_NAMES = ("x", "y", "z", "intensity", "ring", "t", "time", "rgb")


def draw_cloud(draw: Draw) -> PointCloud2:
    """Return a cloud: fields in any order, gaps, padding, either byte order, organised, wrong sizes."""
    order = list(_NAMES)
    for index in range(len(order) - 1, 0, -1):
        other = draw.integer(0, index)
        order[index], order[other] = order[other], order[index]
    fields, offset = [], 0
    for name in order:
        if (name not in "xyz" and draw.integer(0, 1)) or rarely(draw, 32):
            continue
        kind = draw.choice(_KINDS[name]) if name in _KINDS else draw.integer(1, 8)
        if rarely(draw, 16):
            kind = draw.integer(0, 255)
        offset += draw.choice((0, 0, 0, 1, 4, 16))
        where = usual_or_any(draw, (offset,))
        fields.append(PointField(name=name, offset=where, datatype=kind, count=usual_or_any(draw, (1, 1, 0))))
        offset += _SIZES.get(kind, 4)
    if rarely(draw, 16):
        fields.append(PointField(name=draw.choice(_NAMES), offset=0, datatype=7, count=1))
    step = usual_or_any(draw, (offset, offset, offset + 3, offset + 16))
    width, height = usual_or_any(draw, (5, 1, 0, 17)), usual_or_any(draw, (1, 1, 2, 0))
    row = usual_or_any(draw, (width * step % 2**32, (width * step + 8) % 2**32))
    bytes_wanted = min(row * height, 4096)
    content = draw.data(4096)
    content = (content * (bytes_wanted // max(1, len(content)) + 1))[:bytes_wanted] if content else b""
    big_endian = bool(draw.integer(0, 1))
    times = next((field for field in fields if field.name in ("t", "time")), None)
    if times is not None and draw.integer(0, 1):
        order = ">" if big_endian else "<"
        content = _with_times(draw, bytearray(content), order, times, (height, row, width, step))
    if rarely(draw, 8):
        content = content[: draw.integer(0, len(content))]
    sec, nanosec, frame = header_parts(draw)
    return PointCloud2(
        header=Header(stamp=Time(sec=sec, nanosec=nanosec), frame_id=frame),
        height=height,
        width=width,
        fields=fields,
        is_bigendian=big_endian,
        point_step=step,
        row_step=row,
        data=array("B", content),
        is_dense=bool(draw.integer(0, 1)),
    )


def _with_times(
    draw: Draw, content: bytearray, order: str, field: PointField, shape: tuple[int, int, int, int]
) -> bytes:
    """Give each point a time, some milliseconds after the one before, where the content has room."""
    height, row, width, step = shape
    code, millisecond = _TIMES.get(field.datatype, ("B", 1))
    first, later = draw.integer(0, 100) * millisecond, draw.integer(0, 20) * millisecond
    for number in range(min(height * width, 64)):
        at = number // width * row + number % width * step + field.offset
        if at + struct.calcsize(code) <= len(content) and code != "B":
            struct.pack_into(order + code, content, at, first + number * later)
    return bytes(content)


def expected_points(message: PointCloud2) -> np.ndarray:
    """Read the finite points of a good cloud one by one, float32 [N, 3], without those at the origin."""
    order = ">" if message.is_bigendian else "<"
    fields = {field.name: field for field in message.fields}
    data, points = bytes(message.data), []
    for row in range(message.height):
        for column in range(message.width):
            start = row * message.row_step + column * message.point_step
            point = [
                struct.unpack_from(
                    order + ("f" if fields[name].datatype == 7 else "d"), data, start + fields[name].offset
                )[0]
                for name in "xyz"
            ]
            with np.errstate(over="ignore"):
                short = np.array(point, np.float64).astype(np.float32)
            if all(math.isfinite(value) for value in short) and short.any():
                points.append(short)
    return np.array(points, np.float32).reshape(-1, 3)


def run_cloud(draw: Draw) -> None:
    """Refuse a cloud by name, or read exactly its points, and their times or none."""
    message = draw_cloud(draw)
    try:
        found = read_cloud(message, timed=True, time_unit=draw.choice((*["auto"] * 4, *UNITS)))
    except BadMessage:
        return
    expected = expected_points(message)
    if not np.array_equal(found.points.xyz, expected):
        raise AssertionError(f"read {len(found.points.xyz)} points, expected {len(expected)}")
    if len(expected) + found.points.non_finite + found.points.zero != message.width * message.height:
        raise AssertionError("points that were left out are not counted")
    if (found.times is None) != (found.points.offsets is None):
        raise AssertionError("times of the scan and of its points do not go together")
    if found.times is not None:
        Sweep(found.times, (RigidTransform.identity(),) * 3)  # raises unless they are even and rise
        if len(found.points.offsets) != len(expected) or np.abs(found.points.offsets).max() > FARTHEST_STAMP:
            raise AssertionError("points without a time, or with one that is not of this scan")
