"""The part of the image that is looked at, and its result put back into the whole."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from clipomaly_ros.vision.types import AnomalyResult

Window = tuple[int, int, int, int]


def roi_window(size: tuple[int, int], roi: tuple[float, float, float, float]) -> Window:
    """Return x, y, width, height [pixel] of a region of interest, at least one pixel.

    size: height, width of the image. roi: x, y, width, height as shares of the image's sides.
    """
    x, y, width, height = roi
    (left, right), (top, bottom) = (
        (min(round(start * side), side - 1), min(round((start + length) * side), side))
        for start, length, side in ((x, width, size[1]), (y, height, size[0]))
    )
    return left, top, max(1, right - left), max(1, bottom - top)


def placed(
    result: AnomalyResult, window: Window, size: tuple[int, int], score_size: tuple[int, int]
) -> AnomalyResult:
    """Return a window's result as that of the whole image, of which the rest is void.

    Outside the window, pixels have no label and no region, and the score is 0. size: height, width of the
    image. score_size: of its score picture, each cell of which takes the window's cell at its centre.
    """
    x, y, width, height = window
    labels = np.full(size, np.iinfo(result.labels.dtype).max, result.labels.dtype)
    labels[y : y + height, x : x + width] = result.labels
    regions = np.zeros(size, result.region_image.dtype)
    regions[y : y + height, x : x + width] = result.region_image
    score = np.zeros(score_size, np.float32)
    inside, cells = [], []
    for axis, (start, length) in enumerate(((y, height), (x, width))):
        centre = (np.arange(score_size[axis]) + 0.5) * size[axis] / score_size[axis] - start
        within = (centre >= 0) & (centre < length)
        inside.append(within)
        cells.append((centre[within] * result.score.shape[axis] / length).astype(np.intp))
    score[np.ix_(*inside)] = result.score[np.ix_(*cells)]
    moved = tuple(
        replace(region, box=(region.box[0] + x, region.box[1] + y, *region.box[2:]))
        for region in result.regions
    )
    return replace(result, labels=labels, region_image=regions, score=score, regions=moved)
