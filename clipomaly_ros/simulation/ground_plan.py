"""Where on the apron things stand already: a map of taken ground, in layers of height."""

from __future__ import annotations

from collections.abc import Sequence

import cv2
import numpy as np
from numpy.typing import NDArray

from clipomaly_ros.simulation.mesh import Part

_CELL = 0.1  # [m]
_LOW, _HIGH = np.array([-60.0, -110.0]), np.array([170.0, 110.0])  # what is mapped [m]
_LEVELS = np.array([0.0, 1.3, 2.4, 4.5, np.inf])  # tops and bottoms of the layers [m]


class GroundPlan:
    """Taken ground, so that nothing is put into another thing, but a van may stand under a wing."""

    def __init__(self) -> None:
        columns, rows = np.ceil((_HIGH - _LOW) / _CELL).astype(int)
        self._taken = np.zeros((len(_LEVELS) - 1, rows, columns), np.uint8)

    def free(self, parts: Sequence[Part], margin: float = 0.15) -> bool:
        """Tell whether parts in the world frame touch nothing, with a margin around [m]."""
        for level, hulls in enumerate(self._hulls(parts)):
            if not hulls:
                continue
            corners = np.concatenate(hulls)
            reach = int(np.ceil(margin / _CELL))
            low = np.floor(corners.min(axis=0)).astype(int) - reach
            high = np.ceil(corners.max(axis=0)).astype(int) + reach + 2
            if (low < 0).any() or (high > np.array(self._taken.shape[:0:-1])).any():
                return False
            taken = self._taken[level, low[1] : high[1], low[0] : high[0]]
            if not taken.any():
                continue
            own = _draw(np.zeros(taken.shape, np.uint8), hulls, low)
            if reach:
                own = cv2.dilate(own, np.ones((2 * reach + 1, 2 * reach + 1), np.uint8))
            if (own & taken).any():
                return False
        return True

    def take(self, parts: Sequence[Part]) -> None:
        """Mark the ground under parts as taken."""
        for level, hulls in enumerate(self._hulls(parts)):
            _draw(self._taken[level], hulls, np.zeros(2, int))

    def block(self, low: tuple[float, float], high: tuple[float, float]) -> None:
        """Take a rectangle from corner low to corner high [m] at all heights: the vehicle's way."""
        first, last = (np.clip((np.array(c) - _LOW) / _CELL, 0, None).astype(int) for c in (low, high))
        self._taken[:, first[1] : last[1], first[0] : last[0]] = 1

    def clear(self, low: tuple[float, float], high: tuple[float, float]) -> GroundPlan:
        """Return a copy with a rectangle from corner low to corner high [m] free again."""
        first, last = (np.clip((np.array(c) - _LOW) / _CELL, 0, None).astype(int) for c in (low, high))
        plan = GroundPlan()
        plan._taken = self._taken.copy()
        plan._taken[:, first[1] : last[1], first[0] : last[0]] = 0
        return plan

    def standable(self, x: float, y: float, radius: float) -> bool:
        """Tell whether a column 2.4 m high of some radius [m] is free at a place: for a camera."""
        centre, reach = (np.array([x, y]) - _LOW) / _CELL, radius / _CELL
        low, high = np.floor(centre - reach).astype(int), np.ceil(centre + reach).astype(int)
        if (low < 0).any() or (high > np.array(self._taken.shape[:0:-1])).any():
            return False
        return not self._taken[:2, low[1] : high[1], low[0] : high[0]].any()

    def _hulls(self, parts: Sequence[Part]) -> list[list[NDArray[np.float32]]]:
        """Return for each layer the outlines of the parts in it, in cells."""
        layers: list[list[NDArray[np.float32]]] = [[] for _ in _LEVELS[1:]]
        for part in parts:
            heights = part.vertices[:, 2]
            bottom, top = heights.min(), heights.max()
            hull = None
            for level, layer in enumerate(layers):
                if bottom < _LEVELS[level + 1] and (top > _LEVELS[level] or level == 0):
                    if hull is None:
                        hull = cv2.convexHull(((part.vertices[:, :2] - _LOW) / _CELL).astype(np.float32))
                    layer.append(hull.reshape(-1, 2))
        return layers


def _draw(into: NDArray[np.uint8], hulls: list[NDArray[np.float32]], low: NDArray) -> NDArray[np.uint8]:
    for hull in hulls:
        cv2.fillConvexPoly(into, np.round((hull - low) * 16).astype(np.int32), 1, shift=4)
    return into
