"""Placing a region without LiDAR returns: its viewing rays cut with the ground plane."""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from clipomaly_ros.hazard.camera import CameraModel
from clipomaly_ros.hazard.ground import GroundPlane
from clipomaly_ros.hazard.polygons import area_centroid, convex_hull
from clipomaly_ros.hazard.transforms import RigidTransform
from clipomaly_ros.hazard.types import Geometry, HazardError

_STATE_NON_OBSTACLE = 2  # clipomaly_msgs/AnomalyRegion.STATE_UNKNOWN_NON_OBSTACLE
_OUTLINE_SAMPLES = 48


@dataclass(frozen=True)
class GroundRaySettings:
    """How far and how surely a ray tells a place on the ground.

    max_range: farthest place accepted, from the camera [m]. pixel_sigma: standard deviation
    of a mask's border [pixel]. angle_sigma: of the camera's attitude against the ground [rad].
    max_depth: deepest object assumed [m] (it is taken to be as deep as it is wide).
    max_height: tallest object assumed [m].
    """

    max_range: float = 60.0
    pixel_sigma: float = 3.0
    angle_sigma: float = 0.005
    max_depth: float = 2.0
    max_height: float = 6.0

    def __post_init__(self) -> None:
        for name in ("max_range", "pixel_sigma", "angle_sigma", "max_depth", "max_height"):
            if not getattr(self, name) > 0:
                raise HazardError(f"expected {name} > 0, got {getattr(self, name)}")


class NoIntersection(Exception):  # noqa: N818 - not an error of the caller: a reason to publish
    """A region has no place on the ground; the text says why."""


def cut_ground(
    rays: NDArray[np.float64],
    origin: NDArray[np.float64],
    plane: GroundPlane,
    raised: NDArray[np.float64] | float = 0.0,
) -> NDArray[np.float64]:
    """Return where rays [n, 3] from origin [3] meet the plane, float64 [n, 3].

    All in the fixed frame; NaN for rays that run level, upwards or are NaN themselves.
    raised: how far above the plane the ground lies for each ray, [n] or one number [m].
    """
    normal = plane.normal
    towards = rays @ normal
    height = (plane.heights(origin[None])[0] - raised) * normal[2]
    with np.errstate(divide="ignore", invalid="ignore"):
        length = np.where((towards < -1e-9) & (height > 0), -height / towards, np.nan)
    places: NDArray[np.float64] = origin + length[:, None] * rays
    return places


def place_on_ground(
    mask: NDArray[np.bool_],
    corner: tuple[int, int],
    state: int,
    camera: CameraModel,
    fixed_from_camera: RigidTransform,
    plane: GroundPlane,
    settings: GroundRaySettings,
) -> Geometry:
    """Place a region by the rays through its mask.

    mask: bool [h, w], the crop of the region; corner: column, row of its top left pixel.
    An obstacle stands where its lowest pixels meet the ground; a flat region (non-obstacle)
    lies within its whole outline. Raises NoIntersection with the reason.
    """
    rays = fixed_from_camera.rotate(camera.rays(sight_pixels(mask, corner, state)))
    origin = fixed_from_camera.apply(camera.origin[None])[0]
    return place_rays(rays, state, origin, plane, camera.focal_length, settings)


def sight_pixels(mask: NDArray[np.bool_], corner: tuple[int, int], state: int) -> NDArray[np.float64]:
    """Return the pixels [n, 2] whose rays tell a region's place, for place_rays.

    Of a flat region its outline; of an obstacle the middle, left and right end of its lowest
    row, and the middle of its highest; none when the mask is empty. Arguments as of place_on_ground.
    """
    rows = np.flatnonzero(mask.any(axis=1))
    if not len(rows):
        return np.empty((0, 2))
    if state == _STATE_NON_OBSTACLE:
        return _outline(mask) + corner
    columns = np.flatnonzero(mask.any(axis=0))
    top, bottom, left, right = rows[0], rows[-1], columns[0], columns[-1]
    middle = 0.5 * (left + right)
    pixels = np.array([[middle, bottom], [left, bottom], [right, bottom], [middle, top]], np.float64)
    return pixels + corner


def place_rays(
    rays: NDArray[np.float64],
    state: int,
    origin: NDArray[np.float64],
    plane: GroundPlane,
    focal_length: float,
    settings: GroundRaySettings,
) -> Geometry:
    """Place a region by the rays [n, 3] through its sight_pixels from origin [3], in the fixed frame.

    focal_length: of the camera [pixel]. Raises NoIntersection with the reason.
    """
    if not len(rays):
        raise NoIntersection("the region has no pixels in the region image")
    flat = state == _STATE_NON_OBSTACLE
    places = cut_ground(rays if flat else rays[:3], origin, plane)
    offsets = places - origin
    distances = np.hypot(offsets[:, 0], offsets[:, 1])
    reached = np.isfinite(distances) & (distances <= settings.max_range)
    if flat:
        if not reached.any():
            raise NoIntersection(_why(distances, settings))
        return _geometry(places[reached], None, origin, plane, focal_length, settings)
    if not reached[0]:
        raise NoIntersection(_why(distances[:1], settings))
    contact = np.where(reached[:, None], places, places[0])
    return _geometry(contact, rays[3], origin, plane, focal_length, settings)


def _why(distances: NDArray[np.float64], settings: GroundRaySettings) -> str:
    if np.isfinite(distances).any():
        return f"its place on the ground is beyond {settings.max_range:.0f} m"
    return "it lies above the horizon, and no LiDAR return supports it"


def _outline(mask: NDArray[np.bool_]) -> NDArray[np.float64]:
    """Return at most 48 pixels (column, row) of a mask's outer border."""
    contours, _ = cv2.findContours(mask.astype(np.uint8), cv2.RETR_EXTERNAL, cv2.CHAIN_APPROX_NONE)
    border = np.vstack([contour[:, 0, :] for contour in contours]).astype(np.float64)
    step = max(1, len(border) // _OUTLINE_SAMPLES)
    thinned: NDArray[np.float64] = border[::step]
    return thinned


def _geometry(
    contact: NDArray[np.float64],
    top_ray: NDArray[np.float64] | None,
    origin: NDArray[np.float64],
    plane: GroundPlane,
    focal_length: float,
    settings: GroundRaySettings,
) -> Geometry:
    """Build the footprint; top_ray is None for flat regions, else it gives the height."""
    footprint, height, depth = contact[:, :2], 0.01, 0.0
    view = contact[0, :2] - origin[:2]
    distance = max(float(np.linalg.norm(view)), 1e-3)
    if top_ray is not None:
        width = float(np.linalg.norm(footprint.max(axis=0) - footprint.min(axis=0)))
        depth = float(np.clip(width, 0.02, settings.max_depth))
        footprint = np.vstack([footprint, footprint + depth * view / distance])
        level = max(float(np.hypot(top_ray[0], top_ray[1])), 1e-6)
        rise = origin[2] + distance * top_ray[2] / level - contact[0, 2]
        height = float(np.clip(rise, 0.01, settings.max_height))
    polygon = convex_hull(footprint, padding=0.04)
    centre = area_centroid(polygon)
    ground_z = float(plane.height_at(centre[None])[0])
    covariance = ray_covariance(
        centre - origin[:2], origin[2] - ground_z, plane.sigma, focal_length, settings
    )
    if depth:  # the depth is assumed: uniform over its range
        along = view / distance
        covariance[:2, :2] += depth**2 / 12 * np.outer(along, along)
    return Geometry(
        polygon=polygon,
        ground_z=ground_z,
        z_min=ground_z,
        z_max=ground_z + height,
        centroid=np.array([*centre, ground_z + height / 2]),
        covariance=covariance,
        points=np.empty((0, 3), np.float32),
    )


def ray_covariance(
    offset: NDArray[np.float64],
    height: float,
    ground_sigma: float,
    focal_length: float,
    settings: GroundRaySettings,
) -> NDArray[np.float64]:
    """Return the covariance [m^2], float64 [3, 3], of a ray's place on the ground.

    offset: horizontal, from the camera [2]; height: of the camera above the ground [m];
    focal_length: of the camera [pixel].
    With distance d, height h and depression angle a, d = h / tan(a), so to first order
    sigma_along^2 = ((d^2 + h^2) / h)^2 sigma_a^2 + (d / h)^2 sigma_ground^2 and
    sigma_across^2 = (d^2 + h^2) sigma_a^2; sigma_a joins the pixel and the attitude error.
    """
    distance = max(float(np.linalg.norm(offset)), 1e-3)
    height = max(height, 0.05)
    sigma = np.hypot(settings.pixel_sigma / focal_length, settings.angle_sigma)
    slant = distance**2 + height**2
    along = (slant / height * sigma) ** 2 + (distance / height * ground_sigma) ** 2
    across = slant * sigma**2
    direction = offset / distance
    covariance = np.zeros((3, 3))
    covariance[:2, :2] = across * np.eye(2) + (along - across) * np.outer(direction, direction)
    covariance[2, 2] = ground_sigma**2 + 1e-4
    return covariance
