"""Grown, broken and spilt shapes: lofts along a spine, hulls of broken pieces, outlines of blots."""

from __future__ import annotations

from collections.abc import Sequence

import cv2
import numpy as np
import trimesh
from numpy.typing import ArrayLike, NDArray
from scipy.interpolate import PchipInterpolator
from scipy.ndimage import gaussian_filter1d

from clipomaly_ros.simulation.materials import Colour, Material
from clipomaly_ros.simulation.mesh import Part, grid_surface


def near(generator: np.random.Generator, colour: Colour, spread: float = 0.15) -> Colour:
    """Return a colour about as bright and as tinted as the given one, linear RGB within 0 to 1."""
    brightness = np.exp(generator.normal(0.0, spread))
    tint = np.exp(generator.normal(0.0, spread / 4, 3))
    red, green, blue = np.clip(np.asarray(colour) * brightness * tint, 0.003, 1.0)
    return float(red), float(green), float(blue)


def loft(
    spine: ArrayLike,
    widths: Sequence[float],
    heights: Sequence[float],
    material: Material,
    where: NDArray | None = None,
    side: ArrayLike = (0.0, 1.0, 0.0),
    steps: int = 14,
    sections: int = 12,
) -> Part:
    """Sweep an ellipse of changing size along a smooth spine with rounded ends: bodies, limbs, flames.

    spine: float [k >= 2, 3] [m]. widths, heights: k semi-axes [m] along side and across it. side:
    direction of the widths at the start; it is carried along without twist.
    """
    knots = np.column_stack([np.asarray(spine, float), widths, heights])
    along = (1 - np.cos(np.linspace(0, np.pi, steps))) / 2 * (len(knots) - 1)
    values = PchipInterpolator(np.arange(len(knots)), knots)(along)
    centres, half = values[:, :3], np.maximum(values[:, 3:], 1e-4)
    travelled = np.concatenate([[0.0], np.cumsum(np.linalg.norm(np.diff(centres, axis=0), axis=1))])
    # The ends close like a half ellipsoid, at most a third of the whole long.
    for distance, end in ((travelled, 0), (travelled[-1] - travelled, -1)):
        cap = max(min(float(half[end].mean()), travelled[-1] / 3), 1e-6)
        half = half * np.sqrt(np.clip(1 - np.clip(1 - distance / cap, 0, 1) ** 2, 0, 1))[:, None]
    ahead = np.gradient(centres, axis=0)
    ahead /= np.maximum(np.linalg.norm(ahead, axis=1, keepdims=True), 1e-9)
    sides = np.empty_like(centres)
    last = np.asarray(side, float)
    for i, direction in enumerate(ahead):
        last = last - (last @ direction) * direction
        last = last / max(float(np.linalg.norm(last)), 1e-9)
        sides[i] = last
    ups = np.cross(ahead, sides)
    angles = np.linspace(0, 2 * np.pi, sections, endpoint=False)[None, :, None]
    rings = centres[:, None] + (
        half[:, None, :1] * np.cos(angles) * sides[:, None]
        + half[:, None, 1:] * np.sin(angles) * ups[:, None]
    )
    return grid_surface(rings, material, where, closed=True, smooth=True)


def broken_piece(
    generator: np.random.Generator,
    size: ArrayLike,
    material: Material,
    where: NDArray | None = None,
    corners: int = 28,
) -> Part:
    """Build a sharp-edged broken piece within a box of size x, y, z [m], centred on the origin."""
    points = generator.uniform(-1, 1, (corners, 3))
    # Broken stone keeps parts of its flat faces: most corners lie on the box, few inside it.
    points = np.sign(points) * np.abs(points) ** 0.35
    # It has settled on its broadest face.
    low = points[:, 2] < 0
    points[low, 2] = -1.0
    points[low, :2] *= 0.85
    points = points * np.asarray(size, float) / 2
    mesh = trimesh.convex.convex_hull(points)
    part = Part(np.asarray(mesh.vertices, float), np.asarray(mesh.faces, np.int32), material)
    return part if where is None else part.moved(where)


def blot_outlines(
    generator: np.random.Generator,
    drops: ArrayLike,
    raggedness: float = 0.25,
    cells: int = 160,
) -> list[NDArray[np.float64]]:
    """Return the outlines, each float64 [n, 2] (x, y) [m], of what drops of liquid run together to.

    drops: float [k, 3], rows of x, y, radius [m]. raggedness: how far the edge strays, relative to
    the mean radius. Outlines never overlap; pools too small to see are left out.
    """
    x, y, radius = np.asarray(drops, float).T
    margin = float(radius.max()) * 1.5
    low = np.array([(x - radius).min(), (y - radius).min()]) - margin
    high = np.array([(x + radius).max(), (y + radius).max()]) + margin
    step = float((high - low).max()) / cells
    width, height = (np.ceil((high - low) / step).astype(int) + 1).tolist()
    across, up = low[0] + step * np.arange(width), low[1] + step * np.arange(height)
    field = np.zeros((height, width))
    for cx, cy, r in zip(x, y, radius, strict=True):
        field += np.exp(-0.693 * ((across[None] - cx) ** 2 + (up[:, None] - cy) ** 2) / r**2)
    mean = float(radius.mean())
    for scale in (1.6, 0.7):
        for kx, ky in generator.normal(0, 1 / (scale * mean), (3, 2)):
            wave = np.sin(across[None] * kx + up[:, None] * ky + generator.uniform(0, 2 * np.pi))
            field *= 1 + raggedness * scale / 2 * wave
    found, _ = cv2.findContours((field > 0.5).astype(np.uint8), cv2.RETR_EXTERNAL, cv2.CHAIN_APPROX_NONE)
    outlines = []
    for contour in found:
        ring = contour[:, 0].astype(float)
        if len(ring) < 14:
            continue
        ring = gaussian_filter1d(ring, 2.0, axis=0, mode="wrap")[:: max(2, len(ring) // 90)]
        outlines.append(low + step * ring)
    return outlines
