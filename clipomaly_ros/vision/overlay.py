"""Regions drawn into the picture: mask, outline, name and score, and a banner for random weights."""

from __future__ import annotations

from collections.abc import Sequence

import cv2
import numpy as np
from numpy.typing import NDArray

from clipomaly_ros.vision.label_layout import LabelLayout
from clipomaly_ros.vision.legend_colours import legend_colours
from clipomaly_ros.vision.types import AnomalyRegion, VisionError
from clipomaly_ros.vocabulary.entries import Entry, NameSource

UNTRAINED_BANNER = "UNTRAINED MODEL - NAMES AND SCORES ARE MEANINGLESS"
MASK_OPACITY = 0.45
FONT = cv2.FONT_HERSHEY_SIMPLEX
WHITE, BLACK, RED = (255, 255, 255), (0, 0, 0), (200, 0, 0)


def draw_overlay(
    rgb: NDArray[np.uint8],
    region_image: NDArray[np.unsignedinteger],
    regions: Sequence[AnomalyRegion],
    untrained: bool,
    layout: LabelLayout | None = None,
) -> NDArray[np.uint8]:
    """Draw anomaly regions over a copy of an image.

    rgb: uint8 [H, W, 3]; region_image: uint8 or uint16 [H, W], 0 = none, else AnomalyRegion.id.
    Each region gets the colour of its name, an outline, and a label with name, score and
    source; untrained adds a banner. layout: keeps the labels apart from what the caller writes
    later. Returns uint8 [H, W, 3]. Raises VisionError on wrong shapes.
    """
    if rgb.ndim != 3 or rgb.shape[2] != 3 or rgb.dtype != np.uint8:
        raise VisionError(f"overlay: expected a uint8 image [H, W, 3], got {rgb.dtype} {rgb.shape}")
    if region_image.shape != rgb.shape[:2]:
        raise VisionError(
            f"overlay: expected a region image of {rgb.shape[:2]} like the picture, got {region_image.shape}"
        )
    picture = np.array(rgb, order="C")
    scale = max(0.4, rgb.shape[0] / 1200)
    for region in regions:
        _tint(picture, region_image, region)
    layout = LabelLayout(rgb.shape[1], rgb.shape[0]) if layout is None else layout
    if untrained:
        layout.reserve(0, 0, rgb.shape[1], _banner(picture, UNTRAINED_BANNER))
    # Labels last, so that no neighbour's mask covers them; the largest region has the first choice.
    for region in sorted(regions, key=lambda region: -region.area):
        _label(picture, label_text(region), region.box, region_colour(region), scale, layout)
    return picture


def label_text(region: AnomalyRegion) -> str:
    """Return a region's label: name or "unknown", score in percent, and the name's source."""
    name = region.name or "unknown"
    # OpenCV's fonts hold ASCII only.
    plain = name.encode("ascii", "replace").decode()
    source = "" if region.source is NameSource.NONE else f" {region.source.name.lower()}"
    return f"{plain} {100 * region.score:.0f}%{source}"


def region_colour(region: AnomalyRegion) -> tuple[int, int, int]:
    """Return red, green, blue of a region, 0 to 255 each: that of its name in the legend."""
    entry = Entry(region.name or "unknown", region.group, source=region.source)
    red, green, blue = legend_colours([entry])[0].tolist()
    return red, green, blue


def _tint(
    picture: NDArray[np.uint8], region_image: NDArray[np.unsignedinteger], region: AnomalyRegion
) -> None:
    """Blend one region's colour into the picture and outline it; works inside its box only."""
    x, y, width, height = region.box
    window = (slice(max(y, 0), y + height), slice(max(x, 0), x + width))
    mask = (region_image[window] == region.id).astype(np.uint8)
    if not mask.any():
        return
    pixels = picture[window]
    paint = np.full_like(pixels, region_colour(region))
    blended = cv2.addWeighted(pixels, 1.0 - MASK_OPACITY, paint, MASK_OPACITY, 0.0)
    cv2.copyTo(blended, mask, pixels)
    contours, _ = cv2.findContours(mask, cv2.RETR_EXTERNAL, cv2.CHAIN_APPROX_NONE, offset=(x, y))
    cv2.drawContours(picture, contours, -1, region_colour(region), 2)


def _label(
    picture: NDArray[np.uint8],
    text: str,
    box: tuple[int, int, int, int],
    background: tuple[int, int, int],
    scale: float,
    layout: LabelLayout,
) -> None:
    """Write a label near a box (x, y, width, height); a line leads to it from farther away."""
    thickness = max(1, round(scale * 1.6))
    (width, height), baseline = cv2.getTextSize(text, FONT, scale, thickness)
    tall = height + baseline + 4
    left, top = layout.place(width + 4, tall, box)
    x, y, box_width, box_height = box
    if top + tall < y or top > y + box_height:
        end = y if top + tall < y else y + box_height
        start = (min(max(x + box_width // 2, left), left + width), top + tall if top < y else top)
        cv2.line(picture, start, (x + box_width // 2, end), background, 1, cv2.LINE_AA)
    cv2.rectangle(picture, (left, top), (left + width + 4, top + tall), background, -1)
    luminance = float(np.dot(background, (0.299, 0.587, 0.114)))  # ITU-R BT.601
    ink = BLACK if luminance > 140 else WHITE
    cv2.putText(picture, text, (left + 2, top + height + 2), FONT, scale, ink, thickness, cv2.LINE_AA)


def _banner(picture: NDArray[np.uint8], text: str) -> int:
    """Write one line over the full width of the top edge; return the banner's height [pixel]."""
    rows, columns = picture.shape[:2]
    (width, height), _ = cv2.getTextSize(text, FONT, 1.0, 2)
    scale = min(1.0, 0.96 * columns / max(width, 1), 0.1 * rows / max(height, 1))
    (width, height), baseline = cv2.getTextSize(text, FONT, scale, 2)
    cv2.rectangle(picture, (0, 0), (columns, height + baseline + 8), RED, -1)
    origin = (max(0, (columns - width) // 2), height + 4)
    cv2.putText(picture, text, origin, FONT, scale, WHITE, 2, cv2.LINE_AA)
    return height + baseline + 9
