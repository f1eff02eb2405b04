"""The scene from above: LiDAR points, zones with their keep-out distance, what the camera sees."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from clipomaly_ros.hazard.transforms import RigidTransform
from clipomaly_ros.replay.zone_drawing import FONT, colour, polygon, put_text
from clipomaly_ros.vision.label_layout import LabelLayout

_BACKGROUND, _GRID, _TEXT = (17, 21, 30), (44, 52, 68), (150, 162, 184)
_VEHICLE, _TRUTH = (96, 165, 250), (74, 222, 128)
_SMOOTH = 2  # drawn this much larger, then reduced
_NAMED = 8  # the nearest zones get their name


@dataclass(frozen=True)
class TopView:
    """A square view, x of the reference frame up, y to the left.

    side: of the picture [pixel]. ahead, behind: what is shown in x [m].
    """

    side: int = 600
    ahead: float = 36.0
    behind: float = 4.0

    @property
    def _pixels_per_metre(self) -> float:
        return self.side * _SMOOTH / (self.ahead + self.behind)

    def _place(self, xy: NDArray) -> NDArray[np.float64]:
        """Map reference x, y [n, 2] to pixels of the enlarged picture."""
        xy = np.asarray(xy, np.float64).reshape(-1, 2)
        scale = self._pixels_per_metre
        return np.column_stack([self.side * _SMOOTH / 2 - xy[:, 1] * scale, (self.ahead - xy[:, 0]) * scale])

    def draw(
        self,
        points: NDArray[np.float32] | None,
        zones: Any,
        reference_from_fixed: RigidTransform | None,
        truth: Sequence[NDArray[np.float64]] = (),
        field_of_view: tuple[float, float, float, float] | None = None,
    ) -> NDArray[np.uint8]:
        """Draw one frame: uint8 RGB [side, side, 3].

        points: [n, 3] in the reference frame. zones: HazardZoneArray or None. truth:
        outlines [m, 2] in the reference frame. field_of_view: x, y of the camera and the
        directions of its left and right edge [rad] in the reference frame.
        """
        side = self.side * _SMOOTH
        picture = np.full((side, side, 3), _BACKGROUND, np.uint8)
        if field_of_view is not None:
            self._view(picture, field_of_view)
        self._rings(picture)
        if points is not None:
            self._points(picture, points)
        for outline in truth:
            cv2.polylines(picture, [self._fine(outline)], True, _TRUTH, _SMOOTH, cv2.LINE_AA, shift=3)
        if zones is not None and reference_from_fixed is not None:
            for zone in reversed(zones.zones):
                self._zone(picture, zone, reference_from_fixed)
            layout = LabelLayout(side, side)
            for zone in zones.zones[:_NAMED]:
                self._name(picture, zone, reference_from_fixed, layout)
        nose = self._fine(np.array([[1.6, 0], [-1.0, 0.8], [-0.5, 0.0], [-1.0, -0.8]]))
        cv2.fillPoly(picture, [nose], _VEHICLE, cv2.LINE_AA, shift=3)
        return cv2.resize(picture, (self.side, self.side), interpolation=cv2.INTER_AREA)

    def _fine(self, xy: NDArray) -> NDArray[np.int32]:
        return np.round(self._place(xy) * 8).astype(np.int32)

    def _view(self, picture: NDArray[np.uint8], view: tuple[float, float, float, float]) -> None:
        x, y, left, right = view
        reach = 2 * (self.ahead + self.behind)
        angles = np.linspace(left, right, 12)
        fan = np.column_stack([x + reach * np.cos(angles), y + reach * np.sin(angles)])
        cv2.fillPoly(picture, [self._fine(np.vstack([[x, y], fan]))], (23, 29, 42), cv2.LINE_AA, shift=3)

    def _rings(self, picture: NDArray[np.uint8]) -> None:
        centre = tuple(int(value) for value in self._place(np.zeros((1, 2)))[0])
        for radius in range(10, int(self.ahead) + 1, 10):
            pixels = round(radius * self._pixels_per_metre)
            cv2.circle(picture, centre, pixels, _GRID, _SMOOTH, cv2.LINE_AA)
            place = (centre[0] + 8, centre[1] - pixels - 8)
            cv2.putText(picture, f"{radius} m", place, FONT, 0.45 * _SMOOTH, _TEXT, _SMOOTH, cv2.LINE_AA)

    def _points(self, picture: NDArray[np.uint8], points: NDArray[np.float32]) -> None:
        uv = np.round(self._place(points[:, :2])).astype(np.int64)
        inside = np.all((uv >= 0) & (uv < len(picture) - 1), axis=1)
        uv, height = uv[inside], points[inside, 2]
        if not len(uv):
            return
        low = np.percentile(height, 5)
        share = np.clip((height - low) / 2.5, 0, 1)[:, None]
        shade = (1 - share) * (70, 84, 110) + share * (214, 226, 245)
        order = np.argsort(height)
        for du, dv in ((0, 0), (1, 0), (0, 1), (1, 1)):
            picture[uv[order, 1] + dv, uv[order, 0] + du] = shade[order].astype(np.uint8)

    def _zone(self, picture: NDArray[np.uint8], zone: Any, reference_from_fixed: RigidTransform) -> None:
        outline = reference_from_fixed.apply(polygon(zone))[:, :2]
        if len(outline) < 3:
            return
        tint = colour(zone.severity)
        area = self._fine(outline)
        wash = picture.copy()
        cv2.fillPoly(wash, [area], tint, cv2.LINE_AA, shift=3)
        cv2.addWeighted(wash, 0.55, picture, 0.45, 0, picture)
        cv2.polylines(picture, [area], True, tint, _SMOOTH + 1, cv2.LINE_AA, shift=3)
        border = _grown(outline, zone.keep_out_radius)
        for start in range(0, len(border) - 1, 2):  # dashed
            ends = self._fine(border[start : start + 2])
            cv2.polylines(picture, [ends], False, tint, _SMOOTH - 1, cv2.LINE_AA, shift=3)

    def _name(
        self,
        picture: NDArray[np.uint8],
        zone: Any,
        reference_from_fixed: RigidTransform,
        layout: LabelLayout,
    ) -> None:
        outline = reference_from_fixed.apply(polygon(zone))[:, :2]
        if not zone.name or len(outline) < 3:  # a view full of "unknown" says nothing
            return
        u, v = self._place(outline.mean(axis=0))[0].astype(int)
        if not (0 <= u < len(picture) and 0 <= v < len(picture)):
            return
        size = 0.42 * _SMOOTH
        (width, height), below = cv2.getTextSize(zone.name, FONT, size, _SMOOTH)
        left, top = layout.place(width, height + below, (int(u) + 10 * _SMOOTH, int(v), 1, 1))
        put_text(picture, zone.name, (left, top + height), size, colour(zone.severity))


def _grown(outline: NDArray[np.float64], distance: float) -> NDArray[np.float64]:
    """Return points around a convex outline at a distance: hull of discs around its corners."""
    angles = np.linspace(0, 2 * np.pi, 32, endpoint=False)
    discs = outline[:, None] + distance * np.column_stack([np.cos(angles), np.sin(angles)])[None]
    hull = cv2.convexHull(discs.reshape(-1, 2).astype(np.float32))[:, 0].astype(np.float64)
    after = np.roll(hull, -1, axis=0)
    length = np.linalg.norm(after - hull, axis=1)
    steps = np.maximum(1, np.round(length / 0.35)).astype(int)
    return np.vstack(
        [
            start + (stop - start) * np.linspace(0, 1, count, endpoint=False)[:, None]
            for start, stop, count in zip(hull, after, steps, strict=True)
        ]
    )
