"""How zones look: colours by severity, words for their enumerations, prisms in the picture."""

from __future__ import annotations

from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from clipomaly_ros.hazard.camera import CameraModel
from clipomaly_ros.hazard.transforms import RigidTransform
from clipomaly_ros.hazard.types import Action, Severity, Support, ZoneState
from clipomaly_ros.vision.label_layout import LabelLayout

FONT = cv2.FONT_HERSHEY_SIMPLEX
# RGB, by severity: information, low, medium, high, critical
COLOURS = ((148, 163, 184), (250, 204, 21), (251, 146, 60), (239, 68, 68), (217, 70, 239))
DARK = (12, 14, 20)  # behind text
_EDGE_STEPS = 24


def colour(severity: int) -> tuple[int, int, int]:
    """Return the colour of a severity."""
    return COLOURS[min(max(int(severity), 0), len(COLOURS) - 1)]


def words(kind: type[ZoneState | Severity | Action | Support], value: int) -> str:
    """Return the name of an enumeration's value for people."""
    try:
        return kind(value).name.lower().replace("_", " ")
    except ValueError:
        return f"unknown ({value})"


def polygon(zone: Any) -> NDArray[np.float64]:
    """Return the outline of a HazardZone, [n, 3] in the fixed frame."""
    return np.array([(corner.x, corner.y, corner.z) for corner in zone.polygon], np.float64).reshape(-1, 3)


def draw_prisms(
    picture: NDArray[np.uint8],
    zones: Any,
    camera: CameraModel,
    camera_from_fixed: RigidTransform,
    scale: float,
    layout: LabelLayout | None = None,
) -> None:
    """Draw the zones of a HazardZoneArray as prisms into an RGB picture, far ones first.

    scale: size of the picture relative to the camera's own pixels. layout: keeps the distances
    apart from labels that are there already.
    """
    layout = LabelLayout(picture.shape[1], picture.shape[0]) if layout is None else layout
    for zone in reversed(zones.zones):
        base = polygon(zone)
        if len(base) < 3:
            continue
        top = base.copy()
        top[:, 2] = max(zone.z_max, base[:, 2].max() + 0.02)
        tint = colour(zone.severity)
        if zone.observation_age > 0:  # remembered, not seen in this image
            ghost = picture.copy()
            _polyline(ghost, _segments(base, camera, camera_from_fixed, scale), tint, 1)
            cv2.addWeighted(ghost, 0.5, picture, 0.5, 0, picture)
            continue
        floor = _project(_along(base), camera, camera_from_fixed, scale)
        if len(floor) >= 3:
            wash = picture.copy()
            cv2.fillPoly(wash, [np.round(floor).astype(np.int32)], tint, cv2.LINE_AA)
            cv2.addWeighted(wash, 0.35, picture, 0.65, 0, picture)
        for ring, width in ((base, 2), (top, 1)):
            _polyline(picture, _segments(ring, camera, camera_from_fixed, scale), tint, width)
        if len(base) <= 16:
            posts = [np.linspace(low, high, 8) for low, high in zip(base, top, strict=True)]
            for post in posts:
                uv, seen = camera.project(camera_from_fixed.apply(post))
                _polyline(picture, [_runs(uv * scale, seen)], tint, 1)
    # Above all prisms; the nearest zones, which come first, have the first choice of a place.
    for zone in zones.zones:
        base = polygon(zone)
        if len(base) >= 3 and not zone.observation_age > 0:
            _tag(picture, zone, base, camera, camera_from_fixed, scale, layout)


def put_text(
    picture: NDArray[np.uint8], text: str, place: tuple[int, int], size: float, ink: tuple[int, int, int]
) -> None:
    """Write text with a dark edge, readable on any ground; place: left end of the base line."""
    plain = text.encode("ascii", "replace").decode()
    cv2.putText(picture, plain, place, FONT, size, DARK, max(3, round(size * 6)), cv2.LINE_AA)
    cv2.putText(picture, plain, place, FONT, size, ink, max(1, round(size * 2)), cv2.LINE_AA)


def note(picture: NDArray[np.uint8], text: str) -> None:
    """Write one line into the lower right corner."""
    plain = text.encode("ascii", "replace").decode()
    size = picture.shape[0] / 1150
    (width, height), below = cv2.getTextSize(plain, FONT, size, 1)
    rows, columns = picture.shape[:2]
    left, top = columns - width - 16, rows - height - below - 14
    cv2.rectangle(picture, (left, top), (columns, rows), DARK, -1)
    place = (left + 8, rows - below - 7)
    cv2.putText(picture, plain, place, FONT, size, (255, 255, 255), 1, cv2.LINE_AA)


def _tag(picture, zone, base, camera, camera_from_fixed, scale, layout) -> None:
    uv, seen = camera.project(camera_from_fixed.apply(base))
    if not seen.any() or not np.isfinite(zone.nearest_edge_distance):
        return
    u, low, high = uv[seen, 0].mean() * scale, uv[seen, 1].min() * scale, uv[seen, 1].max() * scale
    if not (0 <= u < picture.shape[1] and 0 <= high < picture.shape[0]):
        return
    text = f"{zone.nearest_edge_distance:.1f} m"
    size = picture.shape[0] / 1250
    (width, height), below = cv2.getTextSize(text, FONT, size, 1)
    box = (int(u - width / 2) - 4, int(low), width + 8, int(high - low) + 3)
    left, top = layout.place(width + 8, height + below + 4, box, below=True)
    cv2.rectangle(picture, (left, top), (left + width + 8, top + height + below + 4), DARK, -1)
    place = (left + 4, top + height + 3)
    cv2.putText(picture, text, place, FONT, size, colour(zone.severity), 1, cv2.LINE_AA)


def _along(ring: NDArray[np.float64]) -> NDArray[np.float64]:
    """Put points along the edges of a closed ring, so that edges may be cut at the picture's border."""
    after = np.roll(ring, -1, axis=0)
    share = np.linspace(0, 1, _EDGE_STEPS, endpoint=False)[None, :, None]
    return (ring[:, None] * (1 - share) + after[:, None] * share).reshape(-1, 3)


def _project(points, camera, camera_from_fixed, scale) -> NDArray[np.float64]:
    uv, seen = camera.project(camera_from_fixed.apply(points))
    return uv[seen] * scale


def _segments(ring, camera, camera_from_fixed, scale) -> list[list[NDArray]]:
    points = _along(ring)
    points = np.vstack([points, points[:1]])
    uv, seen = camera.project(camera_from_fixed.apply(points))
    return [_runs(uv * scale, seen)]


def _runs(uv: NDArray, seen: NDArray[np.bool_]) -> list[NDArray]:
    """Split projected points into runs that are visible without a gap."""
    edges = np.flatnonzero(np.diff(np.concatenate([[0], seen.astype(np.int8), [0]])))
    return [uv[start:stop] for start, stop in zip(edges[::2], edges[1::2], strict=True)]


def _polyline(picture, groups: list[list[NDArray]], tint, width: int) -> None:
    for group in groups:
        lines = [np.round(run * 8).astype(np.int32) for run in group if len(run) > 1]
        cv2.polylines(picture, lines, False, tint, width, cv2.LINE_AA, shift=3)
