"""The outline of the watched corridor, as a text of corners."""

from __future__ import annotations

import functools

import numpy as np
import yaml
from numpy.typing import NDArray

from clipomaly_ros.hazard.types import HazardError

_REACH = 500.0  # metres from the reference frame's origin
_LEAST_AREA = 0.01  # m^2
_CORNERS = (3, 64)
_LONGEST = 4096  # characters


@functools.lru_cache(maxsize=8)
def read_outline(text: str) -> NDArray[np.float64]:
    """Read corners, "[[x, y], ...]" as in Nav2's footprints; return float64 [n, 2], metres.

    HazardError for what is no simple polygon of 3 to 64 corners within 500 m of the origin.
    """
    try:
        corners = np.array(yaml.safe_load(text[:_LONGEST]), np.float64)
    except (yaml.YAMLError, ValueError, TypeError, OverflowError, RecursionError):
        corners = np.empty(0)
    if corners.ndim != 2 or corners.shape[1:] != (2,) or not _CORNERS[0] <= len(corners) <= _CORNERS[1]:
        raise HazardError(f"corridor polygon: expected 3 to 64 corners [[x, y], ...], got {text[:60]!r}")
    if not (np.abs(corners) <= _REACH).all():  # NaN neither
        raise HazardError(f"corridor polygon: expected corners within {_REACH:g} m, got {text[:60]!r}")
    after = np.roll(corners, -1, axis=0)
    area = 0.5 * abs(float((corners[:, 0] * after[:, 1] - corners[:, 1] * after[:, 0]).sum()))
    if area < _LEAST_AREA or _crosses_itself(corners, after):
        raise HazardError(
            f"corridor polygon: expected an area and edges that do not cross, got {text[:80]!r}"
        )
    corners.setflags(write=False)  # the same for all who ask
    return corners


def bounds_of(outline: NDArray[np.float64]) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return the least and the greatest x, y [2] of corners [n, 2]."""
    return outline.min(axis=0), outline.max(axis=0)


def inside_outline(
    outline: NDArray[np.float64], x: NDArray[np.floating], y: NDArray[np.floating]
) -> NDArray[np.bool_]:
    """Tell which places x, y [n] lie inside corners [m, 2]: a ray crosses an odd number of edges."""
    inside = np.zeros(len(x), bool)
    for (x0, y0), (x1, y1) in zip(outline, np.roll(outline, -1, axis=0), strict=True):
        if y0 != y1:
            inside ^= ((y0 > y) != (y1 > y)) & (x < x0 + (y - y0) * (x1 - x0) / (y1 - y0))
    return inside


def _crosses_itself(start: NDArray[np.float64], end: NDArray[np.float64]) -> bool:
    """Tell whether two edges of a polygon cross; edges from start to end [n, 2]."""

    def side(corner: NDArray[np.float64]) -> NDArray[np.float64]:
        # of each corner (columns) from each edge (rows)
        way, offset = (end - start)[:, None], corner[None] - start[:, None]
        turn: NDArray[np.float64] = way[..., 0] * offset[..., 1] - way[..., 1] * offset[..., 0]
        return turn

    parted = side(start) * side(end) < 0
    return bool((parted & parted.T).any())
