"""When each point of a scan was measured: the per-point time fields of common drivers."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from clipomaly_ros.hazard.types import FieldLike, HazardError

TIME_FIELDS = ("t", "time", "timestamp", "time_stamp", "time_offset", "offset_time")
UNITS = {"s": 1.0, "ms": 1e-3, "us": 1e-6, "ns": 1e-9}
LONGEST_SCAN = 1.0  # seconds; longer is another unit than assumed, or no time at all
SHORTEST_SCAN = 1e-3  # seconds; shorter is perhaps another unit than assumed, unless that was stated
FARTHEST_STAMP = 1.0  # seconds between the stamp of a scan and any of its points
_FORMATS = {5: "i4", 6: "u4", 7: "f4", 8: "f8"}  # datatypes of sensor_msgs/PointField
_ABSOLUTE = 1e8  # seconds; three years, more than any device's time since its start


class UntimedScan(HazardError):  # noqa: N818 - it names what it is about
    """A scan cannot be de-skewed; the text says why."""


def find_time_field(fields: Sequence[FieldLike], point_step: int, big_endian: bool) -> tuple[int, str]:
    """Return byte offset and numpy format of the time of a point; UntimedScan when there is none."""
    found = {str(field.name): field for field in fields}
    field = next((found[name] for name in TIME_FIELDS if name in found), None)
    if field is None:
        raise UntimedScan(f"no field of a point holds its time; looked for {', '.join(TIME_FIELDS)}")
    code = _FORMATS.get(field.datatype)
    if code is None or field.count > 1:
        raise UntimedScan(
            f"field {field.name!r}: expected one int32, uint32, float32 or float64, "
            f"got datatype {field.datatype} x {field.count}"
        )
    if field.offset < 0 or field.offset + int(code[1]) > point_step:
        raise UntimedScan(
            f"field {field.name!r} at byte {field.offset} does not fit into point_step {point_step}"
        )
    return int(field.offset), (">" if big_endian else "<") + code


def offsets_from_stamp(values: NDArray[Any], stamp: int, unit: str = "auto") -> NDArray[np.float32]:
    """Return when each point was measured, from the scan's stamp [s], float32 [N].

    values: content of the time field, relative to the stamp, or absolute (since 1970).
    stamp: of the scan [ns]. unit: "s", "ms", "us", "ns", or "auto": nanoseconds for integers
    (Ouster t, Autoware time_stamp, Livox offset_time); for floats the unit in which the scan
    lasts 1 ms to 1 s, else seconds (Velodyne time, Hesai and RoboSense timestamp). Raises
    UntimedScan when the times are no numbers, all equal, or not of this scan, and for "auto"
    when the scan would last less than 1 ms: integers may be microseconds as well.
    """
    if not len(values):
        raise UntimedScan("the scan has no points")
    first, last = values.min(), values.max()
    if not (np.isfinite(first) and np.isfinite(last)):
        raise UntimedScan("the times of the points are not all finite")
    if first == last:
        raise UntimedScan("all points have the same time")
    span = float(last) - float(first)
    scale = UNITS[_unit_of(values.dtype, span) if unit == "auto" else unit]
    if span * scale > LONGEST_SCAN:
        raise UntimedScan(
            f"the times of the points span {span * scale:.6g} s: expected at most {LONGEST_SCAN} s; "
            "state their unit (parameter point_time_unit)"
        )
    if unit == "auto" and span * scale < SHORTEST_SCAN:
        raise UntimedScan(
            f"the times of the points span {span * scale:.6g} s in {_unit_of(values.dtype, span)}: expected "
            f"at least {SHORTEST_SCAN} s; state their unit (parameter point_time_unit)"
        )
    # Absolute times lose their digits in float64 seconds: take the stamp away in their own unit.
    absolute = abs(float(first)) * scale > _ABSOLUTE
    base = _in_unit(stamp, scale) if absolute else 0.0
    offsets = ((values - base) * scale if values.dtype.kind == "f" else values * scale - base * scale).astype(
        np.float32
    )
    earliest, latest = float(offsets.min()), float(offsets.max())
    if earliest == latest:  # a span that float32 does not show
        raise UntimedScan("all points have the same time")
    farthest = max(-earliest, latest)
    if farthest > FARTHEST_STAMP:
        raise UntimedScan(
            f"the times of the points are up to {farthest:.6g} s from the scan's stamp: expected at most "
            f"{FARTHEST_STAMP} s; state their unit (parameter point_time_unit), or let the driver stamp with "
            "the clock of its points"
        )
    return offsets


def _unit_of(kind: np.dtype[Any], span: float) -> str:
    if kind.kind != "f":
        return "ns"
    if span <= LONGEST_SCAN:
        return "s"
    return next((unit for unit, scale in UNITS.items() if 1e-3 <= span * scale < 1.0), "s")


def _in_unit(stamp: int, scale: float) -> float:
    per_unit = round(scale * 1e9)  # ns; dividing integers first keeps all digits that float64 has
    return stamp // per_unit + (stamp % per_unit) / per_unit
