"""Point clouds: from the bytes of a PointCloud2 to finite points."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from clipomaly_ros.hazard.deskew_times import UntimedScan, find_time_field, offsets_from_stamp
from clipomaly_ros.hazard.types import FieldLike, HazardError

# sensor_msgs/PointField datatype -> numpy format; only those a coordinate may have
_COORDINATE_FORMATS = {7: "f4", 8: "f8"}
MAX_POINTS = 8_000_000  # ten times the largest full rig


@dataclass(frozen=True)
class PointField:
    """One field of a point; datatypes are those of sensor_msgs/PointField (7 float32, 8 float64)."""

    name: str
    offset: int
    datatype: int
    count: int = 1


@dataclass(frozen=True, eq=False)
class PointCloud:
    """Finite points of one scan in the sensor's frame.

    xyz: float32 [N, 3], metres. non_finite, zero: how many points were left out because
    a coordinate was NaN or infinite, or all three were 0 (no return). offsets: float32 [N],
    time of each point from the scan's stamp [s], None when not known; untimed says why.
    """

    xyz: NDArray[np.float32]
    non_finite: int = 0
    zero: int = 0
    offsets: NDArray[np.float32] | None = None
    untimed: str = ""

    @classmethod
    def empty(cls) -> PointCloud:
        """Return a cloud without points."""
        return cls(np.empty((0, 3), np.float32))


def parse_cloud(
    fields: Sequence[FieldLike],
    data: Any,
    width: int,
    height: int,
    point_step: int,
    row_step: int,
    is_bigendian: bool,
    stamp: int | None = None,
    time_unit: str = "auto",
) -> PointCloud:
    """Read x, y, z of a PointCloud2, whatever its layout, and with a stamp the times of the points.

    data: any object with the buffer interface, as bytes. Any field order, padding, byte
    order, float32 or float64, organised or not. Raises HazardError that says which fields
    came when x, y or z is missing or no float, and what is wrong with the sizes. stamp: of
    the scan [ns]; time_unit: see deskew_times. A scan without usable times is no error.
    """
    offsets, formats = _coordinates(fields, point_step, is_bigendian)
    width, height, point_step, row_step = int(width), int(height), int(point_step), int(row_step)
    if width < 0 or height < 0 or width * height > MAX_POINTS:
        raise HazardError(f"expected at most {MAX_POINTS} points, got width {width} x height {height}")
    if width * height == 0:
        return PointCloud.empty()
    if height == 1:
        row_step = width * point_step  # drivers leave it 0 or odd here, and nothing hangs on it
    if row_step < width * point_step:
        raise HazardError(
            f"expected row_step >= width x point_step = {width * point_step} bytes, got {row_step}"
        )
    buffer = memoryview(data).cast("B") if not isinstance(data, memoryview) else data.cast("B")
    needed = (height - 1) * row_step + width * point_step
    if len(buffer) < needed:
        raise HazardError(
            f"cloud data are cut off: expected {needed} bytes ({width} x {height} points), got {len(buffer)}"
        )
    shape, strides = (height, width), (row_step, point_step)
    xyz = _gather(buffer, offsets, formats, shape, strides)
    if stamp is None:
        return _finite(xyz)
    try:
        offset, code = find_time_field(fields, point_step, bool(is_bigendian))
    except UntimedScan as reason:
        return _finite(xyz, untimed=str(reason))
    times = np.ndarray(shape, code, buffer, offset, strides).reshape(-1)
    return _finite(xyz, lambda kept: offsets_from_stamp(times[kept], stamp, time_unit))


def _coordinates(
    fields: Sequence[FieldLike], point_step: int, is_bigendian: bool
) -> tuple[list[int], list[str]]:
    """Return offset and numpy format of x, y and z."""
    came = ", ".join(f"{str(f.name)[:32]}:{f.datatype}@{f.offset}" for f in list(fields)[:32]) or "none"
    offsets, formats = [], []
    for name in ("x", "y", "z"):
        found = [field for field in fields if field.name == name]
        if len(found) != 1:
            raise HazardError(f"expected one field {name!r} in the cloud, got {len(found)}; fields: {came}")
        field = found[0]
        if field.datatype not in _COORDINATE_FORMATS or field.count > 1:
            raise HazardError(
                f"expected field {name!r} to be one float32 (7) or float64 (8), "
                f"got datatype {field.datatype} x {field.count}; fields: {came}"
            )
        code = _COORDINATE_FORMATS[field.datatype]
        if field.offset < 0 or field.offset + int(code[1]) > point_step:
            raise HazardError(
                f"field {name!r} at byte {field.offset} does not fit into point_step {point_step}; "
                f"fields: {came}"
            )
        offsets.append(int(field.offset))
        formats.append((">" if is_bigendian else "<") + code)
    return offsets, formats


def _gather(
    buffer: memoryview,
    offsets: list[int],
    formats: list[str],
    shape: tuple[int, int],
    strides: tuple[int, int],
) -> NDArray[np.float32]:
    """Copy the coordinates out of the message once, through views without copies.

    One after the other, also where they lie side by side: numpy copies a long column in half
    the time of as many rows of three.
    """
    xyz = np.empty((*shape, 3), np.float32)
    with np.errstate(over="ignore", invalid="ignore"):  # float64 beyond float32 becomes inf, and is dropped
        for axis, (offset, code) in enumerate(zip(offsets, formats, strict=True)):
            xyz[..., axis] = np.ndarray(shape, code, buffer, offset, strides)
    return xyz.reshape(-1, 3)


def _finite(
    xyz: NDArray[np.float32],
    times_of: Callable[[Any], NDArray[np.float32]] | None = None,
    untimed: str = "",
) -> PointCloud:
    """Leave out points without a position, and count them. times_of(kept): offsets of the rest."""
    flat, kept, non_finite = xyz.reshape(-1), None, 0
    with np.errstate(over="ignore", invalid="ignore"):
        usual = np.isfinite(flat @ flat)
    if not usual:  # only after that one fast pass it is worth looking at each point
        kept = np.isfinite(xyz[:, 0]) & np.isfinite(xyz[:, 1]) & np.isfinite(xyz[:, 2])
        non_finite = len(xyz) - int(np.count_nonzero(kept))
    nothing = np.flatnonzero(xyz[:, 0] == 0)  # hardly any, unless a driver sends no return as zeros
    nothing = nothing[(xyz[nothing, 1] == 0) & (xyz[nothing, 2] == 0)]
    zero = len(nothing)
    if zero or non_finite:
        kept = np.ones(len(xyz), bool) if kept is None else kept
        kept[nothing] = False
        xyz = xyz[kept]
    else:
        kept = None
    if times_of is None:
        return PointCloud(xyz, non_finite, zero, untimed=untimed)
    try:
        offsets = times_of(slice(None) if kept is None else kept)
    except UntimedScan as reason:
        return PointCloud(xyz, non_finite, zero, untimed=str(reason))
    return PointCloud(xyz, non_finite, zero, offsets)
