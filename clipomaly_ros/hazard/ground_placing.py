"""All regions of a picture without LiDAR returns, placed where their rays meet the ground."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np
from numpy.typing import NDArray

from clipomaly_ros.hazard.camera import CameraModel
from clipomaly_ros.hazard.ground_ray import GroundRaySettings, NoIntersection, place_rays, sight_pixels
from clipomaly_ros.hazard.terrain import Terrain
from clipomaly_ros.hazard.transforms import RigidTransform
from clipomaly_ros.hazard.types import Geometry, RegionObservation


def place_regions(
    regions: Sequence[RegionObservation],
    region_image: NDArray[np.unsignedinteger],
    camera: CameraModel,
    terrain: Terrain,
    fixed_from_camera: RigidTransform,
    settings: GroundRaySettings,
) -> Iterator[Geometry | NoIntersection]:
    """Yield for each region its place on the ground below its base, or the reason why it has none.

    region_image: uint8 or uint16 [H, W] of the camera's size. fixed_from_camera and the
    results have the terrain's axes and origin. What place_on_ground does for one region is
    done with one look through the lens for all: its inverse costs more to begin than to go on.
    """
    if not regions:
        return
    sights = [_sights(region, region_image) for region in regions]
    x, y, width, height = np.array([region.box for region in regions], np.float64).T
    bases = np.column_stack([x + width / 2, y + height - 1])
    rays = fixed_from_camera.rotate(camera.rays(np.concatenate([bases, *sights])))
    origin = fixed_from_camera.apply(camera.origin[None])[0]
    planes = terrain.planes_below(rays[: len(regions)], origin)
    parts = np.split(rays[len(regions) :], np.cumsum([len(pixels) for pixels in sights])[:-1])
    for region, plane, part in zip(regions, planes, parts, strict=True):
        try:
            yield place_rays(part, region.state, origin, plane, camera.focal_length, settings)
        except NoIntersection as reason:
            yield reason


def _sights(region: RegionObservation, region_image: NDArray[np.unsignedinteger]) -> NDArray[np.float64]:
    """Return the pixels to look through, of the region's part of the picture alone."""
    x, y, width, height = region.box
    column, row = max(x, 0), max(y, 0)
    crop = region_image[row : max(y + height, 0), column : max(x + width, 0)] == region.id
    return sight_pixels(crop, (column, row), region.state)
