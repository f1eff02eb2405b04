"""What the rays of a LiDAR say against a place that a picture alone gave: they went through it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from clipomaly_ros.hazard.ground_ray import NoIntersection
from clipomaly_ros.hazard.types import Geometry, HazardError

# Only the middle of a thing counts: borders of masks, and the way between camera and LiDAR, are off by some.
_CORE_WIDTH = 0.7
_CORE_HEIGHT = (0.2, 0.8)
_MARGIN = 0.05  # of the distance, by which a ray must go on behind the thing
_MOST_RAYS = 100_000  # about; of more, every second, third ... is asked
# Clouds in a frame on the ground, such as base_link, are put together: their rays come from elsewhere.
_LOWEST_LIDAR = 0.4  # above the ground [m]
_DOUBT = 2.0  # standard deviations by which the picture may put a thing too near


@dataclass(frozen=True)
class SeeThroughSettings:
    """When nothing can stand where a region was placed without returns of its own.

    enabled: to be switched off where the cloud of one topic is put together from several LiDARs.
    min_height: regions placed less tall [m] are beneath notice: too few rays meet them. min_rays:
    fewest rays that went through the place and met something well behind it. share: of those and
    the rays that were stopped there or before. max_lying: what the picture shows may
    lie flat on the ground instead if that takes at most this length along the line of sight [m].
    """

    enabled: bool = True
    min_height: float = 0.25
    min_rays: int = 4
    share: float = 0.8
    max_lying: float = 3.0

    def __post_init__(self) -> None:
        if not self.min_height > 0 or not self.max_lying >= 0:
            raise HazardError(
                f"expected see_through min_height > 0 m and max_lying >= 0 m, got {self.min_height} and "
                f"{self.max_lying}"
            )
        if not self.min_rays >= 1 or not 0.0 < self.share <= 1.0:
            raise HazardError(
                f"expected see_through min_rays >= 1 and share in (0, 1], got {self.min_rays}, {self.share}"
            )


def seen_through(
    places: Sequence[Geometry | NoIntersection],
    points: NDArray[np.float32],
    eye: NDArray[np.float64],
    settings: SeeThroughSettings,
) -> list[bool]:
    """Tell for each place whether rays of the LiDAR passed through it.

    places: where regions were placed by their viewing rays; one without a place was not.
    points: all returns, float32 [m, 3], those on the ground, too. eye: the camera, float64 [3].
    All have the axes of the fixed frame and their origin at the LiDAR, so that a return is the
    end of a ray from 0. Rays without a return say nothing: wet, dark and mirroring surfaces lose them.
    """
    asked = [
        not isinstance(place, NoIntersection) and _would_be_noticed(place, eye, settings) for place in places
    ]
    if not any(asked):
        return asked
    # Each coordinate by itself: the few that matter are found in a third of the time.
    x, y, z = np.ascontiguousarray(points[:: max(1, len(points) // _MOST_RAYS)].T)
    return [
        ask and not isinstance(place, NoIntersection) and _passed(place, (x, y, z), settings)
        for ask, place in zip(asked, places, strict=True)
    ]


def _would_be_noticed(place: Geometry, eye: NDArray[np.float64], settings: SeeThroughSettings) -> bool:
    """Tell whether a place is that of a thing tall enough, which cannot lie instead of stand.

    A thing h tall at distance d, seen from H above the ground, hides the ground up to d H / (H - h):
    what lies from d to there looks as tall.
    """
    height = place.z_max - place.z_min
    if not settings.enabled or height < settings.min_height or -place.ground_z < _LOWEST_LIDAR:
        return False
    above = float(eye[2]) - place.ground_z
    if height >= above:
        return True
    distance = float(np.hypot(*(place.centroid[:2] - eye[:2])))
    return distance * height / (above - height) > settings.max_lying


def _passed(place: Geometry, points: tuple[NDArray[np.float32], ...], settings: SeeThroughSettings) -> bool:
    """Tell whether enough rays passed through the upright box around a place, and few ended there.

    points: x, y and z of the returns, float32 [m] each.
    """
    x, y, z = points
    middle = place.centroid[:2]
    distance = float(np.hypot(*middle))
    if distance < 1e-3:
        return False
    ahead = (middle / distance).astype(np.float32)
    along, across = place.polygon @ ahead, place.polygon @ np.array([-ahead[1], ahead[0]])
    width = 0.5 * float(np.ptp(across)) * _CORE_WIDTH
    # Of all points those in its direction, before anything is divided.
    onward = x * ahead[0]
    onward += y * ahead[1]
    aside = x * ahead[1]
    aside -= y * ahead[0]
    towards = np.flatnonzero(np.abs(aside, out=aside) <= np.float32(width / distance) * onward)
    towards = towards[onward[towards] > 0]
    onward, level = onward[towards], z[towards] - place.ground_z
    crossing = z[towards] * (distance / onward) - place.ground_z
    low, high = (share * (place.z_max - place.z_min) for share in _CORE_HEIGHT)
    core = (crossing >= low) & (crossing <= high)
    back, raised = float(along.max()), level > 0.5 * low
    # A thing that stands farther away than it was put stops the same rays there.
    near = onward <= back + _DOUBT * np.sqrt(ahead @ place.covariance[:2, :2] @ ahead)
    stopped = np.count_nonzero(core & near & raised)
    # What ends on the ground a little behind the place speaks neither for nor against it.
    through = np.count_nonzero(core & (onward > back + _MARGIN * distance) & ~(near & raised))
    return bool(through >= settings.min_rays and through >= settings.share * (through + stopped))
