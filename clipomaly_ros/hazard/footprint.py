"""From an object's points to its footprint, height range, centroid and covariance."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from clipomaly_ros.hazard.polygons import convex_hulls
from clipomaly_ros.hazard.types import Geometry, HazardError

_IDENTITY = np.eye(3)
_NOWHERE = np.zeros(3)
_ROWS, _COLUMNS = np.triu_indices(3)  # of a symmetric matrix that differ
_PLACES = np.array([[0, 1, 2], [1, 3, 4], [2, 4, 5]])  # where each is among them


@dataclass(frozen=True)
class FootprintSettings:
    """What is known about the sensors.

    range_sigma: standard deviation of a LiDAR distance [m]. angle_sigma: of the alignment of
    camera, LiDAR and fixed frame [rad]. padding: least half width of a polygon [m].
    standing: an object whose lowest point is nearer to the ground than this [m] stands on it.
    """

    range_sigma: float = 0.03
    angle_sigma: float = 0.0017
    padding: float = 0.02
    standing: float = 0.3

    def __post_init__(self) -> None:
        for name in ("range_sigma", "angle_sigma", "padding"):
            if not getattr(self, name) > 0:
                raise HazardError(f"expected {name} > 0, got {getattr(self, name)}")
        if self.standing < 0:
            raise HazardError(f"expected standing >= 0 m, got {self.standing}")


def measure(
    points: NDArray[np.float32],
    ground_z: float,
    viewpoint: NDArray[np.float64],
    settings: FootprintSettings,
) -> Geometry:
    """Measure an object from its points [n, 3], n >= 1, in the fixed frame; see measure_objects."""
    return measure_objects([points], lambda xy: np.full(len(xy), ground_z), viewpoint, settings)[0]


def measure_objects(
    objects: Sequence[NDArray[np.float32]],
    ground_at: Callable[[NDArray[np.float64]], NDArray[np.float64]],
    viewpoint: NDArray[np.float64],
    settings: FootprintSettings,
    offset: NDArray[np.float64] = _NOWHERE,
) -> list[Geometry]:
    """Measure objects from the points [n, 3], n >= 1, of each, in axes of the fixed frame.

    ground_at: gives the ground's height at places [k, 2]. viewpoint: position of the sensor,
    float64 [3]. offset: of the results from the points, float64 [3]: numbers near the sensor
    are small and exact, the fixed frame's may be neither. The covariance of the centroid is

        S / n + range_sigma^2 r r^T + (angle_sigma d)^2 (I - r r^T)

    with S the points' sample covariance, d the distance and r the unit direction from the
    viewpoint: sampling error of the mean, then the errors all points of one scan share.
    All objects go through each step together: there are many, and most are small.
    """
    if not objects:
        return []
    sizes = np.array([len(points) for points in objects])
    starts = np.cumsum(sizes) - sizes
    cloud = np.array(np.concatenate(objects).T, np.float64, order="C")  # [3, n]: sums are faster so
    centroids = (np.add.reduceat(cloud, starts, axis=1) / sizes).T
    spread = _spread(cloud - np.repeat(centroids.T, sizes, axis=1), starts, sizes)
    covariances = spread + shared_covariance(centroids - viewpoint, settings)
    levels = ground_at(centroids[:, :2])
    lowest, highest = (extreme.reduceat(cloud[2], starts) for extreme in (np.minimum, np.maximum))
    bottoms = np.where(lowest - levels < settings.standing, np.minimum(levels, lowest), lowest)
    tops = np.maximum(highest, bottoms)
    polygons = convex_hulls(cloud[:2], sizes, 2 * settings.padding)
    centroids += offset
    heights = (np.stack([levels, bottoms, tops], axis=1) + offset[2]).tolist()
    return [
        Geometry(
            polygon=polygon + offset[:2],
            ground_z=ground_z,
            z_min=z_min,
            z_max=z_max,
            centroid=centroid.copy(),  # not a view: a zone that lives long would keep all of them
            covariance=covariance.copy(),
            points=points + offset,  # float64: a float32 is half a metre coarse 5000 km from the origin
        )
        for points, polygon, (ground_z, z_min, z_max), centroid, covariance in zip(
            objects, polygons, heights, centroids, covariances, strict=True
        )
    ]


def _spread(
    offsets: NDArray[np.float64], starts: NDArray[np.intp], sizes: NDArray[np.intp]
) -> NDArray[np.float64]:
    """Return the covariance of the mean of each object from its points' offsets [3, n] from it, [k, 3, 3]."""
    sums = np.add.reduceat(offsets[_ROWS] * offsets[_COLUMNS], starts, axis=1)
    sums /= np.maximum(sizes - 1, 1) * sizes
    spread: NDArray[np.float64] = sums[_PLACES].transpose(2, 0, 1)
    return spread


def shared_covariance(offset: NDArray[np.float64], settings: FootprintSettings) -> NDArray[np.float64]:
    """Return the covariance [m^2] of range and alignment errors at offsets [..., 3] from the sensor."""
    square = np.maximum((offset * offset).sum(axis=-1), 1e-12)[..., None, None]
    range_variance, across_variance = settings.range_sigma**2, settings.angle_sigma**2 * square
    along = (range_variance - across_variance) / square
    covariance: NDArray[np.float64] = along * (offset[..., :, None] * offset[..., None, :])
    covariance += (across_variance + 1e-6) * _IDENTITY
    return covariance
