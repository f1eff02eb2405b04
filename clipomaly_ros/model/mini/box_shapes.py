"""The shape of a thing, estimated from its box and the picture alone."""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

_SIDE = 96  # pixels of the longer side at which shapes are estimated
_AROUND = 0.5  # of the longer side of a box: what is looked at around it
_LEAST_AROUND = 8  # the same [pixel]
_SMALLEST = 8  # longer side of a box that is worth it [pixel]
_SHARE = (0.08, 0.97)  # of its box that a believable shape fills
_ROUNDS = 3


def estimate_shape(
    rgb: NDArray[np.uint8], box: tuple[float, float, float, float]
) -> NDArray[np.bool_] | None:
    """Return which pixels of a box show the thing in it, bool [bottom - top, right - left].

    rgb: uint8 [H, W, 3]. box: left, top, right, bottom [pixel], cut to whole pixels of the
    picture. GrabCut (Rother et al., 2004) with the surroundings as its background. None where
    nothing believable comes out: a small box, or a thing that looks like what is behind it.
    """
    height, width = rgb.shape[:2]
    left, top, right, bottom = whole_box(box, width, height)
    longer = max(right - left, bottom - top)
    if longer < _SMALLEST or min(right - left, bottom - top) < 2:
        return None
    margin = max(_LEAST_AROUND, int(_AROUND * longer))
    x0, y0 = max(0, left - margin), max(0, top - margin)
    crop = rgb[y0 : bottom + margin, x0 : right + margin]
    scale = min(1.0, _SIDE / max(crop.shape[:2]))
    small = cv2.resize(crop, None, fx=scale, fy=scale, interpolation=cv2.INTER_AREA) if scale < 1 else crop
    mask = np.full(small.shape[:2], cv2.GC_BGD, np.uint8)
    rows = slice(int((top - y0) * scale), int(np.ceil((bottom - y0) * scale)))
    columns = slice(int((left - x0) * scale), int(np.ceil((right - x0) * scale)))
    mask[rows, columns] = cv2.GC_PR_FGD
    if not (mask == cv2.GC_BGD).any():  # the box fills the picture
        return None
    cv2.setRNGSeed(0)  # its clustering draws from the thread's own generator
    cv2.grabCut(
        np.ascontiguousarray(small),
        mask,
        None,
        np.zeros((1, 65)),
        np.zeros((1, 65)),
        _ROUNDS,
        cv2.GC_INIT_WITH_MASK,
    )
    found = cv2.resize(mask & 1, (crop.shape[1], crop.shape[0]), interpolation=cv2.INTER_NEAREST)
    shape: NDArray[np.bool_] = found[top - y0 : bottom - y0, left - x0 : right - x0] > 0
    return shape if _SHARE[0] <= shape.mean() <= _SHARE[1] else None


def whole_box(box: tuple[float, float, float, float], width: int, height: int) -> tuple[int, int, int, int]:
    """Return a box in whole pixels that lie in the picture, as left, top, right, bottom."""
    left, top, right, bottom = box
    return (
        max(0, int(left)),
        max(0, int(top)),
        min(width, int(np.ceil(right))),
        min(height, int(np.ceil(bottom))),
    )
