"""Which points of a cloud are seen in the picture, and which of them belong to a region."""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from clipomaly_ros.hazard.camera import CameraModel
from clipomaly_ros.hazard.types import HazardError, RegionObservation

_HIDDEN_SHARE = 0.1  # of the depth: returns of one slanted surface differ by that much in a cell


@dataclass(frozen=True)
class AssociationSettings:
    """How points are told to be seen, and which surround a region.

    visibility_cell: side of the depth buffer's cells [pixel]; 0 switches the test off.
    visibility_gap: a point this far [m] behind a nearer return beside it is hidden.
    border_erosion: pixels at mask borders that do not count as inside [pixel].
    context: how far around a region's box points are looked at, as a share of its sides.
    """

    visibility_cell: int = 4
    visibility_gap: float = 1.0
    border_erosion: int = 0
    context: float = 0.3

    def __post_init__(self) -> None:
        if self.visibility_cell < 0 or self.border_erosion < 0:
            raise HazardError("expected visibility_cell and border_erosion >= 0 pixels")
        if not self.visibility_gap > 0 or not 0.0 <= self.context <= 2.0:
            raise HazardError("expected visibility_gap > 0 m and a context between 0 and 2")


@dataclass(frozen=True, eq=False)
class SeenPoints:
    """Points of one cloud in the picture.

    index: into the cloud, int [n]. u, v: pixel, float32 [n]. depth: distance from the
    camera, float32 [n], metres.
    """

    index: NDArray[np.intp]
    u: NDArray[np.float32]
    v: NDArray[np.float32]
    depth: NDArray[np.float32]

    def select(self, chosen: NDArray[np.bool_] | NDArray[np.intp]) -> SeenPoints:
        """Return some of the points, by mask or by position."""
        return SeenPoints(self.index[chosen], self.u[chosen], self.v[chosen], self.depth[chosen])


def project_cloud(points_camera: NDArray[np.float32], camera: CameraModel) -> SeenPoints:
    """Return the points [N, 3] of the camera frame that fall on the picture, hidden or not."""
    uv, visible = camera.project(points_camera)
    index = np.flatnonzero(visible)
    u, v = np.take(uv, index, axis=0).T
    x, y, z = np.take(points_camera, index, axis=0).T
    return SeenPoints(index, u, v, np.sqrt(x * x + y * y + z * z))


def drop_hidden(points: SeenPoints, camera: CameraModel, settings: AssociationSettings) -> SeenPoints:
    """Leave out points well behind a nearer one in the same or a neighbouring cell.

    To be called with obstacle points only: the ground in front of an object lies nearer in
    the same cell without hiding it.
    """
    if not settings.visibility_cell or not len(points.index):
        return points
    return points.select(~_hidden(points.u, points.v, points.depth, camera, settings))


def regions_under(
    points: SeenPoints, region_image: NDArray[np.unsignedinteger], settings: AssociationSettings
) -> NDArray[np.unsignedinteger]:
    """Return the region id under each point, [n]; 0 = none."""
    labels = erode_regions(region_image, settings.border_erosion)
    under: NDArray[np.unsignedinteger] = labels[
        np.rint(points.v).astype(np.intp), np.rint(points.u).astype(np.intp)
    ]
    return under


def check_region_image(region_image: NDArray[np.unsignedinteger], camera: CameraModel) -> None:
    """Raise HazardError unless the region image is uint8 or uint16 and of the camera's size."""
    if region_image.ndim != 2 or region_image.dtype not in (np.uint8, np.uint16):
        raise HazardError(
            "expected a region image [H, W] of uint8 or uint16, "
            f"got {region_image.dtype} {list(region_image.shape)}"
        )
    if region_image.shape != (camera.height, camera.width):
        raise HazardError(
            f"region image is {region_image.shape[1]} x {region_image.shape[0]}, "
            f"camera info says {camera.width} x {camera.height}: they must be of the same picture"
        )


def _hidden(
    u: NDArray[np.float32],
    v: NDArray[np.float32],
    depth: NDArray[np.float32],
    camera: CameraModel,
    settings: AssociationSettings,
) -> NDArray[np.bool_]:
    """Tell which points lie well behind a nearer return in the same or a neighbouring cell."""
    cell = settings.visibility_cell
    columns, rows = camera.width // cell + 1, camera.height // cell + 1
    where = ((v + 0.5) / cell).astype(np.int32) * columns + ((u + 0.5) / cell).astype(np.int32)
    nearest = np.full(rows * columns, np.float32(np.inf), np.float32)
    np.minimum.at(nearest, where, depth)
    kernel = np.ones((3, 3), np.uint8)
    nearest = np.asarray(
        cv2.erode(nearest.reshape(rows, columns), kernel), np.float32
    ).ravel()  # erosion = minimum filter
    gap = np.maximum(np.float32(settings.visibility_gap), np.float32(_HIDDEN_SHARE) * depth)
    hidden: NDArray[np.bool_] = depth > nearest[where] + gap
    return hidden


def erode_regions(region_image: NDArray[np.unsignedinteger], pixels: int) -> NDArray[np.unsignedinteger]:
    """Return the region image with `pixels` taken off every region's border."""
    if pixels == 0:
        return region_image
    kernel = np.ones((2 * pixels + 1, 2 * pixels + 1), np.uint8)
    uniform = cv2.erode(region_image, kernel) == cv2.dilate(region_image, kernel)
    eroded: NDArray[np.unsignedinteger] = np.where(uniform, region_image, 0).astype(region_image.dtype)
    return eroded


def around_region(
    seen: SeenPoints, region: RegionObservation, settings: AssociationSettings
) -> NDArray[np.intp]:
    """Return which seen points lie in a region's box grown by the context share."""
    x, y, width, height = region.box
    margin_u, margin_v = settings.context * width + 8, settings.context * height + 8
    inside = (
        (seen.u >= x - margin_u)
        & (seen.u < x + width + margin_u)
        & (seen.v >= y - margin_v)
        & (seen.v < y + height + margin_v)
    )
    return np.flatnonzero(inside)
