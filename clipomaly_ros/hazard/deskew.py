"""Points measured one after the other from a moving vehicle, brought to one time."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.spatial.transform import Rotation

from clipomaly_ros.hazard.clouds import PointCloud
from clipomaly_ros.hazard.transforms import RigidTransform
from clipomaly_ros.hazard.types import HazardError

_CHUNK = 16384  # points whose columns stay in the cache together
_STILL = 1e-3  # metres and, at _REACH, the same by rotation: less motion is not worth the work
_REACH = 50.0  # metres


@dataclass(frozen=True, eq=False)
class Sweep:
    """Where a LiDAR was during one scan.

    times: from the scan's stamp [s], float64, of the first point, the last and half way; poses:
    of the sensor in the fixed frame at these. One pose alone holds for the whole scan. Raises
    HazardError otherwise.
    """

    times: NDArray[np.float64]
    poses: tuple[RigidTransform, ...]

    def __post_init__(self) -> None:
        times = np.asarray(self.times, np.float64)
        steps = np.diff(times)
        if times.shape != (len(self.poses),) or len(times) not in (1, 3):
            raise HazardError(f"expected one or three times and as many poses, got {times.tolist()}")
        if not ((steps > 0).all() and np.allclose(steps, steps[:1])):
            raise HazardError(f"expected times of even, positive steps, got {times.tolist()}")
        object.__setattr__(self, "times", times)


def sweep_times(first: float, last: float) -> NDArray[np.float64]:
    """Return the times [s] at which the pose is asked for, of a scan's first and last point."""
    return np.linspace(first, last, 3)


def continued(earlier: RigidTransform, later: RigidTransform, share: float) -> RigidTransform:
    """Return where an even motion from one pose to another leads beyond the later one.

    share: of the time between the two. Rotation by the scaled axis of the step, translation by
    a straight line: what braking or steering adds in 0.1 s is about 1 cm.
    """
    # Not cv2.Rodrigues: it takes a turn of less than 1e-5 rad for none.
    axis = Rotation.from_matrix(earlier.rotation.T @ later.rotation).as_rotvec()
    step = Rotation.from_rotvec(axis * share).as_matrix()
    way = later.translation - earlier.translation
    return RigidTransform(later.rotation @ step, later.translation + way * share)


def to_one_time(points: PointCloud, sweep: Sweep, fixed_from_target: RigidTransform) -> NDArray[np.float32]:
    """Return the points in a target frame of one time, float32 [N, 3].

    points: in the sensor's frame at each one's own time. fixed_from_target: e.g. the sensor
    itself at the stamp of a picture. The elements of the pose are quadratic in time through
    the three poses of the sweep (Lagrange): that is within 1 mm in 60 m of an even motion at
    1 rad/s over 0.1 s. Points that need no motion come back as they are.
    """
    target_from_fixed = fixed_from_target.inverse()
    relative = [target_from_fixed @ pose for pose in sweep.poses]
    if all(map(_is_still, relative)):
        return points.xyz
    if len(relative) == 1:
        return relative[0].apply(points.xyz)
    if points.offsets is None:
        raise HazardError("expected the times of the points for a sweep of several poses")
    first, middle, last = (np.column_stack([pose.rotation, pose.translation]) for pose in relative)
    terms = [((first + last) / 2 - middle), (last - first) / 2, middle]  # of the powers 2, 1, 0
    powers = [term.astype(np.float32) for term in terms]
    scale = np.float32(2.0 / (sweep.times[2] - sweep.times[0]))
    moved = np.empty_like(points.xyz)
    for start in range(0, len(moved), _CHUNK):
        part = slice(start, start + _CHUNK)
        time = (points.offsets[part] - np.float32(sweep.times[1])) * scale  # -1 to 1
        moved[part] = _evaluate(powers, np.ascontiguousarray(points.xyz[part].T), time).T
    return moved


def _evaluate(
    powers: Sequence[NDArray[np.float32]], columns: NDArray[np.float32], time: NDArray[np.float32]
) -> NDArray[np.float32]:
    """Return sum(power(k) @ [point, 1] * time**k) by Horner's scheme, float32 [3, n]."""
    total, product = np.zeros_like(columns), np.empty_like(time)
    for axis, row in enumerate(total):
        for power in powers:
            row *= time
            for factor, column in zip(power[axis], columns, strict=False):
                np.multiply(column, factor, out=product)
                row += product
            row += power[axis, 3]
    return total


def merged(parts: Sequence[tuple[PointCloud, Sweep]], fixed_from_target: RigidTransform) -> PointCloud:
    """Return the points of one or several LiDARs in a target frame of one time."""
    moved = [to_one_time(points, sweep, fixed_from_target) for points, sweep in parts]
    return PointCloud(
        moved[0] if len(moved) == 1 else np.concatenate(moved),
        sum(points.non_finite for points, _ in parts),
        sum(points.zero for points, _ in parts),
    )


def _is_still(pose: RigidTransform) -> bool:
    turned = float(np.abs(pose.rotation - np.eye(3)).max()) * _REACH
    return turned < _STILL and float(np.abs(pose.translation).max()) < _STILL
